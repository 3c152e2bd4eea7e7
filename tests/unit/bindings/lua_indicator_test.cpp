#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "bindings/script_bundle.hpp"
#include "lua_host_fixture.hpp"
#include "support/paths.hpp"

// Indicators that a script defines: indicator { … }, read with the handle of any other.
namespace tide::test {
namespace {

// The mean of the last two closes, and the last one's distance from it.
const char* const kPairMean =
    "local pair = indicator { name = 'pair', params = { { 'weight', 0.5, 0, 1 } }, outputs = { 'mean', 'distance' },\n"
    "  update = function(self, bar)\n"
    "    local before = self.close\n"
    "    self.close = bar.close\n"
    "    if not before then return nil end\n"
    "    local mean = self.weight * before + (1 - self.weight) * bar.close\n"
    "    return mean, bar.close - mean\n"
    "  end }\n";

class LuaIndicatorTest : public LuaHostTest {
  protected:
    std::string bar_log(int minute, double close) {
        const auto result = bar(kMorning + 60 * minute, close);
        if (result.status != CallbackStatus::ok) return result.message;
        return output.logs.empty() ? "" : output.logs.front().text;
    }
    // An indicator's update with nothing around it; the first callback's message after one bar.
    std::string message_of_update(const std::string& update) {
        load("local mine = indicator { name = 'mine', outputs = { 'a', 'b' }, update = function(self, bar)\n" + update +
             "\nend }\n" +
             strategy_text("function S.on_start(ctx) ctx:indicator('NIFTY', '1m', mine) end\n"
                           "function S.on_bar(ctx, bar) end"));
        host.call(kSlot, StartMessage{}, output);
        return bar().message;
    }
};

TEST_F(LuaIndicatorTest, is_read_like_any_other_and_missing_until_it_says_something) {
    load(std::string(kPairMean) +
         strategy_text("function S.on_start(ctx) ctx.m = ctx:indicator('NIFTY', '1m', pair) end\n"
                       "function S.on_bar(ctx) local m = ctx.m ctx:log(m:ready(), m:value(), m.distance, "
                       "m:get('distance', 1), m:value(2)) end"));
    host.call(kSlot, StartMessage{}, output);
    EXPECT_EQ(bar_log(0, 10), "false nil nil nil nil");
    EXPECT_EQ(bar_log(1, 20), "true 15 5 nil nil");
    EXPECT_EQ(bar_log(2, 24), "true 22 2 5 nil");
    EXPECT_EQ(bar_log(3, 26), "true 25 1 2 15");
}

TEST_F(LuaIndicatorTest, is_fed_the_bars_that_were_there_before_it_was_asked_for) {
    services.bars[{0, Timeframe::m1}] = {bar_of(kMorning - 120, 8, 9, 7, 8), bar_of(kMorning - 60, 10, 11, 9, 10)};
    load(
        std::string(kPairMean) +
        strategy_text("function S.on_start(ctx) ctx.m = ctx:indicator('NIFTY', '1m', pair) ctx:log(ctx.m:value()) end\n"
                      "function S.on_bar(ctx) ctx:log(ctx.m:value()) end"));
    host.call(kSlot, StartMessage{}, output);
    EXPECT_EQ(output.logs.at(0).text, "9");
    EXPECT_EQ(bar_log(0, 20), "15");
}

TEST_F(LuaIndicatorTest, parameters_come_in_order_with_their_defaults_and_each_set_is_an_indicator_of_its_own) {
    load(std::string(kPairMean) +
         strategy_text("function S.on_start(ctx) ctx.half = ctx:indicator('NIFTY', '1m', pair)\n"
                       "  ctx.all = ctx:indicator('NIFTY', '1m', pair, 1)\n"
                       "  ctx:log(ctx.half == ctx:indicator('NIFTY', '1m', pair, 0.5), ctx.half == ctx.all) end\n"
                       "function S.on_bar(ctx) ctx:log(ctx.half:value(), ctx.all:value()) end"));
    host.call(kSlot, StartMessage{}, output);
    EXPECT_EQ(output.logs.at(0).text, "true false");
    bar_log(0, 10);
    EXPECT_EQ(bar_log(1, 20), "15 10");
}

TEST_F(LuaIndicatorTest, wrong_parameters_name_what_would_be_right) {
    const auto asked = [&](const std::string& arguments) {
        load(std::string(kPairMean) + strategy_text("function S.on_start(ctx) ctx:indicator(" + arguments + ") end"));
        output = {};
        return host.call(kSlot, StartMessage{}, output).message;
    };
    EXPECT_NE(asked("'NIFTY', '1m', pair, 2").find("indicator pair: weight must be a number from 0 to 1, got 2"),
              std::string::npos);
    EXPECT_NE(asked("'NIFTY', '1m', pair, 0.5, 1").find("takes at most 1 parameters, got 2"), std::string::npos);
    EXPECT_NE(asked("'NIFTY', '1h', pair").find("'1h' is not in needs.bars"), std::string::npos);
    EXPECT_NE(asked("'NIFTY', '1m', {}").find("what indicator { … } gave, got table"), std::string::npos);
}

TEST_F(LuaIndicatorTest, follows_its_bars_when_the_strategy_has_no_on_bar) {
    load(std::string(kPairMean) +
         strategy_text("function S.on_start(ctx) ctx.m = ctx:indicator('NIFTY', '1m', pair) end\n"
                       "function S.on_timer(ctx) ctx:log(ctx.m:value()) end"));
    host.call(kSlot, StartMessage{}, output);
    for (int i = 0; i < 2000; ++i) EXPECT_EQ(bar(kMorning + 60 * i, i).status, CallbackStatus::ok);
    host.call(kSlot, TimerMessage{"t"}, output);
    EXPECT_EQ(output.logs.at(0).text, "1998.5");
}

TEST_F(LuaIndicatorTest, an_error_in_an_update_is_the_strategy_s_and_costs_one_value) {
    load(
        "local mine = indicator { name = 'mine', update = function(self, bar) if bar.close == 2 then error('two') end "
        "return bar.close end }\n" +
        strategy_text("function S.on_start(ctx) ctx.m = ctx:indicator('NIFTY', '1m', mine) end\n"
                      "function S.on_bar(ctx) ctx:log(ctx.m:value(), ctx.m:value(1), ctx.m:value(2)) end"));
    host.call(kSlot, StartMessage{}, output);
    EXPECT_EQ(bar_log(0, 1), "1 nil nil");
    const auto failed = bar(kMorning + 60, 2);
    EXPECT_EQ(failed.status, CallbackStatus::error);
    EXPECT_NE(failed.message.find("probe.lua:1: two"), std::string::npos) << failed.message;
    EXPECT_EQ(bar_log(2, 3), "3 nil 1");
}

TEST_F(LuaIndicatorTest, a_value_is_a_finite_number_or_nil) {
    EXPECT_NE(message_of_update("return 0 / 0").find("indicator mine: a must be a number or nil (missing), got nan"),
              std::string::npos);
    EXPECT_NE(message_of_update("return 1, 1 / 0").find("b must be a number or nil (missing), got inf"),
              std::string::npos);
    EXPECT_NE(message_of_update("return 1, '2'").find("b must be a number or nil (missing), got '2'"),
              std::string::npos);
    EXPECT_NE(message_of_update("return 1, 2, 3").find("update gave 3 values; it has 2 (a, b)"), std::string::npos);
    EXPECT_EQ(message_of_update("return nil, 2"), "");
    EXPECT_EQ(message_of_update("return 1"), "");
}

TEST_F(LuaIndicatorTest, an_endless_update_uses_up_the_callback_s_own_budget) {
    EXPECT_NE(message_of_update("while true do end").find("instruction budget"), std::string::npos);
}

// TA-Lib 0.8.2, HA, on the first bars of tests/reference/indicator_bars.csv.
TEST_F(LuaIndicatorTest, heikin_ashi_of_the_shipped_module_is_ta_lib_s) {
    const double bars[][4] = {{21058.6, 21067.45, 21055.95, 21066.45}, {21067.9, 21072.25, 21066.05, 21070.3},
                              {21070.7, 21073.0, 21069.5, 21070.5},    {21070.25, 21072.9, 21066.0, 21070.75},
                              {21070.35, 21084.8, 21066.0, 21082.9},   {21081.0, 21082.55, 21074.55, 21076.0}};
    const double expected[][4] = {
        {21062.525, 21067.45, 21055.95, 21062.1125},    {21062.31875, 21072.25, 21062.31875, 21069.125},
        {21065.721875, 21073, 21065.721875, 21070.925}, {21068.3234375, 21072.9, 21066, 21069.975},
        {21069.14921875, 21084.8, 21066, 21076.0125},   {21072.580859375, 21082.55, 21072.580859375, 21078.525}};
    const int run[] = {-1, 1, 2, 3, 4, 5};
    std::ifstream file(source_dir() / "scripts/heikin_ashi.lua");
    std::stringstream module;
    module << file.rdbuf();
    load("local ha = require 'heikin_ashi'\n" +
             strategy_text("function S.on_start(ctx) ctx.ha = ctx:indicator('NIFTY', '1m', ha) end\n"
                           "function S.on_bar(ctx) local h = ctx.ha ctx:log(string.format('%.9f %.9f %.9f %.9f %d', "
                           "h.ha_open, h.ha_high, h.ha_low, h.ha_close, h.ha_run)) end"),
         {}, {{"heikin_ashi", module.str()}});
    host.call(kSlot, StartMessage{}, output);
    for (size_t i = 0; i < std::size(bars); ++i) {
        output = {};
        const auto& b = bars[i];
        const BarMessage message = bar_of(kMorning + 60 * static_cast<int64_t>(i), b[0], b[1], b[2], b[3]);
        host.push_bar(kSlot, message);
        ASSERT_EQ(host.call(kSlot, message, output).status, CallbackStatus::ok);
        const auto& e = expected[i];
        EXPECT_EQ(output.logs.at(0).text,
                  fmt::format("{:.9f} {:.9f} {:.9f} {:.9f} {}", e[0], e[1], e[2], e[3], run[i]));
    }
}

// ---- how nervous the market is

TEST_F(LuaIndicatorTest, the_volatility_and_the_regime_can_be_asked_for) {
    EXPECT_EQ(said("local v = ctx:volatility() ctx:log(v.level, v.class, v.change_5m, v.change_10m, v.change_30m, "
                   "v.change_today, ctx:regime('NIFTY'), ctx:regime('RELIANCE'))"),
              "15.5 normal 0.25 0.5 nil -1 trending nil");
    EXPECT_NE(said("ctx:regime(5)").find("ctx:regime: symbol must be a text, got 5"), std::string::npos);
}

TEST_F(LuaIndicatorTest, on_risk_hears_what_happened) {
    load(
        strategy_text("function S.on_risk(ctx, e) ctx:log(e.kind, e.symbol, e.from, e.to, e.values, e.text, e.active) "
                      "end"));
    ASSERT_EQ(
        host.call(kSlot, RiskMessage{"regime", "NIFTY", "quiet", "trending", "adx=27", "now", true}, output).status,
        CallbackStatus::ok);
    EXPECT_EQ(output.logs.at(0).text, "regime NIFTY quiet trending adx=27 now true");
    output = {};
    host.call(kSlot, RiskMessage{"vix_spike", "", "", "", "vix=20", "over", false}, output);
    EXPECT_EQ(output.logs.at(0).text, "vix_spike nil nil nil vix=20 over false");
}

}  // namespace
}  // namespace tide::test
