#pragma once

namespace tide {

// Trusted Lua of a test file: describe, it, expect, scripted_market. Called as chunk(host functions, sandbox) after the
// declaration prelude; returns { refill, select, tests(), run(i) }.
extern const char* const kTestPrelude;

}  // namespace tide
