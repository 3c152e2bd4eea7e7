#pragma once
#include "core/instrument.hpp"
#include "trading/order.hpp"

namespace tide {

// Cash that a position blocks. A long option or share: what was paid (india-market 5: the buyer pays the premium up
// front). A short option or a future: an estimate of SPAN plus exposure, 9.3 % price scan + 2 % of the underlying's
// notional (NSE Clearing), not netted between positions; without an underlying price, of the instrument's own.
Money margin_for(const Instrument& instrument, Side side, Quantity quantity, Price price, Price underlying);

// +1: the position profits when the underlying rises.
int underlying_direction(const Instrument& instrument, Side side);

}  // namespace tide
