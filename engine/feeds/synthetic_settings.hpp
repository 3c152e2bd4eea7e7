#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/time.hpp"

namespace tide {

enum class SyntheticScenario : uint8_t {
    usual,            // whatever the seed gives
    trend,            // an established daily trend that goes on all day
    range,            // no trend, on the day or before
    gap_up,           // opens 2.4 % above the previous close
    gap_down,         // opens 2.4 % below it
    flash_crash,      // falls 4.5 % in four minutes before noon, half of it comes back
    vix_spike,        // VIX rises by 8 points in four minutes at noon
    expiry,           // the session is moved to NIFTY's next expiry day; the chain shows contracts that expire today
    dead_feed,        // no tick at all from 11:00 to 11:12
    frozen_feed,      // from 11:00 to 11:12 ticks keep coming, but prices and exchange stamps stand still
    closing_auction,  // the cash market's, from 15:15: the index is silent until its closing value at 15:35, while
                      // options trade on to 15:40
};
std::string_view name_of(SyntheticScenario scenario);

// A day that a trend follower can show itself on: see the seed's figures in tests/unit/feeds/synthetic_feed_test.cpp.
inline constexpr uint64_t kDefaultSyntheticSeed = 149;

struct SyntheticSettings {
    uint64_t seed = kDefaultSyntheticSeed;
    SyntheticScenario scenario = SyntheticScenario::usual;
    Date session_date{};              // a trading day of the NSE calendar
    int64_t chain_strikes = 10;       // quoted each side of at-the-money
    size_t minute_days = 10;          // sessions before this one that the history has minutes of
    std::optional<double> vix;        // at the previous close; prices move accordingly. None: what the seed gives
    double volatility = 1;            // how far prices move, as a multiple of what goes with the VIX
    std::optional<double> drift_pct;  // of today, from close to close, before chance. None: the day's own
    std::optional<double> jumps;      // expected today. None: 1.6
    double spread = 1;                // of options, as a multiple of the usual
    int64_t rate = 1;                 // ticks a second of each index
    int64_t lag_ms = 70;              // how far exchange stamps are behind the receipt
    double drop = 0;                  // share of ticks that get lost
    double repeat = 0;                // share that comes twice
    double spike = 0;                 // share whose price is 8 % wrong
};

// What may stand after the scenario and the seed, as "name=value".
struct SyntheticKnob {
    std::string_view name;
    double lowest, highest;
    bool whole;
    std::string_view meaning;
    void (*set)(SyntheticSettings&, double);
};
std::span<const SyntheticKnob> synthetic_knobs();

// What stands after "--feed": synthetic[:SCENARIO][:SEED][,NAME=VALUE]…, as in "synthetic:trend:7,vix=22,spread=2".
// NAME: a knob, or date=YYYY-MM-DD. Errors (usage) name the part that is wrong and what is allowed.
Result<SyntheticSettings> parse_synthetic_feed(std::string_view text);
// Scenario, seed and every knob that was turned: "scenario trend, seed 7, vix=22".
std::string describe(const SyntheticSettings& settings);

}  // namespace tide
