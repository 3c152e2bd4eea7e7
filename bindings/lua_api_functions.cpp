#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <lua.hpp>
#include <type_traits>

#include "bindings/lua_functions.hpp"
#include "bindings/lua_strategy.hpp"
#include "market/instruments.hpp"

// What the prelude calls for ctx. Each function is thin: read plain values, call a noexcept core, push or raise last.
namespace tide {
namespace {

constexpr int64_t kBarHistoryMin = 512;
constexpr int64_t kBarHistoryMax = 4096;
constexpr int64_t kIndicatorHistory = 512;
constexpr int kColumnSlotsMax = 2000;
constexpr int kOutputsMax = 16;

LuaStrategy& strategy_of(lua_State* state) {
    return *static_cast<LuaStrategy*>(lua_touserdata(state, lua_upvalueindex(1)));
}

std::string_view text_at(lua_State* state, int index) {
    if (lua_type(state, index) != LUA_TSTRING) return {};
    size_t length = 0;
    const char* text = lua_tolstring(state, index, &length);
    return {text, length};
}

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

void push_text(lua_State* state, std::string_view text) { lua_pushlstring(state, text.data(), text.size()); }

// Missing is nil in Lua.
void push_number_or_nil(lua_State* state, double value) {
    if (std::isnan(value)) {
        lua_pushnil(state);
    } else {
        lua_pushnumber(state, value);
    }
}

void set_number(lua_State* state, const char* name, double value) {
    push_number_or_nil(state, value);
    lua_setfield(state, -2, name);
}
void set_text(lua_State* state, const char* name, std::string_view value) {
    push_text(state, value);
    lua_setfield(state, -2, name);
}
void set_bool(lua_State* state, const char* name, bool value) {
    lua_pushboolean(state, value);
    lua_setfield(state, -2, name);
}

int raise_text(lua_State* state, std::string_view text) {
    push_text(state, text);
    return raise_at_script(state);
}
int raise_stop(lua_State* state, LuaStrategy& strategy) { return raise_text(state, strategy.runtime().stop_text()); }

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

// ---- market and account

bool request_chain(LuaStrategy& strategy, std::string_view underlying, std::string_view expiry, int64_t min_days,
                   int64_t strikes) noexcept {
    auto chain = strategy.services().chain(underlying, expiry, min_days, strikes);
    if (!chain) {
        strategy.text = chain.error().message;
        return false;
    }
    strategy.chain = std::move(*chain);
    return true;
}

void push_row(lua_State* state, const ChainRow& row, const ChainSnapshot& chain) {
    lua_createtable(state, 0, 26);
    set_text(state, "symbol", row.symbol);
    set_text(state, "right", row.right);
    set_text(state, "expiry", chain.expiry);
    set_number(state, "strike", row.strike);
    set_number(state, "last", row.last);
    set_number(state, "bid", row.bid);
    set_number(state, "ask", row.ask);
    set_number(state, "oi", row.oi);
    set_number(state, "volume", row.volume);
    set_number(state, "age", row.age_s);
    set_number(state, "lot", static_cast<double>(row.lot));
    set_number(state, "days_to_expiry",
               chain.days_to_expiry < 0 ? kMissing : static_cast<double>(chain.days_to_expiry));
    set_bool(state, "model", row.model);
    if (row.liquidity != Liquidity::unknown) set_bool(state, "liquid", row.liquidity == Liquidity::liquid);
    set_number(state, "mid", row.mid);
    set_number(state, "iv", row.iv);
    set_number(state, "delta", row.delta);
    set_number(state, "gamma", row.gamma);
    set_number(state, "theta", row.theta);
    set_number(state, "vega", row.vega);
    set_number(state, "oi_change", row.oi_change);
    if (!row.build_up.empty()) set_text(state, "build_up", row.build_up);
    set_bool(state, "crossed", row.crossed);
    set_bool(state, "stale", row.stale);
    set_bool(state, "no_quote", row.no_quote);
    set_bool(state, "iv_of_pair", row.iv_of_pair);
}

void push_figures(lua_State* state, const ChainSnapshot& chain) {
    set_number(state, "forward", chain.forward);
    set_text(state, "forward_source", chain.forward_source);
    set_number(state, "pcr", chain.pcr);
    set_number(state, "pcr_volume", chain.pcr_volume);
    set_number(state, "max_pain", chain.max_pain);
    set_number(state, "atm_iv", chain.atm_iv);
    set_number(state, "skew", chain.skew);
    set_number(state, "risk_reversal", chain.risk_reversal);
    set_number(state, "expected_move", chain.expected_move);
    set_number(state, "iv_rank", chain.iv_rank);
    set_number(state, "iv_percentile", chain.iv_percentile);
}

// chain(underlying, expiry, min_days, strikes): a snapshot, or nil and why not
int chain(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    pay_or_raise(state, strategy.runtime(), 100);
    const auto min_days = static_cast<int64_t>(std::min(luaL_checknumber(state, 3), 1e6));
    const auto strikes = static_cast<int64_t>(luaL_checknumber(state, 4));
    if (!request_chain(strategy, text_at(state, 1), text_at(state, 2), min_days, strikes)) {
        lua_pushnil(state);
        push_text(state, strategy.text);
        return 2;
    }
    const ChainSnapshot& snapshot = *strategy.chain;
    pay_or_raise(state, strategy.runtime(), 16 * static_cast<double>(snapshot.rows.size()));
    lua_createtable(state, 0, 17);
    set_text(state, "underlying", snapshot.underlying);
    push_figures(state, snapshot);
    set_text(state, "expiry", snapshot.expiry);
    set_number(state, "spot", snapshot.spot);
    set_number(state, "atm_strike", snapshot.atm_strike);
    set_number(state, "strike_step", snapshot.strike_step);
    set_number(state, "days_to_expiry",
               snapshot.days_to_expiry < 0 ? kMissing : static_cast<double>(snapshot.days_to_expiry));
    lua_createtable(state, static_cast<int>(snapshot.rows.size()), 0);
    for (size_t i = 0; i < snapshot.rows.size(); ++i) {
        push_row(state, snapshot.rows[i], snapshot);
        lua_rawseti(state, -2, static_cast<int>(i + 1));
    }
    lua_setfield(state, -2, "rows");
    return 1;
}

// vix(): level or nil, source, change in 10 minutes or nil
int vix(lua_State* state) {
    const VixMessage reading = strategy_of(state).services().vix();
    push_number_or_nil(state, reading.level);
    push_text(state, reading.source);
    push_number_or_nil(state, reading.change_10m);
    return 3;
}
static_assert(std::is_trivially_destructible_v<VixMessage> && std::is_trivially_destructible_v<AccountMessage>);

// volatility(): the VIX, its class and its changes
int volatility(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    pay_or_raise(state, strategy.runtime(), 10);
    const VolatilityMessage message = strategy.services().volatility();
    lua_createtable(state, 0, 6);
    set_number(state, "level", message.level);
    if (!message.vix_class.empty()) set_text(state, "class", message.vix_class);
    set_number(state, "change_5m", message.change_5m);
    set_number(state, "change_10m", message.change_10m);
    set_number(state, "change_30m", message.change_30m);
    set_number(state, "change_today", message.change_today);
    return 1;
}
static_assert(std::is_trivially_destructible_v<VolatilityMessage>);

// regime(symbol): a text, or nil while it is not known
int regime(lua_State* state) {
    const std::string_view name = strategy_of(state).services().regime(text_at(state, 1));
    if (name.empty()) {
        lua_pushnil(state);
    } else {
        push_text(state, name);
    }
    return 1;
}

void request_quality(LuaStrategy& strategy, std::string_view symbol) noexcept {
    strategy.quality = strategy.services().quality(symbol);
}

// quality(symbol): a table, or nil where nothing has come yet
int quality(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    pay_or_raise(state, strategy.runtime(), 20);
    request_quality(strategy, text_at(state, 1));
    const QualityMessage& message = *strategy.quality;
    if (!message.known) {
        lua_pushnil(state);
        return 1;
    }
    lua_createtable(state, 0, 12);
    set_bool(state, "ok", message.bad.empty());
    for (std::string_view rest = message.bad; !rest.empty();) {
        const size_t comma = std::min(rest.find(','), rest.size());
        push_text(state, rest.substr(0, comma));
        lua_pushboolean(state, 1);
        lua_rawset(state, -3);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    set_text(state, "bad", message.bad);
    set_number(state, "age", message.age_s);
    set_number(state, "cadence", message.cadence_s);
    set_number(state, "missing_pct", message.missing_pct);
    set_number(state, "skew", message.skew_s);
    return 1;
}

// gap(symbol): per cent or nil, whether gap mode is on
int gap(lua_State* state) {
    const GapMessage message = strategy_of(state).services().opening_gap(text_at(state, 1));
    push_number_or_nil(state, message.pct);
    lua_pushboolean(state, message.mode);
    return 2;
}
static_assert(std::is_trivially_destructible_v<GapMessage>);

int account(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    pay_or_raise(state, strategy.runtime(), 10);
    const AccountMessage message = strategy.services().account(strategy.id());
    lua_createtable(state, 0, 8);
    set_number(state, "equity", message.equity);
    set_number(state, "cash", message.cash);
    set_number(state, "day_net", message.day_net);
    set_number(state, "open_positions", static_cast<double>(message.open_positions));
    set_number(state, "max_positions", static_cast<double>(message.max_positions));
    set_number(state, "size_factor", message.size_factor);
    set_bool(state, "entries_allowed", message.entries_allowed);
    set_text(state, "reason", message.entries_reason);
    return 1;
}

int phase(lua_State* state) {
    push_text(state, strategy_of(state).services().phase());
    return 1;
}

int price(lua_State* state) {
    push_number_or_nil(state, strategy_of(state).services().last_price(text_at(state, 1)));
    return 1;
}

int has_symbol(lua_State* state) {
    lua_pushboolean(state, strategy_of(state).services().find_instrument(text_at(state, 1)).valid() ? 1 : 0);
    return 1;
}

void request_positions(LuaStrategy& strategy) noexcept {
    strategy.positions = strategy.services().positions(strategy.id());
}

// positions(): calls the prelude's list_position for each, in order.
int positions(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    request_positions(strategy);
    pay_or_raise(state, strategy.runtime(), 10 + 20 * static_cast<double>(strategy.positions.size()));
    luaL_checkstack(state, 30, "positions");
    for (size_t i = 0; i < strategy.positions.size(); ++i) {
        const PositionMessage& position = strategy.positions[i];
        uint64_t forgotten = 0;
        if (!strategy.know_position(position.id, forgotten)) {
            if (forgotten != 0) {
                lua_rawgeti(state, LUA_REGISTRYINDEX, strategy.forget_position_ref);
                lua_pushnumber(state, static_cast<double>(forgotten));
                lua_call(state, 1, 0);
            }
            introduce_position(state, strategy, position);
        }
        lua_rawgeti(state, LUA_REGISTRYINDEX, strategy.list_position_ref);
        lua_call(state, push_position_numbers(state, position), 0);
    }
    return 0;
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
    return strategy.propose(arguments.kind == IntentKind::set_stop ? "ctx:set_stop" : "ctx:set_target", position,
                            level_intent(arguments));
}
bool propose_cancel(LuaStrategy& strategy, const char* position, const ScriptValue& order) noexcept {
    return strategy.propose("ctx:cancel", position, cancel_intent(order));
}

// enter(symbol, lots, side, limit, stop_pct, target_pct, stop, target, tag, why)
int enter(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    pay_or_raise(state, strategy.runtime(), 20);
    const auto at = [&](int index) { return value_at(state, index); };
    lua_settop(state, 10);
    const EnterArguments arguments{at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8), at(9), at(10)};
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

// set_level("stop" or "target", position, price, rule, text, values)
int set_level(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    pay_or_raise(state, strategy.runtime(), 20);
    const auto at = [&](int index) { return value_at(state, index); };
    lua_settop(state, 6);
    const IntentKind kind = text_at(state, 1) == "stop" ? IntentKind::set_stop : IntentKind::set_target;
    const LevelArguments arguments{kind, at(2), at(3), at(4), at(5), at(6)};
    if (!propose_level(strategy, script_position(state), arguments)) return raise_stop(state, strategy);
    return push_answer(state, strategy);
}

int cancel(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    pay_or_raise(state, strategy.runtime(), 20);
    lua_settop(state, 1);
    const ScriptValue order = value_at(state, 1);
    if (!propose_cancel(strategy, script_position(state), order)) return raise_stop(state, strategy);
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
    {"chain", &chain},
    {"vix", &vix},
    {"volatility", &volatility},
    {"regime", &regime},
    {"quality", &quality},
    {"gap", &gap},
    {"account", &account},
    {"phase", &phase},
    {"price", &price},
    {"has_symbol", &has_symbol},
    {"positions", &positions},
    {"enter", &enter},
    {"exit", &exit_position},
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
    lua_getglobal(state, "select");
    lua_setfield(state, -2, "select");
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
    lua_call(state, 8, 0);
}

}  // namespace tide
