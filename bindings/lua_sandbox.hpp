#pragma once
#include "core/result.hpp"

struct lua_State;

namespace tide {

class LuaRuntime;

// Runs a trusted chunk over the `arguments` values on top of the stack; its one result takes their place. Gives
// lua_pcall's status; the error's text is then on top.
int run_trusted_chunk(lua_State* state, const char* source, int arguments);

// Builds the sandbox in a fresh state: leaves the table of host functions and, above it, the sandbox that the prelude
// returned. The raw globals are emptied; the registry's `_LOADED` is left to the caller, who clears it last
// (forget_libraries). Errors: internal.
Result<void> open_sandbox(LuaRuntime& runtime);
// What the registry still knows of the libraries goes as well.
void forget_libraries(lua_State* state);

}  // namespace tide
