#pragma once

namespace tide {

// Trusted Lua that runs in every state before the script: it keeps what the script may see in tables behind functions.
// Called as chunk(raw globals, host functions): returns the sandbox, a table of helpers for the other parts.
extern const char* const kSandboxPrelude;
// Called as chunk(host functions, sandbox): returns a table that `strategy { … }` fills with what was declared.
extern const char* const kDeclarationPrelude;
// Called as chunk(host functions, sandbox, declared): returns what feeds the indicators that a script defines.
extern const char* const kIndicatorPrelude;
// Called as chunk(host functions, sandbox, declared, indicators): returns the functions that the host calls, by name.
extern const char* const kCtxPrelude;

}  // namespace tide
