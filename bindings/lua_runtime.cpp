#include "bindings/lua_runtime.hpp"

#include <fmt/format.h>

#include <lua.hpp>

#include "bindings/bytecode_check.hpp"
#include "bindings/intent_arguments.hpp"
#include "bindings/lua_functions.hpp"
#include "core/assert.hpp"

namespace tide {
namespace {

constexpr size_t kCompileErrorBytesMax = 500;

int panic(lua_State*) {
    TIDE_ASSERT(false && "a Lua error outside a protected call");
    return 0;
}

}  // namespace

LuaRuntime::LuaRuntime(const LuaLimits& limits, uint64_t seed) : limits_(limits), arena_(limits), random_state_(seed) {
    open();
}

LuaRuntime::~LuaRuntime() {
    if (state_ != nullptr) lua_close(state_);
}

void LuaRuntime::open() {
    state_ = lua_newstate(&LuaArena::allocate, &arena_);
    TIDE_ASSERT(state_ != nullptr);
    lua_atpanic(state_, &panic);
    for (const lua_CFunction library :
         {luaopen_base, luaopen_table, luaopen_string, luaopen_math, luaopen_bit, luaopen_jit}) {
        lua_pushcfunction(state_, library);
        lua_call(state_, 0, 0);
    }
    const int mode = LUAJIT_MODE_ENGINE | (limits_.jit ? LUAJIT_MODE_ON : LUAJIT_MODE_OFF);
    TIDE_ASSERT(luaJIT_setmode(state_, 0, mode) == 1);
    lua_settop(state_, 0);
    lua_pushlightuserdata(state_, this);
    lua_pushcclosure(state_, &add_traceback, 1);
    TIDE_ASSERT(lua_gettop(state_) == kHandlerSlot);
}

bool LuaRuntime::c_stack_is_deep() const {
    const char* here = static_cast<const char*>(__builtin_frame_address(0));
    return c_stack_top_ != nullptr && static_cast<size_t>(c_stack_top_ - here) > limits_.c_stack_bytes_max;
}

// SplitMix64 (Steele, Lea, Flood 2014): one 64-bit word of state, full period, no seed is bad.
uint64_t LuaRuntime::next_random() {
    random_state_ += 0x9e3779b97f4a7c15ULL;
    uint64_t z = random_state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

const char* LuaRuntime::stop_text() {
    const auto text = [&]() -> std::string {
        switch (stop_) {
            case LuaStop::none:
                return {};
            case LuaStop::fuel:
                return fmt::format("instruction budget of {} units used up (an endless loop?)", budget_);
            case LuaStop::memory:
                return fmt::format("memory limit of {} MB reached", limits_.memory_soft_bytes >> 20);
            case LuaStop::output:
                return "too much output from one callback (intents, log lines, skips, states or timers)";
            case LuaStop::c_stack:
                return "library functions nested too deeply";
            case LuaStop::stack:
                return "calls nested too deeply (a function that calls itself without end?)";
        }
        return {};
    }();
    const size_t length = text.copy(stop_text_, sizeof stop_text_ - 1);
    stop_text_[length] = '\0';
    return stop_text_;
}

LuaCallResult LuaRuntime::call(int arguments, int results, int64_t units) {
    TIDE_ASSERT(alive());
    budget_ = units;
    remaining_ = units;
    stop_ = LuaStop::none;
    c_stack_top_ = static_cast<const char*>(__builtin_frame_address(0));
    arena_.reset_churn();
    if (__builtin_expect(_setjmp(arena_.jump) != 0, 0)) return abandoned_result();
    arena_.armed = true;
    const int status = lua_pcall(state_, arguments, results, kHandlerSlot);
    arena_.armed = false;
    if (__builtin_expect(status == 0 && stop_ == LuaStop::none, 1)) return {};
    return finish(status, results);
}

// A script that swallowed a limit's error with pcall did not succeed.
LuaCallResult LuaRuntime::finish(int status, int results) {
    LuaCallResult result;
    if (status != 0 && lua_type(state_, -1) == LUA_TSTRING) {
        size_t length = 0;
        const char* text = lua_tolstring(state_, -1, &length);
        if (is_stack_overflow(text, length)) stop(LuaStop::stack);  // with no room for the handler
    }
    result.outcome = stop_ != LuaStop::none || status == LUA_ERRMEM ? LuaOutcome::limit : LuaOutcome::error;
    if (stop_ == LuaStop::stack) {
        // Where the stack ended, and in which frames, differs between compiled and interpreted code.
        result.message = stop_text();
        lua_pop(state_, status == 0 ? results : 1);
    } else if (status == 0) {
        result.message = fmt::format("{}; the error was caught by the script, which does not help", stop_text());
        lua_pop(state_, results);
    } else {
        size_t length = 0;
        const char* text = lua_tolstring(state_, -1, &length);
        result.message = text != nullptr ? std::string(text, length) : "error without a message";
        lua_pop(state_, 1);
    }
    if (arena_.over_soft()) lua_gc(state_, LUA_GCCOLLECT, 0);
    return result;
}

LuaCallResult LuaRuntime::abandoned_result() {
    abandon();
    return {
        LuaOutcome::abandoned,
        fmt::format("hard memory limit: over {} MB in use, one table over {} MB, one text over {} KB, or over {} MB "
                    "allocated or copied in one callback",
                    limits_.memory_hard_bytes >> 20, limits_.block_bytes_max >> 20, limits_.text_bytes_max >> 10,
                    limits_.churn_bytes_max >> 20)};
}

// The arena's destructor frees the memory. The state is not closed: it is in the middle of an allocation. Its machine
// code (at most 512 KB) stays mapped, because the unwinder still knows its addresses.
void LuaRuntime::abandon() { state_ = nullptr; }

Result<void> LuaRuntime::compile(std::string_view name, std::string_view source) {
    TIDE_ASSERT(alive());
    const std::string file = fmt::format("{}.lua", name);
    const auto fueled = add_fuel(source, file, limits_);
    if (!fueled) return fueled.error();
    // A module is compiled in the middle of a call. Nothing may jump out of here past our strings; what a compilation
    // takes is bounded by the size of the source.
    const bool was_armed = arena_.armed;
    arena_.armed = false;
    auto compiled = compile_fueled(*fueled, file);
    arena_.armed = was_armed;
    return compiled;
}

// The compiler's message quotes the source, whose texts may hold anything.
Result<void> LuaRuntime::compile_fueled(const FueledSource& source, const std::string& file) {
    const std::string chunk_name = "@" + file;
    const int status = luaL_loadbufferx(state_, source.text.data(), source.text.size(), chunk_name.c_str(), "t");
    if (status != 0) {
        size_t length = 0;
        const char* text = lua_tolstring(state_, -1, &length);
        Error error = make_error(ErrorCode::script, text != nullptr ? clean_text({text, length}, kCompileErrorBytesMax)
                                                                    : file + ": does not compile");
        lua_pop(state_, 1);
        return error;
    }
    if (auto checked = check_every_loop_pays(state_, file); !checked) {
        lua_pop(state_, 1);
        return checked.error();
    }
    return {};
}

}  // namespace tide
