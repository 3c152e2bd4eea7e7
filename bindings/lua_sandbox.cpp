#include "bindings/lua_sandbox.hpp"

#include <fmt/format.h>

#include <lua.hpp>
#include <string>

#include "bindings/api_documents.hpp"
#include "bindings/lua_functions.hpp"
#include "bindings/lua_prelude.hpp"
#include "bindings/lua_runtime.hpp"

namespace tide {
namespace {

// A copy of the table on top of the stack takes its place; the original is emptied.
void move_table(lua_State* state) {
    lua_newtable(state);
    lua_pushnil(state);
    while (lua_next(state, -3) != 0) {
        lua_pushvalue(state, -2);
        lua_pushvalue(state, -2);
        lua_rawset(state, -5);
        lua_pushvalue(state, -2);
        lua_pushnil(state);
        lua_rawset(state, -6);  // clearing a field is allowed while traversing
        lua_pop(state, 1);
    }
    lua_remove(state, -2);
}

}  // namespace

int run_trusted_chunk(lua_State* state, const char* source, int arguments) {
    const int status = luaL_loadbufferx(state, source, std::char_traits<char>::length(source), "=tide", "t");
    if (status == 0) lua_insert(state, -arguments - 1);
    return status != 0 ? status : lua_pcall(state, arguments, 1, LuaRuntime::kHandlerSlot);
}

Result<void> open_sandbox(LuaRuntime& runtime) {
    lua_State* state = runtime.state();
    lua_newtable(state);
    add_base_functions(state, runtime);
    add_text_functions(state, runtime);
    lua_getglobal(state, "select");  // what fueled chunks are called with
    lua_setfield(state, -2, "select");
    lua_pushvalue(state, LUA_GLOBALSINDEX);
    move_table(state);
    lua_pushvalue(state, -2);
    if (run_trusted_chunk(state, kSandboxPrelude, 2) != 0)
        return make_error(ErrorCode::internal, fmt::format("sandbox prelude: {}", lua_tostring(state, -1)));
    const int sandbox = lua_gettop(state);
    lua_pushvalue(state, sandbox - 1);
    lua_pushvalue(state, sandbox);
    if (run_trusted_chunk(state, api_tables_source().c_str(), 2) != 0)
        return make_error(ErrorCode::internal, fmt::format("tables of the API: {}", lua_tostring(state, -1)));
    lua_setfield(state, sandbox, "api");
    return {};
}

void forget_libraries(lua_State* state) {
    lua_pushnil(state);
    lua_setfield(state, LUA_REGISTRYINDEX, "_LOADED");
}

}  // namespace tide
