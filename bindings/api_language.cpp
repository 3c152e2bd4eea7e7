#include "bindings/api_entries.hpp"

// The language: what there is of Lua 5.1 and its libraries.
namespace tide {
namespace {

using api_entry::library;

ApiName global(std::string_view name, std::vector<ApiArgument> arguments, std::string_view returns,
               std::string_view help) {
    return api_entry::call(ApiKind::global, "", name, std::move(arguments), returns, help);
}
ApiName value(std::string_view owner, std::string_view name, std::string_view type, std::string_view help) {
    ApiName entry = api_entry::field(owner, name, type, help);
    entry.kind = owner.empty() ? ApiKind::global : ApiKind::library;
    return entry;
}

void add_globals(std::vector<ApiName>& all) {
    all.push_back(global("require", {{"name", "string"}}, "any",
                         "what the module NAME.lua returned; looked for beside the strategy, then in scripts/"));
    all.push_back(global("print", {{"...", "any"}}, "", "the values to the log"));
    all.push_back(global("assert", {{"value", "any"}, {"message", "any?"}}, "any", "an error when the value is false"));
    all.push_back(global("error", {{"message", "any"}, {"level", "integer?"}}, "", "ends the callback with an error"));
    all.push_back(global("pcall", {{"body", "function"}, {"...", "any"}}, "boolean, any",
                         "calls and catches errors; an overrun budget is not caught"));
    all.push_back(global("xpcall", {{"body", "function"}, {"handler", "function"}, {"...", "any"}}, "boolean, any",
                         "pcall with a handler of the error"));
    all.push_back(global("pairs", {{"list", "table"}}, "function",
                         "all fields in a defined order: numbers ascending, texts by their bytes, false, true"));
    all.push_back(global("ipairs", {{"list", "table"}}, "function", "the elements 1, 2, … up to the first nil"));
    all.push_back(global("next", {{"list", "table"}, {"key", "any?"}}, "any, any", "the field after key, as in pairs"));
    all.push_back(
        global("select", {{"n", "any"}, {"...", "any"}}, "any", "the arguments from n on; \"#\" counts them"));
    all.push_back(global("unpack", {{"list", "table"}, {"first", "integer?"}, {"last", "integer?"}}, "any",
                         "the elements of a list as values"));
    all.push_back(global("type", {{"value", "any"}}, "string", "the name of a value's type"));
    all.push_back(global("tostring", {{"value", "any"}}, "string", "a text; of tables and functions without address"));
    all.push_back(global("tonumber", {{"value", "any"}, {"base", "integer?"}}, "number?", "a number, or nil"));
    all.push_back(global("setmetatable", {{"object", "table"}, {"metatable", "table?"}}, "table",
                         "sets the metatable; __gc and __mode are refused"));
    all.push_back(global("getmetatable", {{"object", "any"}}, "any", "the metatable, false where it is locked"));
    all.push_back(global("rawget", {{"object", "table"}, {"key", "any"}}, "any", "a field without metatables"));
    all.push_back(global("rawset", {{"object", "table"}, {"key", "any"}, {"value", "any"}}, "table",
                         "sets a field without metatables"));
    all.push_back(global("rawequal", {{"one", "any"}, {"other", "any"}}, "boolean", "equality without metatables"));
    all.push_back(value("", "_VERSION", "string", "the language: \"Lua 5.1\""));
}

void add_string(std::vector<ApiName>& all) {
    const ApiArgument text{"text", "string"};
    const ApiArgument pattern{"pattern", "string"};
    const ApiArgument from{"from", "integer?"};
    all.push_back(library("string", "byte", {text, {"first", "integer?"}, {"last", "integer?"}}, "integer?",
                          "the codes of the bytes from first to last"));
    all.push_back(library("string", "char", {{"...", "integer"}}, "string", "the text of these byte codes"));
    all.push_back(library("string", "find", {text, pattern, from, {"plain", "boolean?"}}, "integer?, integer?",
                          "where the pattern is first found"));
    all.push_back(library("string", "format", {{"format", "string"}, {"...", "any"}}, "string", "as C's printf"));
    all.push_back(library("string", "gmatch", {text, pattern}, "function", "an iterator over all matches"));
    all.push_back(library("string", "gsub", {text, pattern, {"replacement", "any"}, {"most", "integer?"}},
                          "string, integer", "the text with matches replaced, and how many"));
    all.push_back(library("string", "len", {text}, "integer", "length in bytes"));
    all.push_back(library("string", "lower", {text}, "string", "in lower case"));
    all.push_back(library("string", "match", {text, pattern, from}, "string?", "the first match or its captures"));
    all.push_back(library("string", "rep", {text, {"count", "integer"}}, "string", "repeated; at most 64 KB"));
    all.push_back(library("string", "reverse", {text}, "string", "backwards"));
    all.push_back(library("string", "sub", {text, {"first", "integer"}, {"last", "integer?"}}, "string", "a part"));
    all.push_back(library("string", "upper", {text}, "string", "in upper case"));
}

void add_table(std::vector<ApiName>& all) {
    const ApiArgument list{"list", "table"};
    all.push_back(library("table", "concat",
                          {list, {"separator", "string?"}, {"first", "integer?"}, {"last", "integer?"}}, "string",
                          "the elements joined to a text"));
    all.push_back(library("table", "insert", {list, {"position", "any"}, {"value", "any?"}}, "",
                          "insert(list, value) at the end, insert(list, position, value) before a position"));
    all.push_back(library("table", "remove", {list, {"position", "integer?"}}, "any",
                          "removes and gives the element at a position, without one the last"));
    all.push_back(library("table", "sort", {list, {"before", "function?"}}, "", "sorts in place"));
}

void add_math(std::vector<ApiName>& all) {
    const ApiArgument x{"x", "number"};
    const std::pair<std::string_view, std::string_view> of_one[] = {{"abs", "absolute value"},
                                                                    {"acos", "arc cosine, radians"},
                                                                    {"asin", "arc sine, radians"},
                                                                    {"atan", "arc tangent, radians"},
                                                                    {"ceil", "smallest whole number not below x"},
                                                                    {"cos", "cosine of radians"},
                                                                    {"cosh", "hyperbolic cosine"},
                                                                    {"deg", "radians to degrees"},
                                                                    {"exp", "e to the power of x"},
                                                                    {"floor", "largest whole number not above x"},
                                                                    {"log10", "logarithm to base 10"},
                                                                    {"rad", "degrees to radians"},
                                                                    {"sin", "sine of radians"},
                                                                    {"sinh", "hyperbolic sine"},
                                                                    {"sqrt", "square root"},
                                                                    {"tan", "tangent of radians"},
                                                                    {"tanh", "hyperbolic tangent"}};
    for (const auto& [name, help] : of_one) all.push_back(library("math", name, {x}, "number", help));
    all.push_back(library("math", "atan2", {{"y", "number"}, x}, "number", "arc tangent of y / x, radians"));
    all.push_back(library("math", "fmod", {x, {"y", "number"}}, "number", "remainder of x / y"));
    all.push_back(library("math", "frexp", {x}, "number, integer", "x = m * 2^e: m and e"));
    all.push_back(library("math", "ldexp", {{"m", "number"}, {"e", "integer"}}, "number", "m * 2^e"));
    all.push_back(library("math", "log", {x, {"base", "number?"}}, "number", "logarithm, natural without a base"));
    all.push_back(library("math", "max", {x, {"...", "number"}}, "number", "the largest"));
    all.push_back(library("math", "min", {x, {"...", "number"}}, "number", "the smallest"));
    all.push_back(library("math", "modf", {x}, "number, number", "whole part and fraction"));
    all.push_back(library("math", "pow", {x, {"y", "number"}}, "number", "x to the power of y"));
    all.push_back(library("math", "random", {{"low", "number?"}, {"high", "number?"}}, "number",
                          "from the session's seeded generator: [0, 1), or a whole number in a range"));
    all.push_back(value("math", "pi", "number", "3.14159…"));
    all.push_back(value("math", "huge", "number", "infinity"));
}

void add_bit(std::vector<ApiName>& all) {
    const ApiArgument x{"x", "integer"};
    const ApiArgument n{"n", "integer"};
    for (const auto& [name, help] : {std::pair<std::string_view, std::string_view>{"arshift", "arithmetic shift right"},
                                     {"lshift", "shift left"},
                                     {"rshift", "shift right"},
                                     {"rol", "rotate left"},
                                     {"ror", "rotate right"}})
        all.push_back(library("bit", name, {x, n}, "integer", help));
    for (const auto& [name, help] :
         {std::pair<std::string_view, std::string_view>{"band", "and"}, {"bor", "or"}, {"bxor", "exclusive or"}})
        all.push_back(library("bit", name, {x, {"...", "integer"}}, "integer", help));
    for (const auto& [name, help] : {std::pair<std::string_view, std::string_view>{"bnot", "complement"},
                                     {"bswap", "bytes in reverse order"},
                                     {"tobit", "to a signed 32-bit number"}})
        all.push_back(library("bit", name, {x}, "integer", help));
    all.push_back(library("bit", "tohex", {x, {"digits", "integer?"}}, "string", "as hexadecimal text"));
}

void add_os(std::vector<ApiName>& all) {
    all.push_back(library("os", "time", {{"fields", "table?"}}, "integer",
                          "the engine's time, or that of year, month, day, hour, min, sec in India"));
    all.push_back(library("os", "clock", {}, "number", "the engine's time"));
    all.push_back(library("os", "date", {{"format", "string?"}, {"seconds", "number?"}}, "string|table",
                          "a time as text in India, with \"!\" in UTC; \"*t\" gives a table"));
    all.push_back(library("os", "difftime", {{"later", "number"}, {"earlier", "number"}}, "number", "the difference"));
}

}  // namespace

void add_language_names(std::vector<ApiName>& all) {
    add_globals(all);
    add_string(all);
    add_table(all);
    add_math(all);
    add_bit(all);
    add_os(all);
}

}  // namespace tide
