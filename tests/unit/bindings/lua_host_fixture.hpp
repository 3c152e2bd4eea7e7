#pragma once
#include <gtest/gtest.h>

#include "fake_services.hpp"

namespace tide::test {

inline constexpr int64_t kMorning = 1'704'081'000;  // 2024-01-01 09:20 in India

// One host with one strategy, fed by hand.
class LuaHostTest : public testing::Test {
  protected:
    std::string load_error(const std::string& text, const std::string& parameters = {},
                           std::vector<ScriptSource> modules = {}) {
        const auto loaded = host.load(kSlot, bundle_of(text, std::move(modules), parameters), services);
        return loaded ? "" : loaded.error().message;
    }
    StrategyDeclaration load(const std::string& text, const std::string& parameters = {},
                             std::vector<ScriptSource> modules = {}) {
        auto loaded = host.load(kSlot, bundle_of(text, std::move(modules), parameters), services);
        EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message);
        return loaded ? *loaded : StrategyDeclaration{};
    }
    CallbackResult bar(int64_t start_s = kMorning, double close = 100) {
        output = {};
        services.now = (start_s + 60) * 1'000'000'000;
        const BarMessage message = bar_of(start_s, close, close + 1, close - 1, close);
        host.push_bar(kSlot, message);
        return host.call(kSlot, message, output);
    }
    // Runs `body` in on_bar; its first log line.
    std::string said(const std::string& body, const std::string& more_needs = "") {
        load(strategy_text("function S.on_bar(ctx, bar)\n" + body + "\nend", more_needs));
        const CallbackResult result = bar();
        if (result.status != CallbackStatus::ok) return result.message;
        return output.logs.empty() ? "" : output.logs.front().text;
    }

    FakeServices services;
    LuaHost host;
    CallbackOutput output;
};

}  // namespace tide::test
