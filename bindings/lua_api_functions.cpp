#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <lua.hpp>
#include <type_traits>

#include "bindings/lua_api_values.hpp"
#include "market/instruments.hpp"

// What the prelude calls for ctx. Each function is thin: read plain values, call a noexcept core, push or raise last.
namespace tide {
namespace {

constexpr int64_t kBarHistoryMin = 512;
constexpr int64_t kBarHistoryMax = 4096;
constexpr int64_t kIndicatorHistory = 512;
constexpr int kColumnSlotsMax = 2000;
constexpr int kOutputsMax = 16;

ScriptValue value_at(lua_State* state, int index) {
    ScriptValue value;
    value.type_name = luaL_typename(state, index);
    switch (lua_type(state, index)) {
        case LUA_TNONE:
        case LUA_TNIL:
            break;
        case LUA_TNUMBER:
            value.kind = ScriptValue::Kind::number;
            value.number = lua_tonumber(state, index);
            break;
        case LUA_TSTRING:
            value.kind = ScriptValue::Kind::text;
            value.text = text_at(state, index);
            break;
        case LUA_TBOOLEAN:
            value.kind = ScriptValue::Kind::boolean;
            value.number = lua_toboolean(state, index);
            break;
        default:
            value.kind = ScriptValue::Kind::other;
    }
    return value;
}
static_assert(std::is_trivially_destructible_v<EnterArguments>);

// ---- loading

// parameters(text): "name=value" lines as a table name -> text; without a text those that --param gave.
int parameters(lua_State* state) {
    std::string_view rest =
        lua_isstring(state, 1) != 0 ? text_at(state, 1) : std::string_view(strategy_of(state).bundle().parameters);
    lua_newtable(state);
    while (!rest.empty()) {
        const size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.empty()) continue;
        const size_t equals = line.find('=');
        if (equals == std::string_view::npos || equals == 0)
            return raise_text(state, "parameters must be given as name=value");
        push_text(state, line.substr(0, equals));
        push_text(state, line.substr(equals + 1));
        lua_rawset(state, -3);
    }
    return 1;
}

int load_module(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    const char* name = luaL_checkstring(state, 1);
    luaL_checkstack(state, 10, "require");
    pay_or_raise(state, strategy.runtime(), 100);
    if (!strategy.compile_module(name)) {
        push_text(state, strategy.text);
        return strategy.text.starts_with("require:") ? raise_at_script(state) : lua_error(state);
    }
    lua_rawgeti(state, LUA_REGISTRYINDEX, strategy.environment_ref);
    lua_setfenv(state, -2);
    return 1;
}

void canonical(LuaStrategy& strategy, std::string_view symbol) noexcept { strategy.text = canonical_symbol(symbol); }
int canonical_name(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    canonical(strategy, text_at(state, 1));
    push_text(state, strategy.text);
    return 1;
}

// False: there is no such timeframe, or no place for another kind of activity bars.
bool find_timeframe(LuaStrategy& strategy, std::string_view name, bool declare) noexcept {
    strategy.frame = parse_timeframe(name);
    strategy.text = strategy.frame ? name_of(*strategy.frame) : name;
    if (const auto spec = parse_activity(name)) strategy.frame = strategy.services().activity_frame(*spec, declare);
    return strategy.frame.has_value();
}
// timeframe("5m", declare): its number and name, or nil.
int timeframe(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    if (!find_timeframe(strategy, text_at(state, 1), lua_toboolean(state, 2) != 0)) return 0;
    lua_pushinteger(state, static_cast<int>(*strategy.frame));
    push_text(state, strategy.text);
    return 2;
}

// ---- mirror

// Leaves a Lua array with the group's columns on the stack; makes them when they are new.
void push_columns(lua_State* state, LuaStrategy& strategy, LuaStrategy::Columns& columns, int count, int64_t capacity) {
    luaL_checkstack(state, 10, "columns");
    lua_State* mirror = strategy.mirror();
    const bool fresh = !columns.active();
    if (fresh && strategy.column_slots() + count > kColumnSlotsMax)
        raise_text(state, "too many indicators in one strategy");
    if (fresh) luaL_checkstack(mirror, count + 10, "columns");
    lua_createtable(state, count, 0);
    for (int i = 0; i < count; ++i) {
        if (fresh) {
            lua_createtable(state, static_cast<int>(capacity), 0);
            lua_pushnumber(state, 0);
            lua_rawseti(state, -2, 0);
            lua_pushvalue(state, -1);
            lua_xmove(state, mirror, 1);
        } else {
            lua_pushvalue(mirror, columns.first + i);
            lua_xmove(mirror, state, 1);
        }
        lua_rawseti(state, -2, i + 1);
    }
    if (!fresh) return;
    columns = {strategy.column_slots() + 1, count, capacity, 0};
    strategy.add_column_slots(count);
    strategy.runtime().arena().exempt(static_cast<size_t>(count) * static_cast<size_t>(capacity) * sizeof(double));
}

// bars(symbol index, timeframe, history wanted): columns, capacity
int bars(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    pay_or_raise(state, strategy.runtime(), 100);
    const auto symbol = static_cast<size_t>(luaL_checknumber(state, 1));
    const auto frame = static_cast<Timeframe>(luaL_checkint(state, 2));
    const auto wanted = std::clamp(static_cast<int64_t>(luaL_checknumber(state, 3)), kBarHistoryMin, kBarHistoryMax);
    const auto capacity = static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(wanted)));
    LuaStrategy::Columns& columns = strategy.bar_columns(symbol, frame);
    const bool fresh = !columns.active();
    push_columns(state, strategy, columns, LuaStrategy::kBarColumns, capacity);
    if (fresh) strategy.fill_bars(columns, symbol, frame);
    lua_pushnumber(state, static_cast<double>(capacity));
    return 2;
}

