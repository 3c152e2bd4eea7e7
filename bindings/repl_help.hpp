#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tide {

// One name of the REPL. `call` with its arguments, `brief` in one line, `more` for help("name").
struct ReplHelp {
    std::string_view name, call, brief, more;
};
std::span<const ReplHelp> repl_help();
// What help(name) says of a name of the REPL; empty: the list. Unknown names get the nearest one.
std::string help_text(std::string_view name);

}  // namespace tide
