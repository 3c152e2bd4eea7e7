#include "feeds/synthetic_prices.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace tide {
namespace {

struct RegimeTerms {
    double drift;  // log return a day
    double sigma;  // standard deviation of a day's return around which variance reverts
};
constexpr RegimeTerms kUp{0.0030, 0.0056};
constexpr RegimeTerms kDown{-0.0036, 0.0082};
constexpr RegimeTerms kRange{0.0, 0.0058};
constexpr RegimeTerms kTurbulent{0.0, 0.0125};

const RegimeTerms& terms_of(SyntheticRegime regime) {
    switch (regime) {
        case SyntheticRegime::up:
            return kUp;
        case SyntheticRegime::down:
            return kDown;
        case SyntheticRegime::range:
            return kRange;
        case SyntheticRegime::turbulent:
            break;
    }
    return kTurbulent;
}

// GARCH(1,1), Bollerslev 1986, of the size that daily index returns give.
constexpr double kShock = 0.09;
constexpr double kMemory = 0.84;
constexpr double kHighestSigma = 0.030;

constexpr uint64_t kFirstDayStream = 1000;
constexpr double kNightShareOfVariance = 0.20;
constexpr double kNightShareOfDrift = 0.20;
constexpr double kYearPull =
    0.005;  // of the distance to the year's first level, a day: keeps a year within a year's reach
constexpr double kRangePull = 0.16;    // of the distance to the anchor, a day
constexpr double kRangeDayPull = 2.5;  // of the distance to the open, a session: a range is one inside the day too
constexpr double kCorrelation = 0.82;

// Volatility inside a day: exp of a mean-reverting process with this spread, forgetting half in about 20 minutes of a
// session of 375.
constexpr double kHeatSpread = 0.50;
constexpr double kHeatReversion = 13.0;  // a session
constexpr int kMostJumps = 4;            // a session
constexpr double kJumpChance = 0.4;      // of each
constexpr int kMostPlannedJumps = 20;    // where their number is asked for
constexpr double kJumpSize = 0.14;       // of a day's standard deviation

constexpr double kVixReversion = 0.24;  // a day
constexpr double kVixLeverage = 70.0;   // points a unit of log return, at a VIX of 14
constexpr double kVixNoise = 0.022;     // of its level, a day
constexpr double kLowestVix = 11.0;
constexpr double kHighestVix = 35.0;

// U-shape: kFloor + kOpen exp(-x / kOpenLength) + kClose exp(-(1 - x) / kCloseLength), scaled to integrate to one.
constexpr double kFloor = 0.65;
constexpr double kOpen = 1.8;
constexpr double kOpenLength = 0.08;
constexpr double kClose = 0.9;
constexpr double kCloseLength = 0.10;

double unscaled_until(double x) {
    return kFloor * x + kOpen * kOpenLength * (1.0 - std::exp(-x / kOpenLength)) +
           kClose * kCloseLength * (std::exp(-(1.0 - x) / kCloseLength) - std::exp(-1.0 / kCloseLength));
}
const double kWhole = unscaled_until(1.0);

}  // namespace

double synthetic_u_shape(double x) {
    return (kFloor + kOpen * std::exp(-x / kOpenLength) + kClose * std::exp(-(1.0 - x) / kCloseLength)) / kWhole;
}
double synthetic_u_shape_until(double x) { return unscaled_until(std::clamp(x, 0.0, 1.0)) / kWhole; }

SyntheticPrices::SyntheticPrices(uint64_t seed)
    : seed_(seed), random_(seed, kFirstDayStream), variance_(kRange.sigma * kRange.sigma) {}

double SyntheticPrices::daily_sigma() const { return std::sqrt(variance_); }

void SyntheticPrices::start_day(const SyntheticDayPlan& plan) {
    random_ = RandomSource(seed_, kFirstDayStream + days_++);
    if (plan.regime != plan_.regime) anchor_ = levels_.log_nifty;
    plan_ = plan;
    previous_close_ = levels_.log_nifty;
    double drift = terms_of(plan.regime).drift * plan.drift_factor;
    if (plan.regime == SyntheticRegime::range) drift = kRangePull * (anchor_ - levels_.log_nifty);
    drift -= kYearPull * levels_.log_nifty;
    drift = plan.drift.value_or(drift);
    const double night = std::sqrt(kNightShareOfVariance) * daily_sigma();
    const double common = random_.normal();
    const double own = random_.normal();
    const double gap = plan.opening_gap.value_or(drift * kNightShareOfDrift + night * common);
    levels_.log_banknifty -= kYearPull * (levels_.log_banknifty - kBankniftyBeta * levels_.log_nifty);
    levels_.log_banknifty += night * std::sqrt(1.0 - kCorrelation * kCorrelation) * kBankniftyBeta * own;
    move(gap, 0);
    open_ = levels_.log_nifty;
    plan_jumps();
    plan_legs(drift * (1.0 - kNightShareOfDrift));
}

