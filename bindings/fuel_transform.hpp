#pragma once
#include <string>
#include <string_view>

#include "bindings/lua_limits.hpp"
#include "core/result.hpp"

namespace tide {

struct FueledSource {
    std::string text;
    std::string counter;  // name of the local that holds the fuel left in the slice; occurs nowhere in the source
};

// Rewrites a Lua source so that every loop turn, block, function entry and goto pays one unit of fuel (a function with
// `...` pays more, by its number of arguments). Line numbers do not change. The chunk must be called with two
// arguments: the refill function, which returns the next slice or raises an error, and `select`. Once refill raises,
// the counter stays below zero, so everything that follows raises again: no pcall outlives it. Hooks cannot do this:
// compiled LuaJIT code does not run them.
Result<FueledSource> add_fuel(std::string_view source, std::string_view file, const LuaLimits& limits);

}  // namespace tide
