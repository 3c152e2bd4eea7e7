#pragma once
#include <string_view>

#include "core/result.hpp"

struct lua_State;

namespace tide {

// A second opinion on add_fuel: reads the bytecode of the function on top of the stack (a chunk that add_fuel rewrote)
// and refuses it unless every function pays on entry and every backward jump has a payment inside its range. Should our
// lexer ever read a source differently from LuaJIT's, this is what notices. Leaves the stack as it was.
Result<void> check_every_loop_pays(lua_State* state, std::string_view file);

}  // namespace tide
