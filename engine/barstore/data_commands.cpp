#include "barstore/data_commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "barstore/data_set.hpp"
#include "barstore/json_bars.hpp"
#include "barstore/price_text.hpp"
#include "barstore/tick_file.hpp"
#include "market/activity_bars.hpp"
#include "market/bar_builder.hpp"
#include "market/indicators/registry.hpp"

namespace tide {
namespace {

// The texts of a file are decimals of any length: indicators see them as they are, not rounded to a price's four
// digits.
double as_number(std::string_view text, Price rounded) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? value : rounded.to_double();
}

BarValues values_of(const BarFileRow& row) {
    BarValues values = bar_values(row.bar);
    values.open = as_number(row.price_texts[0], row.bar.open);
    values.high = as_number(row.price_texts[1], row.bar.high);
    values.low = as_number(row.price_texts[2], row.bar.low);
    values.close = as_number(row.price_texts[3], row.bar.close);
    return values;
}

// Bars in, one CSV line a bar out; each series has indicators of its own.
class IndicatorTable {
  public:
    explicit IndicatorTable(std::vector<IndicatorRequest> requests) : requests_(std::move(requests)) {}
    void begin(const std::string& time_column, bool many_symbols);
    void add(std::string_view time, size_t series, std::string_view symbol, const BarValues& values);
    DataCommandOutput finish();

  private:
    std::vector<IndicatorRequest> requests_;
    bool many_ = false;
    std::vector<std::vector<std::unique_ptr<Indicator>>> by_series_;
    std::string csv_;
};

void IndicatorTable::begin(const std::string& time_column, bool many_symbols) {
    many_ = many_symbols;
    csv_ = time_column + (many_ ? ",symbol" : "");
    for (const auto& request : requests_) {
        for (const auto& column : indicator_columns(*request.spec, request.parameters)) csv_ += "," + column;
    }
    csv_ += '\n';
}

void IndicatorTable::add(std::string_view time, size_t series, std::string_view symbol, const BarValues& values) {
    while (series >= by_series_.size()) {
        by_series_.emplace_back();
        for (const auto& request : requests_) by_series_.back().push_back(request.spec->make(request.parameters));
    }
    csv_ += time;
    if (many_) (csv_ += ',') += symbol;
    for (const auto& indicator : by_series_[series]) {
        indicator->update(values);
        for (const double value : indicator->values()) {
            csv_ += ',';
            if (!std::isnan(value)) fmt::format_to(std::back_inserter(csv_), "{}", value);
        }
    }
    csv_ += '\n';
}

DataCommandOutput IndicatorTable::finish() {
    DataCommandOutput output{std::move(csv_), {}};
    for (size_t i = 0; i < requests_.size(); ++i) {
        const bool never = std::none_of(by_series_.begin(), by_series_.end(),
                                        [i](const auto& indicators) { return indicators[i]->ready(); });
        if (!never || by_series_.empty()) continue;
        output.notes.push_back(fmt::format("{}: not ready by the last bar: {}", requests_[i].spec->name,
                                           requests_[i].spec->needs_volume ? "too few bars with volume"
                                           : requests_[i].spec->readiness == IndicatorReadiness::warm_up
                                               ? "too few bars"
                                               : "nothing of its kind yet"));
    }
    return output;
}

// Bad rows of files that are read row by row.
class BadRows {
  public:
    void add(const std::string& file, int64_t line, const std::string& reason) {
        ++data_.rejected_count;
        if (data_.rejected.size() < DataSet::kRejectedKept) data_.rejected.push_back({file, line, reason});
    }
    void good() { ++data_.accepted_count; }
    // The error, unless bad rows are allowed; then remarks.
    Result<void> settle(bool lenient, std::vector<std::string>& notes) const {
        if (data_.rejected_count == 0) return {};
        if (!lenient) return rejected_error(data_);
        notes.push_back(fmt::format("{} bad rows skipped", data_.rejected_count));
        for (const auto& row : data_.rejected)
            notes.push_back(fmt::format("{}:{}: {}", row.file, row.line, row.reason));
        return {};
    }

