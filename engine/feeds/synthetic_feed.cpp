#include "feeds/synthetic_feed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "feeds/synthetic_chain.hpp"
#include "feeds/synthetic_history.hpp"

namespace tide {
namespace {

constexpr std::string_view kExchange = "NSE";
constexpr std::string_view kFeedName = "synthetic";
constexpr int64_t kMostStrikes = 40;
constexpr int kHistoryDays = 270;
constexpr Duration kPreparation = minutes(45);  // before the open: instruments and history are known
constexpr Duration kPreOpen = minutes(15);      // before the open: the trading day starts
constexpr Duration kPreOpenMatch = minutes(7);  // before the open: the index has a first value
constexpr Duration kDayEndAfterClose = minutes(1);
constexpr int64_t kVixPeriod_s = 5;
constexpr Duration kChainFrom = milliseconds(700);  // of each second; what is asked for besides comes after it
constexpr Duration kWantedFrom = milliseconds(990);
constexpr double kWrongPrice = 1.08;  // of a spike, or its inverse
// The dead and the frozen feed's silence; NSE's closing auction of shares, of which the index is made (circular
// NSE/FAOP/74467): continuous trading ends at 15:15, the matched prices are there at 15:35.
constexpr Duration kFaultFrom = hours(11);
constexpr Duration kFaultUntil = hours(11) + minutes(12);
constexpr Duration kAuctionFrom = hours(15) + minutes(15);
constexpr Duration kAuctionUntil = hours(15) + minutes(35);
constexpr Duration kCloseWithAuction = hours(15) + minutes(40);
constexpr double kBankniftyVolatility = 1.12;  // of the VIX, which is NIFTY's

bool is_weekend(Date date) {
    const auto weekday = weekday_of(date);
    return weekday == std::chrono::Saturday || weekday == std::chrono::Sunday;
}

// The sessions before `date` and that of `date`. Before the calendar's first table weekdays stand for trading days:
// only made-up history is placed on them.
std::vector<TradingDay> days_up_to(Date date, const TradingCalendar& calendar) {
    std::vector<TradingDay> days;
    for (Date day = date; days.size() <= kHistoryDays; day -= std::chrono::days(1)) {
        if (calendar.covers(kExchange, day)) {
            const auto found = calendar.day(kExchange, day);
            if (found && found->has_value()) days.push_back(**found);
        } else if (!is_weekend(day)) {
            days.push_back({day, {calendar.usual_hours(kExchange, day)}, {}, false});
        }
    }
    std::reverse(days.begin(), days.end());
    return days;
}

// As many expiries as the calendar reaches, up to `most`; its error when it reaches none.
Result<std::vector<Expiry>> reachable_expiries(const ContractRules& rules, std::string_view underlying, Date date,
                                               size_t most, const TradingCalendar& calendar) {
    for (size_t count = most;; --count) {
        auto found = rules.expiries(underlying, date, count, calendar);
        if (found || count <= 1) return found;
    }
}

// NIFTY: the two nearest weeklies, the nearest monthly, and one more contract where one of these is in its last days.
// BANKNIFTY: the two nearest monthlies.
std::vector<Expiry> chosen_expiries(const std::vector<Expiry>& listed, size_t weeklies, size_t monthlies, Date date) {
    std::vector<Expiry> chosen;
    for (const Expiry& expiry : listed) {
        size_t& left = expiry.monthly ? monthlies : weeklies;
        const bool last_days = expiry.date - date <= std::chrono::days(3);
        if (left == 0) continue;
        chosen.push_back(expiry);
        if (!last_days) --left;
    }
    return chosen;
}

}  // namespace

// Produces the events: prepared ones first, then the session second by second.
class SyntheticFeed::Generator {
  public:
    Generator(const SyntheticSettings& settings, std::vector<TradingDay> days)
        : settings_(settings),
          days_(std::move(days)),
          day_(days_.back()),
          past_(make_synthetic_past(settings, days_)),
          faults_(settings.seed, 5) {
        for (const SessionHours& session : day_.sessions) session_length_ += session.close - session.open;
        pending_.reserve(512);
        quotes_.reserve(512);
    }
    Result<void> list_contracts(const TradingCalendar& calendar, const ContractRules& rules);
    Result<bool> next(Event& event);
    void want(std::span<const InstrumentId> contracts) {
        for (SyntheticChain& chain : chains_) chain.want(contracts);
    }
    const SyntheticSettings& settings() const { return settings_; }
    Date date() const { return day_.date; }