bool request_indicator(LuaStrategy& strategy, std::string_view symbol, Timeframe frame, std::string_view name,
                       std::span<const double> values) noexcept {
    auto info = strategy.services().indicator(strategy.id(), symbol, frame, name, values);
    if (!info) {
        strategy.text = fmt::format("ctx:indicator: {}", info.error().message);
        return false;
    }
    if (info->outputs.empty() || info->outputs.size() > kOutputsMax) {
        strategy.text = fmt::format("ctx:indicator: {} has {} outputs", name, info->outputs.size());
        return false;
    }
    strategy.indicator_info = std::move(*info);
    return true;
}

// indicator(symbol, timeframe, name, parameters…): output names, columns, capacity
int indicator(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    pay_or_raise(state, strategy.runtime(), 100);
    double values[8];
    const int count = std::clamp(lua_gettop(state) - 3, 0, static_cast<int>(std::size(values)));
    for (int i = 0; i < count; ++i) values[i] = luaL_checknumber(state, i + 4);
    const auto frame = static_cast<Timeframe>(luaL_checkint(state, 2));
    if (!request_indicator(strategy, text_at(state, 1), frame, text_at(state, 3), {values, static_cast<size_t>(count)}))
        return raise_text(state, strategy.text);
    const auto outputs = static_cast<int>(strategy.indicator_info->outputs.size());
    lua_createtable(state, outputs, 0);
    for (int i = 0; i < outputs; ++i) {
        push_text(state, strategy.indicator_info->outputs[static_cast<size_t>(i)]);
        lua_rawseti(state, -2, i + 1);
    }
    LuaStrategy::Columns& columns = strategy.indicator_columns(strategy.indicator_info->handle);
    const bool fresh = !columns.active();
    push_columns(state, strategy, columns, outputs, kIndicatorHistory);
    if (fresh) strategy.fill_indicator(columns);
    lua_pushnumber(state, static_cast<double>(kIndicatorHistory));
    return 3;
}

// ---- intents

int push_answer(lua_State* state, LuaStrategy& strategy) {
    const LuaStrategy::Answer& answer = strategy.answer();
    if (answer.id != 0) {
        lua_pushnumber(state, static_cast<double>(answer.id));
        return 1;
    }
    lua_pushnil(state);
    push_text(state, answer.code);
    push_text(state, answer.text);
    if (!answer.max_lots) return 3;
    lua_pushnumber(state, static_cast<double>(*answer.max_lots));
    return 4;
}

const char* script_position(lua_State* state) {
    push_script_position(state);
    return lua_tostring(state, -1);
}

