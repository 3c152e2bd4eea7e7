#pragma once
#include <cstddef>

struct lua_State;

// C functions that scripts reach only through the prelude. Rules for all of them: their first upvalue is the
// LuaRuntime; no local with a destructor is alive where Lua may raise an error or the arena may jump; whatever can
// throw or allocate in C++ happens in a noexcept core before.
namespace tide {

class LuaRuntime;
struct LuaFunctionEntry {
    const char* name;
    int (*function)(lua_State*);
};

LuaRuntime& runtime_of(lua_State* state);
// Sets `table[name] = function` for each entry; the table is on top of the stack. `owner` becomes the first upvalue.
void add_functions(lua_State* state, const LuaFunctionEntry* entries, size_t count, void* owner);

// Puts "file.lua:31: " for the innermost frame of a script on the stack ("" when there is none).
void push_script_position(lua_State* state);
// Raises the string on top of the stack as an error at the script's position.
int raise_at_script(lua_State* state);
// Is this the virtual machine's word on a full stack?
bool is_stack_overflow(const char* text, size_t length);
// Takes fuel for work that is about to be done; raises an error when there is none left or calls are nested too deeply.
void pay_or_raise(lua_State* state, LuaRuntime& runtime, double units);
// lua_pcall's message handler.
int add_traceback(lua_State* state);

void add_base_functions(lua_State* state, LuaRuntime& runtime);
void add_text_functions(lua_State* state, LuaRuntime& runtime);

}  // namespace tide
