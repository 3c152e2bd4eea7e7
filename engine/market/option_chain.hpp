#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "market/option_batch.hpp"

namespace tide {

// One contract of a chain as quoted. NaN = missing: a missing open interest is not 0.
struct ChainQuote {
    static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    double strike = 0;
    OptionRight right = OptionRight::call;
    double last = kNone, bid = kNone, ask = kNone;
    double volume = kNone, oi = kNone;
    double age_s = kNone;                         // of the quote
    double first_last = kNone, first_oi = kNone;  // what changes are counted from: the day's first values
    bool model = false;                           // priced by model
};

enum ChainRowFlag : uint8_t {
    kRowCrossed = 1,  // the bid is above the ask: neither is used
    kRowStale = 2,    // older than ChainTerms::stale_s, or of unknown age: no part in the forward
    kRowNoQuote = 4,  // no two-sided quote
    kRowModel = 8,
    kRowNoPrice = 16,   // neither quote nor last price
    kRowNoIv = 32,      // its price has no implied volatility (often a mid below the intrinsic value)
    kRowIvOfPair = 64,  // so iv is that of the other right at the same strike, which parity makes its own
};
// How open interest and price moved together since the day's first values.
enum class BuildUp : uint8_t { none, long_build_up, short_build_up, long_unwinding, short_covering };
std::string_view name_of(BuildUp build_up);

// What is computed of one contract.
struct ChainValues {
    uint8_t flags = 0;
    double mid = ChainQuote::kNone;    // of an uncrossed two-sided quote
    double price = ChainQuote::kNone;  // what iv comes from: mid, else last
    double iv = ChainQuote::kNone;     // a year, 0.14 = 14 %
    Greeks greeks;                     // all NaN where iv is
    double oi_change = ChainQuote::kNone;
    BuildUp build_up = BuildUp::none;
    bool has(ChainRowFlag flag) const { return (flags & flag) != 0; }
};

// Where the forward comes from, best first.
enum class ForwardSource : uint8_t { none, parity, future, spot };
std::string_view name_of(ForwardSource source);

struct ChainTerms {
    double t_years = 0;
    double rate = 0;  // a year, continuous
    std::optional<double> future, spot;
    double stale_s = 120;
};

// Figures of the whole chain; none where the quotes do not give them.
struct ChainFigures {
    std::optional<double> forward;
    ForwardSource forward_source = ForwardSource::none;
    std::optional<double> pcr_oi, pcr_volume;  // puts over calls
    std::optional<double> max_pain;            // the strike at which option holders as a whole get least
    std::optional<double> atm_iv;              // at the forward, between the strikes around it
    std::optional<double> skew;                // iv of the 25-delta put less that of the 25-delta call
    std::optional<double> risk_reversal;       // the same the other way round
    std::optional<double> expected_move;       // one standard deviation to expiry, in points of the underlying
};

// A chain of one underlying and expiry: implied volatility and Greeks of every row and the figures of the whole.
//
// The forward is that of put-call parity near the money (median of K + (C - P) e^(rt) over the five strikes with the
// smallest |C - P|), else the future, else the spot grown at the rate. Volatility and Greeks are Black-Scholes on that
// forward discounted to today, so that delta is for a point of the underlying and calls and puts of one strike agree.
// Reuse one object: it keeps its memory.
class OptionChain {
  public:
    // Rows by strike, calls before puts of one strike, each contract once.
    void compute(const ChainTerms& terms, std::span<const ChainQuote> quotes);
    std::span<const ChainValues> values() const { return values_; }
    const ChainFigures& figures() const { return figures_; }

  private:
    void judge(const ChainTerms& terms, std::span<const ChainQuote> quotes);
    void find_forward(const ChainTerms& terms, std::span<const ChainQuote> quotes);
    void imply(const ChainTerms& terms, std::span<const ChainQuote> quotes);
    std::optional<double> atm_iv(std::span<const ChainQuote> quotes) const;
    std::optional<double> iv_at_delta(std::span<const ChainQuote> quotes, double delta) const;

    OptionBatch batch_;
    std::vector<ChainValues> values_;
    std::vector<std::pair<double, double>> parity_;  // |C - P|, forward
    ChainFigures figures_;
};

// The forward at which each strike's call and put agree is what compute() uses; these stand alone.
std::optional<double> put_call_ratio(std::span<const ChainQuote> quotes, double ChainQuote::*amount);
std::optional<double> max_pain(std::span<const ChainQuote> quotes);
BuildUp build_up_of(double price_change, double oi_change);

// Where a volatility stands among earlier days', in percent: rank between their lowest and highest (below 0 or above
// 100 when it is outside), percentile = the share of days below it. None with fewer than kRankDaysMin days.
inline constexpr size_t kRankDaysMin = 20;
inline constexpr size_t kRankDays = 252;
struct VolatilityRank {
    double rank = 0;
    double percentile = 0;
};
std::optional<VolatilityRank> volatility_rank(double now, std::span<const double> days);

}  // namespace tide