  private:
    DataSet data_;
};

TradingDayEvent day_event(Date date, const std::vector<SessionHours>& sessions) {
    TradingDayEvent day;
    day.date = date;
    day.session_count = static_cast<uint8_t>(std::min(sessions.size(), day.sessions.size()));
    for (size_t i = 0; i < day.session_count; ++i) day.sessions[i] = sessions[i];
    return day;
}

// Finished bars by instrument (1, 2, …), in order.
class Collected {
  public:
    void add(std::span<const Bar> bars, Timeframe wanted) {
        for (const Bar& bar : bars) {
            if (bar.timeframe != wanted) continue;
            if (bar.instrument.value() > bars_.size()) bars_.resize(bar.instrument.value());
            bars_[bar.instrument.value() - 1].push_back(bar);
        }
    }
    std::string csv(const std::vector<SeriesName>& names) const;

  private:
    std::vector<std::vector<Bar>> bars_;
};

std::string Collected::csv(const std::vector<SeriesName>& names) const {
    const bool many = names.size() > 1;
    std::string out = many ? "symbol,ts_ist,open,high,low,close,volume,oi\n" : "ts_ist,open,high,low,close,volume,oi\n";
    for (size_t i = 0; i < bars_.size(); ++i) {
        for (const Bar& bar : bars_[i]) {
            if (many) out += names[i].symbol + ",";
            fmt::format_to(std::back_inserter(out), "{},{},{},{},{},", ist_text(bar.start), shortest_text(bar.open),
                           shortest_text(bar.high), shortest_text(bar.low), shortest_text(bar.close));
            if (bar.has_volume()) fmt::format_to(std::back_inserter(out), "{}", bar.volume);
            out += ',';
            if (bar.has_oi()) fmt::format_to(std::back_inserter(out), "{}", bar.oi);
            out += '\n';
        }
    }
    return out;
}

GapPolicy usual_policy(const SeriesName& name) { return name.option ? GapPolicy::option : GapPolicy::underlying; }

bool inside_day(Timeframe timeframe) { return length_of(timeframe).has_value(); }

// Ticks of one or more files through the builder, and the aggregator where longer bars are wanted, or to bars of
// activity.
class TickAggregation {
  public:
    TickAggregation(Timeframe to, const SessionsOfDate& sessions) : to_(to), sessions_(sessions) {
        if (to != Timeframe::m1) aggregator_.emplace(std::span<const Timeframe>(&to, 1));
    }
    TickAggregation(const ActivitySpec& spec, const SessionsOfDate& sessions)
        : to_(*frames_.place(spec)), sessions_(sessions) {}
    Result<void> read(const std::filesystem::path& file);
    Result<DataCommandOutput> finish(bool lenient);

  private:
    uint32_t instrument(const SeriesName& name);
    void start_day(Date date);
    void end_day();
    void take(std::span<const Bar> minutes);

