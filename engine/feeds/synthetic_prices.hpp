#pragma once
#include <optional>
#include <vector>

#include "feeds/random_source.hpp"

namespace tide {

// What the market is in for days or weeks on end.
enum class SyntheticRegime : uint8_t { up, down, range, turbulent };

// A push within a day, spread evenly over [from, to] (shares of the session): on both indices (the second moves
// `banknifty_beta` times as far) and on the VIX.
struct SyntheticPush {
    double from = 0;
    double to = 0;
    double log_move = 0;
    double vix_points = 0;
};

struct SyntheticDayPlan {
    SyntheticRegime regime = SyntheticRegime::range;
    double drift_factor = 1;            // of the regime's usual daily drift
    std::optional<double> drift;        // log return of the day; the regime's when absent
    std::optional<double> jumps;        // expected number; the usual when absent
    std::optional<double> opening_gap;  // log return from the previous close; drawn when absent
    std::vector<SyntheticPush> pushes;
};

struct SyntheticLevels {
    double log_nifty = 0;
    double log_banknifty = 0;
    double vix = 14;
};

// The price process behind the synthetic market. Stylised facts it is made for (Cont, "Empirical properties of asset
// returns", 2001): fat tails, clustered volatility, fall and volatility together; besides, the U-shape of volatility
// over a session, trends that last weeks and run in legs with pullbacks, two indices that move together (correlation
// 0.82), a VIX that follows realised volatility and jumps when prices fall.
//
// Daily variance is GARCH(1,1) around the regime's level; inside a day it is multiplied by the U-shape and by the
// exponential of a mean-reverting process; rare jumps come on top.
class SyntheticPrices {
  public:
    explicit SyntheticPrices(uint64_t seed);
    // Moves over the night into the day that `plan` describes. Each day draws from a stream of its own, so that a day
    // of other hours does not change the days after it beyond recognition.
    void start_day(const SyntheticDayPlan& plan);
    // Moves from share `x` of the session to `x + dx`.
    void step(double x, double dx);
    // The day's return enters the variance of the next.
    void end_day();
    const SyntheticLevels& levels() const { return levels_; }
    // Standard deviation of the day's return that the process expects.
    double daily_sigma() const;

    static constexpr double kBankniftyBeta = 1.15;

  private:
    // A stretch of the session with a share of the day's drift: impulses with pullbacks between them.
    struct Leg {
        double end = 1;
        double drift = 0;  // a unit of session share
    };
    struct Jump {
        double at = 0;
        double log_move = 0;
    };
    void plan_legs(double drift);
    void plan_jumps();
    double drift_at(double x);
    void move(double log_move, double vix_points);

    uint64_t seed_;
    uint64_t days_ = 0;
    RandomSource random_;
    SyntheticLevels levels_;
    SyntheticDayPlan plan_;
    double variance_;            // of a day's return
    double log_heat_ = 0;        // of volatility inside the day
    double open_ = 0;            // log, of the day
    double previous_close_ = 0;  // log
    double anchor_ = 0;          // log level that a range swings around
    std::vector<Leg> legs_;
    std::vector<Jump> jumps_;
    size_t leg_ = 0;
};

// Share of a session's variance (and volume) per unit of session time: high at the open, low at noon, rising at the
// close.
double synthetic_u_shape(double x);
// Its integral from 0 to x: 0 at 0, 1 at 1.
double synthetic_u_shape_until(double x);

}  // namespace tide
