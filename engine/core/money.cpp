#include "core/money.hpp"

#include <fmt/format.h>

#include <cmath>

namespace tide {
namespace {

int64_t nearest(double rupees) {
    const double units = std::round(rupees * static_cast<double>(kUnitsPerRupee));
    TIDE_ASSERT(std::fabs(units) < 9.0e18);
    return static_cast<int64_t>(units);
}

int64_t divide_half_away(__int128 numerator, __int128 denominator) {
    const __int128 half = denominator / 2;
    const __int128 rounded = numerator >= 0 ? (numerator + half) / denominator : (numerator - half) / denominator;
    TIDE_ASSERT(rounded <= std::numeric_limits<int64_t>::max() && rounded >= std::numeric_limits<int64_t>::min());
    return static_cast<int64_t>(rounded);
}

int64_t floor_multiple(int64_t value, int64_t step) {
    int64_t remainder = value % step;
    if (remainder < 0) remainder += step;
    return value - remainder;
}

std::optional<int64_t> parse_units(std::string_view text) {
    bool negative = false;
    size_t i = 0;
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
        negative = text[0] == '-';
        i = 1;
    }
    int64_t whole = 0;
    int64_t fraction = 0;
    int64_t scale_left = kUnitsPerRupee;
    size_t digit_count = 0;
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i, ++digit_count) {
        whole = whole * 10 + (text[i] - '0');
        if (whole > 100'000'000'000'000) return std::nullopt;
    }
    if (i < text.size() && text[i] == '.') {
        for (++i; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i, ++digit_count) {
            const int digit = text[i] - '0';
            scale_left /= 10;
            if (scale_left == 0) {
                if (digit != 0) return std::nullopt;
            } else {
                fraction += digit * scale_left;
            }
        }
    }
    if (digit_count == 0 || i != text.size()) return std::nullopt;
    const int64_t units = whole * kUnitsPerRupee + fraction;
    return negative ? -units : units;
}

}  // namespace

Price Price::from_double(double rupees) { return Price(nearest(rupees)); }
Money Money::from_double(double rupees) { return Money(nearest(rupees)); }

Money apply_rate_e8(Money amount, int64_t rate_e8) {
    return Money::from_units(divide_half_away(static_cast<__int128>(amount.units()) * rate_e8, 100'000'000));
}
Money scale(Money amount, int64_t numerator, int64_t denominator) {
    return Money::from_units(divide_half_away(static_cast<__int128>(amount.units()) * numerator, denominator));
}
Price scale(Price price, int64_t numerator, int64_t denominator) {
    return Price::from_units(divide_half_away(static_cast<__int128>(price.units()) * numerator, denominator));
}
Money round_to_paisa(Money amount) {
    return Money::from_units(divide_half_away(amount.units(), kUnitsPerPaisa) * kUnitsPerPaisa);
}
Money round_to_rupee(Money amount) {
    return Money::from_units(divide_half_away(amount.units(), kUnitsPerRupee) * kUnitsPerRupee);
}

Price round_down_to_tick(Price price, Price tick) {
    return Price::from_units(floor_multiple(price.units(), tick.units()));
}
Price round_up_to_tick(Price price, Price tick) {
    return Price::from_units(-floor_multiple(-price.units(), tick.units()));
}
Price round_to_nearest_tick(Price price, Price tick) {
    return Price::from_units(divide_half_away(price.units(), tick.units()) * tick.units());
}

std::string to_string(Price price) {
    const int64_t units = price.units();
    const int64_t size = units < 0 ? -units : units;
    std::string out = fmt::format("{}{}.{:04d}", units < 0 ? "-" : "", size / kUnitsPerRupee, size % kUnitsPerRupee);
    for (int i = 0; i < 2 && out.back() == '0'; ++i) out.pop_back();
    return out;
}
std::string to_string(Money amount) {
    const int64_t paise = divide_half_away(amount.units(), kUnitsPerPaisa);
    const int64_t size = paise < 0 ? -paise : paise;
    return fmt::format("{}{}.{:02d}", paise < 0 ? "-" : "", size / 100, size % 100);
}

std::optional<Price> parse_price(std::string_view text) {
    const auto units = parse_units(text);
    return units ? std::optional(Price::from_units(*units)) : std::nullopt;
}
std::optional<Money> parse_money(std::string_view text) {
    const auto units = parse_units(text);
    return units ? std::optional(Money::from_units(*units)) : std::nullopt;
}

}  // namespace tide
