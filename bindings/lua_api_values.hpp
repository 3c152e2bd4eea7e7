#pragma once
#include <cmath>
#include <lua.hpp>
#include <string_view>

#include "bindings/lua_functions.hpp"
#include "bindings/lua_strategy.hpp"

// How the functions of the API read and push plain values.
namespace tide {

inline LuaStrategy& strategy_of(lua_State* state) {
    return *static_cast<LuaStrategy*>(lua_touserdata(state, lua_upvalueindex(1)));
}

inline std::string_view text_at(lua_State* state, int index) {
    if (lua_type(state, index) != LUA_TSTRING) return {};
    size_t length = 0;
    const char* text = lua_tolstring(state, index, &length);
    return {text, length};
}

inline void push_text(lua_State* state, std::string_view text) { lua_pushlstring(state, text.data(), text.size()); }

// Missing is nil in Lua.
inline void push_number_or_nil(lua_State* state, double value) {
    if (std::isnan(value)) {
        lua_pushnil(state);
    } else {
        lua_pushnumber(state, value);
    }
}

inline void set_number(lua_State* state, const char* name, double value) {
    push_number_or_nil(state, value);
    lua_setfield(state, -2, name);
}
inline void set_text(lua_State* state, const char* name, std::string_view value) {
    push_text(state, value);
    lua_setfield(state, -2, name);
}
inline void set_bool(lua_State* state, const char* name, bool value) {
    lua_pushboolean(state, value);
    lua_setfield(state, -2, name);
}

inline int raise_text(lua_State* state, std::string_view text) {
    push_text(state, text);
    return raise_at_script(state);
}
inline int raise_stop(lua_State* state, LuaStrategy& strategy) {
    return raise_text(state, strategy.runtime().stop_text());
}

}  // namespace tide
