#include "trading/margin.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>
#include <vector>

#include "core/percent.hpp"
#include "market/option_math.hpp"

namespace tide {
namespace {

constexpr double kYearSeconds = 365.0 * 86'400.0;
constexpr double kVolatilityMin = 0.01;

int64_t sign_of_leg(const MarginLeg& leg) { return sign_of(leg.side); }
Money premium_of(const MarginLeg& leg) { return leg.price * leg.quantity; }
bool paid_in_full(const MarginLeg& leg) { return leg.instrument->is_option() && leg.side == Side::buy; }
bool sold_option(const MarginLeg& leg) { return leg.instrument->is_option() && leg.side == Side::sell; }

// Legs on one underlying and expiry, with the price of the underlying that their margin is reckoned from.
struct Bucket {
    std::span<const MarginLeg> legs;
    Price underlying;
    Price range;  // the largest ordinary move
};

Bucket bucket_of(std::span<const MarginLeg> legs, const MarginSettings& settings) {
    // Without a price of the underlying its own price stands in, which a sold option's margin is then a share of.
    Price underlying;
    for (const MarginLeg& leg : legs) underlying = std::max(underlying, leg.underlying);
    for (const MarginLeg& leg : legs) {
        if (!underlying.positive()) underlying = std::max(leg.price, leg.instrument->strike);
    }
    return {legs, underlying, percent_of(underlying, settings.price_scan_pct)};
}

Price intrinsic(const Instrument& instrument, Price underlying) {
    const Price away =
        instrument.right == OptionRight::call ? underlying - instrument.strike : instrument.strike - underlying;
    return std::max(away, Price());
}

// Gain (or loss) of a leg when a unit of it goes from its price now to `then`.
Money change_of(const MarginLeg& leg, Price then) { return (then - leg.price) * sign_of_leg(leg) * leg.quantity; }

Money settled_at(const Bucket& bucket, Price underlying) {
    Money sum;
    for (const MarginLeg& leg : bucket.legs) {
        const bool option = leg.instrument->is_option();
        // A future moves with its underlying from where it stands.
        const Price then =
            option ? intrinsic(*leg.instrument, underlying) : leg.price + (underlying - bucket.underlying);
        sum += change_of(leg, then);
    }
    return sum;
}

// Settlement values are straight lines between the strikes: the worst is at one of them or at an end.
Money worst_settlement(const Bucket& bucket) {
    const Price low = std::max(bucket.underlying - bucket.range, Price());
    const Price high = bucket.underlying + bucket.range;
    Money worst = std::min(settled_at(bucket, low), settled_at(bucket, high));
    for (const MarginLeg& leg : bucket.legs) {
        const Price strike = leg.instrument->strike;
        if (leg.instrument->is_option() && strike > low && strike < high) {
            worst = std::min(worst, settled_at(bucket, strike));
        }
    }
    return std::max(-worst, Money());
}

// An option leg as the model sees it: the volatility that gives its price now, else the VIX.
struct ModelLeg {
    OptionTerms terms;
    double sigma = 0;
};
ModelLeg model_of(const MarginLeg& leg, Price underlying, const MarginSettings& settings, const MarginMarket& market) {
    ModelLeg model;
    model.terms.right = leg.instrument->right;
    model.terms.underlying = underlying.to_double();
    model.terms.strike = leg.instrument->strike.to_double();
    const ReceiveTime end = at(*leg.instrument->expiry, hours(15) + minutes(30));
    model.terms.t_years = std::chrono::duration<double>(end - market.now).count() / kYearSeconds;
    const double otherwise = market.vix > 0 ? market.vix : settings.fallback_volatility;
    model.sigma = otherwise / 100.0;
    if (model.terms.t_years > 0) {
        model.sigma = implied_volatility(model.terms, leg.price.to_double()).value_or(model.sigma);
    }
    return model;
}

// The legs of a bucket after a move of the underlying, with volatility up (+1) or down (-1).
Money scenario(const Bucket& bucket, std::span<const ModelLeg> models, Price moved, int volatility,
               const MarginSettings& settings) {
    Money sum;
    for (size_t i = 0; i < bucket.legs.size(); ++i) {
        const MarginLeg& leg = bucket.legs[i];
        if (!leg.instrument->is_option()) {
            sum += change_of(leg, leg.price + (moved - bucket.underlying));
            continue;
        }
        OptionTerms terms = models[i].terms;
        terms.underlying = moved.to_double();
        const double step =
            std::max(models[i].sigma * settings.volatility_scan_pct / 100.0, settings.volatility_scan_min / 100.0);
        const double sigma = std::max(models[i].sigma + volatility * step, kVolatilityMin);
        sum += change_of(leg, Price::from_double(option_price(terms, sigma)));
    }
    return sum;
}

Money worst_scenario(const Bucket& bucket, const MarginSettings& settings, const MarginMarket& market) {
    std::vector<ModelLeg> models;
    models.reserve(bucket.legs.size());
    for (const MarginLeg& leg : bucket.legs) {
        models.push_back(leg.instrument->is_option() ? model_of(leg, bucket.underlying, settings, market) : ModelLeg{});
    }
    const auto moved_by = [&](Price move) { return std::max(bucket.underlying + move, Price::from_units(1)); };
    Money worst;
    for (int64_t third = -3; third <= 3; ++third) {
        for (const int volatility : {1, -1}) {
            const Price moved = moved_by(scale(bucket.range, third, 3));
            worst = std::min(worst, scenario(bucket, models, moved, volatility, settings));
        }
    }
    const Price extreme = scale(bucket.range, static_cast<int64_t>(std::llround(settings.extreme_move * 1'000)), 1'000);
    for (const int64_t way : {1, -1}) {
        const Money result = scenario(bucket, models, moved_by(extreme * way), 0, settings);
        worst = std::min(worst, percent_of(result, settings.extreme_cover_pct));
    }
    return -worst;
}

// What is sold without cover on each side of the market. A bought option covers a sold one of its kind when its strike
// is inside the scan range: one further out is worth nothing where the loss is.
struct Uncovered {
    Quantity up, down;     // units that lose when the underlying rises, falls
    Quantity calls, puts;  // of them, sold options
};
Uncovered uncovered_of(const Bucket& bucket) {
    Quantity calls, puts, futures;  // sold positive
    for (const MarginLeg& leg : bucket.legs) {
        const Instrument& instrument = *leg.instrument;
        const Quantity sold = leg.side == Side::sell ? leg.quantity : -leg.quantity;
        if (!instrument.is_option()) {
            futures += sold;
            continue;
        }
        const bool call = instrument.right == OptionRight::call;
        const bool in_range = call ? instrument.strike < bucket.underlying + bucket.range
                                   : instrument.strike > bucket.underlying - bucket.range;
        if (leg.side == Side::buy && !in_range) continue;
        (call ? calls : puts) += sold;
    }
    const Quantity none;
    return {std::max(none, calls + futures), std::max(none, puts - futures), std::max(none, calls),
            std::max(none, puts)};
}

Money bucket_margin(std::span<const MarginLeg> legs, const MarginSettings& settings, const MarginMarket& market) {
    const Bucket bucket = bucket_of(legs, settings);
    Money bought, worth;
    Quantity sold_options, futures;
    for (const MarginLeg& leg : legs) {
        if (paid_in_full(leg)) bought += premium_of(leg);
        if (leg.instrument->is_option()) worth += sign_of_leg(leg) > 0 ? premium_of(leg) : -premium_of(leg);
        if (sold_option(leg)) sold_options += leg.quantity;
        if (!leg.instrument->is_option()) futures += leg.quantity;
    }
    if (sold_options.units() == 0 && futures.units() == 0) return bought;
    const Uncovered naked = uncovered_of(bucket);
    Money floor = bucket.range * std::max(naked.up, naked.down);
    const Price least = percent_of(bucket.underlying, settings.short_minimum_pct);
    floor = std::max(floor, least * (naked.calls + naked.puts));
    if (floor > Money()) floor += bought;
    const Money risk = std::max({worst_scenario(bucket, settings, market), worst_settlement(bucket), floor, worth});
    Money exposure = percent_of(bucket.underlying * (sold_options + futures), settings.exposure_pct);
    if (legs.front().instrument->expiry == ist_date(market.now)) {
        exposure += percent_of(bucket.underlying * sold_options, settings.expiry_day_pct);
    }
    return risk + exposure;
}

auto bucket_key(const MarginLeg& leg) {
    const Instrument& i = *leg.instrument;
    return std::tuple(i.underlying.valid() ? i.underlying : i.id, i.expiry.value_or(Date()));
}

template <class Do>
void for_each_bucket(std::span<const MarginLeg> legs, Do act) {
    std::vector<MarginLeg> sorted(legs.begin(), legs.end());
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const MarginLeg& a, const MarginLeg& b) { return bucket_key(a) < bucket_key(b); });
    for (size_t from = 0; from < sorted.size();) {
        size_t to = from;
        while (to < sorted.size() && bucket_key(sorted[to]) == bucket_key(sorted[from])) ++to;
        act(std::span<const MarginLeg>(sorted.data() + from, to - from));
        from = to;
    }
}

}  // namespace

void MarginSettings::register_in(SettingsRegistry& registry) {
    registry.add("margin.price_scan_pct", price_scan_pct, 0.1, 100, "% of the underlying",
                 "largest move of the ordinary scenarios");
    registry.add("margin.volatility_scan_pct", volatility_scan_pct, 0, 500, "% of the volatility",
                 "rise and fall of volatility in the scenarios");
    registry.add("margin.volatility_scan_min", volatility_scan_min, 0, 100, "points", "the same, at least");
    registry.add("margin.extreme_move", extreme_move, 1, 5, "price scans", "move of the two extreme scenarios");
    registry.add("margin.extreme_cover_pct", extreme_cover_pct, 0, 100, "%", "share of their loss that counts");
    registry.add("margin.exposure_pct", exposure_pct, 0, 100, "% of the notional",
                 "exposure margin on sold options and on futures");
    registry.add("margin.expiry_day_pct", expiry_day_pct, 0, 100, "% of the notional",
                 "exposure margin on sold options besides, on their expiry day");
    registry.add("margin.short_minimum_pct", short_minimum_pct, 0, 100, "% of the notional",
                 "least margin of a sold option that nothing covers");
    registry.add("margin.fallback_volatility", fallback_volatility, 1, 200, "points",
                 "volatility of an option whose price tells none, without a VIX");
}

Money portfolio_margin(std::span<const MarginLeg> legs, const MarginSettings& settings, const MarginMarket& market) {
    Money sum;
    for_each_bucket(legs, [&](std::span<const MarginLeg> bucket) {
        if (bucket.front().instrument->kind != InstrumentKind::equity) {
            sum += bucket_margin(bucket, settings, market);
            return;
        }
        for (const MarginLeg& leg : bucket) sum += premium_of(leg);
    });
    return sum;
}

Money margin_of_positions(std::span<const Position> open, const InstrumentBook& book, const MarginSettings& settings,
                          const MarginMarket& market) {
    Money paid;
    bool all_paid = true;
    for (const Position& p : open) {
        const bool in_full = book.get(p.instrument).kind != InstrumentKind::future && p.side == Side::buy;
        all_paid = all_paid && in_full;
        paid += p.last_price * p.quantity;
    }
    if (all_paid) return paid;
    std::vector<MarginLeg> legs;
    legs.reserve(open.size());
    for (const Position& p : open) {
        legs.push_back({&book.get(p.instrument), p.side, p.quantity, p.last_price, p.last_underlying});
    }
    return portfolio_margin(legs, settings, market);
}

Money leg_margin(const MarginLeg& leg, const MarginSettings& settings, const MarginMarket& market) {
    return portfolio_margin({&leg, 1}, settings, market);
}

Money settlement_loss(std::span<const MarginLeg> legs, const MarginSettings& settings) {
    Money sum;
    for_each_bucket(legs,
                    [&](std::span<const MarginLeg> bucket) { sum += worst_settlement(bucket_of(bucket, settings)); });
    return sum;
}

bool covered(std::span<const MarginLeg> legs, const MarginSettings& settings) {
    bool all = true;
    for_each_bucket(legs, [&](std::span<const MarginLeg> bucket) {
        const Uncovered naked = uncovered_of(bucket_of(bucket, settings));
        all = all && naked.up.units() == 0 && naked.down.units() == 0;
    });
    return all;
}

int underlying_direction(const Instrument& instrument, Side side) {
    const int of_instrument = instrument.right == OptionRight::put ? -1 : 1;
    return side == Side::buy ? of_instrument : -of_instrument;
}

}  // namespace tide
