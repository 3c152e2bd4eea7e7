#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/money.hpp"
#include "core/strong_id.hpp"
#include "core/time.hpp"

namespace tide {

enum class InstrumentKind : uint8_t { index, equity, future, option, volatility_index };
inline constexpr size_t kInstrumentKindCount = 5;
enum class OptionRight : uint8_t { none, call, put };

// One tradable (or observed) instrument. Lot, tick, freeze quantity and expiry belong to the contract, never to its
// underlying: two expiries of one index may differ. Symbols are looked up, never built to trade.
struct Instrument {
    InstrumentId id;
    std::string symbol;  // "NIFTY", "NIFTY 2024-01-25 21700 CE"
    std::string exchange = "NSE";
    std::string calendar = "NSE";  // whose trading days apply: "NSE", "BSE", "always"
    InstrumentKind kind = InstrumentKind::index;
    OptionRight right = OptionRight::none;
    InstrumentId underlying;  // none for an index or an equity
    std::optional<Date> expiry;
    bool monthly = false;  // an option of its month's last expiry, where the source says so
    Price strike;
    Quantity lot{1};
    Price tick = Price::from_units(500);  // 5 paise
    Quantity freeze{0};                   // largest single order in units; 0 = not limited

    bool tradable() const { return kind != InstrumentKind::index && kind != InstrumentKind::volatility_index; }
    bool is_option() const { return kind == InstrumentKind::option; }
};

// "CE", "PE", "".
std::string_view name_of(OptionRight right);
std::string_view name_of(InstrumentKind kind);
std::optional<InstrumentKind> parse_instrument_kind(std::string_view text);
// CE/PE/C/P/CALL/PUT.
std::optional<OptionRight> parse_option_right(std::string_view text);

}  // namespace tide
