#pragma once
#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "core/assert.hpp"

// Prices, quantities and cash are integers. The unit of Price and Money is 1/10000 rupee: exchanges quote index values
// to two decimals and INDIA VIX to four, options tick in 5 paise, and charges are computed finer than a paisa before
// rounding.
namespace tide {

inline constexpr int64_t kUnitsPerRupee = 10'000;
inline constexpr int64_t kUnitsPerPaisa = 100;

// A price of one unit of an instrument, in 1/10000 rupee (index points for an index).
class Price {
  public:
    constexpr Price() = default;
    static constexpr Price from_units(int64_t units) { return Price(units); }
    static constexpr Price from_rupees(int64_t rupees) { return Price(rupees * kUnitsPerRupee); }
    // Nearest unit, halves away from zero. Only for values that come from outside as doubles (scripts, models).
    static Price from_double(double rupees);
    constexpr int64_t units() const { return units_; }
    constexpr double to_double() const { return static_cast<double>(units_) / kUnitsPerRupee; }
    constexpr bool positive() const { return units_ > 0; }
    friend constexpr auto operator<=>(Price, Price) = default;
    friend constexpr Price operator+(Price a, Price b) { return Price(a.units_ + b.units_); }
    friend constexpr Price operator-(Price a, Price b) { return Price(a.units_ - b.units_); }
    friend constexpr Price operator*(Price a, int64_t n) { return Price(a.units_ * n); }

  private:
    constexpr explicit Price(int64_t units) : units_(units) {}
    int64_t units_ = 0;
};

// Units of an instrument (shares, or contract units: lots x lot size). Signed: short is negative.
class Quantity {
  public:
    constexpr Quantity() = default;
    constexpr explicit Quantity(int64_t units) : units_(units) {}
    constexpr int64_t units() const { return units_; }
    friend constexpr auto operator<=>(Quantity, Quantity) = default;
    friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity(a.units_ + b.units_); }
    friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity(a.units_ - b.units_); }
    friend constexpr Quantity operator-(Quantity a) { return Quantity(-a.units_); }
    constexpr Quantity& operator+=(Quantity other) { return *this = *this + other; }
    constexpr Quantity& operator-=(Quantity other) { return *this = *this - other; }

  private:
    int64_t units_ = 0;
};

// An amount of cash in 1/10000 rupee.
class Money {
  public:
    constexpr Money() = default;
    static constexpr Money from_units(int64_t units) { return Money(units); }
    static constexpr Money from_rupees(int64_t rupees) { return Money(rupees * kUnitsPerRupee); }
    static constexpr Money from_paise(int64_t paise) { return Money(paise * kUnitsPerPaisa); }
    static Money from_double(double rupees);
    constexpr int64_t units() const { return units_; }
    constexpr double to_double() const { return static_cast<double>(units_) / kUnitsPerRupee; }
    friend constexpr auto operator<=>(Money, Money) = default;
    friend constexpr Money operator+(Money a, Money b) { return Money(a.units_ + b.units_); }
    friend constexpr Money operator-(Money a, Money b) { return Money(a.units_ - b.units_); }
    friend constexpr Money operator-(Money a) { return Money(-a.units_); }
    constexpr Money& operator+=(Money other) { return *this = *this + other; }
    constexpr Money& operator-=(Money other) { return *this = *this - other; }

  private:
    constexpr explicit Money(int64_t units) : units_(units) {}
    int64_t units_ = 0;
};

constexpr Money operator*(Price price, Quantity quantity) {
    int64_t units = 0;
    const bool overflow = __builtin_mul_overflow(price.units(), quantity.units(), &units);
    TIDE_ASSERT(!overflow);
    return Money::from_units(units);
}

// amount x rate, the rate in 1e-8 (0.03503 % = 35030), halves away from zero at the unit of Money.
Money apply_rate_e8(Money amount, int64_t rate_e8);
// amount x numerator / denominator, halves away from zero. denominator > 0.
Money scale(Money amount, int64_t numerator, int64_t denominator);
Price scale(Price price, int64_t numerator, int64_t denominator);

// Half up (away from zero) to a whole paisa, to a whole rupee.
Money round_to_paisa(Money amount);
Money round_to_rupee(Money amount);

// Multiples of a tick. tick > 0.
constexpr bool on_tick(Price price, Price tick) { return price.units() % tick.units() == 0; }
Price round_down_to_tick(Price price, Price tick);
Price round_up_to_tick(Price price, Price tick);
Price round_to_nearest_tick(Price price, Price tick);

// Decimal text without losing digits: "123.45", "-0.05", at least two decimals, up to four.
std::string to_string(Price price);
// Rupees and paise, halves away from zero: "-1234.50".
std::string to_string(Money amount);
// Plain decimals with at most four digits after the point; nothing else (no sign of exponent, no blanks).
std::optional<Price> parse_price(std::string_view text);
std::optional<Money> parse_money(std::string_view text);

}  // namespace tide
