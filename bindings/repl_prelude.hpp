#pragma once

namespace tide {

// Trusted Lua of the REPL, run after the sandbox prelude. Called as chunk(host functions, sandbox); adds the views to
// the sandbox's globals and returns the function that runs what was typed.
extern const char* const kReplPrelude;

}  // namespace tide
