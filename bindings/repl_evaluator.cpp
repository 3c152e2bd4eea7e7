#include "bindings/repl_evaluator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <lua.hpp>
#include <set>

#include "bindings/lua_functions.hpp"
#include "bindings/lua_runtime.hpp"
#include "bindings/lua_sandbox.hpp"
#include "bindings/repl_help.hpp"
#include "bindings/repl_prelude.hpp"
#include "bindings/repl_stack.hpp"
#include "bindings/saved_state.hpp"
#include "core/assert.hpp"

namespace tide {
namespace {

constexpr const char* kChunk = "repl";
constexpr std::string_view kChunkPrefix = "repl.lua:";
constexpr double kUnitsOfView = 10'000;
constexpr size_t kPrintsMax = 1000;
constexpr size_t kValuesMax = 50'000;  // shown of one chunk
constexpr uint64_t kSeed = 1;

bool ends_early(const Error& error) {
    const std::string_view text = error.message;
    return text.ends_with("near '<eof>'") || text.ends_with("unfinished long string") ||
           text.ends_with("unfinished long comment");
}

// "repl.lua:3: attempt to …" with its traceback as one line; the line's number only where there are several.
std::string error_line(std::string_view message, bool several_lines) {
    std::string line(message.substr(0, message.find('\n')));
    if (!line.starts_with(kChunkPrefix)) return line;
    const size_t number_end = line.find(": ", kChunkPrefix.size());
    if (number_end == std::string::npos) return line;
    const std::string number = line.substr(kChunkPrefix.size(), number_end - kChunkPrefix.size());
    line.erase(0, number_end + 2);
    return several_lines ? fmt::format("line {}: {}", number, line) : line;
}

}  // namespace

struct ReplEvaluator::Impl {
    Impl(ReplSource& a_source, const LuaLimits& some_limits) : source(a_source), limits(some_limits) { open(); }

    ReplSource& source;
    LuaLimits limits;
    std::unique_ptr<LuaRuntime> runtime;
    int host_ref = 0, environment_ref = 0, run_ref = 0;
    // Of the chunk that runs. What a C function hands to Lua is kept here, so that no frame of its own holds it.
    ReplValue fetched;
    std::string text;
    std::optional<ErrorCode> source_error;
    std::vector<std::vector<ReplValue>> printed;
    size_t values_left = 0;
    int views = 0;

