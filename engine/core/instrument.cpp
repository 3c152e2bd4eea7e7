#include "core/instrument.hpp"

#include <array>
#include <utility>

namespace tide {
namespace {
constexpr std::array<std::pair<InstrumentKind, std::string_view>, 5> kKinds{{
    {InstrumentKind::index, "index"},
    {InstrumentKind::equity, "equity"},
    {InstrumentKind::future, "future"},
    {InstrumentKind::option, "option"},
    {InstrumentKind::volatility_index, "volatility_index"},
}};
}  // namespace

std::string_view name_of(OptionRight right) {
    switch (right) {
        case OptionRight::call:
            return "CE";
        case OptionRight::put:
            return "PE";
        case OptionRight::none:
            break;
    }
    return "";
}
std::string_view name_of(InstrumentKind kind) {
    for (const auto& [value, name] : kKinds) {
        if (value == kind) return name;
    }
    return "";
}
std::optional<InstrumentKind> parse_instrument_kind(std::string_view text) {
    for (const auto& [value, name] : kKinds) {
        if (name == text) return value;
    }
    return std::nullopt;
}
std::optional<OptionRight> parse_option_right(std::string_view text) {
    if (text == "CE" || text == "C" || text == "CALL" || text == "ce") return OptionRight::call;
    if (text == "PE" || text == "P" || text == "PUT" || text == "pe") return OptionRight::put;
    return std::nullopt;
}

}  // namespace tide
