#pragma once
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Every name that a strategy can use, once: what it is, what it takes and gives, in which unit. From here come the page
// docs/lua-api.md, the editor's annotations scripts/_meta/tide.lua, the checks of arguments and fields in the preludes,
// the help of a console, and what `engine check` knows of a script's types. A test holds it to the live sandbox.
namespace tide {

inline constexpr int kApiVersion = 1;

enum class ApiKind : uint8_t {
    global,    // a name of its own: print, require
    library,   // string.format
    method,    // ctx:enter
    field,     // bar.close
    callback,  // on_bar
    option,    // a field of a table that a script gives: strategy.name, needs.bars, enter.lots
};

// A type is written as in the annotations: "number", "integer", "string", "boolean", "table", "function", "any",
// "\"CE\"|\"PE\"", the name of an owner ("bars"), "leg[]"; "?" at its end: may be nil, or left out.
struct ApiArgument {
    std::string_view name;
    std::string_view type;
    double min = -std::numeric_limits<double>::infinity();
    double max = std::numeric_limits<double>::infinity();
    std::string_view wanted = {};  // what the message asks for, where type and range do not say it well
};

struct ApiName {
    ApiKind kind = ApiKind::field;
    std::string_view owner;  // "ctx", "bars", "string", "needs"; empty for globals and callbacks
    std::string_view name;
    std::string_view type;  // of a field or option; of a call what it returns, "" for nothing
    std::string_view help;
    std::string_view unit = {};
    std::vector<ApiArgument> arguments = {};
    std::string_view refusals = {};  // codes that it gives with nil
    std::string_view rounding = {};  // how its prices become ticks
    std::string_view example = {};
    int since = 1;

    bool is_call() const { return kind == ApiKind::method || kind == ApiKind::callback || calls; }
    bool calls = false;  // of a global or library name: a function
    // "ctx:enter", "bar.close", "string.format", "on_bar"
    std::string full_name() const;
};

// A table or object of the API.
struct ApiOwner {
    std::string_view name;
    std::string_view help;
    bool given_by_script = false;  // a table of options
    bool open = false;             // a script may keep fields of its own in it
    bool lasting = true;           // a library or object; else a table made for one call
};

const std::vector<ApiName>& api_registry();
std::span<const ApiOwner> api_owners();
const ApiOwner* find_api_owner(std::string_view name);
// The names of one owner, in the order of the page.
std::vector<const ApiName*> api_members(std::string_view owner);
const ApiName* find_api_member(std::string_view owner, std::string_view name);
// By its full name; "ctx.enter" finds "ctx:enter" and the other way round.
const ApiName* find_api_name(std::string_view full_name);
// Full names, sorted: for completion and suggestions.
std::vector<std::string> api_names();
// Names of Lua's own that strategies do not get; the message says so instead of guessing a misspelling.
std::span<const std::string_view> api_removed_names();
// "symbol must be a text": what an argument must be, for messages.
std::string wanted_text(const ApiArgument& argument);

// Text for `help("ctx:enter")`; of an owner ("bars") a list of its names; else what there is that is spelled nearly so.
std::string api_help(std::string_view name);

}  // namespace tide