    void open();
    void add_functions_of_repl(lua_State* state);
    bool fetch(const char* view, const char* argument) noexcept;
    bool print(lua_State* state) noexcept;
    const char* help(const char* name) noexcept;
    bool read_saved(const char* digits) noexcept;
    Result<void> compile(std::string_view source_text);
    ReplAnswer run(bool several_lines);
};

namespace {

ReplEvaluator::Impl& repl_of(lua_State* state) {
    return *static_cast<ReplEvaluator::Impl*>(lua_touserdata(state, lua_upvalueindex(1)));
}

// ask(view, argument): the view's document. Raises what the source says.
int ask(lua_State* state) {
    ReplEvaluator::Impl& repl = repl_of(state);
    pay_or_raise(state, *repl.runtime, kUnitsOfView);
    const char* view = luaL_checkstring(state, 1);
    if (!repl.fetch(view, luaL_checkstring(state, 2))) {
        lua_pushlstring(state, repl.text.data(), repl.text.size());
        return raise_at_script(state);
    }
    push_repl_value(state, repl.fetched, view);
    return 1;
}

int print_values(lua_State* state) {
    ReplEvaluator::Impl& repl = repl_of(state);
    pay_or_raise(state, *repl.runtime, 50);
    if (!repl.print(state)) {
        lua_pushfstring(state, "print: more than %d lines or %d values from one chunk", static_cast<int>(kPrintsMax),
                        static_cast<int>(kValuesMax));
        return raise_at_script(state);
    }
    return 0;
}

int help(lua_State* state) {
    lua_pushstring(state, repl_of(state).help(luaL_optstring(state, 1, "")));
    return 1;
}

int is_view(lua_State* state) {
    const char* name = luaL_checkstring(state, 1);
    bool found = false;
    for (const ReplHelp& entry : repl_help()) found = found || entry.name == name;
    lua_pushboolean(state, found);
    return 1;
}

// saved_table(digits): what a script's on_save gave, or nil where it does not read.
int saved_table(lua_State* state) {
    ReplEvaluator::Impl& repl = repl_of(state);
    pay_or_raise(state, *repl.runtime, kUnitsOfView);
    if (!repl.read_saved(luaL_checkstring(state, 1))) return 0;
    luaL_checkstack(state, 3 * kSavedDepthMax, "a saved state");
    push_saved(state, repl.text);
    return 1;
}

constexpr LuaFunctionEntry kFunctions[] = {{"ask", &ask},         {"print", &print_values},
                                           {"help", &help},       {"view_of", &push_view_of},
                                           {"is_view", &is_view}, {"saved_table", &saved_table}};

}  // namespace

void ReplEvaluator::Impl::open() {
    runtime = std::make_unique<LuaRuntime>(limits, kSeed);
    lua_State* state = runtime->state();
    const int base = lua_gettop(state);
    const auto opened = open_sandbox(*runtime);
    TIDE_ASSERT(opened.has_value());
    const int sandbox = lua_gettop(state);
    lua_pushvalue(state, sandbox - 1);
    add_functions(state, kFunctions, std::size(kFunctions), this);
    host_ref = luaL_ref(state, LUA_REGISTRYINDEX);
    lua_getfield(state, sandbox, "environment");
    environment_ref = luaL_ref(state, LUA_REGISTRYINDEX);
    lua_pushvalue(state, sandbox - 1);
    lua_pushvalue(state, sandbox);
    const int status = run_trusted_chunk(state, kReplPrelude, 2);
    TIDE_ASSERT(status == 0);
    run_ref = luaL_ref(state, LUA_REGISTRYINDEX);
    forget_libraries(state);
    lua_settop(state, base);
    lua_gc(state, LUA_GCCOLLECT, 0);
    runtime->arena().exempt(runtime->arena().used_bytes());
}

bool ReplEvaluator::Impl::fetch(const char* view, const char* argument) noexcept {
    if (++views > kViewsPerChunkMax) {
        text = fmt::format("more than {} views asked for by one chunk", kViewsPerChunkMax);
        return false;
    }
    auto found = source.ask(view, argument);
    source_error = found ? std::nullopt : std::optional(found.error().code);
    if (found) {
        fetched = std::move(*found);
    } else {
        text = std::move(found.error().message);
    }
    return found.has_value();
}

bool ReplEvaluator::Impl::print(lua_State* state) noexcept {
    if (printed.size() >= kPrintsMax) return false;
    auto& line = printed.emplace_back();
    const bool was_armed = runtime->arena().armed;
    runtime->arena().armed = false;  // nothing may jump past the values
    const int count = lua_gettop(state);
    for (int i = 1; i <= count && values_left > 0; ++i) line.push_back(read_repl_value(state, i, values_left));
    runtime->arena().armed = was_armed;
    return values_left > 0;
}

const char* ReplEvaluator::Impl::help(const char* name) noexcept {
    text = help_text(name);
    return text.c_str();
}

// Into `text`: the bytes that stand in hexadecimal digits.
bool ReplEvaluator::Impl::read_saved(const char* digits) noexcept {
    const std::string_view given(digits);
    text.clear();
    for (size_t i = 0; i + 1 < given.size(); i += 2) {
        unsigned byte = 0;
        const auto [end, error] = std::from_chars(&given[i], &given[i] + 2, byte, 16);
        if (error != std::errc() || end != &given[i] + 2) return false;
        text.push_back(static_cast<char>(byte));
    }
    return check_saved(text).has_value();
}

// Leaves the chunk's function on the stack: the text as an expression, else as statements.
Result<void> ReplEvaluator::Impl::compile(std::string_view source_text) {
    if (source_text.size() > kSourceBytesMax) {
        return make_error(ErrorCode::script, fmt::format("more than {} KB of Lua at once", kSourceBytesMax >> 10));
    }
    const size_t first = source_text.find_first_not_of(" \t\n");
    if (first != std::string_view::npos && source_text[first] == '=') source_text.remove_prefix(first + 1);
    if (runtime->compile(kChunk, fmt::format("return {}", source_text))) return {};
    return runtime->compile(kChunk, source_text);
}

// The chunk's function is on the stack.
ReplAnswer ReplEvaluator::Impl::run(bool several_lines) {
    lua_State* state = runtime->state();
    lua_rawgeti(state, LUA_REGISTRYINDEX, environment_ref);
    lua_setfenv(state, -2);
    lua_rawgeti(state, LUA_REGISTRYINDEX, run_ref);
    lua_insert(state, -2);
    lua_rawgeti(state, LUA_REGISTRYINDEX, host_ref);
    lua_getfield(state, -1, "refill");
    lua_getfield(state, -2, "select");
    lua_remove(state, -3);
    source_error.reset();
    printed.clear();
    values_left = kValuesMax;
    views = 0;
    const LuaCallResult called = runtime->call(3, 1, limits.load_units);
    ReplAnswer answer;
    answer.printed = std::move(printed);
    if (called.outcome != LuaOutcome::ok) {
        answer.error = error_line(called.message, several_lines);
        answer.source_error = source_error;
        if (!runtime->alive()) {
            answer.error += "; what was defined here is gone";
            open();
        }
        return answer;
    }
    lua_getfield(state, -1, "n");
    const int count = static_cast<int>(lua_tonumber(state, -1));
    lua_pop(state, 1);
    for (int i = 1; i <= count && values_left > 0; ++i) {
        lua_rawgeti(state, -1, i);
        answer.values.push_back(read_repl_value(state, lua_gettop(state), values_left));
        lua_pop(state, 1);
    }
    lua_pop(state, 1);
    return answer;
}

LuaLimits ReplEvaluator::limits() {
    LuaLimits limits;
    limits.load_units = 20'000'000;  // a fraction of a second
    limits.memory_soft_bytes = size_t(64) << 20;
    limits.memory_hard_bytes = size_t(128) << 20;
    limits.block_bytes_max = size_t(16) << 20;
    limits.churn_bytes_max = size_t(1) << 30;
    limits.source_bytes_max = kSourceBytesMax + 16;
    return limits;
}

ReplEvaluator::ReplEvaluator(ReplSource& source, const LuaLimits& limits)
    : impl_(std::make_unique<Impl>(source, limits)) {}
ReplEvaluator::~ReplEvaluator() = default;

ReplAnswer ReplEvaluator::evaluate(std::string_view text) {
    const bool several_lines = text.find('\n') != std::string_view::npos;
    if (auto compiled = impl_->compile(text); !compiled) {
        ReplAnswer answer;
        answer.error = error_line(compiled.error().message, several_lines);
        return answer;
    }
    return impl_->run(several_lines);
}

bool ReplEvaluator::is_incomplete(std::string_view text) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return false;
    const auto compiled = impl_->compile(text);
    if (!compiled) return ends_early(compiled.error());
    lua_pop(impl_->runtime->state(), 1);
    return false;
}

std::vector<std::string> ReplEvaluator::complete(std::string_view line) {
    const auto is_part = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.';
    };
    size_t begin = line.size();
    while (begin > 0 && is_part(line[begin - 1])) --begin;
    std::string_view path = line.substr(begin);
    lua_State* state = impl_->runtime->state();
    const int top = lua_gettop(state);
    lua_rawgeti(state, LUA_REGISTRYINDEX, impl_->environment_ref);
    for (size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
        push_member(state, path.substr(0, dot));
        path.remove_prefix(dot + 1);
    }
    std::set<std::string> found;
    add_member_names(state, path, found);
    const bool whole_name = lua_gettop(state) == top + 1 && line.find('.', begin) == std::string_view::npos;
    for (const char* word :
         {"and",   "break", "do",  "else", "elseif", "end",    "false", "for",  "function", "if",   "in",
          "local", "nil",   "not", "or",   "repeat", "return", "then",  "true", "until",    "while"}) {
        if (whole_name && !path.empty() && std::string_view(word).starts_with(path)) found.insert(word);
    }
    lua_settop(state, top);
    return {found.begin(), found.end()};
}

}  // namespace tide
