#include "trading/margin.hpp"

namespace tide {
namespace {

// 9.3 % price scan range, at the least, and 2 % exposure margin (NSE Clearing; india-market section 5).
constexpr int64_t kShortMarginRateE8 = 11'300'000;

}  // namespace

Money margin_for(const Instrument& instrument, Side side, Quantity quantity, Price price, Price underlying) {
    const bool paid_in_full = instrument.kind != InstrumentKind::future && side == Side::buy;
    if (paid_in_full || instrument.kind == InstrumentKind::equity) return price * quantity;
    return apply_rate_e8((underlying.positive() ? underlying : price) * quantity, kShortMarginRateE8);
}

int underlying_direction(const Instrument& instrument, Side side) {
    const int of_instrument = instrument.right == OptionRight::put ? -1 : 1;
    return side == Side::buy ? of_instrument : -of_instrument;
}

}  // namespace tide
