#pragma once
#include "core/money.hpp"

namespace tide {

// A share of an amount, the share in percent with four decimals (as settings say it), halves away from zero.
Money percent_of(Money amount, double pct);
Price percent_of(Price price, double pct);

}  // namespace tide