bool propose_enter(LuaStrategy& strategy, const char* position, const EnterArguments& arguments) noexcept {
    return strategy.propose("ctx:enter", position, enter_intent(arguments, strategy.services()));
}
bool propose_exit(LuaStrategy& strategy, const char* position, const ExitArguments& arguments) noexcept {
    return strategy.propose("ctx:exit", position, exit_intent(arguments));
}
bool propose_level(LuaStrategy& strategy, const char* position, const LevelArguments& arguments) noexcept {
    const char* who = arguments.kind == IntentKind::set_stop     ? "ctx:set_stop"
                      : arguments.kind == IntentKind::set_target ? "ctx:set_target"
                                                                 : "ctx:trail_stop";
    return strategy.propose(who, position, level_intent(arguments));
}
bool propose_cancel(LuaStrategy& strategy, const char* position, const ScriptValue& order,
                    const ScriptValue& entry) noexcept {
    return strategy.propose(entry.given() ? "ctx:cancel_entry" : "ctx:cancel", position, cancel_intent(order, entry));
}

bool propose_enter_group(LuaStrategy& strategy, const char* position, const EnterGroupArguments& arguments) noexcept {
    return strategy.propose("ctx:enter_group", position, enter_group_intent(arguments, strategy.services()));
}
bool propose_exit_group(LuaStrategy& strategy, const char* position, const ExitGroupArguments& arguments) noexcept {
    return strategy.propose("ctx:exit_group", position, exit_group_intent(arguments));
}

// enter_group(timeout_s, max_loss, tag, why, legs, then of each leg: symbol, side, lots, limit)
int enter_group(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    constexpr int kHead = 5, kOfLeg = 4, kLegs = static_cast<int>(kGroupLegsMax);
    const int legs = std::clamp(luaL_checkint(state, kHead), 0, kLegs);
    pay_or_raise(state, strategy.runtime(), 20 * (legs + 1));
    lua_settop(state, kHead + kOfLeg * kLegs);
    GroupLegArguments given[kGroupLegsMax];
    for (int i = 0; i < legs; ++i) {
        const int from = kHead + kOfLeg * i;
        given[i] = {value_at(state, from + 1), value_at(state, from + 2), value_at(state, from + 3),
                    value_at(state, from + 4)};
    }
    const EnterGroupArguments arguments{value_at(state, 1),
                                        value_at(state, 2),
                                        value_at(state, 3),
                                        value_at(state, 4),
                                        {given, static_cast<size_t>(legs)}};
    if (!propose_enter_group(strategy, script_position(state), arguments)) return raise_stop(state, strategy);
    return push_answer(state, strategy);
}

// exit_group(group, rule, text, priority, values)
int exit_group(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    pay_or_raise(state, strategy.runtime(), 20);
    const auto at = [&](int index) { return value_at(state, index); };
    lua_settop(state, 5);
    const ExitGroupArguments arguments{at(1), at(2), at(3), at(4), at(5)};
    if (!propose_exit_group(strategy, script_position(state), arguments)) return raise_stop(state, strategy);
    return push_answer(state, strategy);
}

// enter(…): the fields of EnterArguments, in their order
int enter(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    pay_or_raise(state, strategy.runtime(), 20);
    const auto at = [&](int index) { return value_at(state, index); };
    lua_settop(state, 27);
    const EnterArguments arguments{at(1),  at(2),  at(3),  at(4),  at(5),  at(6),  at(7),  at(8),  at(9),
                                   at(10), at(11), at(12), at(13), at(14), at(15), at(16), at(17), at(18),
                                   at(19), at(20), at(21), at(22), at(23), at(24), at(25), at(26), at(27)};
    if (!propose_enter(strategy, script_position(state), arguments)) return raise_stop(state, strategy);
    return push_answer(state, strategy);
}

// exit(position, fraction, rule, text, priority, values)
int exit_position(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    pay_or_raise(state, strategy.runtime(), 20);
    const auto at = [&](int index) { return value_at(state, index); };
    lua_settop(state, 6);
    const ExitArguments arguments{at(1), at(2), at(3), at(4), at(5), at(6)};
    if (!propose_exit(strategy, script_position(state), arguments)) return raise_stop(state, strategy);
    return push_answer(state, strategy);
}

// set_level("stop", "target" or "trail", position, price or percent, rule, text, values)
int set_level(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    pay_or_raise(state, strategy.runtime(), 20);
    const auto at = [&](int index) { return value_at(state, index); };
    lua_settop(state, 6);
    const std::string_view what = text_at(state, 1);
    const IntentKind kind = what == "stop"     ? IntentKind::set_stop
                            : what == "target" ? IntentKind::set_target
                                               : IntentKind::set_trail;
    const LevelArguments arguments{kind, at(2), at(3), at(4), at(5), at(6)};
    if (!propose_level(strategy, script_position(state), arguments)) return raise_stop(state, strategy);
    return push_answer(state, strategy);
}

