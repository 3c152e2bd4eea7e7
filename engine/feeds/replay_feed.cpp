#include "feeds/replay_feed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "feeds/replay_contracts.hpp"
#include "feeds/replay_days.hpp"
#include "market/instruments.hpp"

namespace tide {
namespace {

constexpr std::string_view kFeedName = "replay";
constexpr Duration kMinute = minutes(1);
constexpr Duration kDayStartBeforeOpen = minutes(15);
constexpr Duration kDayEndAfterClose = minutes(1);
constexpr ExchangeTime kNever = ExchangeTime::max();
constexpr size_t kPathPoints = 4;

struct PathPoint {
    Duration after_start;
    Price price;
};

// Open, the extreme nearer to it, the other extreme, close. The order of the extremes inside a bar is not recorded; the
// nearer one first is the common convention of bar-based testers, and supposes the shorter way.
std::array<PathPoint, kPathPoints> path_of(const Bar& bar) {
    const bool low_first = bar.open - bar.low < bar.high - bar.open;
    return {{{Duration(0), bar.open},
             {seconds(20), low_first ? bar.low : bar.high},
             {seconds(40), low_first ? bar.high : bar.low},
             {kMinute - seconds(1), bar.close}}};
}

bool ascending(const std::vector<Bar>& bars) {
    return std::adjacent_find(bars.begin(), bars.end(),
                              [](const Bar& a, const Bar& b) { return a.start >= b.start; }) == bars.end();
}

Error series_error(const ReplayKey& key, std::string_view what) {
    return make_error(ErrorCode::input,
                      fmt::format("replay: {} {}", key.symbol.empty() ? key.underlying : key.symbol, what));
}

Result<void> check(const ReplayInput& input) {
    TIDE_ASSERT(input.calendar != nullptr && input.rules != nullptr);
    for (const ReplaySeries& series : input.traded) {
        if (series.timeframe != Timeframe::m1) {
            return series_error(series.key, fmt::format("has {} bars; 1m bars are traded through, others are history",
                                                        name_of(series.timeframe)));
        }
    }
    for (const auto* all : {&input.traded, &input.history}) {
        for (const ReplaySeries& series : *all) {
            if (!ascending(series.bars)) return series_error(series.key, "has bars that do not ascend in time");
            const bool option = series.key.kind == InstrumentKind::option;
            if (option &&
                (!series.key.expiry || series.key.right == OptionRight::none || !series.key.strike.positive())) {
                return series_error(series.key, "is an option without expiry, right or strike");
            }
        }
    }
    for (const ReplayTickSeries& series : input.ticks) {
        const auto falls = [](const ReplayTick& a, const ReplayTick& b) { return a.time > b.time; };
        if (std::adjacent_find(series.ticks.begin(), series.ticks.end(), falls) != series.ticks.end()) {
            return series_error(series.key, "has ticks that do not ascend in time");
        }
    }
    return {};
}

}  // namespace

class ReplayFeed::Player {
  public:
    explicit Player(ReplayInput input)
        : input_(std::move(input)), contracts_(*input_.calendar, *input_.rules), calendar_name_(pick_calendar()) {}
    Result<void> prepare();
    Result<bool> next(Event& event);
    void want_bar_path(bool wanted) { path_wanted_ = wanted; }
    double share_given() const { return static_cast<double>(day_) / static_cast<double>(days_.size()); }
    std::string describe() const;
    std::vector<std::string> notes() const;

  private:
    enum class Stage : uint8_t { instruments, history, day_history, day, contracts, stream, day_end, ended, over };
    struct Series {
        InstrumentId id;
        bool is_index = false;
        std::vector<Bar>* bars = nullptr;
        size_t at = 0;
    };
    struct TickStream {
        InstrumentId id;
        bool is_index = false;
        const std::vector<ReplayTick>* ticks = nullptr;
        size_t at = 0;
    };
    struct Pending {  // a bar of the minute being played
        const Series* series = nullptr;
        const Bar* bar = nullptr;
    };