// A trending day runs in impulses that carry more than its drift, with pullbacks that give back a part; other days
// drift evenly.
void SyntheticPrices::plan_legs(double drift) {
    legs_.clear();
    leg_ = 0;
    const bool trending = plan_.regime == SyntheticRegime::up || plan_.regime == SyntheticRegime::down;
    if (!trending) {
        legs_.push_back({1.0, drift});
        return;
    }
    double x = 0;
    double weight = 0;
    while (x < 1.0) {
        const double impulse = 0.10 + 0.10 * random_.uniform();
        const double pullback = 0.03 + 0.05 * random_.uniform();
        legs_.push_back({std::min(x + impulse, 1.0), 1.0});
        weight += std::min(impulse, 1.0 - x);
        x += impulse;
        if (x >= 1.0) break;
        legs_.push_back({std::min(x + pullback, 1.0), -0.9});
        weight -= 0.9 * std::min(pullback, 1.0 - x);
        x += pullback;
    }
    for (Leg& leg : legs_) leg.drift *= drift / std::max(weight, 0.2);
}

// Falls are a little more frequent than rises. Every such day draws the same number of times, whatever comes of it.
void SyntheticPrices::plan_jumps() {
    jumps_.clear();
    const int most = plan_.jumps ? kMostPlannedJumps : kMostJumps;
    const double chance = plan_.jumps ? *plan_.jumps / kMostPlannedJumps : kJumpChance;
    for (int i = 0; i < most; ++i) {
        const bool happens = random_.uniform() < chance;
        const double at = random_.uniform();
        const double size = kJumpSize * daily_sigma() * (1.0 + std::fabs(random_.normal()));
        const bool up = random_.uniform() < 0.45;
        if (happens) jumps_.push_back({at, up ? size : -size});
    }
}

double SyntheticPrices::drift_at(double x) {
    while (leg_ + 1 < legs_.size() && x >= legs_[leg_].end) ++leg_;
    return legs_[leg_].drift;
}

void SyntheticPrices::move(double log_move, double vix_points) {
    levels_.log_nifty += log_move;
    levels_.log_banknifty += kBankniftyBeta * log_move;
    levels_.vix -= kVixLeverage * log_move * levels_.vix / 14.0;
    levels_.vix = std::clamp(levels_.vix + vix_points, kLowestVix, kHighestVix);
}

void SyntheticPrices::step(double x, double dx) {
    const double sigma = daily_sigma();
    const double fade = std::exp(-kHeatReversion * dx);
    log_heat_ = log_heat_ * fade + kHeatSpread * std::sqrt(1.0 - fade * fade) * random_.normal();
    const double heat = std::exp(log_heat_ - 0.5 * kHeatSpread * kHeatSpread);
    const double size = sigma * heat * std::sqrt((1.0 - kNightShareOfVariance) * synthetic_u_shape(x) * dx);
    double log_move = drift_at(x) * dx + size * random_.normal();
    if (plan_.regime == SyntheticRegime::range && !plan_.drift)
        log_move -= kRangeDayPull * (levels_.log_nifty - open_) * dx;
    for (const Jump& jump : jumps_) {
        if (jump.at >= x && jump.at < x + dx) log_move += jump.log_move;
    }
    levels_.log_banknifty +=
        kBankniftyBeta * std::sqrt(1.0 / (kCorrelation * kCorrelation) - 1.0) * size * random_.normal();

    // Annualised volatility in points, a little above what is realised, is where the VIX is drawn to.
    const double fair = 4.2 + 0.92 * 100.0 * sigma * std::sqrt(252.0);
    double vix_points = kVixReversion * (fair - levels_.vix) * dx;
    vix_points += kVixNoise * levels_.vix * std::sqrt(dx) * random_.normal();
    for (const SyntheticPush& push : plan_.pushes) {
        const double share = std::min(x + dx, push.to) - std::max(x, push.from);
        if (share <= 0) continue;
        log_move += push.log_move * share / (push.to - push.from);
        vix_points += push.vix_points * share / (push.to - push.from);
    }
    move(log_move, vix_points);
}

void SyntheticPrices::end_day() {
    const double base = terms_of(plan_.regime).sigma;
    const double day_return = levels_.log_nifty - previous_close_;
    variance_ = (1.0 - kShock - kMemory) * base * base + kShock * day_return * day_return + kMemory * variance_;
    variance_ = std::min(variance_, kHighestSigma * kHighestSigma);
    // A range is remembered loosely: its middle follows the price over weeks.
    anchor_ += 0.04 * (levels_.log_nifty - anchor_);
}

}  // namespace tide
