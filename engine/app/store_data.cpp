#include "app/store_data.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "app/terminal.hpp"
#include "app/wall_clock.hpp"
#include "barstore/price_text.hpp"
#include "barstore/series_folder.hpp"
#include "market/instruments.hpp"

namespace tide {

Result<Calendars> Calendars::load(const Paths& paths) {
    auto calendar = TradingCalendar::load(paths.calendars());
    if (!calendar) return calendar.error();
    auto rules = ContractRules::load(paths.contracts());
    if (!rules) return rules.error();
    Calendars loaded;
    loaded.calendar_ = std::make_shared<TradingCalendar>(std::move(*calendar));
    loaded.rules_ = std::make_shared<ContractRules>(std::move(*rules));
    return loaded;
}

CalendarLookup Calendars::of(std::string_view symbol) const {
    const SeriesName name = series_name_of(symbol);
    const std::string exchange = rules_->exchange(name.option ? name.underlying : name.symbol).value_or("NSE");
    return [calendar = calendar_, exchange](Date date) -> SessionsOnDate {
        const auto day = calendar->day(exchange, date);
        if (!day) return {false, {calendar->usual_hours(exchange, date)}};
        return {true, *day ? (*day)->sessions : std::vector<SessionHours>()};
    };
}

WorkProgress::WorkProgress(std::string title)
    : bar_(std::make_unique<Progress>(stderr, is_terminal(STDERR_FILENO), std::move(title), monotonic_now)) {}

ProgressReport WorkProgress::report() {
    return [bar = bar_.get()](double share) { bar->update(share); };
}

Result<std::vector<StoredFile>> chosen_files(const BarStore& store, const StoreDataOptions& options) {
    std::vector<std::string> symbols;
    for (const auto& symbol : options.symbols) symbols.push_back(canonical_symbol(symbol));
    const auto timeframe = parse_timeframe(options.timeframe);
    if (!options.timeframe.empty() && !timeframe) {
        return make_error(ErrorCode::usage, fmt::format("--timeframe {}: give 1s, 1m, 3m, 5m, 15m, 30m, 1h, 1d or 1w",
                                                        options.timeframe));
    }
    auto files = store.list();
    if (!files) return files;
    std::erase_if(*files, [&](const StoredFile& file) {
        const bool other = !symbols.empty() && std::find(symbols.begin(), symbols.end(), file.symbol) == symbols.end();
        return other || (timeframe && file.timeframe != *timeframe);
    });
    return files;
}

std::string bar_time_text(const Bar& bar) {
    std::string text = ist_text(bar.start);
    if (!length_of(bar.timeframe)) return text.substr(0, 10);
    text[10] = ' ';
    return text.ends_with(":00") ? text.substr(0, 16) : text;
}

}  // namespace tide
