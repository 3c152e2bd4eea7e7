#pragma once
#include <string>

// What is made of the registry of the API.
namespace tide {

// The page docs/lua-api.md.
std::string api_reference_markdown();
// Annotations for editors (LuaCATS): scripts/_meta/tide.lua.
std::string api_annotations();
// A trusted chunk, called as chunk(host functions, sandbox): returns { fields, checks, callbacks, removed }.
// fields[owner] has the names of a table that a script gives; checks["ctx:after"](seconds, name) raises when an
// argument is not what the registry says; callbacks is the list of names, removed the set of names that Lua has and
// strategies have not. Valid for the life of the process.
const std::string& api_tables_source();

}  // namespace tide
