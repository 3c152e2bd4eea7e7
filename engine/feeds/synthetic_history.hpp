#pragma once
#include <vector>

#include "core/bar.hpp"
#include "core/result.hpp"
#include "feeds/synthetic_feed.hpp"
#include "feeds/synthetic_prices.hpp"

namespace tide {

inline constexpr InstrumentId kSyntheticNifty{1};
inline constexpr InstrumentId kSyntheticBanknifty{2};
inline constexpr InstrumentId kSyntheticVix{3};

// Turns the process's levels into prices as published: indices in steps of 5 paise, VIX in steps of 0.01.
class SyntheticScale {
  public:
    // So that the given levels are prices of these heights. `stretch`: how far prices move for one of the process's
    // moves; `vix_factor`: the published VIX as a multiple of the process's.
    SyntheticScale(const SyntheticLevels& levels, double nifty, double banknifty, double stretch, double vix_factor);
    Price nifty(const SyntheticLevels& levels) const;
    Price banknifty(const SyntheticLevels& levels) const;
    Price vix(const SyntheticLevels& levels) const;
    double vix_level(const SyntheticLevels& levels) const;

  private:
    double stretch_;
    double vix_factor_;
    double nifty_offset_;  // of the logarithm
    double banknifty_offset_;
};

// The year before the session: the bars, and the process as it stands at the previous close, its day planned.
struct SyntheticPast {
    std::vector<Bar> bars;  // 1d ascending, then 1m ascending; ids within a time
    SyntheticPrices prices;
    SyntheticScale scale;
    SyntheticDayPlan today;
};

// `days` are the sessions before today, oldest first, then today (whose bars are not made).
SyntheticPast make_synthetic_past(const SyntheticSettings& settings, const std::vector<TradingDay>& days);

}  // namespace tide
