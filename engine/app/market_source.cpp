#include "app/market_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "barstore/data_set.hpp"
#include "barstore/master_file.hpp"
#include "barstore/tick_file.hpp"
#include "feeds/mastered_feed.hpp"
#include "feeds/replay_feed.hpp"
#include "feeds/synthetic_feed.hpp"
#include "market/instruments.hpp"

namespace tide {
namespace fs = std::filesystem;
namespace {

// A day in a minute: long enough to follow, short enough to stay for.
constexpr double kSyntheticSpeed = 400;
// The synthetic market shows this session unless --from names another trading day.
constexpr Date kSyntheticDate = make_date(2026, 11, 18);
constexpr size_t kFeedsMax = 8;

Result<MarketSource> prepare(const Paths& paths) {
    MarketSource market;
    auto calendar = TradingCalendar::load(paths.calendars());
    if (!calendar) return calendar.error();
    auto rules = ContractRules::load(paths.contracts());
    if (!rules) return rules.error();
    market.calendar = std::make_unique<TradingCalendar>(std::move(*calendar));
    market.rules = std::make_unique<ContractRules>(std::move(*rules));
    return market;
}

Result<MarketSource> open_synthetic(const RunOptions& options, const std::string& name, MarketSource market) {
    auto settings = parse_synthetic_feed(name);
    if (!settings) return settings.error();
    if (settings->session_date == Date{}) settings->session_date = kSyntheticDate;
    settings->session_date = options.from.value_or(settings->session_date);
    auto feed = SyntheticFeed::create(*settings, *market.calendar, *market.rules);
    if (!feed) return feed.error();
    market.feed = std::move(*feed);
    market.synthetic = true;
    market.default_speed = kSyntheticSpeed;
    return market;
}

}  // namespace

ReplayKey replay_key(const SeriesName& name, const ContractRules& rules) {
    ReplayKey key;
    key.symbol = name.symbol;
    const std::string& root = name.option ? name.underlying : name.symbol;
    if (auto exchange = rules.exchange(root)) key.exchange = key.calendar = *exchange;
    if (name.option) {
        key.kind = InstrumentKind::option;
        key.underlying = name.underlying;
        key.expiry = name.option->expiry;
        key.strike = name.option->strike;
        key.right = name.option->right;
    } else if (name.symbol == "INDIAVIX") {
        key.kind = InstrumentKind::volatility_index;
    } else {
        key.kind = rules.knows(name.symbol) ? InstrumentKind::index : InstrumentKind::equity;
        // "BANKNIFTY_FUT_NEAR": a continuous future of an index; "NIFTY_FUT_2025-11-25": one contract.
        const auto future = name.symbol.find("_FUT");
        if (future != std::string::npos && rules.knows(name.symbol.substr(0, future))) {
            key.kind = InstrumentKind::future;
            key.underlying = name.symbol.substr(0, future);
            if (const auto last = name.symbol.rfind('_'); last > future)
                key.expiry = parse_date(std::string_view(name.symbol).substr(last + 1));
        }
    }
    return key;
}

namespace {

class ReplayLoader {
  public:
    ReplayLoader(const RunOptions& options, const DataQualitySettings& data, MarketSource market)
        : options_(options), market_(std::move(market)) {
        input_.hole = Duration(static_cast<int64_t>(data.replay_hole_min * 60e9));
    }

    Result<MarketSource> open(const std::vector<std::string>& paths) {
        if (auto done = read_traded(paths); !done) return done.error();
        for (const auto& path : options_.history) {
            if (auto done = read_history(path); !done) return done.error();
        }
        input_.name = fmt::format("{}", fmt::join(paths, ", "));
        input_.from = options_.from;
        input_.to = options_.to;
        input_.option_model = options_.option_model;
        input_.realised_vix = options_.realised_vix;
        input_.calendar = market_.calendar.get();
        input_.rules = market_.rules.get();
        auto feed = ReplayFeed::create(std::move(input_));
        if (!feed) return feed.error();
        const ReplayFeed* replay = feed->get();
        market_.late_notes = [replay] { return replay->notes(); };
        market_.feed = std::move(*feed);
        market_.over_history = true;
        return std::move(market_);
    }

