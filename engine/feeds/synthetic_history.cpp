#include "feeds/synthetic_history.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace tide {
namespace {

constexpr size_t kStepsOfDailyBar = 77;  // of 5 minutes
constexpr size_t kStepsOfMinute = 4;
constexpr size_t kForcedDays = 40;  // a scenario's regime holds for so long before today
constexpr Price kIndexTick = Price::from_units(500);
constexpr Price kVixTick = Price::from_units(100);
constexpr double kLowestVix = 5;  // as published
constexpr double kHighestVix = 95;

// Persistence and successors of a regime, a day: rows and columns in the order of SyntheticRegime.
constexpr std::array<std::array<double, 4>, 4> kTransitions{{{0.950, 0.014, 0.028, 0.008},
                                                             {0.020, 0.935, 0.027, 0.018},
                                                             {0.026, 0.018, 0.944, 0.012},
                                                             {0.040, 0.035, 0.045, 0.880}}};

std::vector<SyntheticRegime> draw_regimes(const SyntheticSettings& settings, size_t count, RandomSource& random) {
    std::vector<SyntheticRegime> regimes;
    auto now = static_cast<size_t>(random.uniform() * 4);
    for (size_t i = 0; i < count; ++i) {
        const double draw = random.uniform();
        double sum = 0;
        size_t next = 0;
        for (; next + 1 < 4; ++next) {
            sum += kTransitions[now][next];
            if (draw < sum) break;
        }
        now = next;
        regimes.push_back(static_cast<SyntheticRegime>(now));
    }
    const auto force = [&](SyntheticRegime regime) {
        std::fill(regimes.end() - static_cast<std::ptrdiff_t>(std::min(count, kForcedDays)), regimes.end(), regime);
    };
    const bool rising = random.uniform() < 0.5;
    if (settings.scenario == SyntheticScenario::trend) force(rising ? SyntheticRegime::up : SyntheticRegime::down);
    if (settings.scenario == SyntheticScenario::range) force(SyntheticRegime::range);
    return regimes;
}

// The share of the session's time at which the clock shows `since_midnight`.
double share_at(const TradingDay& day, Duration since_midnight) {
    Duration before{0};
    Duration whole{0};
    for (const SessionHours& session : day.sessions) {
        whole += session.close - session.open;
        before += std::clamp(since_midnight, session.open, session.close) - session.open;
    }
    return static_cast<double>(before.count()) / static_cast<double>(whole.count());
}

SyntheticPush push_between(const TradingDay& day, Duration from, Duration length, double log_move, double vix_points) {
    const double start = share_at(day, from);
    return {start, std::max(share_at(day, from + length), start + 1e-6), log_move, vix_points};
}

// What one unit of the process's prices and VIX is in published ones.
struct Stretch {
    double price = 1;
    double vix = 1;
};

SyntheticDayPlan plan_of_today(const SyntheticSettings& settings, const TradingDay& day, SyntheticRegime regime,
                               const Stretch& stretch) {
    SyntheticDayPlan plan;
    plan.regime = regime;
    const auto log_of = [&](double ratio) { return std::log(ratio) / stretch.price; };
    const auto points = [&](double published) { return published / stretch.vix; };
    if (settings.drift_pct) plan.drift = log_of(1 + *settings.drift_pct / 100);
    plan.jumps = settings.jumps;
    // A session worth watching: an established trend shows its strength.
    plan.drift_factor = settings.scenario == SyntheticScenario::trend ? 2.6 : 1.8;
    if (settings.scenario == SyntheticScenario::gap_up) plan.opening_gap = log_of(1.024);
    if (settings.scenario == SyntheticScenario::gap_down) plan.opening_gap = log_of(0.976);
    if (settings.scenario == SyntheticScenario::flash_crash) {
        plan.pushes.push_back(push_between(day, hours(11) + minutes(30), minutes(4), log_of(0.955), points(4.0)));
        plan.pushes.push_back(push_between(day, hours(11) + minutes(34), minutes(25), log_of(1.023), points(-2.0)));
    }
    if (settings.scenario == SyntheticScenario::vix_spike) {
        plan.pushes.push_back(push_between(day, hours(12), minutes(4), log_of(0.995), points(8.0)));
    }
    // What the auction does to prices shows itself in its result.
    if (settings.scenario == SyntheticScenario::closing_auction) {
        plan.pushes.push_back(push_between(day, hours(15) + minutes(15), minutes(20), log_of(1.006), 0));
    }
    return plan;
}

// Open, high, low and close of the three levels over some steps, in the process's own terms.
struct Extremes {
    SyntheticLevels open, high, low, close;
    bool started = false;
    void add(const SyntheticLevels& at) {
        if (!started) open = high = low = at;
        started = true;
        close = at;
        high = {std::max(high.log_nifty, at.log_nifty), std::max(high.log_banknifty, at.log_banknifty),
                std::max(high.vix, at.vix)};
        low = {std::min(low.log_nifty, at.log_nifty), std::min(low.log_banknifty, at.log_banknifty),
               std::min(low.vix, at.vix)};
    }
    void add(const Extremes& other) {
        for (const auto* at : {&other.open, &other.high, &other.low, &other.close}) add(*at);
    }
};

struct Interval {
    ExchangeTime start;
    Timeframe timeframe;
    Extremes levels;
    std::array<int64_t, 2> volume{};  // of the indices; a daily bar's
};

// Shares traded in an index's members, a day, in a market of normal activity.
constexpr std::array<double, 2> kUsualVolume{3.0e8, 1.9e8};

class Past {
  public:
    Past(const SyntheticSettings& settings, const std::vector<TradingDay>& days)
        : days_(days),
          minute_days_(settings.minute_days),
          prices_(settings.seed),
          volume_random_(settings.seed, 2),
          regime_random_(settings.seed, 3) {
        regimes_ = draw_regimes(settings, days.size(), regime_random_);
    }
    void run() {
        for (size_t i = 0; i + 1 < days_.size(); ++i) {
            SyntheticDayPlan plan;
            plan.regime = regimes_[i];
            const double close_before = prices_.levels().log_nifty;
            prices_.start_day(plan);
            Interval daily{
                ist_moment<ExchangeTime>(days_[i].date, days_[i].sessions.front().open), Timeframe::d1, {}, {}};
            if (i + 1 + minute_days_ < days_.size()) {
                for (size_t step = 0; step <= kStepsOfDailyBar; ++step) {
                    daily.levels.add(prices_.levels());
                    constexpr double kLength = 1.0 / static_cast<double>(kStepsOfDailyBar);
                    if (step < kStepsOfDailyBar) prices_.step(static_cast<double>(step) * kLength, kLength);
                }
            } else {
                run_minutes(days_[i], daily.levels);
            }
            daily.volume = draw_volume(prices_.levels().log_nifty - close_before);
            daily_.push_back(daily);
            prices_.end_day();
        }
    }
    std::vector<Bar> bars(const SyntheticScale& scale) const {
        std::vector<Bar> bars;
        bars.reserve(3 * (daily_.size() + minutes_.size()));
        for (const auto* intervals : {&daily_, &minutes_}) {
            for (const Interval& interval : *intervals) append(bars, interval, scale);
        }
        return bars;
    }
    const SyntheticPrices& prices() const { return prices_; }
    SyntheticRegime regime_today() const { return regimes_.back(); }
    RandomSource& random() { return regime_random_; }

