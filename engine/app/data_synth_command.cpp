#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/session_bars.hpp"
#include "app/store_data.hpp"
#include "barstore/atomic_file.hpp"
#include "barstore/bar_csv.hpp"
#include "barstore/raw_tick.hpp"
#include "feeds/synthetic_feed.hpp"
#include "market/instruments.hpp"

// Days of the synthetic market as files.
namespace tide {
namespace fs = std::filesystem;
namespace {

constexpr Date kLastDay = make_date(2026, 11, 18);
constexpr size_t kUsualMinuteDays = 10;  // up to here the market is the one that --feed synthetic shows

// One feed taken apart: its history's bars, its session's bars, its ticks.
class SynthFiles {
  public:
    explicit SynthFiles(std::ofstream* ticks) : ticks_(ticks) {}
    Result<void> take(Feed& feed, ProgressReport report);
    // The last `days` sessions as 1-minute bars with the daily bars before the last. With ticks, the last is in those.
    std::vector<BarSeriesData> series(int64_t days, bool with_last);
    std::vector<BarSeriesData> options() { return std::move(options_); }
    int64_t tick_count() const { return tick_count_; }

  private:
    void take(const Event& event);
    InstrumentBook book_;
    SessionBars session_;
    std::map<std::pair<std::string, Timeframe>, BarSeriesData> history_;
    std::vector<BarSeriesData> options_;
    std::ofstream* ticks_;
    std::string text_;
    int64_t tick_count_ = 0;
};

void SynthFiles::take(const Event& event) {
    session_.on_event(event);
    if (const auto* added = std::get_if<InstrumentEvent>(&event.payload)) book_.add(added->instrument);
    if (const auto* given = std::get_if<BarEvent>(&event.payload)) {
        const Instrument& instrument = book_.get(given->bar.instrument);
        BarSeriesData& series = history_[{instrument.symbol, given->bar.timeframe}];
        series.name.symbol = instrument.symbol;
        series.timeframe = given->bar.timeframe;
        series.bars.push_back(given->bar);
    }
    const auto* tick = std::get_if<TickEvent>(&event.payload);
    if (tick == nullptr) return;
    ++tick_count_;
    if (ticks_ == nullptr) return;
    append_raw_tick(text_, event.received, event.exchange, *tick, book_.get(tick->instrument));
    if (text_.size() < (1U << 20)) return;
    *ticks_ << text_;
    text_.clear();
}

Result<void> SynthFiles::take(Feed& feed, ProgressReport report) {
    Event event;
    for (int64_t count = 0;; ++count) {
        const auto more = feed.next(event);
        if (!more) return more.error();
        if (!*more) break;
        take(event);
        // The session of a day: 22 500 seconds from 09:15.
        if (count % 4096 == 0 && std::holds_alternative<TickEvent>(event.payload)) {
            const Duration passed = ist_since_midnight(event.received) - (hours(9) + minutes(15));
            report(static_cast<double>(passed.count()) / static_cast<double>(Duration(seconds(22'500)).count()));
        }
    }
    if (ticks_ == nullptr) return {};
    *ticks_ << text_ << std::flush;
    return *ticks_ ? Result<void>() : make_error(ErrorCode::io, "the ticks could not be written whole (disk full?)");
}

std::vector<BarSeriesData> SynthFiles::series(int64_t days, bool with_last) {
    std::vector<Date> dates;
    for (const Bar& bar : history_[{"NIFTY", Timeframe::m1}].bars) {
        if (dates.empty() || dates.back() != ist_date(bar.start)) dates.push_back(ist_date(bar.start));
    }
    const size_t before = static_cast<size_t>(days) - 1;
    for (auto& [key, series] : history_) {
        if (key.second != Timeframe::m1) continue;
        std::erase_if(series.bars, [&](const Bar& bar) {
            return before == 0 || ist_date(bar.start) < dates[dates.size() - before];
        });
    }
    for (auto& series : session_.take(true)) {
        if (series.timeframe != Timeframe::m1 || !with_last) continue;
        if (series.name.option) {
            options_.push_back(std::move(series));
            continue;
        }
        auto& all = history_[{series.name.symbol, Timeframe::m1}].bars;
        all.insert(all.end(), series.bars.begin(), series.bars.end());
    }
    std::vector<BarSeriesData> result;
    for (auto& [key, series] : history_) {
        if (!series.bars.empty()) result.push_back(std::move(series));
    }
    return result;
}

Result<void> write_series(const fs::path& folder, std::vector<BarSeriesData> plain,
                          std::vector<BarSeriesData> options) {
    for (const auto& series : plain) {
        if (auto done =
                write_file_atomically(folder / bar_file_name(series, ".csv"), bars_csv_text({&series, 1}, false));
            !done)
            return done;
    }
    // The options of one underlying in one file.
    std::map<std::string, std::vector<BarSeriesData>> by_underlying;
    for (auto& series : options) by_underlying[series.name.underlying].push_back(std::move(series));
    for (const auto& [underlying, contracts] : by_underlying) {
        const fs::path file = folder / fmt::format("{}_options_1m.csv", underlying);
        if (auto done = write_file_atomically(file, bars_csv_text(contracts, false)); !done) return done;
    }
    return {};
}

}  // namespace

Result<ExitCode> data_synth_command(const StoreDataOptions& options) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    const auto calendars = Calendars::load(*paths);
    if (!calendars) return calendars.error();
    // "trend,vix=22" with a seed is "synthetic:trend:7,vix=22".
    const size_t knobs = std::min(options.scenario.find(','), options.scenario.size());
    std::string market = "synthetic";
    if (knobs > 0) market += ":" + options.scenario.substr(0, knobs);
    if (options.seed > 0) market += fmt::format(":{}", options.seed);
    auto settings = parse_synthetic_feed(market + options.scenario.substr(knobs));
    if (!settings) return settings.error();
    if (settings->session_date == Date{}) settings->session_date = kLastDay;
    settings->session_date = parse_date(options.to).value_or(settings->session_date);
    settings->minute_days = std::max(kUsualMinuteDays, static_cast<size_t>(options.days) - 1);
    auto feed = SyntheticFeed::create(*settings, calendars->calendar(), calendars->rules());
    if (!feed) return feed.error();
    const fs::path folder = options.out;
    const fs::path tick_file =
        folder / "ticks" / fmt::format("synthetic_{}.ndjson", format_date((*feed)->session_date()));
    std::ofstream ticks;
    if (auto made = make_folder(options.ticks ? tick_file.parent_path() : folder); !made) return made.error();
    if (options.ticks) {
        ticks.open(tick_file, std::ios::binary);
        if (!ticks) return make_error(ErrorCode::io, fmt::format("{}: cannot be written", tick_file.string()));
    }
    SynthFiles files(options.ticks ? &ticks : nullptr);
    WorkProgress progress("making");
    if (auto taken = files.take(**feed, progress.report()); !taken) return taken.error();
    auto plain = files.series(options.days, !options.ticks);
    const size_t count = plain.size();
    auto contracts = files.options();
    const size_t contract_count = contracts.size();
    if (auto written = write_series(folder, std::move(plain), std::move(contracts)); !written) return written.error();
    const std::string use =
        options.ticks ? fmt::format("--data {} --history {}", tick_file.parent_path().string(), folder.string())
                      : fmt::format("--data {}", folder.string());
    if (options.json) {
        std::cout << nlohmann::json{{"schema_version", 1},
                                    {"folder", folder.string()},
                                    {"market", (*feed)->describe()},
                                    {"days", options.days},
                                    {"series", count},
                                    {"contracts", contract_count},
                                    {"ticks", options.ticks ? files.tick_count() : 0},
                                    {"use", use}}
                         .dump(2)
                  << "\n";
        return ExitCode::done;
    }
    fmt::print("{}: {} series, {} option contracts, {} ticks of {}\n", folder.string(), count, contract_count,
               options.ticks ? files.tick_count() : 0, (*feed)->describe());
    fmt::print("try: engine backtest --script adx_trend.lua {} --option-model bs\n", use);
    return ExitCode::done;
}

}  // namespace tide
