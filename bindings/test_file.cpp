#include "bindings/test_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <lua.hpp>

#include "bindings/intent_arguments.hpp"
#include "bindings/lua_functions.hpp"
#include "bindings/lua_prelude.hpp"
#include "bindings/lua_sandbox.hpp"
#include "bindings/test_prelude.hpp"
#include "core/assert.hpp"

namespace tide {
namespace {

// A test plays minutes and days of a market; its strategies have their own limits inside it.
constexpr int64_t kTestUnits = 50'000'000;
constexpr size_t kPrintedLinesMax = 1000;
constexpr size_t kPrintedBytesMax = 2000;

LuaLimits test_limits() {
    LuaLimits limits;
    limits.callback_units = limits.load_units = kTestUnits;
    limits.memory_soft_bytes = size_t(64) << 20;
    limits.memory_hard_bytes = size_t(128) << 20;
    limits.churn_bytes_max = size_t(1) << 30;
    return limits;
}

// ---- functions for the prelude; the rules of lua_functions.hpp hold

LuaTestFile& file_of(lua_State* state) {
    return *static_cast<LuaTestFile*>(lua_touserdata(state, lua_upvalueindex(1)));
}

int raise_text(lua_State* state, LuaTestFile& file) {
    lua_pushlstring(state, file.text.data(), file.text.size());
    return raise_at_script(state);
}

int load_module(lua_State* state) {
    LuaTestFile& file = file_of(state);
    const char* name = luaL_checkstring(state, 1);
    luaL_checkstack(state, 10, "require");
    pay_or_raise(state, file.runtime(), 100);
    if (!file.compile_module(name)) return raise_text(state, file);
    lua_rawgeti(state, LUA_REGISTRYINDEX, file.environment_ref);
    lua_setfenv(state, -2);
    return 1;
}

// market(number, operation, argument): number 0 opens one.
int market(lua_State* state) {
    LuaTestFile& file = file_of(state);
    const auto number = static_cast<size_t>(luaL_checkinteger(state, 1));
    const char* operation = luaL_checkstring(state, 2);
    pay_or_raise(state, file.runtime(), 20);
    file.text.clear();
    if (!read_test_value(state, 3, file.value, file.text) || !file.market(number, operation))
        return raise_text(state, file);
    push_test_value(state, file.value);
    return 1;
}

int print_line(lua_State* state) {
    size_t length = 0;
    const char* line = luaL_checklstring(state, 2, &length);
    file_of(state).print({line, length});
    return 0;
}

// An expectation does not hold. What is raised is no text: the message may be longer than an error's.
int fail_test(lua_State* state) {
    size_t length = 0;
    const char* message = luaL_checklstring(state, 1, &length);
    push_script_position(state);
    LuaTestFile& file = file_of(state);
    file.keep_failure(lua_tostring(state, -1), {message, length});
    lua_pushlightuserdata(state, &file);
    return lua_error(state);
}

int reset(lua_State* state) {
    file_of(state).reset_markets();
    return 0;
}

constexpr LuaFunctionEntry kFunctions[] = {
    {"load_module", &load_module}, {"market", &market}, {"log", &print_line},
    {"fail_test", &fail_test},     {"reset", &reset},
};

}  // namespace

LuaTestFile::LuaTestFile(const ScriptBundle& bundle, TestMarkets& markets)
    : bundle_(bundle), markets_(markets), runtime_(test_limits(), bundle.seed) {}

bool LuaTestFile::compile_module(const char* name) noexcept {
    const auto module = std::find_if(bundle_.modules.begin(), bundle_.modules.end(),
                                     [&](const ScriptSource& source) { return source.name == name; });
    if (module == bundle_.modules.end()) {
        text = fmt::format("require: there is no module '{}' beside the test or in scripts/", clean_text(name, 60));
        return false;
    }
    if (auto compiled = runtime_.compile(module->name, module->text); !compiled) {
        text = compiled.error().message;
        return false;
    }
    return true;
}

bool LuaTestFile::market(size_t number, const char* operation) noexcept {
    auto answer = number == 0 ? markets_.open(value) : markets_.act(number, operation, value);
    if (!answer) {
        text = answer.error().message;
        strategy_refused_ = strategy_refused_ || answer.error().code == ErrorCode::script;
        return false;
    }
    value = std::move(*answer);
    return true;
}

void LuaTestFile::print(std::string_view line) noexcept {
    if (printed_.size() < kPrintedLinesMax) printed_.push_back(clean_text(line, kPrintedBytesMax));
}

void LuaTestFile::keep_failure(const char* position, std::string_view message) noexcept {
    failure_ = fmt::format("{}{}", position, message);
}

Result<std::unique_ptr<LuaTestFile>> LuaTestFile::load(const ScriptBundle& bundle, TestMarkets& markets) {
    std::unique_ptr<LuaTestFile> file(new LuaTestFile(bundle, markets));
    if (auto ready = file->run_preludes(); !ready) return ready.error();
    if (auto ran = file->run_file(); !ran) return ran.error();
    return file;
}

Result<void> LuaTestFile::run_preludes() {
    lua_State* state = runtime_.state();
    const int base = lua_gettop(state);
    if (auto opened = open_sandbox(runtime_); !opened) return opened;
    const int host = base + 1;
    const int sandbox = base + 2;
    lua_pushvalue(state, host);
    add_functions(state, kFunctions, std::size(kFunctions), this);
    lua_pop(state, 1);
    lua_getfield(state, sandbox, "environment");
    environment_ref = luaL_ref(state, LUA_REGISTRYINDEX);
    for (const char* prelude : {kDeclarationPrelude, kTestPrelude}) {
        lua_settop(state, sandbox);
        lua_pushvalue(state, host);
        lua_pushvalue(state, sandbox);
        if (run_trusted_chunk(state, prelude, 2) != 0)
            return make_error(ErrorCode::internal, fmt::format("prelude of a test: {}", lua_tostring(state, -1)));
    }
    api_ref_ = luaL_ref(state, LUA_REGISTRYINDEX);
    forget_libraries(state);
    lua_settop(state, base);
    lua_gc(state, LUA_GCCOLLECT, 0);
    runtime_.arena().exempt(runtime_.arena().used_bytes());
    return {};
}

Result<void> LuaTestFile::run_file() {
    lua_State* state = runtime_.state();
    if (auto compiled = runtime_.compile(bundle_.name, bundle_.text); !compiled) return compiled.error();
    lua_rawgeti(state, LUA_REGISTRYINDEX, environment_ref);
    lua_setfenv(state, -2);
    lua_rawgeti(state, LUA_REGISTRYINDEX, api_ref_);
    lua_getfield(state, -1, "refill");
    lua_getfield(state, -2, "select");
    lua_remove(state, -3);
    if (auto ran = runtime_.call(2, 0, kTestUnits); ran.outcome != LuaOutcome::ok) {
        return make_error(ErrorCode::input, error_of(ran).message);
    }
    lua_rawgeti(state, LUA_REGISTRYINDEX, api_ref_);
    lua_getfield(state, -1, "tests");
    lua_remove(state, -2);
    if (auto ran = runtime_.call(0, 1, kTestUnits); ran.outcome != LuaOutcome::ok) return error_of(ran);
    std::string problem;
    TestValue listed;
    TIDE_ASSERT(read_test_value(state, -1, listed, problem));
    lua_pop(state, 1);
    for (const TestValue& one : listed.list) {
        Test test;
        for (const TestValue& part : one.list) test.groups.push_back(part.text);
        test.name = std::move(test.groups.back());
        test.groups.pop_back();
        tests_.push_back(std::move(test));
    }
    return {};
}

Result<void> LuaTestFile::run(size_t index) {
    failure_.clear();
    printed_.clear();
    strategy_refused_ = false;
    if (!runtime_.alive()) return make_error(ErrorCode::input, "an earlier test of this file used up all memory");
    lua_State* state = runtime_.state();
    lua_rawgeti(state, LUA_REGISTRYINDEX, api_ref_);
    lua_getfield(state, -1, "run");
    lua_remove(state, -2);
    lua_pushinteger(state, static_cast<lua_Integer>(index + 1));
    if (auto ran = runtime_.call(1, 0, kTestUnits); ran.outcome != LuaOutcome::ok) return error_of(ran);
    return {};
}

Error LuaTestFile::error_of(const LuaCallResult& result) {
    const bool expectation = result.message.find("the error value is a userdata") != std::string::npos;
    if (expectation && !failure_.empty()) return make_error(ErrorCode::mismatch, failure_);
    const bool named = result.message.find(".lua") != std::string::npos;
    return make_error(strategy_refused_ ? ErrorCode::script : ErrorCode::input,
                      named ? result.message : fmt::format("{}.lua: {}", bundle_.name, result.message));
}

}  // namespace tide