    std::string pick_calendar() const;
    void number_series();
    void collect_history();
    void add_history(const ReplayKey& key, Timeframe timeframe, const std::vector<Bar>& bars);
    ExchangeTime daily_start(Date date) const;
    const ReplayDay& today() const { return days_[day_]; }
    void start_day();
    void skip_to_day(Series& series);
    bool has_vix_today() const;
    bool next_minute();
    void find_next_tick();
    bool give_due_history(Event& event, Date up_to);
    bool play(Event& event);
    bool play_or_tell_hole(Event& event);
    std::optional<ReceiveTime> hole_until(ReceiveTime next) const;
    void tell_down(Event& event, ReceiveTime from);
    void tell_up(Event& event, ReceiveTime now);
    bool play_tick(Event& event);
    void refresh_contracts(InstrumentId id, Price price);
    bool give_history_day(Event& event);
    void prepare_realised_vix();
    void note_close(InstrumentId id, Price close);
    std::optional<Price> realised_vix() const;
    void give(Event& event, ReceiveTime received, bool from_exchange);
    void give_bar(Event& event, const Pending& pending, ReceiveTime received);
    ReceiveTime day_start() const;
    ReceiveTime day_end() const;
    TradingDayEvent trading_day(const ReplayDay& day) const;

    ReplayInput input_;
    ReplayContracts contracts_;
    std::string calendar_name_;
    std::vector<ReplayDay> days_;
    std::vector<Series> series_;            // by id
    std::vector<TickStream> tick_streams_;  // by id; the VIX's daily value last
    std::vector<ReplayTick> vix_opening_;   // of today, when there is only a daily series
    std::vector<Bar> history_;              // before the first day
    std::vector<Bar> daily_;                // from the first day on, by date and id
    std::map<Date, Price> vix_opens_;
    InstrumentId vix_;
    std::map<InstrumentId, Price> last_prices_;  // of indices, and of what the realised VIX is estimated from
    Date history_day_{};                         // whose bars inside the day are being given
    InstrumentId realised_basis_;                // none: not asked for, or there is a VIX
    std::vector<double> closes_;                 // daily, of that instrument
    std::optional<Date> last_close_;             // their last date
    std::set<InstrumentId> refreshed_;           // today
    std::vector<Instrument> announced_;          // to be given
    std::vector<std::string> notes_;

