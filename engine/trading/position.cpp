#include "trading/position.hpp"

namespace tide {

Money Position::unrealised() const {
    const Money value = last_price * quantity;
    return side == Side::buy ? value - entry_value : entry_value - value;
}

}  // namespace tide