  private:
    void run_minutes(const TradingDay& day, Extremes& daily) {
        int64_t total = 0;
        for (const SessionHours& session : day.sessions) total += (session.close - session.open) / minutes(1);
        const double length = 1.0 / static_cast<double>(total);
        int64_t done = 0;
        for (const SessionHours& session : day.sessions) {
            for (Duration start = session.open; start < session.close; start += minutes(1), ++done) {
                Interval minute{ist_moment<ExchangeTime>(day.date, start), Timeframe::m1, {}, {}};
                for (size_t step = 0; step < kStepsOfMinute; ++step) {
                    const double part = static_cast<double>(step) / kStepsOfMinute;
                    prices_.step((static_cast<double>(done) + part) * length, length / kStepsOfMinute);
                    minute.levels.add(prices_.levels());
                }
                daily.add(minute.levels);
                minutes_.push_back(minute);
            }
        }
    }
    // Volume has its own memory and rises with the size of the day's move.
    std::array<int64_t, 2> draw_volume(double day_return) {
        volume_state_ = 0.75 * volume_state_ + 0.12 * volume_random_.normal();
        const double surprise = std::min(std::fabs(day_return) / prices_.daily_sigma(), 3.0) - 0.8;
        std::array<int64_t, 2> volume{};
        for (size_t i = 0; i < volume.size(); ++i) {
            const double own = 0.08 * volume_random_.normal();
            volume[i] = std::llround(kUsualVolume[i] * std::exp(volume_state_ + 0.28 * surprise + own));
        }
        return volume;
    }
    static void append(std::vector<Bar>& bars, const Interval& interval, const SyntheticScale& scale) {
        const Extremes& at = interval.levels;
        const bool daily = interval.timeframe == Timeframe::d1;
        const auto add = [&](InstrumentId id, auto price, int64_t volume) {
            Bar bar{id,
                    interval.timeframe,
                    kBarHistory,
                    interval.start,
                    price(at.open),
                    price(at.high),
                    price(at.low),
                    price(at.close)};
            if (volume > 0) {
                bar.flags |= kBarHasVolume;
                bar.volume = volume;
            }
            bars.push_back(bar);
        };
        add(
            kSyntheticNifty, [&](const auto& level) { return scale.nifty(level); }, daily ? interval.volume[0] : 0);
        add(
            kSyntheticBanknifty, [&](const auto& level) { return scale.banknifty(level); },
            daily ? interval.volume[1] : 0);
        add(
            kSyntheticVix, [&](const auto& level) { return scale.vix(level); }, 0);
    }

