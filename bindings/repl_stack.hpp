#pragma once
#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "bindings/repl_value.hpp"

struct lua_State;

// Values of the REPL on and off Lua's stack.
namespace tide {

// Pushes `value` as ordinary tables. Records remember in a locked metatable which view they came from and in which
// order their fields are shown. May raise; `value` must be owned elsewhere.
void push_repl_value(lua_State* state, const ReplValue& value, const char* view);
// view_of(table): the view that the record came from, or nil. A lua_CFunction.
int push_view_of(lua_State* state);
// The value at `index` (absolute). Runs no Lua and raises nothing, but may allocate. `left`: how many values may still
// be taken; what is beyond is cut. Deeper than eight tables is cut as well, so that cycles end.
ReplValue read_repl_value(lua_State* state, int index, size_t& left);

// Replaces the table on top by its member of that name (nil where there is none), read through __index tables.
void push_member(lua_State* state, std::string_view name);
// The names of members of the table on top that begin with `prefix`.
void add_member_names(lua_State* state, std::string_view prefix, std::set<std::string>& names);

}  // namespace tide