    Stage stage_ = Stage::instruments;
    size_t position_ = 0;
    size_t day_ = 0;
    size_t daily_at_ = 0;
    bool path_wanted_ = false;
    // The minute being played: path points first (when wanted), then the bars.
    std::vector<Pending> minute_;
    ExchangeTime minute_start_;
    size_t path_at_ = 0, path_end_ = 0;
    size_t bar_at_ = 0;
    ExchangeTime next_tick_ = kNever;
    size_t next_tick_stream_ = 0;
    ReceiveTime last_received_;
    // Holes: what comes after one waits until the feed's return has been told.
    ReceiveTime last_data_;
    bool down_ = false;
    std::optional<Event> after_hole_;
    std::string hole_text_;
    int64_t holes_ = 0;
    Duration longest_hole_{0};
    int64_t bars_played_ = 0, ticks_played_ = 0;
    int64_t outside_ = 0, ticks_after_close_ = 0, inconsistent_ = 0, late_history_ = 0;
    int64_t days_without_vix_ = 0;
};

std::string ReplayFeed::Player::pick_calendar() const {
    if (!input_.traded.empty()) return input_.traded.front().key.calendar;
    return input_.ticks.empty() ? "NSE" : input_.ticks.front().key.calendar;
}

Result<void> ReplayFeed::Player::prepare() {
    if (const auto checked = check(input_); !checked) return checked.error();
    days_ = replay_days(input_, calendar_name_, notes_);
    if (days_.empty()) {
        return make_error(ErrorCode::not_found, fmt::format("replay: {} has no trading day with data{}{}", input_.name,
                                                            input_.from ? " from " + format_date(*input_.from) : "",
                                                            input_.to ? " to " + format_date(*input_.to) : ""));
    }
    number_series();
    std::set<InstrumentId> seen;
    std::vector<InstrumentId> played;
    for (const Series& series : series_) played.push_back(series.id);
    for (const TickStream& stream : tick_streams_) {
        if (stream.ticks != &vix_opening_) played.push_back(stream.id);
    }
    for (const InstrumentId id : played) {
        if (!seen.insert(id).second) {
            return make_error(ErrorCode::input, fmt::format("replay: {} comes twice; give each instrument one series",
                                                            contracts_.listed()[id.value() - 1].symbol));
        }
    }
    collect_history();
    prepare_realised_vix();
    announced_ = contracts_.listed();
    return {};
}

void ReplayFeed::Player::number_series() {
    std::vector<ReplayKey> keys;
    for (const auto* all : {&input_.traded, &input_.history}) {
        for (const ReplaySeries& series : *all) keys.push_back(series.key);
    }
    for (const ReplayTickSeries& series : input_.ticks) keys.push_back(series.key);
    if (input_.realised_vix) {
        ReplayKey vix;
        vix.symbol = "INDIAVIX";
        vix.kind = InstrumentKind::volatility_index;
        keys.push_back(vix);
    }
    contracts_.list(keys, days_.front().date);
    for (ReplaySeries& series : input_.traded) {
        series_.push_back({contracts_.find(series.key), series.key.kind == InstrumentKind::index, &series.bars, 0});
        const auto bad =
            std::remove_if(series.bars.begin(), series.bars.end(), [](const Bar& bar) { return !bar.consistent(); });
        inconsistent_ += series.bars.end() - bad;
        series.bars.erase(bad, series.bars.end());
    }
    for (const ReplayTickSeries& series : input_.ticks) {
        tick_streams_.push_back(
            {contracts_.find(series.key), series.key.kind == InstrumentKind::index, &series.ticks, 0});
    }
    const auto by_id = [](const auto& a, const auto& b) { return a.id < b.id; };
    std::sort(series_.begin(), series_.end(), by_id);
    std::sort(tick_streams_.begin(), tick_streams_.end(), by_id);
    for (const Instrument& instrument : contracts_.listed()) {
        if (instrument.kind == InstrumentKind::volatility_index && !vix_.valid()) vix_ = instrument.id;
    }
    if (vix_.valid()) tick_streams_.push_back({vix_, false, &vix_opening_, 0});
}

ExchangeTime ReplayFeed::Player::daily_start(Date date) const {
    if (input_.calendar->covers(calendar_name_, date)) {
        const auto day = input_.calendar->day(calendar_name_, date);
        if (day && day->has_value()) return ist_moment<ExchangeTime>(date, (*day)->sessions.front().open);
    }
    return ist_moment<ExchangeTime>(date, input_.calendar->usual_hours(calendar_name_, date).open);
}

void ReplayFeed::Player::add_history(const ReplayKey& key, Timeframe timeframe, const std::vector<Bar>& bars) {
    const ExchangeTime begin = ist_moment<ExchangeTime>(days_.front().date, Duration(0));
    const InstrumentId id = contracts_.find(key);
    for (Bar bar : bars) {
        if (!bar.consistent()) {
            ++inconsistent_;
            continue;
        }
        const Date date = ist_date(bar.start);
        bar.instrument = id;
        bar.timeframe = timeframe;
        bar.flags |= kBarHistory;
        if (timeframe == Timeframe::d1) bar.start = daily_start(date);
        if (timeframe == Timeframe::d1 && key.kind == InstrumentKind::volatility_index) vix_opens_[date] = bar.open;
        if (known_at(bar) <= begin) {
            history_.push_back(bar);
        } else if (timeframe == Timeframe::d1) {
            daily_.push_back(bar);
        } else {
            ++late_history_;
        }
    }
}

void ReplayFeed::Player::collect_history() {
    for (const ReplaySeries& series : input_.history) add_history(series.key, series.timeframe, series.bars);
    const ExchangeTime begin = ist_moment<ExchangeTime>(days_.front().date, Duration(0));
    for (const ReplaySeries& series : input_.traded) {
        const auto first = std::lower_bound(series.bars.begin(), series.bars.end(), begin,
                                            [](const Bar& bar, ExchangeTime time) { return bar.start < time; });
        add_history(series.key, Timeframe::m1, std::vector<Bar>(series.bars.begin(), first));
    }
    // Longest first, so that a shorter series finds its longer ones in place.
    const auto rank = [](const Bar& bar) { return -static_cast<int>(bar.timeframe); };
    std::stable_sort(history_.begin(), history_.end(), [&](const Bar& a, const Bar& b) {
        return std::tuple(rank(a), a.start, a.instrument) < std::tuple(rank(b), b.start, b.instrument);
    });
    std::stable_sort(daily_.begin(), daily_.end(), [](const Bar& a, const Bar& b) {
        return std::tuple(a.start, a.instrument) < std::tuple(b.start, b.instrument);
    });
    for (const Bar& bar : history_) {
        const bool index = contracts_.listed()[bar.instrument.value() - 1].kind == InstrumentKind::index;
        if (index && bar.timeframe <= Timeframe::d1) last_prices_[bar.instrument] = bar.close;
    }
    for (const auto& bars : {&history_, &daily_}) {
        const auto twice = std::adjacent_find(bars->begin(), bars->end(), [](const Bar& a, const Bar& b) {
            return a.start == b.start && a.instrument == b.instrument && a.timeframe == b.timeframe;
        });
        if (twice != bars->end()) {
            notes_.push_back(fmt::format("history has {} {} bars of {} more than once; the first is used by a session",
                                         contracts_.listed()[twice->instrument.value() - 1].symbol,
                                         name_of(twice->timeframe), format_date(ist_date(twice->start))));
        }
    }
}

ReceiveTime ReplayFeed::Player::day_start() const {
    const ReceiveTime midnight = at(today().date, Duration(0));
    ReceiveTime start = std::max(midnight, as_receive_time(today().open()) - kDayStartBeforeOpen);
    for (const TickStream& stream : tick_streams_) {
        if (stream.at < stream.ticks->size()) {
            const ReceiveTime tick = as_receive_time((*stream.ticks)[stream.at].time);
            if (tick >= midnight) start = std::min(start, tick);
        }
    }
    return std::max(start, last_received_);
}

// A market round the clock has no minute to spare between two days.
ReceiveTime ReplayFeed::Player::day_end() const {
    const ReceiveTime close = as_receive_time(today().close());
    return today().sessions.back().close >= hours(24) ? close : close + kDayEndAfterClose;
}

TradingDayEvent ReplayFeed::Player::trading_day(const ReplayDay& day) const {
    TradingDayEvent event;
    event.date = day.date;
    event.session_count = static_cast<uint8_t>(std::min(day.sessions.size(), event.sessions.size()));
    std::copy_n(day.sessions.begin(), event.session_count, event.sessions.begin());
    event.from_data = day.from_data;
    event.calendar = calendar_name_;
    return event;
}

// Longer bars made of history bars inside the day are aligned to that day's sessions.
bool ReplayFeed::Player::give_history_day(Event& event) {
    const Bar& bar = history_[position_];
    const Date date = ist_date(bar.start);
    if (bar.timeframe != Timeframe::m1 || date == history_day_) return false;
    history_day_ = date;
    ReplayDay day;
    day.date = date;
    if (const auto found = input_.calendar->day(calendar_name_, date); found && *found) {
        day.sessions = (*found)->sessions;
    } else {
        day.sessions = {input_.calendar->usual_hours(calendar_name_, date)};
        day.from_data = true;
    }
    TradingDayEvent announced = trading_day(day);
    announced.history = true;
    event.payload = announced;
    return true;
}

// The first index (else the first share) stands for the market.
void ReplayFeed::Player::prepare_realised_vix() {
    if (!input_.realised_vix) return;
    for (const Instrument& instrument : contracts_.listed()) {
        if (instrument.kind != InstrumentKind::index && instrument.kind != InstrumentKind::equity) continue;
        realised_basis_ = instrument.id;
        break;
    }
    for (const Bar& bar : history_) {
        if (bar.timeframe == Timeframe::d1) note_close(bar.instrument, bar.close);
    }
}

void ReplayFeed::Player::note_close(InstrumentId id, Price close) {
    if (id == realised_basis_ && id.valid()) closes_.push_back(close.to_double());
}

// Close-to-close: the sample deviation of the last 20 daily log returns, a year of 252 days, in points.
std::optional<Price> ReplayFeed::Player::realised_vix() const {
    constexpr size_t kReturns = 20;
    constexpr double kDaysOfYear = 252;
    if (!realised_basis_.valid() || closes_.size() < kReturns + 1) return std::nullopt;
    double sum = 0, squares = 0;
    for (size_t i = closes_.size() - kReturns; i < closes_.size(); ++i) {
        const double move = std::log(closes_[i] / closes_[i - 1]);
        sum += move;
        squares += move * move;
    }
    const double variance = (squares - sum * sum / kReturns) / (kReturns - 1);
    const Price level = Price::from_double(100 * std::sqrt(std::max(0.0, variance) * kDaysOfYear));
    return level.positive() ? std::optional(level) : std::nullopt;
}

void ReplayFeed::Player::skip_to_day(Series& series) {
    const ExchangeTime begin = ist_moment<ExchangeTime>(today().date, Duration(0));
    const auto& bars = *series.bars;
    while (series.at < bars.size() && bars[series.at].start < begin) ++series.at;
}

bool ReplayFeed::Player::has_vix_today() const {
    const ExchangeTime end = ist_moment<ExchangeTime>(today().date + std::chrono::days(1), Duration(0));
    const bool bars = std::any_of(series_.begin(), series_.end(), [&](const Series& series) {
        return series.id == vix_ && series.at < series.bars->size() && (*series.bars)[series.at].start < end;
    });
    return bars || std::any_of(tick_streams_.begin(), tick_streams_.end() - 1, [&](const TickStream& stream) {
               return stream.id == vix_ && stream.at < stream.ticks->size() && (*stream.ticks)[stream.at].time < end;
           });
}

// Places every series at the day's first row and prepares the VIX's opening value where that is all there is.
void ReplayFeed::Player::start_day() {
    const ExchangeTime begin = ist_moment<ExchangeTime>(today().date, Duration(0));
    for (Series& series : series_) skip_to_day(series);
    for (TickStream& stream : tick_streams_) {
        while (stream.at < stream.ticks->size() && (*stream.ticks)[stream.at].time < begin) ++stream.at;
    }
    if (vix_.valid()) {
        vix_opening_.clear();
        tick_streams_.back().at = 0;
        const auto open = vix_opens_.find(today().date);
        if (!has_vix_today() && open != vix_opens_.end()) {
            TickEvent tick;
            tick.flags = kTickDailyValue;
            tick.last = open->second;
            vix_opening_.push_back({today().open(), tick});
        } else if (const auto estimate = has_vix_today() ? std::nullopt : realised_vix()) {
            TickEvent tick;
            tick.flags = kTickDailyValue | kTickRealisedValue;
            tick.last = *estimate;
            vix_opening_.push_back({today().open(), tick});
        } else if (!has_vix_today()) {
            ++days_without_vix_;
        }
    }
    find_next_tick();
    refreshed_.clear();
    announced_.clear();
    minute_.clear();
    path_at_ = path_end_ = bar_at_ = 0;
    if (!input_.option_model) return;
    for (const auto& [id, price] : last_prices_) {
        const auto found = contracts_.of_day(id, today().date, price);
        announced_.insert(announced_.end(), found.begin(), found.end());
    }
}

void ReplayFeed::Player::find_next_tick() {
    next_tick_ = kNever;
    const ExchangeTime close = today().close();
    const ExchangeTime end = ist_moment<ExchangeTime>(today().date + std::chrono::days(1), Duration(0));
    for (size_t i = 0; i < tick_streams_.size(); ++i) {
        TickStream& stream = tick_streams_[i];
        const auto& ticks = *stream.ticks;
        while (stream.at < ticks.size() && ticks[stream.at].time > close && ticks[stream.at].time < end) {
            ++stream.at;
            ++ticks_after_close_;
        }
        if (stream.at < ticks.size() && ticks[stream.at].time <= close && ticks[stream.at].time < next_tick_) {
            next_tick_ = ticks[stream.at].time;
            next_tick_stream_ = i;
        }
    }
}

// Gathers the bars of the next minute that has any; false when the day has no more.
bool ReplayFeed::Player::next_minute() {
    const ReplayDay& day = today();
    const ExchangeTime end = ist_moment<ExchangeTime>(day.date + std::chrono::days(1), Duration(0));
    minute_.clear();
    path_at_ = path_end_ = bar_at_ = 0;
    minute_start_ = end;
    for (Series& series : series_) {
        const auto& bars = *series.bars;
        while (series.at < bars.size() && bars[series.at].start < end && !day.holds(bars[series.at].start, kMinute)) {
            ++series.at;
            ++outside_;
        }
        if (series.at < bars.size() && bars[series.at].start < minute_start_) minute_start_ = bars[series.at].start;
    }
    if (minute_start_ == end) return false;
    for (Series& series : series_) {
        const auto& bars = *series.bars;
        if (series.at < bars.size() && bars[series.at].start == minute_start_)
            minute_.push_back({&series, &bars[series.at++]});
    }
    path_end_ = path_wanted_ ? kPathPoints * minute_.size() : 0;
    return true;
}

void ReplayFeed::Player::give(Event& event, ReceiveTime received, bool from_exchange) {
    TIDE_ASSERT(received >= last_received_);
    last_received_ = received;
    event.sequence = 0;
    event.received = received;
    event.exchange = from_exchange ? as_exchange_time(received) : ExchangeTime();
}

void ReplayFeed::Player::give_bar(Event& event, const Pending& pending, ReceiveTime received) {
    give(event, received, true);
    // Bars of one minute belong together; contracts or ticks do not come between them.
    Bar& bar = event.payload.emplace<BarEvent>(BarEvent{*pending.bar, bar_at_ < minute_.size()}).bar;
    bar.instrument = pending.series->id;
    bar.timeframe = Timeframe::m1;
    bar.flags &= static_cast<uint16_t>(~kBarHistory);
    ++bars_played_;
    if (pending.series->is_index || bar.instrument == realised_basis_) last_prices_[bar.instrument] = bar.close;
    if (pending.series->is_index && input_.option_model) refresh_contracts(bar.instrument, bar.close);
}

// The strikes around an underlying's first price of the day, where the previous close had others.
void ReplayFeed::Player::refresh_contracts(InstrumentId id, Price price) {
    if (!refreshed_.insert(id).second) return;
    const auto found = contracts_.of_day(id, today().date, price);
    announced_.insert(announced_.end(), found.begin(), found.end());
}

bool ReplayFeed::Player::play_tick(Event& event) {
    TickStream& stream = tick_streams_[next_tick_stream_];
    const ReplayTick& tick = (*stream.ticks)[stream.at++];
    give(event, std::max(as_receive_time(tick.time), last_received_), true);
    event.exchange = tick.stamp.value_or(tick.time);
    TickEvent& given = event.payload.emplace<TickEvent>(tick.tick);
    given.instrument = stream.id;
    ++ticks_played_;
    if (stream.is_index && tick.time >= today().open()) {
        last_prices_[stream.id] = tick.tick.last;
        if (input_.option_model) refresh_contracts(stream.id, tick.tick.last);
    }
    find_next_tick();
    return true;
}

// The next tick, point of a path or bar of the day; false at the day's end.
bool ReplayFeed::Player::play(Event& event) {
    if (bar_at_ == minute_.size() && !next_minute()) return next_tick_ != kNever && play_tick(event);
    if (path_at_ < path_end_) {
        const size_t point = path_at_ / minute_.size();
        const Pending& pending = minute_[path_at_ % minute_.size()];
        const PathPoint at_point = path_of(*pending.bar)[point];
        const ExchangeTime time = minute_start_ + at_point.after_start;
        if (next_tick_ <= time) return play_tick(event);
        ++path_at_;
        give(event, as_receive_time(time), true);
        TickEvent& tick = event.payload.emplace<TickEvent>();
        tick.instrument = pending.series->id;
        tick.flags = kTickPathOfBar;
        tick.last = at_point.price;
        if (point + 1 == kPathPoints && pending.bar->has_oi()) {
            tick.flags |= kTickHasOi;
            tick.oi = pending.bar->oi;
        }
        return true;
    }
    const ExchangeTime end = minute_start_ + kMinute;
    if (next_tick_ < end) return play_tick(event);
    give_bar(event, minute_[bar_at_++], as_receive_time(end));
    return true;
}

// When the feed must be called down if nothing comes before `next`: inside a session, `hole` after the last data.
std::optional<ReceiveTime> ReplayFeed::Player::hole_until(ReceiveTime next) const {
    if (input_.hole <= Duration(0)) return std::nullopt;
    for (const SessionHours& session : today().sessions) {
        const ReceiveTime from = std::max(last_data_, at(today().date, session.open));
        const ReceiveTime until = std::min(next, at(today().date, session.close));
        if (until - from > input_.hole) return from + input_.hole;
    }
    return std::nullopt;
}

void ReplayFeed::Player::tell_down(Event& event, ReceiveTime from) {
    down_ = true;
    ++holes_;
    const ReceiveTime last = from - input_.hole;
    hole_text_ = fmt::format("no data of any instrument since {}",
                             format_time_of_day(std::chrono::floor<seconds>(ist_since_midnight(last))));
    event.sequence = 0;
    event.received = from;
    event.exchange = ExchangeTime();
    event.payload = FeedStatusEvent{FeedState::down, kFeedName, hole_text_};
}

void ReplayFeed::Player::tell_up(Event& event, ReceiveTime now) {
    down_ = false;
    const Duration length = now - last_data_;
    longest_hole_ = std::max(longest_hole_, ist_date(now) == ist_date(last_data_) ? length : Duration(0));
    hole_text_ = fmt::format("data again after {:.0f} s", std::chrono::duration<double>(length).count());
    event.sequence = 0;
    event.received = now;
    event.exchange = ExchangeTime();
    event.payload = FeedStatusEvent{FeedState::up, kFeedName, hole_text_};
}

bool ReplayFeed::Player::play_or_tell_hole(Event& event) {
    if (!after_hole_) {
        const bool more = play(event);
        const ReceiveTime next = more ? event.received : as_receive_time(today().close());
        const auto from = down_ ? std::nullopt : hole_until(next);
        if (!more) {
            if (!from) return false;
            last_data_ = next;  // told once
            tell_down(event, *from);
            return true;
        }
        if (!from && !down_) {
            last_data_ = event.received;
            return true;
        }
        after_hole_ = std::move(event);
        if (from) {
            tell_down(event, *from);
            return true;
        }
    }
    const ReceiveTime now = after_hole_->received;
    if (down_) {
        tell_up(event, now);
        return true;
    }
    last_data_ = now;
    event = std::move(*after_hole_);
    after_hole_.reset();
    return true;
}

// Official daily bars up to a date that have not been given yet.
bool ReplayFeed::Player::give_due_history(Event& event, Date up_to) {
    if (daily_at_ == daily_.size() || ist_date(daily_[daily_at_].start) > up_to) return false;
    const Bar& daily = daily_[daily_at_];
    if (daily.instrument == realised_basis_) last_close_ = ist_date(daily.start);
    note_close(daily.instrument, daily.close);
    event.payload.emplace<BarEvent>(BarEvent{daily_[daily_at_++]});
    return true;
}

Result<bool> ReplayFeed::Player::next(Event& event) {
    const auto next_stage = [&](Stage stage) {
        stage_ = stage;
        position_ = 0;
    };
    for (;;) {
        switch (stage_) {
            case Stage::instruments:
                if (position_ == announced_.size()) {
                    next_stage(Stage::history);
                    break;
                }
                give(event, at(days_.front().date, Duration(0)), false);
                event.payload.emplace<InstrumentEvent>(InstrumentEvent{announced_[position_++]});
                return true;
            case Stage::history:
                if (position_ == history_.size()) {
                    std::vector<Bar>().swap(history_);
                    next_stage(Stage::day_history);
                    break;
                }
                give(event, at(days_.front().date, Duration(0)), false);
                if (give_history_day(event)) return true;
                event.payload.emplace<BarEvent>(BarEvent{history_[position_++]});
                return true;
            case Stage::day_history:
                // Daily bars of days that were not traded through (no minutes for them) are known by now.
                give(event, std::max(at(today().date, Duration(0)), last_received_), false);
                if (give_due_history(event, today().date - std::chrono::days(1))) return true;
                next_stage(Stage::day);
                break;
            case Stage::day:
                start_day();
                last_data_ = as_receive_time(today().open());
                give(event, day_start(), false);
                event.payload = trading_day(today());
                next_stage(Stage::contracts);
                return true;
            case Stage::contracts:
                if (position_ == announced_.size()) {
                    announced_.clear();
                    next_stage(Stage::stream);
                    break;
                }
                give(event, last_received_, false);
                event.payload.emplace<InstrumentEvent>(InstrumentEvent{announced_[position_++]});
                return true;
            case Stage::stream:
                // Contracts follow the whole minute whose close asked for them.
                if (!announced_.empty() && bar_at_ == minute_.size() && !after_hole_) {
                    next_stage(Stage::contracts);
                    break;
                }
                if (play_or_tell_hole(event)) return true;
                next_stage(Stage::day_end);
                break;
            case Stage::day_end:
                give(event, std::max(day_end(), last_received_), false);
                if (give_due_history(event, today().date)) return true;
                if (last_close_ != today().date && last_prices_.contains(realised_basis_)) {
                    note_close(realised_basis_, last_prices_[realised_basis_]);
                }
                event.payload = DayEndEvent{today().date};
                next_stage(++day_ < days_.size() ? Stage::day_history : Stage::ended);
                return true;
            case Stage::ended:
                give(event, last_received_, false);
                event.payload = FeedStatusEvent{FeedState::ended, kFeedName, "the data is over"};
                next_stage(Stage::over);
                return true;
            case Stage::over:
                return false;
        }
    }
}

std::string ReplayFeed::Player::describe() const {
    return fmt::format("replay of {}, {} to {}, {} trading day(s), {} instrument(s)", input_.name,
                       format_date(days_.front().date), format_date(days_.back().date), days_.size(),
                       contracts_.listed().size());
}

std::vector<std::string> ReplayFeed::Player::notes() const {
    std::vector<std::string> all = notes_;
    const auto count = [&](int64_t number, std::string_view what) {
        if (number > 0) all.push_back(fmt::format("{} {}", number, what));
    };
    count(outside_, "bar(s) outside the day's sessions dropped (for instance stamped at the close)");
    count(ticks_after_close_, "tick(s) after the close dropped");
    count(inconsistent_, "bar(s) with prices that contradict each other dropped");
    count(late_history_, "history bar(s) inside the traded range not sent: only daily bars are, each at its day's end");
    count(days_without_vix_, "trading day(s) without any VIX");
    count(holes_, fmt::format("hole(s) inside sessions, in which the feed counts as down{}",
                              longest_hole_ > Duration(0)
                                  ? fmt::format(", the longest {:.0f} minutes",
                                                std::chrono::duration<double, std::ratio<60>>(longest_hole_).count())
                                  : ""));
    for (const std::string& note : contracts_.notes()) all.push_back(note);
    return all;
}

Result<std::unique_ptr<ReplayFeed>> ReplayFeed::create(ReplayInput input) {
    auto player = std::make_unique<Player>(std::move(input));
    if (const auto prepared = player->prepare(); !prepared) return prepared.error();
    return std::unique_ptr<ReplayFeed>(new ReplayFeed(std::move(player)));
}

ReplayFeed::ReplayFeed(std::unique_ptr<Player> player) : player_(std::move(player)) {}
ReplayFeed::~ReplayFeed() = default;
Result<bool> ReplayFeed::next(Event& event) { return player_->next(event); }
void ReplayFeed::want_bar_path(bool wanted) { player_->want_bar_path(wanted); }
double ReplayFeed::share_given() const { return player_->share_given(); }
std::string ReplayFeed::describe() const { return player_->describe(); }
std::vector<std::string> ReplayFeed::notes() const { return player_->notes(); }

}  // namespace tide
