#pragma once

namespace tide {

// Trusted Lua that runs in every state before the script: it keeps what the script may see in tables behind functions.
// Called as chunk(raw globals, host functions): returns the sandbox, a table of helpers for the second part.
extern const char* const kSandboxPrelude;
// Called as chunk(host functions, sandbox): returns the entry functions for the host, by name.
extern const char* const kApiPrelude;

}  // namespace tide