    ActivityFrames frames_;
    Timeframe to_;
    const SessionsOfDate& sessions_;
    BarBuilder builder_;
    ActivityBars activity_{frames_};
    std::optional<BarAggregator> aggregator_;
    std::optional<Date> date_;
    ReceiveTime latest_;
    std::vector<SeriesName> names_;
    Collected collected_;
    BadRows bad_;
};

uint32_t TickAggregation::instrument(const SeriesName& name) {
    for (size_t i = 0; i < names_.size(); ++i) {
        if (names_[i].symbol == name.symbol) return static_cast<uint32_t>(i + 1);
    }
    names_.push_back(name);
    const auto id = static_cast<uint32_t>(names_.size());
    if (aggregator_) aggregator_->set_gap_policy(InstrumentId(id), usual_policy(name));
    if (is_activity(to_)) activity_.follow(InstrumentId(id), Instrument().tick);
    return id;
}

void TickAggregation::take(std::span<const Bar> minutes) {
    if (!aggregator_) {
        collected_.add(minutes, to_);
        return;
    }
    for (const Bar& minute : minutes) collected_.add(aggregator_->on_bar(minute), to_);
}

void TickAggregation::end_day() {
    if (!date_) return;
    take(builder_.end_day(latest_));
    if (aggregator_) collected_.add(aggregator_->end_day(), to_);
    collected_.add(activity_.end_day(), to_);
}

void TickAggregation::start_day(Date date) {
    end_day();
    date_ = date;
    const TradingDayEvent day = day_event(date, sessions_(date));
    (void)builder_.start_day(day);
    if (aggregator_) (void)aggregator_->start_day(day);
}

Result<void> TickAggregation::read(const std::filesystem::path& file) {
    auto reader = TickFileReader::open(file);
    if (!reader) return reader.error();
    std::vector<uint32_t> ids;  // by the file's series
    TickFileRow row;
    for (RowStatus status = reader->next(row); status != RowStatus::end; status = reader->next(row)) {
        if (status == RowStatus::bad) {
            bad_.add(reader->name(), reader->line_number(), reader->problem());
            continue;
        }
        bad_.good();
        while (ids.size() < reader->series().size()) ids.push_back(instrument(reader->series()[ids.size()]));
        row.tick.instrument = InstrumentId(ids[static_cast<size_t>(row.series)]);
        const Date date = ist_date(row.received);
        if (!date_ || date > *date_) start_day(date);
        latest_ = std::max(latest_, row.received);
        take(builder_.on_tick(row.received, row.exchange, row.tick));
        if (const PlacedTick* placed = builder_.placed()) collected_.add(activity_.on_tick(row.tick, *placed), to_);
    }
    return reader->status();
}

Result<DataCommandOutput> TickAggregation::finish(bool lenient) {
    end_day();
    DataCommandOutput output;
    if (auto settled = bad_.settle(lenient, output.notes); !settled) return settled.error();
    const BarBuilderCounts& counts = builder_.counts();
    output.notes.push_back(fmt::format(
        "{} ticks used, {} outside the sessions, {} late, {} out of order, {} repeated, {} "
        "falls of the day's volume",
        counts.used, counts.outside_session, counts.late, counts.out_of_order, counts.repeated, counts.volume_fell));
    output.csv = collected_.csv(names_);
    return output;
}

// Bars of one series through the aggregator.
class Resampling {
  public:
    Resampling(const BarSeriesData& data, InstrumentId id, const ResampleOptions& options,
               const SessionsOfDate& sessions)
        : data_(data),
          id_(id),
          to_(options.to),
          sessions_(sessions),
          aggregator_(std::span<const Timeframe>(&to_, 1),
                      inside_day(data.timeframe) ? data.timeframe : Timeframe::m1) {
        aggregator_.set_gap_policy(id, options.gaps.value_or(usual_policy(data.name)));
    }
    void run(Collected& collected);
    const BarAggregator::Counts& counts() const { return aggregator_.counts(); }

  private:
    const BarSeriesData& data_;
    InstrumentId id_;
    Timeframe to_;
    const SessionsOfDate& sessions_;
    BarAggregator aggregator_;
};

void Resampling::run(Collected& collected) {
    std::optional<Date> date;
    for (Bar bar : data_.bars) {
        bar.instrument = id_;
        if (!inside_day(data_.timeframe)) {
            collected.add(aggregator_.on_daily(bar), to_);
            continue;
        }
        if (date != ist_date(bar.start)) {
            date = ist_date(bar.start);
            collected.add(aggregator_.end_day(), to_);
            collected.add(aggregator_.start_day(day_event(*date, sessions_(*date))), to_);
        }
        collected.add(aggregator_.on_bar(bar), to_);
    }
    collected.add(aggregator_.end_day(), to_);
    collected.add(aggregator_.close_weeks(), to_);
}

// Whether bars of `to` can be made of bars of `from`.
bool can_resample(Timeframe from, Timeframe to) {
    if (to <= from) return false;
    const auto short_length = length_of(from), long_length = length_of(to);
    if (!short_length) return from == Timeframe::d1 && to == Timeframe::w1;
    return !long_length || long_length->count() % short_length->count() == 0;
}

}  // namespace

