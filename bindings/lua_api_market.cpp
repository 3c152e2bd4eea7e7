#include <algorithm>
#include <cmath>
#include <lua.hpp>
#include <type_traits>

#include "bindings/lua_api_values.hpp"

// What ctx asks of the market and the account. Each function is thin: read plain values, call a noexcept core, push or
// raise last.
namespace tide {
namespace {

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

constexpr LuaFunctionEntry kMarketFunctions[] = {
    {"chain", &chain},           {"vix", &vix},
    {"volatility", &volatility}, {"regime", &regime},
    {"quality", &quality},       {"gap", &gap},
    {"account", &account},       {"phase", &phase},
    {"price", &price},           {"has_symbol", &has_symbol},
    {"positions", &positions},
};

}  // namespace

void add_market_functions(lua_State* state, LuaStrategy& strategy) {
    add_functions(state, kMarketFunctions, std::size(kMarketFunctions), &strategy);
}

}  // namespace tide
