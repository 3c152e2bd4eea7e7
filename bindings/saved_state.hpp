#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "core/result.hpp"

struct lua_State;

// What a script keeps across reload and restart (on_save, on_load), as bytes that are the same for equal tables.
//
//   saved  = "tide1" table
//   table  = "{" { key value } "}"          keys ascending: numbers by value, then texts by their bytes
//   value  = "T" | "F" | number | text | table
//   number = "N" shortest decimal that reads back as the same double ";"
//   text   = "S" bytes ":" that many bytes
//
// Plain data only: no functions, no metatables, no NaN or infinity, no table inside itself.
namespace tide {

class LuaRuntime;

inline constexpr int kSavedDepthMax = 16;
inline constexpr size_t kSavedBytesMax = size_t(1) << 20;

// The table at `index` as bytes, paid for with fuel. False with the reason in `why` ("saved.levels[3] is a function,
// …"), which is empty when the fuel ran out. Raises nothing; wants 3 * kSavedDepthMax free slots on the stack.
bool write_saved(lua_State* state, int index, LuaRuntime& runtime, std::string& bytes, std::string& why) noexcept;

// Whether the bytes are what write_saved makes of some table. Errors: script.
Result<void> check_saved(std::string_view bytes);

// Pushes the table that checked bytes stand for. May raise where memory ends, and wants stack as above.
void push_saved(lua_State* state, std::string_view bytes);

}  // namespace tide