  private:
    enum class Stage : uint8_t { instruments, history, day, session, day_end, ended, over };
    struct Pending {
        ReceiveTime received;
        ReceiveTime sent;  // as the exchange stamps it, but for the lag
        TickEvent tick;
    };
    void add_underlyings();
    Result<void> add_chain(SyntheticChain::Setup setup, const std::vector<Expiry>& expiries,
                           const TradingCalendar& calendar, const ContractRules& rules);
    void make_pre_open();
    void make_second();
    void make_index_ticks(double x, double dx, ReceiveTime start);
    void make_chain_ticks(double x, ReceiveTime start);
    void add_quotes(ReceiveTime from, ReceiveTime until);
    void repeat_frozen(ReceiveTime start);
    void add_faults();
    void advance_clock();
    void add_tick(ReceiveTime received, InstrumentId id, Price last);
    bool give_status(Event& event);
    bool in_fault(SyntheticScenario scenario) const;
    bool index_silent();
    void give(Event& event, ReceiveTime received) const;
    static TradingDayEvent trading_day(const TradingDay& day);
    bool give_history_day(Event& event, ReceiveTime received);

    SyntheticSettings settings_;
    std::vector<TradingDay> days_;  // the year and today, ascending
    TradingDay day_;
    SyntheticPast past_;
    Date history_day_{};  // whose 1-minute bars are being given
    RandomSource faults_;
    std::vector<Instrument> instruments_;
    std::vector<SyntheticChain> chains_;
    Duration session_length_{0};
    Stage stage_ = Stage::instruments;
    size_t position_ = 0;           // in instruments_ or in the bars
    std::vector<Pending> pending_;  // of the second being given out
    size_t given_ = 0;
    std::vector<Pending> made_;         // scratch of add_faults
    std::vector<Pending> last_second_;  // before the freeze
    std::vector<TickEvent> quotes_;
    size_t session_ = 0;
    int64_t second_ = 0;  // of the whole day's sessions
    Duration clock_{0};   // since midnight: start of the second to be made
    int statuses_given_ = 0;
    bool closing_value_given_ = false;
};

void SyntheticFeed::Generator::add_underlyings() {
    const std::array<std::pair<std::string_view, InstrumentKind>, 3> known{
        {{"NIFTY", InstrumentKind::index},
         {"BANKNIFTY", InstrumentKind::index},
         {"INDIAVIX", InstrumentKind::volatility_index}}};
    for (const auto& [symbol, kind] : known) {
        Instrument instrument;
        instrument.id = InstrumentId(static_cast<uint32_t>(instruments_.size() + 1));
        instrument.symbol = symbol;
        instrument.kind = kind;
        if (kind == InstrumentKind::volatility_index) instrument.tick = Price::from_units(100);
        instruments_.push_back(instrument);
    }
}

Result<void> SyntheticFeed::Generator::add_chain(SyntheticChain::Setup setup, const std::vector<Expiry>& expiries,
                                                 const TradingCalendar& calendar, const ContractRules& rules) {
    setup.first_id = InstrumentId(static_cast<uint32_t>(instruments_.size() + 1));
    auto chain = SyntheticChain::create(setup, expiries, calendar, rules,
                                        RandomSource(settings_.seed, 10 + setup.underlying_id.value()),
                                        RandomSource(settings_.seed, 20 + setup.underlying_id.value()));
    if (!chain) return chain.error();
    instruments_.insert(instruments_.end(), chain->contracts().begin(), chain->contracts().end());
    chains_.push_back(std::move(*chain));
    return {};
}

Result<void> SyntheticFeed::Generator::list_contracts(const TradingCalendar& calendar, const ContractRules& rules) {
    add_underlyings();
    const auto nifty = reachable_expiries(rules, "NIFTY", date(), 6, calendar);
    if (!nifty) return nifty.error();
    const auto banknifty = reachable_expiries(rules, "BANKNIFTY", date(), 3, calendar);
    if (!banknifty) return banknifty.error();
    const bool last_days = settings_.scenario == SyntheticScenario::expiry;
    SyntheticChain::Setup setup;
    setup.date = date();
    setup.chain_strikes = settings_.chain_strikes;
    setup.quote_last_days = last_days;
    setup.spread = settings_.spread;
    setup.underlying = "NIFTY";
    setup.underlying_id = kSyntheticNifty;
    setup.previous_close = past_.scale.nifty(past_.prices.levels());
    if (auto added = add_chain(setup, chosen_expiries(*nifty, 2, 1, date()), calendar, rules); !added) return added;
    setup.underlying = "BANKNIFTY";
    setup.underlying_id = kSyntheticBanknifty;
    setup.previous_close = past_.scale.banknifty(past_.prices.levels());
    setup.volatility_factor = kBankniftyVolatility;
    return add_chain(setup, chosen_expiries(*banknifty, 2, 2, date()), calendar, rules);
}

// Longer bars of the history are aligned to its days' sessions.
bool SyntheticFeed::Generator::give_history_day(Event& event, ReceiveTime received) {
    const Bar& bar = past_.bars[position_];
    const Date date = ist_date(bar.start);
    if (bar.timeframe != Timeframe::m1 || date == history_day_) return false;
    history_day_ = date;
    const auto day = std::find_if(days_.begin(), days_.end(), [&](const TradingDay& d) { return d.date == date; });
    TIDE_ASSERT(day != days_.end());
    TradingDayEvent announced = trading_day(*day);
    announced.history = true;
    give(event, received);
    event.payload = announced;
    return true;
}

TradingDayEvent SyntheticFeed::Generator::trading_day(const TradingDay& day) {
    TradingDayEvent event;
    event.date = day.date;
    event.session_count = static_cast<uint8_t>(day.sessions.size());
    std::copy(day.sessions.begin(), day.sessions.end(), event.sessions.begin());
    event.calendar = kExchange;
    return event;
}

void SyntheticFeed::Generator::add_tick(ReceiveTime received, InstrumentId id, Price last) {
    TickEvent tick;
    tick.instrument = id;
    tick.last = last;
    pending_.push_back({received, received, tick});
}

// The night's move is over: the first index value, and the same again with the banks a few seconds later.
void SyntheticFeed::Generator::make_pre_open() {
    past_.prices.start_day(past_.today);
    const SyntheticLevels& levels = past_.prices.levels();
    const ReceiveTime match = at(date(), day_.sessions.front().open - kPreOpenMatch);
    for (const Duration later : {seconds(0), seconds(5)}) {
        add_tick(match + later + milliseconds(200), kSyntheticNifty, past_.scale.nifty(levels));
        add_tick(match + later + milliseconds(400), kSyntheticBanknifty, past_.scale.banknifty(levels));
    }
    clock_ = day_.sessions.front().open;
}

bool SyntheticFeed::Generator::in_fault(SyntheticScenario scenario) const {
    return settings_.scenario == scenario && clock_ >= kFaultFrom && clock_ < kFaultUntil;
}

// During the closing auction there is no index; then one last value.
bool SyntheticFeed::Generator::index_silent() {
    if (settings_.scenario != SyntheticScenario::closing_auction || clock_ < kAuctionFrom) return false;
    return clock_ < kAuctionUntil || std::exchange(closing_value_given_, true);
}

void SyntheticFeed::Generator::make_index_ticks(double x, double dx, ReceiveTime start) {
    const int64_t rate = settings_.rate;
    const bool silent = index_silent();
    for (int64_t part = 0; part < rate; ++part) {
        const double length = dx / static_cast<double>(rate);
        past_.prices.step(x + static_cast<double>(part) * length, length);
        const SyntheticLevels& levels = past_.prices.levels();
        if (silent) continue;
        const ReceiveTime moment = start + milliseconds(1000 * part / rate);
        add_tick(moment + milliseconds(200 / rate), kSyntheticNifty, past_.scale.nifty(levels));
        add_tick(moment + milliseconds(400 / rate), kSyntheticBanknifty, past_.scale.banknifty(levels));
    }
}

void SyntheticFeed::Generator::make_chain_ticks(double x, ReceiveTime start) {
    const SyntheticLevels& levels = past_.prices.levels();
    const double share = synthetic_u_shape_until(x);
    const auto spot_of = [&](size_t i) {
        const Price index = i == 0 ? past_.scale.nifty(levels) : past_.scale.banknifty(levels);
        return SyntheticSpot{index.to_double(), past_.scale.vix_level(levels), start + kChainFrom, share};
    };
    quotes_.clear();
    for (size_t i = 0; i < chains_.size(); ++i) {
        chains_[i].follow(spot_of(i).spot);
        chains_[i].quote(spot_of(i), second_, quotes_);
    }
    add_quotes(start + kChainFrom, start + kWantedFrom);
    quotes_.clear();
    for (size_t i = 0; i < chains_.size(); ++i) chains_[i].quote_wanted(spot_of(i), second_, quotes_);
    add_quotes(start + kWantedFrom, start + seconds(1));
}

// Evenly over the time from `from` to `until`.
void SyntheticFeed::Generator::add_quotes(ReceiveTime from, ReceiveTime until) {
    const Duration apart = quotes_.empty() ? Duration(0) : (until - from) / static_cast<int64_t>(quotes_.size());
    for (const TickEvent& tick : quotes_) {
        pending_.push_back({from, from, tick});
        from += apart;
    }
}

// The last second before the freeze, again and again, with its old stamps.
void SyntheticFeed::Generator::repeat_frozen(ReceiveTime start) {
    pending_ = last_second_;
    for (Pending& one : pending_) one.received = start + (one.received - at(date(), Duration(0))) % seconds(1);
}

// A faulty line: lost ticks, wrong prices, ticks that come twice.
void SyntheticFeed::Generator::add_faults() {
    if (settings_.drop == 0 && settings_.repeat == 0 && settings_.spike == 0) return;
    made_.clear();
    for (Pending one : pending_) {
        const bool lost = faults_.uniform() < settings_.drop;
        const bool wrong = faults_.uniform() < settings_.spike;
        const bool twice = faults_.uniform() < settings_.repeat;
        const bool up = faults_.uniform() < 0.5;
        if (lost) continue;
        if (wrong) {
            const Price step = instruments_[one.tick.instrument.value() - 1].tick;
            const double price = one.tick.last.to_double() * (up ? kWrongPrice : 1 / kWrongPrice);
            one.tick.last = std::max(step, round_to_nearest_tick(Price::from_double(price), step));
        }
        made_.push_back(one);
        if (twice) made_.push_back(one);
    }
    std::swap(made_, pending_);
}

void SyntheticFeed::Generator::advance_clock() {
    ++second_;
    clock_ += seconds(1);
    if (clock_ >= day_.sessions[session_].close && ++session_ < day_.sessions.size())
        clock_ = day_.sessions[session_].open;
}

void SyntheticFeed::Generator::make_second() {
    given_ = 0;
    const double dx = 1.0 / static_cast<double>(session_length_ / seconds(1));
    const double x = static_cast<double>(second_) * dx;
    const ReceiveTime start = at(date(), clock_);
    const bool frozen = in_fault(SyntheticScenario::frozen_feed);
    pending_.clear();
    make_index_ticks(x, dx, start);
    if (second_ % kVixPeriod_s == 0)
        add_tick(start + milliseconds(600), kSyntheticVix, past_.scale.vix(past_.prices.levels()));
    make_chain_ticks(x, start);
    if (settings_.rate > 1) {  // then an index ticks after the VIX and among the chain
        std::stable_sort(pending_.begin(), pending_.end(),
                         [](const Pending& a, const Pending& b) { return a.received < b.received; });
    }
    if (in_fault(SyntheticScenario::dead_feed)) pending_.clear();
    if (frozen) {
        repeat_frozen(start);
    } else if (settings_.scenario == SyntheticScenario::frozen_feed) {
        last_second_ = pending_;
    }
    add_faults();
    advance_clock();
}

void SyntheticFeed::Generator::give(Event& event, ReceiveTime received) const {
    event.sequence = 0;
    event.received = received;
    event.exchange = {};
}

// The dead feed's two words: it went down at 11:00, it came up at 11:12.
bool SyntheticFeed::Generator::give_status(Event& event) {
    if (settings_.scenario != SyntheticScenario::dead_feed || statuses_given_ == 2) return false;
    const Duration due = statuses_given_ == 0 ? kFaultFrom : kFaultUntil;
    if (clock_ < due || session_ >= day_.sessions.size()) return false;
    give(event, at(date(), due));
    event.payload = statuses_given_++ == 0 ? FeedStatusEvent{FeedState::down, kFeedName, "no data (scenario dead_feed)"}
                                           : FeedStatusEvent{FeedState::up, kFeedName, "data again"};
    return true;
}

Result<bool> SyntheticFeed::Generator::next(Event& event) {
    const ReceiveTime close = at(date(), day_.sessions.back().close);
    const ReceiveTime prepared = at(date(), day_.sessions.front().open - kPreparation);
    switch (stage_) {
        case Stage::instruments:
            give(event, prepared);
            event.payload = InstrumentEvent{instruments_[position_]};
            if (++position_ == instruments_.size()) {
                stage_ = Stage::history;
                position_ = 0;
            }
            return true;
        case Stage::history:
            if (give_history_day(event, prepared)) return true;
            give(event, prepared);
            event.payload = BarEvent{past_.bars[position_]};
            if (++position_ == past_.bars.size()) stage_ = Stage::day;
            return true;
        case Stage::day:
            give(event, at(date(), day_.sessions.front().open - kPreOpen));
            event.payload = trading_day(day_);
            make_pre_open();
            stage_ = Stage::session;
            return true;
        case Stage::session:
            while (given_ == pending_.size() && session_ < day_.sessions.size()) {
                if (give_status(event)) return true;
                make_second();
            }
            if (given_ < pending_.size()) {
                const Pending& pending = pending_[given_++];
                give(event, pending.received);
                event.exchange = as_exchange_time(pending.sent - milliseconds(settings_.lag_ms));
                event.payload = pending.tick;
                return true;
            }
            stage_ = Stage::day_end;
            [[fallthrough]];
        case Stage::day_end:
            give(event, close + kDayEndAfterClose);
            event.payload = DayEndEvent{date()};
            stage_ = Stage::ended;
            return true;
        case Stage::ended:
            give(event, close + kDayEndAfterClose);
            event.payload = FeedStatusEvent{FeedState::ended, kFeedName, "the session is over"};
            stage_ = Stage::over;
            return true;
        case Stage::over:
            break;
    }
    return false;
}

Result<std::unique_ptr<SyntheticFeed>> SyntheticFeed::create(const SyntheticSettings& asked,
                                                             const TradingCalendar& calendar,
                                                             const ContractRules& rules) {
    SyntheticSettings settings = asked;
    if (settings.chain_strikes < 1 || settings.chain_strikes > kMostStrikes) {
        return make_error(ErrorCode::usage,
                          fmt::format("synthetic feed: {} strikes each side; between 1 and {} are quoted",
                                      settings.chain_strikes, kMostStrikes));
    }
    if (settings.scenario == SyntheticScenario::expiry) {
        const auto expiry = rules.expiries("NIFTY", settings.session_date, 1, calendar);
        if (!expiry) return expiry.error();
        settings.session_date = expiry->front().date;
    }
    const auto day = calendar.day(kExchange, settings.session_date);
    if (!day) return day.error();
    if (!day->has_value()) {
        return make_error(
            ErrorCode::usage,
            fmt::format("synthetic feed: {} is not a trading day ({}); give another --from",
                        format_date(settings.session_date), calendar.note(kExchange, settings.session_date)));
    }
    if (settings.scenario == SyntheticScenario::closing_auction && (*day)->sessions.back().close < kCloseWithAuction) {
        return make_error(ErrorCode::usage,
                          fmt::format("synthetic feed: {} has no closing auction; it is there from 2026-08-03 on, in "
                                      "sessions to 15:40",
                                      format_date(settings.session_date)));
    }
    auto generator = std::make_unique<Generator>(settings, days_up_to(settings.session_date, calendar));
    if (const auto listed = generator->list_contracts(calendar, rules); !listed) return listed.error();
    return std::unique_ptr<SyntheticFeed>(new SyntheticFeed(std::move(generator)));
}

SyntheticFeed::SyntheticFeed(std::unique_ptr<Generator> generator) : generator_(std::move(generator)) {}
SyntheticFeed::~SyntheticFeed() = default;
Result<bool> SyntheticFeed::next(Event& event) { return generator_->next(event); }
void SyntheticFeed::want_contracts(std::span<const InstrumentId> contracts) { generator_->want(contracts); }
Date SyntheticFeed::session_date() const { return generator_->date(); }

std::string SyntheticFeed::describe() const {
    return fmt::format("synthetic market, {}, one session of {}", tide::describe(generator_->settings()),
                       format_date(generator_->date()));
}

}  // namespace tide
