#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "fake_services.hpp"

// Scripts that take memory until they are stopped, under many different limits: whatever allocation is the one too
// many, compiled or interpreted, the callback ends in order or the state is given up, and the next state is sound.
namespace tide::test {
namespace {

// For each script, compiled and interpreted. TIDE_MEMORY_LIMITS=400 takes a few minutes.
int limits_to_try() {
    const char* given = std::getenv("TIDE_MEMORY_LIMITS");
    return given != nullptr ? std::max(1, std::atoi(given)) : 25;
}
constexpr size_t kSmallest = 400 << 10;
constexpr size_t kStep = 7'919;  // bytes; a prime, so that limits fall everywhere between allocations

struct Leak {
    const char* name;
    const char* body;
};
constexpr Leak kLeaks[] = {
    {"varargs", "local function keep(...) kept[#kept + 1] = { ... } end for i = 1, 1e7 do keep(i, i, i) end"},
    {"index_function",
     "local t = setmetatable({}, { __index = function(t, k) kept[#kept + 1] = { k } return k end }) for i = 1, 1e7 do "
     "local _ = t[i] end"},
    {"closures", "for i = 1, 1e7 do kept[#kept + 1] = function() return i end end"},
    {"texts", "for i = 1, 1e7 do kept[#kept + 1] = 'text ' .. i end"},
    {"long_texts", "for i = 1, 1e5 do kept[#kept + 1] = string.rep('x', 5000) .. i end"},
    {"formats", "for i = 1, 1e7 do kept[#kept + 1] = string.format('%d %s %5.2f', i, 'a', i / 3) end"},
    {"nested", "local t = kept for i = 1, 1e7 do t.next = {} t = t.next end"},
    {"hash_parts", "for i = 1, 1e7 do kept['key' .. i] = i end"},
    {"insert", "for i = 1, 1e7 do table.insert(kept, { i = i }) end"},
    {"gsub", "for i = 1, 1e6 do kept[#kept + 1] = (('abc'):rep(50)):gsub('b', function(c) return c .. i end) end"},
    {"concat", "local parts = {} for i = 1, 1e5 do parts[#parts + 1] = i kept[#kept + 1] = table.concat(parts) end"},
    {"unpack",
     "local many = {} for i = 1, 100 do many[i] = i end for i = 1, 1e6 do kept[#kept + 1] = { unpack(many) } end"},
    {"swallowed", "for i = 1, 1e7 do pcall(function() kept[#kept + 1] = { i, tostring(i) } end) end"},
    {"metatables", "for i = 1, 1e7 do kept[#kept + 1] = setmetatable({}, { __call = function() return i end }) end"},
};

class MemorySweep : public testing::TestWithParam<std::tuple<Leak, bool>> {};

TEST_P(MemorySweep, every_limit_ends_the_script_and_spares_the_next_one) {
    const auto& [leak, jit] = GetParam();
    const std::string source =
        strategy_text("local kept = {}\nfunction S.on_bar(ctx, bar)\n" + std::string(leak.body) + "\nend");
    FakeServices services;
    int failed = 0, abandoned = 0;
    for (int i = 0; i < limits_to_try(); ++i) {
        LuaLimits limits;
        limits.jit = jit;
        limits.callback_units = 50'000'000;  // memory is to be what ends it
        limits.memory_soft_bytes = kSmallest + static_cast<size_t>(i) * kStep;
        // Every other time the hard limit is met first.
        limits.memory_hard_bytes = limits.memory_soft_bytes * (i % 2 == 0 ? 2 : 1) + 1000;
        LuaHost host(limits);
        auto loaded = host.load(kSlot, bundle_of(source), services);
        ASSERT_TRUE(loaded) << loaded.error().message;
        CallbackOutput output;
        const BarMessage bar = bar_of(1'704'080'700, 100, 101, 99, 100.5);
        const CallbackResult result = host.call(kSlot, bar, output);
        ASSERT_NE(result.message.find("memory limit"), std::string::npos) << result.message;
        ASSERT_TRUE(output.intents.empty());
        (result.status == CallbackStatus::quarantined ? abandoned : failed) += 1;
        ASSERT_TRUE(host.load(ScriptSlot(2), bundle_of(strategy_text("function S.on_bar(ctx) ctx:log('sound') end")),
                              services));
        output.clear();
        ASSERT_EQ(host.call(ScriptSlot(2), bar, output).status, CallbackStatus::ok);
        ASSERT_EQ(output.logs.front().text, "sound");
    }
    EXPECT_GT(failed + abandoned, 0);
}

INSTANTIATE_TEST_SUITE_P(every, MemorySweep, testing::Combine(testing::ValuesIn(kLeaks), testing::Bool()),
                         [](const auto& which) {
                             return std::string(std::get<0>(which.param).name) +
                                    (std::get<1>(which.param) ? "_compiled" : "_interpreted");
                         });

}  // namespace
}  // namespace tide::test
