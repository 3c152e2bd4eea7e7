#include <dlfcn.h>
#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <lua.hpp>

#include "bindings/library_package.hpp"
#include "bindings/lua_host.hpp"
#include "bindings/lua_runtime.hpp"

namespace tide {
namespace {

Error unfit(std::string what) {
    return make_error(ErrorCode::internal,
                      fmt::format("this LuaJIT ({}) is not fit to run strategies: {}; use the library that "
                                  "the distribution ships (libluajit-5.1-2)",
                                  LUAJIT_VERSION, what));
}

constexpr int kOldestVersion = 20'100;  // 2.1; as jit.version_num says it

// The library that is there at run time, not the one that was compiled against.
Result<void> check_version() {
    lua_State* state = luaL_newstate();
    if (state == nullptr) return unfit("no state can be made");
    luaL_openlibs(state);
    const bool ran = luaL_dostring(state, "return jit.version_num, jit.version") == 0;
    const auto version = ran ? static_cast<int>(lua_tointeger(state, -2)) : 0;
    const std::string text = ran && lua_tostring(state, -1) != nullptr ? lua_tostring(state, -1) : "unknown";
    lua_close(state);
    if (version < kOldestVersion) return unfit(fmt::format("the library at run time is {}, older than 2.1", text));
    return {};
}

// Whether the library has the distribution's security fixes cannot be seen from inside: its version text did not
// change, and what was fixed shows only as damaged memory (docs/decisions/lua-limits.md). The package manager knows,
// where the library that is loaded is the system's.
Result<void> check_package() {
    Dl_info library{};
    void* function = ::dlsym(RTLD_DEFAULT, "lua_newstate");
    if (function == nullptr || ::dladdr(function, &library) == 0 || library.dli_fname == nullptr) return {};
    const std::string_view path = library.dli_fname;
    if (!path.starts_with("/lib/") && !path.starts_with("/usr/lib/")) return {};
    std::ifstream file("/var/lib/dpkg/status", std::ios::binary);
    return check_lua_package(std::string(std::istreambuf_iterator<char>(file), {}));
}

// The 64-bit collector is what lets a state use our allocator for all its memory.
Result<void> check_collector() {
    lua_State* state = luaL_newstate();
    if (state == nullptr) return unfit("no state can be made");
    luaL_openlibs(state);
    const bool failed = luaL_dostring(state, "return require('ffi').abi('gc64')") != 0 || lua_toboolean(state, -1) == 0;
    lua_close(state);
    if (failed) return unfit("it has no 64-bit garbage collector");
    return {};
}

// A loop that runs long enough to be compiled, and does not end by itself, must end by fuel, also when the script
// catches the error. Compiled code is where hooks fail.
Result<void> check_fuel() {
    const LuaLimits limits;
    for (const char* loop : {"while true do end", "local n = 0 for i = 1, 1e15 do n = n + i end",
                             "while true do pcall(function() while true do end end) end"}) {
        LuaRuntime runtime(limits, 0);
        if (auto compiled = runtime.compile("self_test", loop); !compiled) return compiled.error();
        lua_State* state = runtime.state();
        lua_pushlightuserdata(state, &runtime);
        lua_pushcclosure(
            state,
            [](lua_State* s) {
                auto& own = *static_cast<LuaRuntime*>(lua_touserdata(s, lua_upvalueindex(1)));
                if (!own.pay(LuaRuntime::kSlice)) return luaL_error(s, "stopped");
                lua_pushnumber(s, static_cast<double>(LuaRuntime::kSlice - 1));
                return 1;
            },
            1);
        lua_getglobal(state, "select");
        if (runtime.call(2, 0, limits.callback_units).outcome != LuaOutcome::limit)
            return unfit(fmt::format("fuel does not stop '{}'", loop));
    }
    return {};
}

// Going over a hard limit must leave the process in order.
Result<void> check_memory() {
    LuaLimits limits;
    limits.memory_hard_bytes = size_t(2) << 20;
    LuaRuntime runtime(limits, 0);
    lua_State* state = runtime.state();
    if (luaL_loadstring(state, "local t = {} while true do t[#t + 1] = { #t } end") != 0)
        return unfit("it does not compile");
    if (runtime.call(0, 0, 1).outcome != LuaOutcome::abandoned || runtime.alive())
        return unfit("the memory limit does not hold");
    return {};
}

constexpr const char* kIterationStrategy = R"lua(
local S = strategy { name = "self_test", version = "1", api = 1, needs = { symbols = { "X" } } }
local t = { b = 1, [true] = 1, a = 1, [10] = 1, [-1] = 1, [2.5] = 1, B = 1, [false] = 1 }
for i = 1, 60 do t["key" .. i], t["key" .. i - 1] = 1, nil end
local keys = {}
for key in pairs(t) do keys[#keys + 1] = tostring(key) end
local text = table.concat(keys, " ")
if text ~= "-1 2.5 10 B a b key60 false true" then error("order " .. text) end
if tostring(1 / math.ceil(-0.5)) ~= "-inf" then error("math.ceil") end
return S
)lua";

// Nothing of the market is asked for while a chunk runs.
class NoServices final : public StrategyServices {
    int64_t now_ns() const override { return 0; }
    Result<IndicatorInfo> indicator(StrategyId, std::string_view, Timeframe, std::string_view,
                                    std::span<const double>) override {
        return make_error(ErrorCode::internal, "self test");
    }
    std::optional<Timeframe> activity_frame(const ActivitySpec&, bool) override { return std::nullopt; }
    double indicator_history(int32_t, size_t, size_t) const override { return kMissing; }
    size_t bar_count(StrategyId, int32_t, Timeframe) const override { return 0; }
    BarMessage bar(StrategyId, int32_t, Timeframe, size_t) const override { return {}; }
    Result<ChainSnapshot> chain(std::string_view, std::string_view, int64_t, int64_t) const override {
        return make_error(ErrorCode::internal, "self test");
    }
    VixMessage vix() const override { return {}; }
    QualityMessage quality(std::string_view) const override { return {}; }
    GapMessage opening_gap(std::string_view) const override { return {}; }
    AccountMessage account(StrategyId) const override { return {}; }
    std::vector<PositionMessage> positions(StrategyId) const override { return {}; }
    double last_price(std::string_view) const override { return kMissing; }
    std::string_view phase() const override { return "closed"; }
    std::optional<Refusal> precheck(const Intent&) const override { return std::nullopt; }
    InstrumentId find_instrument(std::string_view) const override { return {}; }
};

Result<void> check_iteration() {
    NoServices services;
    for (const bool jit : {true, false}) {
        LuaLimits limits;
        limits.jit = jit;
        LuaHost host(limits);
        const auto loaded =
            host.load(ScriptSlot(1), ScriptBundle{"self_test", kIterationStrategy, {}, {}, 0}, services);
        if (!loaded) return unfit(loaded.error().message);
    }
    return {};
}

}  // namespace

Result<void> LuaHost::self_test() {
    for (const auto check :
         {check_version, check_package, check_collector, check_fuel, check_memory, check_iteration}) {
        if (auto passed = check(); !passed) return passed;
    }
    return {};
}

}  // namespace tide
