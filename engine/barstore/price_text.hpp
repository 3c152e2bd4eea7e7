#pragma once
#include <string>

#include "core/money.hpp"
#include "core/time.hpp"

namespace tide {

// The shortest decimal text: "21712", "17546.05", "0.0005".
std::string shortest_text(Price price);
// "2022-08-10T09:15:00", as in the column ts_ist; fractions of a second only where there are any.
std::string ist_text(ExchangeTime time);

// "2025-10-15T03:45:00Z", with fractional seconds only where there are any.
std::string utc_text(ExchangeTime time);

}  // namespace tide
