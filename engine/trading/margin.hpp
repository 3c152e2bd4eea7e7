#pragma once
#include <optional>
#include <span>

#include "core/instrument.hpp"
#include "core/settings.hpp"
#include "market/instruments.hpp"
#include "trading/position.hpp"

namespace tide {

// The numbers of the margin estimate. Defaults: NSE Clearing's for index options and futures (india-market section 5);
// scenarios as SPAN has them (CME, "SPAN Risk Array"; NSE Clearing, "Risk management: margins").
struct MarginSettings {
    double price_scan_pct = 9.3;      // of the underlying: the largest move of the ordinary scenarios
    double volatility_scan_pct = 25;  // of the option's volatility
    double volatility_scan_min = 4;   // points, at least
    double extreme_move = 2;          // of the price scan: the two extreme scenarios
    double extreme_cover_pct = 35;    // of their loss
    double exposure_pct = 2;          // of the notional of what is sold, and of futures
    double expiry_day_pct = 2;        // the same, more, on the option's expiry day
    double short_minimum_pct = 3;     // of the notional of sold options that nothing covers, at least
    double fallback_volatility = 20;  // points: where neither the option's price nor a VIX tells one

    void register_in(SettingsRegistry& registry);
};

struct MarginLeg {
    const Instrument* instrument = nullptr;
    Side side = Side::buy;
    Quantity quantity;  // positive
    Price price;        // of the instrument now
    Price underlying;   // now; 0: not known
};
struct MarginMarket {
    ReceiveTime now;
    double vix = 0;  // points; 0: not known
};

// What a set of positions blocks of the account's equity. Legs on one underlying and expiry are looked at together, so
// that a bought option counts for a sold one; nothing is netted between expiries or underlyings. Of each set the most
// of
//   - its worst loss in 16 scenarios: the price by 0, 1/3, 2/3, 3/3 of the scan range up and down, each with volatility
//     up and down, and 35 % of twice the range up and down;
//   - its worst loss were it settled today at the ends of the range, or at a strike inside it;
//   - the scan range for every sold option (or future) that nothing covers on its side of the market, and the premium
//     of what is bought;
//   - what it is worth: a buyer pays in full;
// and then the exposure margin on what is sold. Losses are from the prices now. An estimate that errs high, not a
// broker's number. Model values are rounded to the nearest 1/10000 rupee a unit; all sums are whole.
Money portfolio_margin(std::span<const MarginLeg> legs, const MarginSettings& settings, const MarginMarket& market);

// One leg by itself.
Money leg_margin(const MarginLeg& leg, const MarginSettings& settings, const MarginMarket& market);

// Margin of open positions at their marks. Without anything sold and without futures it is what they are worth, found
// without allocating: asked at every price.
Money margin_of_positions(std::span<const Position> open, const InstrumentBook& book, const MarginSettings& settings,
                          const MarginMarket& market);

// The worst result of legs at settlement with the underlying inside the scan range, as a loss from the prices now; of
// each underlying and expiry by itself; never below zero. What a group of defined risk can lose.
Money settlement_loss(std::span<const MarginLeg> legs, const MarginSettings& settings);
// Nothing is sold that a bought option does not cover inside the scan range, and there is no future without cover.
bool covered(std::span<const MarginLeg> legs, const MarginSettings& settings);

// +1: the position profits when the underlying rises.
int underlying_direction(const Instrument& instrument, Side side);

}  // namespace tide