  private:
    Result<void> read_traded(const std::vector<std::string>& paths) {
        std::vector<fs::path> bar_files;
        std::optional<fs::path> neither;  // the first file that is not bars or ticks
        for (const auto& path : paths) {
            std::error_code ignored;
            const bool folder = fs::is_directory(path, ignored);
            auto files = list_data_files({path});
            if (!files) return files.error();
            for (const auto& file : *files) {
                auto kind = classify_data_file(file);
                if (!kind) return kind.error();
                if (*kind == DataFileKind::ticks) {
                    if (auto done = read_ticks(file); !done) return done;
                } else if (*kind != DataFileKind::other || !folder) {
                    bar_files.push_back(file);
                } else {
                    if (!neither) neither = file;
                    market_.notes.push_back(fmt::format("{}: passed over, neither bars nor ticks", file.string()));
                }
            }
        }
        // What the reader says of the file tells more than that there is nothing.
        if (bar_files.empty() && input_.ticks.empty() && neither) bar_files.push_back(*neither);
        if (bar_files.empty()) {
            if (input_.ticks.empty())
                return make_error(ErrorCode::input, fmt::format("{}: no bar or tick files there", paths.front()));
            return {};
        }
        auto data = read(bar_files);
        if (!data) return data.error();
        for (auto& series : data->series) {
            const ReplayKey key = replay_key(series.name, *market_.rules);
            if (series.timeframe == Timeframe::m1) {
                traded_.insert(key.symbol);
                input_.traded.push_back({key, series.timeframe, std::move(series.bars)});
            } else {
                add_history(key, series);
            }
        }
        if (input_.traded.empty() && input_.ticks.empty()) {
            const std::string skipped =
                market_.rejected_rows == 0 ? "" : fmt::format(" ({} bad rows skipped)", market_.rejected_rows);
            return make_error(ErrorCode::input,
                              fmt::format("{}: no 1-minute bars or ticks to trade through{}", paths.front(), skipped));
        }
        return {};
    }

    Result<void> read_history(const std::string& path) {
        auto files = list_data_files({path});
        if (!files) return files.error();
        auto data = read(*files);
        if (!data) return data.error();
        for (auto& series : data->series) {
            const ReplayKey key = replay_key(series.name, *market_.rules);
            const bool wanted = traded_.contains(key.symbol) || key.kind == InstrumentKind::volatility_index;
            const bool is_traded_itself = series.timeframe == Timeframe::m1 && traded_.contains(key.symbol);
            if (wanted && !is_traded_itself) add_history(key, series);
        }
        return {};
    }

    // The first source of a series is the one that counts.
    void add_history(const ReplayKey& key, BarSeriesData& series) {
        if (!history_.insert(key.symbol + std::string(name_of(series.timeframe))).second) {
            market_.notes.push_back(
                fmt::format("{} {} is in the history twice: the first is used", key.symbol, name_of(series.timeframe)));
            return;
        }
        input_.history.push_back({key, series.timeframe, std::move(series.bars)});
    }

    Result<DataSet> read(const std::vector<fs::path>& files) {
        auto data = read_bars(files, {true});
        if (!data) return data;
        if (data->rejected_count > 0 && !options_.lenient) {
            for (const auto& row : data->rejected) fmt::print(stderr, "{}:{}: {}\n", row.file, row.line, row.reason);
            return rejected_error(*data);
        }
        market_.rejected_rows += data->rejected_count;
        for (auto& note : data->notes) market_.notes.push_back(std::move(note));
        for (const auto& row : data->rejected)
            market_.notes.push_back(fmt::format("{}:{}: {}: skipped", row.file, row.line, row.reason));
        return data;
    }

    Result<void> read_ticks(const fs::path& file) {
        auto reader = TickFileReader::open(file);
        if (!reader) return reader.error();
        std::vector<ReplayTickSeries> series;
        TickFileRow row;
        for (RowStatus status = reader->next(row); status != RowStatus::end; status = reader->next(row)) {
            if (status == RowStatus::bad) {
                const std::string problem =
                    fmt::format("{}:{}: {}", reader->name(), reader->line_number(), reader->problem());
                if (!options_.lenient)
                    return make_error(ErrorCode::input, problem + "; mend the row, or skip bad rows with --lenient");
                ++market_.rejected_rows;
                continue;
            }
            const auto index = static_cast<size_t>(row.series);
            while (series.size() <= index)
                series.push_back({replay_key(reader->series()[series.size()], *market_.rules), {}});
            series[index].ticks.push_back({as_exchange_time(row.received), row.tick, row.exchange});
        }
        if (auto done = reader->status(); !done) return done;
        for (auto& one : series) merge_ticks(std::move(one));
        return {};
    }

    // Files of one instrument, a day each, are one series.
    void merge_ticks(ReplayTickSeries series) {
        std::stable_sort(series.ticks.begin(), series.ticks.end(),
                         [](const ReplayTick& a, const ReplayTick& b) { return a.time < b.time; });
        traded_.insert(series.key.symbol);
        for (auto& known : input_.ticks) {
            if (known.key.symbol != series.key.symbol) continue;
            known.ticks.insert(known.ticks.end(), series.ticks.begin(), series.ticks.end());
            std::stable_sort(known.ticks.begin(), known.ticks.end(),
                             [](const ReplayTick& a, const ReplayTick& b) { return a.time < b.time; });
            return;
        }
        input_.ticks.push_back(std::move(series));
    }

