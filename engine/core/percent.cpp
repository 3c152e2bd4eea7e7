#include "core/percent.hpp"

#include <cmath>

namespace tide {
namespace {

constexpr int64_t kWhole = 1'000'000;  // 100 % with four decimals

int64_t parts_of(double pct) { return static_cast<int64_t>(std::llround(pct * 10'000)); }

}  // namespace

Money percent_of(Money amount, double pct) { return scale(amount, parts_of(pct), kWhole); }
Price percent_of(Price price, double pct) { return scale(price, parts_of(pct), kWhole); }

}  // namespace tide
