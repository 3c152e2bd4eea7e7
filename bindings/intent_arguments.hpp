#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "session/strategy_host.hpp"

// Checks what a script asked for and turns it into an Intent. No Lua here: plain values in, an Intent or the text of a
// refusal out. Wrong types, NaN, infinities and values out of range are refused with the field's name.
namespace tide {

// One argument as the script gave it.
struct ScriptValue {
    enum class Kind : uint8_t { nil, number, text, boolean, other };
    Kind kind = Kind::nil;
    double number = 0;
    std::string_view text;  // valid during the call
    const char* type_name = "nil";
    bool given() const { return kind != Kind::nil; }
};

struct EnterArguments {
    ScriptValue symbol, lots, side, limit, stop_pct, target_pct, stop, target, tag, why;
    ScriptValue premium_stop, premium_target, premium_stop_pct, premium_target_pct, trail_stop_pct, cover;
    ScriptValue trigger, trail, trail_pct, trigger_on, good_till, after_market, display_lots, algo, over_min, slices,
        oco;
};
struct ExitArguments {
    ScriptValue position, fraction, rule, text, priority, values;
};
struct GroupLegArguments {
    ScriptValue symbol, side, lots, limit;
};
struct EnterGroupArguments {
    ScriptValue timeout_s, max_loss, tag, why;
    std::span<const GroupLegArguments> legs;
};
struct ExitGroupArguments {
    ScriptValue group, rule, text, priority, values;
};
struct LevelArguments {
    IntentKind kind = IntentKind::set_stop;
    ScriptValue position, price, rule, text, values;  // of set_trail a percentage for the price
};

// The refusal of an argument: "lots must be a whole number from 1 to 10000, got -3".
using IntentOrText = tl::expected<Intent, std::string>;

IntentOrText enter_intent(const EnterArguments& arguments, const StrategyServices& services);
IntentOrText exit_intent(const ExitArguments& arguments);
IntentOrText level_intent(const LevelArguments& arguments);
IntentOrText enter_group_intent(const EnterGroupArguments& arguments, const StrategyServices& services);
IntentOrText exit_group_intent(const ExitGroupArguments& arguments);
// An order by its id, or an entry that the engine holds by what ctx:enter gave.
IntentOrText cancel_intent(const ScriptValue& order, const ScriptValue& entry);

// Text from a script on its way into logs and records: control bytes escaped, at most `bytes_max` bytes.
std::string clean_text(std::string_view text, size_t bytes_max);

}  // namespace tide