    const RunOptions& options_;
    MarketSource market_;
    ReplayInput input_;
    std::set<std::string> traded_;
    std::set<std::string> history_;
};

}  // namespace

namespace {

Result<MarketSource> open_feed(const RunOptions& options, const std::string& name, const Paths& paths,
                               const DataQualitySettings& data) {
    auto market = prepare(paths);
    if (!market) return market.error();
    if (name.starts_with("synthetic")) return open_synthetic(options, name, std::move(*market));
    static constexpr std::string_view kReplay = "replay:";
    if (name.starts_with(kReplay) && name.size() > kReplay.size()) {
        return ReplayLoader(options, data, std::move(*market)).open({name.substr(kReplay.size())});
    }
    return make_error(ErrorCode::usage, fmt::format("--feed {}: give synthetic[:SEED] or replay:PATH", name));
}

// Several feeds as one; each part keeps the tables that its feed looks at.
MarketSource switched(std::vector<MarketSource> parts, const RunOptions& options, const FeedSwitchSettings& settings) {
    MarketSource market;
    std::vector<FeedSwitch::Source> sources;
    for (size_t i = 0; i < parts.size(); ++i) {
        MarketSource& part = parts[i];
        sources.push_back({options.feeds[i], std::move(part.feed)});
        market.over_history = market.over_history || part.over_history;
        market.default_speed = std::max(market.default_speed, part.default_speed);
        market.rejected_rows += part.rejected_rows;
        for (auto& note : part.notes) market.notes.push_back(options.feeds[i] + ": " + note);
    }
    const FeedMode mode = options.feed_mode == "redundant" ? FeedMode::redundant : FeedMode::fallback;
    market.feed = std::make_unique<FeedSwitch>(std::move(sources), mode, settings);
    std::vector<std::function<std::vector<std::string>()>> late;
    for (auto& part : parts) {
        if (part.late_notes) late.push_back(part.late_notes);
    }
    market.late_notes = [late] {
        std::vector<std::string> all;
        for (const auto& notes : late) {
            for (auto& note : notes()) all.push_back(std::move(note));
        }
        return all;
    };
    market.parts = std::move(parts);
    return market;
}

Result<MarketSource> open_feeds(const RunOptions& options, const Paths& paths, const DataQualitySettings& data,
                                const FeedSwitchSettings& feeds) {
    if (options.from && options.to && *options.to < *options.from) {
        return make_error(ErrorCode::usage, fmt::format("--to {} is before --from {}", format_date(*options.to),
                                                        format_date(*options.from)));
    }
    if (!options.data.empty()) {
        auto market = prepare(paths);
        if (!market) return market.error();
        return ReplayLoader(options, data, std::move(*market)).open(options.data);
    }
    if (options.feeds.empty()) return open_feed(options, "synthetic", paths, data);
    if (options.feeds.size() == 1) return open_feed(options, options.feeds.front(), paths, data);
    if (options.feeds.size() > kFeedsMax) {
        return make_error(ErrorCode::usage, fmt::format("--feed: at most {} feeds", kFeedsMax));
    }
    std::vector<MarketSource> parts;
    for (const std::string& name : options.feeds) {
        auto part = open_feed(options, name, paths, data);
        if (!part) return part.error();
        parts.push_back(std::move(*part));
    }
    return switched(std::move(parts), options, feeds);
}

// Lays the terms of the master over the feed's instruments.
Result<void> use_master(MarketSource& market, const std::string& path) {
    auto file = read_contract_master(path);
    if (!file) return file.error();
    for (const auto& problem : file->report.problems)
        market.notes.push_back(fmt::format("{}:{}: {}", path, problem.line, problem.reason));
    market.master = std::make_unique<ContractMaster>(std::move(file->master));
    market.plain_feed = std::move(market.feed);
    auto feed = std::make_unique<MasteredFeed>(*market.plain_feed, *market.master, fs::path(path).filename().string());
    market.late_notes = [mastered = feed.get(), earlier = std::move(market.late_notes)] {
        auto notes = earlier ? earlier() : std::vector<std::string>();
        for (auto& note : mastered->notes()) notes.push_back(std::move(note));
        return notes;
    };
    market.feed = std::move(feed);
    return {};
}

}  // namespace

Result<MarketSource> open_market(const RunOptions& options, const Paths& paths, const DataQualitySettings& data,
                                 const FeedSwitchSettings& feeds) {
    auto market = open_feeds(options, paths, data, feeds);
    if (!market || options.instruments.empty()) return market;
    if (auto done = use_master(*market, options.instruments); !done) return done.error();
    return market;
}

}  // namespace tide
