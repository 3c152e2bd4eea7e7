#include <fmt/format.h>

#include <iostream>

#include "app/commands.hpp"
#include "app/paths.hpp"
#include "barstore/data_commands.hpp"
#include "market/calendar.hpp"
#include "market/greeks_csv.hpp"
#include "market/indicators/documentation.hpp"

// Commands over data files: what the engine's own indicators, builder, aggregator and option maths make of them.
namespace tide {
namespace {

Result<ExitCode> print(const Result<DataCommandOutput>& output) {
    if (!output) return output.error();
    for (const auto& note : output->notes) fmt::print(stderr, "note: {}\n", note);
    std::cout << output->csv;
    std::cout.flush();
    if (!std::cout)
        return make_error(ErrorCode::io, "the output could not be written (disk full, or the reader is gone)");
    return ExitCode::done;
}

// The calendar where it has the year; else the usual hours of every day that the data has.
Result<SessionsOfDate> sessions_by_calendar() {
    auto paths = find_paths("");
    if (!paths) return paths.error();
    auto loaded = TradingCalendar::load(paths->calendars());
    if (!loaded) return loaded.error();
    auto calendar = std::make_shared<TradingCalendar>(std::move(*loaded));
    return SessionsOfDate([calendar](Date date) -> std::vector<SessionHours> {
        if (const auto day = calendar->day("NSE", date); day && *day) return (*day)->sessions;
        return {calendar->usual_hours("NSE", date)};
    });
}

Result<Timeframe> target_of(const DataOptions& options) {
    const auto timeframe = parse_timeframe(options.timeframe);
    if (!timeframe) {
        return make_error(ErrorCode::usage,
                          fmt::format("--to {}: give 1m, 3m, 5m, 15m, 30m, 1h, 1d or 1w", options.timeframe));
    }
    return *timeframe;
}

}  // namespace

Result<ExitCode> indicators_command(const DataOptions& options) {
    if (options.list) {
        return print(DataCommandOutput{options.markdown ? indicator_reference_markdown() : indicator_list_text(), {}});
    }
    if (options.data.empty() || options.set.empty()) {
        return make_error(ErrorCode::usage,
                          "indicators: give --data FILE and --set \"adx:14,rsi:14\" (--list shows what there is)");
    }
    return print(indicators_csv(options.data, options.set, options.lenient));
}

Result<ExitCode> aggregate_command(const DataOptions& options) {
    auto sessions = sessions_by_calendar();
    if (!sessions) return sessions.error();
    return print(aggregate_ticks_csv({options.data}, options.timeframe, *sessions, options.lenient));
}

Result<ExitCode> resample_command(const DataOptions& options) {
    auto to = target_of(options);
    if (!to) return to.error();
    auto sessions = sessions_by_calendar();
    if (!sessions) return sessions.error();
    ResampleOptions resample;
    resample.to = *to;
    resample.lenient = options.lenient;
    return print(resample_bars_csv({options.data}, resample, *sessions));
}

Result<ExitCode> greeks_command() {
    if (auto done = greeks_csv(std::cin, std::cout); !done) {
        std::cout.flush();
        return done.error();
    }
    std::cout.flush();
    return ExitCode::done;
}

}  // namespace tide
