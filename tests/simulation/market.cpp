#include "market.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace tide::simulation {
namespace {

constexpr uint32_t kCount = kFirstOption + kOptionCount;
const Price kTick = Price::from_units(500);

Price on_tick_near(double rupees) { return std::max(round_to_nearest_tick(Price::from_double(rupees), kTick), kTick); }

}  // namespace

Market::Market(const Scenario& scenario)
    : scenario_(scenario),
      dice_(Dice(scenario.seed).fork(2)),
      service_dice_(Dice(scenario.seed).fork(7)),
      clock_dice_(Dice(scenario.seed).fork(14)),
      limit_dice_(Dice(scenario.seed).fork(15)),
      open_(at(kTradingDay, scenario.hours.open)),
      close_(at(kTradingDay, scenario.hours.close)),
      calm_from_(at(kTradingDay, scenario.honest_from)),
      truth_(kCount),
      forming_(kCount),
      silent_until_(kCount),
      base_(kCount) {
    vix_home_ = vix_ = static_cast<double>(dice_.between(11, 24));
    for (uint32_t id = kFirstOption; id < kCount; ++id) base_[id] = static_cast<double>(dice_.between(20, 300));
    now_ = open_;
    next_ = open_ + seconds(1);
    move_prices(true);
}

void Market::price_options() {
    const bool thin = scenario_.has(Fault::thin_market) && now_ < calm_from_;
    for (const Instrument& option : scenario_.options) {
        const uint32_t id = option.id.value();
        const bool nifty = option.underlying.value() == kNifty;
        const double moved = nifty ? nifty_ - kNiftyStart : bank_ - kBankStart;
        const double direction = option.right == OptionRight::call ? 0.5 : -0.5;
        const double premium = std::max(2.0, base_[id] + direction * moved + (vix_ - vix_home_));
        TrueQuote& quote = truth_[id];
        quote.last = on_tick_near(premium);
        const int64_t spread = thin && dice_.chance(200) ? dice_.between(10, 120) : dice_.between(1, 4);
        quote.bid = std::max(quote.last - kTick * spread, kTick);
        quote.ask = quote.last + kTick * spread;
        quote.one_sided = thin && dice_.chance(100);
        quote.oi = thin && id % 3 == 0 ? dice_.between(100, 3'000) : 100'000;
    }
}

void Market::move_vix(bool calm) {
    vix_ += (dice_.fraction() - 0.5) * 0.1;
    if (!calm && scenario_.has(Fault::vix_spike) && dice_.chance(8)) vix_ += dice_.fraction() * 14;
    // Back home in a quarter of an hour or so.
    vix_ += (vix_home_ - vix_) * (calm ? 0.05 : 0.01);
    vix_ = std::clamp(vix_, 8.0, 90.0);
}

void Market::move_prices(bool calm) {
    const double wide = calm ? 0.0002 : 0.0006;
    nifty_ *= 1 + (dice_.fraction() - 0.5) * wide;
    bank_ *= 1 + (dice_.fraction() - 0.5) * wide;
    if (!calm && scenario_.has(Fault::jump) && dice_.chance(10)) {
        double& index = dice_.chance(500) ? nifty_ : bank_;
        index *= 1 + (dice_.fraction() - 0.5) * (dice_.chance(300) ? 0.08 : 0.02);
    }
    move_vix(calm);
    truth_[kNifty].last = on_tick_near(nifty_);
    truth_[kBankNifty].last = on_tick_near(bank_);
    truth_[kVix].last = Price::from_double(std::round(vix_ * 10'000) / 10'000);
    price_options();
    for (uint32_t id = 1; id < kCount; ++id) {
        Forming& bar = forming_[id];
        const Price last = truth_[id].last;
        if (!std::exchange(bar.any, true)) bar.open = bar.high = bar.low = last;
        bar.high = std::max(bar.high, last);
        bar.low = std::min(bar.low, last);
    }
}

void Market::add_tick(uint32_t id, uint32_t flags, std::vector<EventPayload>& out) {
    const TrueQuote& quote = truth_[id];
    TickEvent tick;
    tick.instrument = InstrumentId(id);
    tick.flags = flags;
    tick.last = quote.last;
    if (id >= kFirstOption) {
        tick.flags |= kTickHasOi;
        tick.oi = quote.oi;
        if (!quote.one_sided) {
            tick.flags |= kTickHasBid | kTickHasAsk;
            tick.bid = quote.bid;
            tick.ask = quote.ask;
        }
    }
    out.emplace_back(tick);
}

void Market::add_bars(std::vector<EventPayload>& out) {
    const size_t before = out.size();
    for (uint32_t id = 1; id < kCount; ++id) {
        if (silent(id)) continue;
        BarEvent event;
        event.bar.instrument = InstrumentId(id);
        event.bar.start = as_exchange_time(now_ - minutes(1));
        event.bar.open = forming_[id].open;
        event.bar.high = forming_[id].high;
        event.bar.low = forming_[id].low;
        event.bar.close = truth_[id].last;
        event.more = true;
        out.emplace_back(event);
    }
    if (out.size() > before) std::get<BarEvent>(out.back()).more = false;
    for (Forming& bar : forming_) bar.any = false;
}

// Troubles of the feed begin here; they are over when the broker turns honest.
void Market::feed(bool calm, std::vector<EventPayload>& out) {
    if (feed_is_down_ && (now_ >= feed_down_until_ || calm)) {
        feed_is_down_ = false;
        out.emplace_back(FeedStatusEvent{FeedState::up, "simulated", "back"});
    }
    if (calm) return;
    if (scenario_.has(Fault::feed_down) && !feed_is_down_ && dice_.chance(6)) {
        feed_is_down_ = true;
        const bool long_one = scenario_.has(Fault::long_feed_down) && dice_.chance(400);
        feed_down_until_ = now_ + seconds(long_one ? dice_.between(240, 2'700) : dice_.between(3, 240));
        out.emplace_back(FeedStatusEvent{FeedState::down, "simulated", "lost"});
    }
    if (scenario_.has(Fault::clock_still) && dice_.chance(8)) {
        stalled_until_ = std::min(now_ + milliseconds(dice_.between(500, 12'000)), calm_from_);
    }
    if (scenario_.has(Fault::silent_instrument) && dice_.chance(20)) {
        silent_until_[static_cast<size_t>(dice_.between(1, kCount - 1))] =
            std::min(now_ + seconds(dice_.between(20, 600)), calm_from_);
    }
}

// The broker's session and the exchange's own word. All is well again when the broker turns honest.
void Market::services(bool calm, std::vector<EventPayload>& out) {
    if (session_renewed_at_ && (now_ >= *session_renewed_at_ || calm)) {
        session_renewed_at_.reset();
        out.emplace_back(ServiceStatusEvent{Service::broker_session, ServiceState::up, ReceiveTime(), "renewed"});
    }
    if (exchange_opens_at_ && (now_ >= *exchange_opens_at_ || calm)) {
        exchange_opens_at_.reset();
        out.emplace_back(ServiceStatusEvent{Service::exchange, ServiceState::up, ReceiveTime(), "trading again"});
    }
    if (calm) return;
    if (scenario_.has(Fault::broker_session) && !session_renewed_at_ && service_dice_.chance(4)) {
        const ReceiveTime until = now_ + seconds(service_dice_.between(60, 1'500));
        session_renewed_at_ = now_ + seconds(service_dice_.between(30, 2'000));
        out.emplace_back(ServiceStatusEvent{Service::broker_session, ServiceState::ending, until, "token runs out"});
    }
    if (scenario_.has(Fault::exchange_halt) && !exchange_opens_at_ && service_dice_.chance(3)) {
        exchange_opens_at_ = now_ + seconds(service_dice_.between(60, 2'000));
        const bool told = service_dice_.chance(500);
        out.emplace_back(ServiceStatusEvent{Service::exchange, ServiceState::down,
                                            told ? *exchange_opens_at_ : ReceiveTime(), "index limit"});
    }
}

// A machine that sleeps, or whose clock is set: minutes of market at one moment (a clock that is set back stands still
// for the engine, whose time never falls). And an exchange's clock that is not ours.
void Market::clocks(bool calm) {
    if (!scenario_.has(Fault::clock_jump)) return;
    if (calm) {
        skew_ = Duration(0);
        return;
    }
    if (clock_dice_.chance(4))
        stalled_until_ = std::max(stalled_until_, std::min(now_ + seconds(clock_dice_.between(12, 300)), calm_from_));
    if (!clock_dice_.chance(10)) return;
    static constexpr std::array<int64_t, 8> kSkews{0, 0, 0, 2'000, -2'000, 45'000, -45'000, 3'600'000};
    skew_ = milliseconds(kSkews[static_cast<size_t>(clock_dice_.below(std::ssize(kSkews)))]);
}

// Once or twice a day: NSE's table of 10, 15 and 20 % (market-wide circuit breakers), with the pre-open of 15 minutes.
// In half of the cases the exchange says so itself.
void Market::index_limits(bool calm, std::vector<EventPayload>& out) {
    if (!scenario_.has(Fault::index_limit)) return;
    if (calm) {
        index_halt_until_ = std::min(index_halt_until_, now_);
        return;
    }
    if (!limit_dice_.chance(3) || index_crashes_ >= 2) return;
    ++index_crashes_;
    const double move = 0.1 + limit_dice_.fraction() * 0.12;
    const bool told = limit_dice_.chance(500);
    const double to = 1 + (limit_dice_.chance(700) ? -move : move);
    nifty_ = kNiftyStart * to;
    bank_ = kBankStart * to;
    const auto length = index_halt_length(move * 100, now_ - at(kTradingDay, Duration(0)));
    if (!length) return;
    index_halt_until_ = std::min(now_ + *length, calm_from_);
    if (!told || exchange_opens_at_) return;
    exchange_opens_at_ = index_halt_until_;
    out.emplace_back(ServiceStatusEvent{Service::exchange, ServiceState::down,
                                        limit_dice_.chance(500) ? *exchange_opens_at_ : ReceiveTime(),
                                        "market-wide circuit breaker"});
}

void Market::plan_next() {
    const ReceiveTime window = at(kTradingDay, scenario_.config.risk.entry_from) - minutes(2);
    if (now_ >= close_) {
        next_.reset();
        return;
    }
    if (scenario_.bars) {
        next_ = std::min(now_ + seconds(15) - (now_ - open_) % seconds(15), close_);
        return;
    }
    const bool calm = now_ >= calm_from_;
    if (!calm && now_ >= window && now_ >= dense_until_ && dice_.chance(30)) {
        dense_until_ = now_ + seconds(dice_.between(5, 60));
    }
    Duration wait = seconds(1);
    if (now_ < window - minutes(2)) {
        wait = seconds(dice_.between(60, 200));
    } else if (calm) {
        wait = milliseconds(dice_.between(5'000, 30'000));
    } else if (now_ >= dense_until_) {
        wait = milliseconds(dice_.between(2'000, dice_.chance(20) ? 400'000 : 45'000));
    }
    next_ = std::min(now_ + wait, calm ? close_ : calm_from_);
}

void Market::step(bool wants_path, std::vector<EventPayload>& out) {
    now_ = *next_;
    const bool calm = now_ >= calm_from_;
    move_prices(calm);
    feed(calm, out);
    clocks(calm);
    services(calm, out);
    index_limits(calm, out);
    const bool minute_ends = scenario_.bars && (now_ - open_) % minutes(1) == Duration(0) && now_ > open_;
    if (!feed_is_down_) {
        if (!scenario_.bars) {
            for (uint32_t id = 1; id < kCount; ++id) {
                if (!silent(id) && (dice_.chance(id < kFirstOption ? 900 : 550) || calm)) add_tick(id, 0, out);
            }
        } else if (minute_ends) {
            add_bars(out);
        } else if (wants_path) {
            for (uint32_t id = 1; id < kCount; ++id) {
                if (!silent(id)) add_tick(id, kTickPathOfBar, out);
            }
        }
    } else if (minute_ends) {
        for (Forming& bar : forming_) bar.any = false;
    }
    plan_next();
}

}  // namespace tide::simulation
