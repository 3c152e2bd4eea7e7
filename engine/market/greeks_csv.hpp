#pragma once
#include <istream>
#include <ostream>

#include "core/result.hpp"

namespace tide {

// Option maths row by row. In: a header line with at least `model,right,underlying,strike,t_years,rate,price` in any
// order (without a header line: exactly these, in this order). `model` is black76 or bs, `right` CE, PE, C or P. Out:
// the columns as given plus `iv,delta,gamma,theta_day,vega_pct,rho_pct` in the shortest digits that give the same
// double back. A row whose price has no implied volatility (also an empty price) gets empty fields. A malformed row is
// an error that names its line; rows before it have been written.
Result<void> greeks_csv(std::istream& in, std::ostream& out);

}  // namespace tide
