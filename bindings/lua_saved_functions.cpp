#include <lua.hpp>

#include "bindings/lua_functions.hpp"
#include "bindings/lua_strategy.hpp"
#include "bindings/saved_state.hpp"

// What the prelude calls for on_save and on_load.
namespace tide {
namespace {

constexpr int kStackWanted = 3 * kSavedDepthMax + 8;
constexpr double kBytesForAUnit = 16;

LuaStrategy& strategy_of(lua_State* state) {
    return *static_cast<LuaStrategy*>(lua_touserdata(state, lua_upvalueindex(1)));
}

// keep_saved(table)
int keep_saved(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    luaL_checktype(state, 1, LUA_TTABLE);
    luaL_checkstack(state, kStackWanted, "on_save");
    if (strategy.keep_saved(1)) return 0;
    lua_pushliteral(state, "on_save: ");
    if (strategy.runtime().stopped()) {
        lua_pushstring(state, strategy.runtime().stop_text());
    } else {
        lua_pushlstring(state, strategy.text.data(), strategy.text.size());
    }
    lua_concat(state, 2);
    return raise_at_script(state);
}

// load_saved(): a fresh table each time
int load_saved(lua_State* state) {
    LuaStrategy& strategy = strategy_of(state);
    luaL_checkstack(state, kStackWanted, "on_load");
    pay_or_raise(state, strategy.runtime(), static_cast<double>(strategy.saved().size()) / kBytesForAUnit);
    push_saved(state, strategy.saved());
    return 1;
}

constexpr LuaFunctionEntry kSavedFunctions[] = {{"keep_saved", &keep_saved}, {"load_saved", &load_saved}};

}  // namespace

void add_saved_functions(lua_State* state, LuaStrategy& strategy) {
    add_functions(state, kSavedFunctions, std::size(kSavedFunctions), &strategy);
}

}  // namespace tide
