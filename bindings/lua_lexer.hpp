#pragma once
#include <string_view>
#include <vector>

#include "bindings/lua_limits.hpp"
#include "core/result.hpp"

namespace tide {

enum class LuaTokenKind : uint8_t { word, number, text, symbol };

// One token of a Lua source: a word (name or keyword), a number, a string, or a symbol ("...", "..", "::" or one byte).
struct LuaToken {
    LuaTokenKind kind = LuaTokenKind::symbol;
    std::string_view bytes;  // as written; of a string with its quotes
    size_t offset = 0;
    int line = 1;
};

// Splits a source into tokens the way LuaJIT's own lexer does (lj_lex.c). Refuses what a script may not contain:
// bytecode, a byte order mark, a "#!" line, control bytes, cdata literals (1LL, 1ULL, 1i), sources over `bytes_max`.
// Errors read "file:line: what".
Result<std::vector<LuaToken>> lex_lua(std::string_view source, std::string_view file, size_t bytes_max);

}  // namespace tide