// cancel(order, entry): one of the two
int cancel(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    pay_or_raise(state, strategy.runtime(), 20);
    lua_settop(state, 2);
    const ScriptValue order = value_at(state, 1), entry = value_at(state, 2);
    if (!propose_cancel(strategy, script_position(state), order, entry)) return raise_stop(state, strategy);
    return push_answer(state, strategy);
}

// ---- notes

int log(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    pay_or_raise(state, strategy.runtime(), 10);
    if (!strategy.log(luaL_checkstring(state, 1), text_at(state, 2))) return raise_stop(state, strategy);
    return 0;
}

int skip(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    pay_or_raise(state, strategy.runtime(), 5);
    if (!strategy.skip(text_at(state, 2), text_at(state, 1))) return raise_stop(state, strategy);
    return 0;
}

int state_change(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    pay_or_raise(state, strategy.runtime(), 10);
    if (!strategy.state(text_at(state, 1), text_at(state, 2), text_at(state, 3), text_at(state, 4)))
        return raise_stop(state, strategy);
    return 0;
}

// plot(name, value or nil, symbol)
int plot(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    pay_or_raise(state, strategy.runtime(), 10);
    const double value = lua_isnil(state, 2) ? kMissing : luaL_checknumber(state, 2);
    if (!strategy.plot(text_at(state, 3), text_at(state, 1), value, false)) return raise_stop(state, strategy);
    return 0;
}

// mark(name, price, symbol)
int mark(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    pay_or_raise(state, strategy.runtime(), 10);
    const double price = luaL_checknumber(state, 2);
    if (!strategy.plot(text_at(state, 3), text_at(state, 1), price, true)) return raise_stop(state, strategy);
    return 0;
}

int after(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    pay_or_raise(state, strategy.runtime(), 10);
    if (!strategy.timer(luaL_checknumber(state, 1), text_at(state, 2))) return raise_stop(state, strategy);
    return 0;
}

int position_text(lua_State* state) {
    push_script_position(state);
    return 1;
}

constexpr LuaFunctionEntry kApiFunctions[] = {
    {"parameters", &parameters},
    {"load_module", &load_module},
    {"canonical_symbol", &canonical_name},
    {"timeframe", &timeframe},
    {"bars", &bars},
    {"indicator", &indicator},
    {"enter", &enter},
    {"exit", &exit_position},
    {"enter_group", &enter_group},
    {"exit_group", &exit_group},
    {"set_level", &set_level},
    {"cancel", &cancel},
    {"log", &log},
    {"skip", &skip},
    {"state", &state_change},
    {"plot", &plot},
    {"mark", &mark},
    {"after", &after},
    {"position", &position_text},
};

}  // namespace

void add_api_functions(lua_State* state, LuaStrategy& strategy) {
    add_functions(state, kApiFunctions, std::size(kApiFunctions), &strategy);
    add_market_functions(state, strategy);
}

int push_position_numbers(lua_State* state, const PositionMessage& p) {
    int count = 0;
    for (const double value : {static_cast<double>(p.id), static_cast<double>(p.lots), p.quantity, p.entry_price,
                               p.last_price, p.underlying_entry, p.underlying_last, p.underlying_best, p.stop, p.target,
                               p.unrealised, p.net, p.minutes_held}) {
        lua_pushnumber(state, value);
        ++count;
    }
    lua_pushboolean(state, p.half_taken);
    lua_pushnumber(state, static_cast<double>(p.days_to_expiry));
    return count + 2;
}

void introduce_position(lua_State* state, LuaStrategy& strategy, const PositionMessage& position) {
    lua_rawgeti(state, LUA_REGISTRYINDEX, strategy.add_position_ref);
    lua_pushnumber(state, static_cast<double>(position.id));
    push_text(state, position.symbol);
    push_text(state, position.underlying);
    push_text(state, position.right);
    lua_pushnumber(state, position.strike);
    lua_pushnumber(state, position.direction);
    lua_pushnumber(state, static_cast<double>(position.opened_s));
    push_text(state, position.tag);
    lua_pushnumber(state, static_cast<double>(position.group));
    lua_call(state, 9, 0);
}

}  // namespace tide