Result<DataCommandOutput> indicators_csv(const std::filesystem::path& file, std::string_view set, bool lenient) {
    auto requests = parse_indicator_set(set);
    if (!requests) return requests.error();
    IndicatorTable table(std::move(*requests));
    if (is_json_name(file)) {
        const auto data = read_json_bars(file);
        if (!data) return data.error();
        table.begin("ts_ist", false);
        for (const Bar& bar : data->bars) table.add(ist_text(bar.start), 0, {}, bar_values(bar));
        return table.finish();
    }
    auto reader = BarFileReader::open(file);
    if (!reader) return reader.error();
    table.begin(reader->time_column(), reader->many_symbols());
    BadRows bad;
    BarFileRow row;
    for (RowStatus status = reader->next(row); status != RowStatus::end; status = reader->next(row)) {
        if (status == RowStatus::bad) {
            bad.add(reader->name(), reader->line_number(), reader->problem());
            continue;
        }
        bad.good();
        const auto series = static_cast<size_t>(row.series);
        table.add(row.time_text, series, reader->series()[series].symbol, values_of(row));
    }
    if (auto status = reader->status(); !status) return status.error();
    DataCommandOutput output = table.finish();
    output.notes.insert(output.notes.begin(), reader->notes().begin(), reader->notes().end());
    if (auto settled = bad.settle(lenient, output.notes); !settled) return settled.error();
    return output;
}

namespace {

Result<DataCommandOutput> aggregate_files(const std::vector<std::filesystem::path>& paths, TickAggregation& aggregation,
                                          bool lenient) {
    const auto files = list_data_files(paths);
    if (!files) return files.error();
    std::vector<std::string> passed_over;
    for (const auto& file : *files) {
        const auto kind = classify_data_file(file);
        if (!kind) return kind.error();
        if (*kind != DataFileKind::ticks && files->size() > 1) {
            passed_over.push_back(fmt::format("{}: passed over, not a file of ticks", file.string()));
            continue;
        }
        if (auto read = aggregation.read(file); !read) return read.error();
    }
    auto output = aggregation.finish(lenient);
    if (output) output->notes.insert(output->notes.begin(), passed_over.begin(), passed_over.end());
    return output;
}

}  // namespace

Result<DataCommandOutput> aggregate_ticks_csv(const std::vector<std::filesystem::path>& paths, std::string_view to,
                                              const SessionsOfDate& sessions, bool lenient) {
    if (const auto spec = parse_activity(to)) {
        TickAggregation aggregation(*spec, sessions);
        return aggregate_files(paths, aggregation, lenient);
    }
    const auto timeframe = parse_timeframe(to);
    if (!timeframe || timeframe == Timeframe::s1 || !inside_day(*timeframe)) {
        return make_error(ErrorCode::usage,
                          fmt::format("ticks cannot be aggregated to {}; use 1m, 3m, 5m, 15m, 30m or 1h, or bars of "
                                      "ticks, volume or range as in 500t, 10000v, 20r",
                                      to));
    }
    TickAggregation aggregation(*timeframe, sessions);
    return aggregate_files(paths, aggregation, lenient);
}

Result<DataCommandOutput> resample_bars_csv(const std::vector<std::filesystem::path>& paths,
                                            const ResampleOptions& options, const SessionsOfDate& sessions) {
    const auto data = read_bars(paths, {options.lenient});
    if (!data) return data.error();
    DataCommandOutput output{{}, data->notes};
    Collected collected;
    std::vector<SeriesName> names;
    for (const auto& series : data->series) {
        if (!can_resample(series.timeframe, options.to)) {
            return make_error(ErrorCode::usage, fmt::format("{}: {} bars cannot be made of {} bars", series.name.symbol,
                                                            name_of(options.to), name_of(series.timeframe)));
        }
        names.push_back(series.name);
        Resampling resampling(series, InstrumentId(static_cast<uint32_t>(names.size())), options, sessions);
        resampling.run(collected);
        const auto& counts = resampling.counts();
        if (counts.outside_session + counts.filled + counts.discarded == 0) continue;
        output.notes.push_back(
            fmt::format("{}: {} bars outside the sessions not used, {} missing minutes filled, {} bars "
                        "given up because of gaps",
                        series.name.symbol, counts.outside_session, counts.filled, counts.discarded));
    }
    output.csv = collected.csv(names);
    return output;
}

}  // namespace tide
