#include "market/option_chain.hpp"

#include <algorithm>
#include <cmath>

namespace tide {
namespace {

constexpr size_t kParityStrikes = 5;
constexpr double kSkewDelta = 0.25;

bool known(double value) { return !std::isnan(value); }
bool is_call(const ChainQuote& quote) { return quote.right == OptionRight::call; }
// The call of a strike that has its put right behind it.
bool pair_at(std::span<const ChainQuote> quotes, size_t i) {
    return i + 1 < quotes.size() && is_call(quotes[i]) && !is_call(quotes[i + 1]) &&
           quotes[i].strike == quotes[i + 1].strike;
}
double between(double x, double x0, double y0, double x1, double y1) {
    return x1 == x0 ? 0.5 * (y0 + y1) : y0 + (x - x0) / (x1 - x0) * (y1 - y0);
}

}  // namespace

std::string_view name_of(BuildUp build_up) {
    switch (build_up) {
        case BuildUp::long_build_up:
            return "long_build_up";
        case BuildUp::short_build_up:
            return "short_build_up";
        case BuildUp::long_unwinding:
            return "long_unwinding";
        case BuildUp::short_covering:
            return "short_covering";
        case BuildUp::none:
            break;
    }
    return "";
}

std::string_view name_of(ForwardSource source) {
    switch (source) {
        case ForwardSource::parity:
            return "parity";
        case ForwardSource::future:
            return "future";
        case ForwardSource::spot:
            return "spot";
        case ForwardSource::none:
            break;
    }
    return "none";
}

BuildUp build_up_of(double price_change, double oi_change) {
    if (!known(price_change) || !known(oi_change) || price_change == 0 || oi_change == 0) return BuildUp::none;
    if (oi_change > 0) return price_change > 0 ? BuildUp::long_build_up : BuildUp::short_build_up;
    return price_change > 0 ? BuildUp::short_covering : BuildUp::long_unwinding;
}

void OptionChain::compute(const ChainTerms& terms, std::span<const ChainQuote> quotes) {
    figures_ = {};
    judge(terms, quotes);
    find_forward(terms, quotes);
    imply(terms, quotes);
    figures_.pcr_oi = put_call_ratio(quotes, &ChainQuote::oi);
    figures_.pcr_volume = put_call_ratio(quotes, &ChainQuote::volume);
    figures_.max_pain = tide::max_pain(quotes);
    figures_.atm_iv = atm_iv(quotes);
    const auto put = iv_at_delta(quotes, -kSkewDelta);
    const auto call = iv_at_delta(quotes, kSkewDelta);
    if (put && call) {
        figures_.skew = *put - *call;
        figures_.risk_reversal = *call - *put;
    }
    if (figures_.forward && figures_.atm_iv) {
        figures_.expected_move = *figures_.forward * *figures_.atm_iv * std::sqrt(std::max(terms.t_years, 0.0));
    }
}

void OptionChain::judge(const ChainTerms& terms, std::span<const ChainQuote> quotes) {
    values_.assign(quotes.size(), {});
    for (size_t i = 0; i < quotes.size(); ++i) {
        const ChainQuote& quote = quotes[i];
        ChainValues& row = values_[i];
        const auto mark = [&row](ChainRowFlag flag, bool holds) {
            if (holds) row.flags = static_cast<uint8_t>(row.flags | flag);
        };
        const bool two_sided = quote.bid > 0 && quote.ask > 0;
        mark(kRowNoQuote, !two_sided);
        mark(kRowCrossed, two_sided && quote.bid > quote.ask);
        mark(kRowStale, !(quote.age_s <= terms.stale_s));
        mark(kRowModel, quote.model);
        if (two_sided && quote.bid <= quote.ask) row.mid = 0.5 * (quote.bid + quote.ask);
        if (known(row.mid)) {
            row.price = row.mid;
        } else if (quote.last > 0) {
            row.price = quote.last;
        }
        mark(kRowNoPrice, !known(row.price));
        row.oi_change = quote.oi - quote.first_oi;
        row.build_up = build_up_of(quote.last - quote.first_last, row.oi_change);
    }
}

void OptionChain::find_forward(const ChainTerms& terms, std::span<const ChainQuote> quotes) {
    const double growth = std::exp(terms.rate * std::max(terms.t_years, 0.0));
    // Two-sided quotes first; last prices only where no strike has both.
    for (const bool need_quotes : {true, false}) {
        parity_.clear();
        for (size_t i = 0; i + 1 < quotes.size(); ++i) {
            if (!pair_at(quotes, i)) continue;
            const auto usable = [&](const ChainValues& row) {
                return !row.has(kRowStale) && known(need_quotes ? row.mid : row.price);
            };
            if (!usable(values_[i]) || !usable(values_[i + 1])) continue;
            const double difference = values_[i].price - values_[i + 1].price;
            parity_.emplace_back(std::fabs(difference), quotes[i].strike + difference * growth);
        }
        if (!parity_.empty()) break;
    }
    if (!parity_.empty()) {
        std::sort(parity_.begin(), parity_.end());
        parity_.resize(std::min(parity_.size(), kParityStrikes));
        std::sort(parity_.begin(), parity_.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
        const size_t middle = parity_.size() / 2;
        figures_.forward = parity_.size() % 2 == 1 ? parity_[middle].second
                                                   : 0.5 * (parity_[middle - 1].second + parity_[middle].second);
        figures_.forward_source = ForwardSource::parity;
    } else if (terms.future) {
        figures_.forward = *terms.future;
        figures_.forward_source = ForwardSource::future;
    } else if (terms.spot) {
        figures_.forward = *terms.spot * growth;
        figures_.forward_source = ForwardSource::spot;
    }
}

void OptionChain::imply(const ChainTerms& terms, std::span<const ChainQuote> quotes) {
    batch_.clear();
    const double underlying = figures_.forward.value_or(ChainQuote::kNone) * std::exp(-terms.rate * terms.t_years);
    for (size_t i = 0; i < quotes.size(); ++i) {
        batch_.add(
            {PricingModel::black_scholes, quotes[i].right, underlying, quotes[i].strike, terms.t_years, terms.rate},
            values_[i].price, ChainQuote::kNone);
    }
    batch_.imply();
    const auto sigma = batch_.column(OptionColumn::sigma);
    for (size_t i = 0; i < quotes.size(); ++i) {
        if (known(values_[i].price) && !known(sigma[i])) values_[i].flags |= kRowNoIv;
    }
    for (size_t i = 0; i + 1 < quotes.size(); ++i) {
        if (!pair_at(quotes, i) || known(sigma[i]) == known(sigma[i + 1])) continue;
        const size_t lacking = known(sigma[i]) ? i + 1 : i;
        sigma[lacking] = sigma[lacking == i ? i + 1 : i];
        values_[lacking].flags |= kRowIvOfPair;
    }
    batch_.evaluate();
    for (size_t i = 0; i < quotes.size(); ++i) {
        values_[i].iv = sigma[i];
        values_[i].greeks = batch_.greeks(i);
    }
}

// Call and put of a strike count alike; between the two strikes around the forward by distance.
std::optional<double> OptionChain::atm_iv(std::span<const ChainQuote> quotes) const {
    if (!figures_.forward) return std::nullopt;
    struct Point {
        double strike = 0, iv = 0;
        int count = 0;
    };
    std::optional<Point> below, above;
    for (size_t i = 0; i < quotes.size(); ++i) {
        if (!known(values_[i].iv)) continue;
        const double strike = quotes[i].strike;
        auto& side = strike <= *figures_.forward ? below : above;
        if (&side == &above && above && above->strike != strike) break;
        if (!side || side->strike != strike) side = Point{strike, 0, 0};
        side->iv += values_[i].iv;
        ++side->count;
    }
    if (!below || !above) return std::nullopt;
    return between(*figures_.forward, below->strike, below->iv / below->count, above->strike, above->iv / above->count);
}

// By interpolation in delta over the out-of-the-money side: calls above the forward, puts below.
std::optional<double> OptionChain::iv_at_delta(std::span<const ChainQuote> quotes, double delta) const {
    if (!figures_.forward) return std::nullopt;
    const OptionRight right = delta > 0 ? OptionRight::call : OptionRight::put;
    const ChainValues* before = nullptr;
    for (size_t i = 0; i < quotes.size(); ++i) {
        const ChainValues& row = values_[i];
        if (quotes[i].right != right || !known(row.iv)) continue;
        // The first strike inside the money still counts as an end of the interval.
        if (before != nullptr && (before->greeks.delta - delta) * (row.greeks.delta - delta) <= 0) {
            return between(delta, before->greeks.delta, before->iv, row.greeks.delta, row.iv);
        }
        before = &row;
    }
    return std::nullopt;
}

std::optional<double> put_call_ratio(std::span<const ChainQuote> quotes, double ChainQuote::*amount) {
    double calls = 0, puts = 0;
    bool any_call = false, any_put = false;
    for (const ChainQuote& quote : quotes) {
        if (!known(quote.*amount)) continue;
        (is_call(quote) ? calls : puts) += quote.*amount;
        (is_call(quote) ? any_call : any_put) = true;
    }
    return any_call && any_put && calls > 0 ? std::optional(puts / calls) : std::nullopt;
}

// What holders get, were the underlying to expire at a strike, is convex in that strike: going up one step it grows by
// the step times (open calls below less open puts at or above).
std::optional<double> max_pain(std::span<const ChainQuote> quotes) {
    double puts_above = 0, calls_below = 0, total = 0;
    for (const ChainQuote& quote : quotes) {
        if (!known(quote.oi)) continue;
        total += quote.oi;
        if (!is_call(quote)) puts_above += quote.oi;
    }
    if (!(total > 0)) return std::nullopt;
    // The first strike from which the amount no longer falls.
    for (size_t i = 0; i < quotes.size();) {
        const double strike = quotes[i].strike;
        for (; i < quotes.size() && quotes[i].strike == strike; ++i) {
            if (!known(quotes[i].oi)) continue;
            (is_call(quotes[i]) ? calls_below : puts_above) += is_call(quotes[i]) ? quotes[i].oi : -quotes[i].oi;
        }
        if (calls_below >= puts_above) return strike;
    }
    return quotes.back().strike;
}

std::optional<VolatilityRank> volatility_rank(double now, std::span<const double> days) {
    if (!known(now) || days.size() < kRankDaysMin) return std::nullopt;
    const auto [low, high] = std::minmax_element(days.begin(), days.end());
    if (!(*high > *low)) return std::nullopt;
    const auto below = std::count_if(days.begin(), days.end(), [now](double day) { return day < now; });
    return VolatilityRank{100.0 * (now - *low) / (*high - *low),
                          100.0 * static_cast<double>(below) / static_cast<double>(days.size())};
}

}  // namespace tide