    const std::vector<TradingDay>& days_;
    size_t minute_days_;
    SyntheticPrices prices_;
    RandomSource volume_random_;
    RandomSource regime_random_;
    std::vector<SyntheticRegime> regimes_;
    double volume_state_ = 0;
    std::vector<Interval> daily_;
    std::vector<Interval> minutes_;
};

}  // namespace

SyntheticScale::SyntheticScale(const SyntheticLevels& levels, double nifty, double banknifty, double stretch,
                               double vix_factor)
    : stretch_(stretch),
      vix_factor_(vix_factor),
      nifty_offset_(std::log(nifty) - stretch * levels.log_nifty),
      banknifty_offset_(std::log(banknifty) - stretch * levels.log_banknifty) {}

Price SyntheticScale::nifty(const SyntheticLevels& levels) const {
    return round_to_nearest_tick(Price::from_double(std::exp(stretch_ * levels.log_nifty + nifty_offset_)), kIndexTick);
}
Price SyntheticScale::banknifty(const SyntheticLevels& levels) const {
    return round_to_nearest_tick(Price::from_double(std::exp(stretch_ * levels.log_banknifty + banknifty_offset_)),
                                 kIndexTick);
}
double SyntheticScale::vix_level(const SyntheticLevels& levels) const {
    return std::clamp(vix_factor_ * levels.vix, kLowestVix, kHighestVix);
}
Price SyntheticScale::vix(const SyntheticLevels& levels) const {
    return round_to_nearest_tick(Price::from_double(vix_level(levels)), kVixTick);
}

SyntheticPast make_synthetic_past(const SyntheticSettings& settings, const std::vector<TradingDay>& days) {
    Past past(settings, days);
    past.run();
    // Heights of the second half of 2026.
    const double nifty = 24'000.0 + 2'000.0 * past.random().uniform();
    const double banknifty = 52'000.0 + 6'000.0 * past.random().uniform();
    const SyntheticLevels& levels = past.prices().levels();
    Stretch stretch;
    if (settings.vix) stretch.vix = *settings.vix / levels.vix;
    stretch.price = stretch.vix * settings.volatility;
    const SyntheticScale scale(levels, nifty, banknifty, stretch.price, stretch.vix);
    return {past.bars(scale), past.prices(), scale, plan_of_today(settings, days.back(), past.regime_today(), stretch)};
}

}  // namespace tide
