// The runner of strategy tests: expectations, the scripted market, and what goes wrong at the exchange.
#include "strategy_test_fixture.hpp"

namespace tide {
namespace {

class StrategyTest : public StrategyTestFixture {
  protected:
    StrategyTest() {
        // Buys at the first bar that closes above 1000, and says what it sees.
        write("probe.lua", R"lua(
local S = strategy { name = "probe", version = "1", api = 1,
  params = { lots = param.integer(1, 1, 50), stop_pct = param.percent(1, 0.1, 5) },
  needs = { symbols = { "RELIANCE" }, bars = { "1m", "5m" }, history = { ["5m"] = 10 } } }
local asked
function S.on_bar(ctx, bar)
  if bar.tf == "5m" then
    ctx:log(string.format("5m %s %.2f %.2f %.2f %.2f %s", ctx.time, bar.open, bar.high, bar.low, bar.close, tostring(bar.volume)))
  elseif bar.close > 1000 and not asked then
    asked = ctx:enter { symbol = bar.symbol, lots = ctx.params.lots, stop_pct = ctx.params.stop_pct, why = "above 1000" }
    if not asked then ctx:skip("refused") end
  else
    ctx:skip("waiting")
  end
  if bar.close == 666 then error("the number of the beast") end
end
function S.on_link(ctx, event) ctx:log("link " .. event.kind .. " " .. event.what .. " " .. event.state) end
return S
)lua");
    }
    static constexpr const char* kMarket =
        "local market = scripted_market { script = 'probe.lua', prices = { RELIANCE = 1000 } }\n";
    std::string in_market(const std::string& body) { return run(kMarket + body); }
};

// ---- expectations

TEST_F(StrategyTest, an_expectation_that_holds_passes) {
    EXPECT_EQ(run("expect(1):equals(1) expect({ 1, a = { 2 } }):equals({ 1, a = { 2 } }) expect(1.05):near(1, 0.1) "
                  "expect(nil):is_nil() expect(0):is_not_nil() expect(true):is_true() expect(false):is_false() "
                  "expect(2):at_least(2) expect(2):at_most(2) expect('abc'):contains('b') expect({ 1, 2 }):contains(2) "
                  "expect({ 1, 2 }):has_length(2) expect(function() error('no good') end):raises('good')"),
              "");
}
TEST_F(StrategyTest, an_expectation_that_does_not_hold_says_where_and_what_was_there) {
    EXPECT_EQ(run("expect(1 + 1):equals(3)"), "some_test.lua:2: expected 3, got 2");
    EXPECT_EQ(code_, ErrorCode::mismatch);
    EXPECT_EQ(run("expect({ 1, a = 'x' }):equals({ 1 })"), "some_test.lua:2: expected { 1 }, got { 1, a = 'x' }");
    EXPECT_EQ(run("expect(nil):equals(false)"), "some_test.lua:2: expected false, got nil");
    EXPECT_EQ(run("expect(0):is_nil()"), "some_test.lua:2: expected nil, got 0");
    EXPECT_EQ(run("expect(21700):near(21701, 0.5)"), "some_test.lua:2: expected 21701 within 0.5, got 21700");
    EXPECT_EQ(run("expect({ 1 }):has_length(2)"), "some_test.lua:2: expected length 2, got 1: { 1 }");
    EXPECT_EQ(run("expect(function() end):raises('x')"), "some_test.lua:2: expected an error with 'x', got none");
}
TEST_F(StrategyTest, a_misspelt_check_is_named) {
    EXPECT_EQ(run("expect(1):equal(1)"), "some_test.lua:2: expect(…) has no check 'equal'; did you mean 'equals'?");
}
TEST_F(StrategyTest, groups_and_hooks_run_from_the_outside_in_and_back) {
    ASSERT_TRUE(load(R"lua(
local seen = {}
describe("outer", function()
  before_each(function() seen[#seen + 1] = "before outer" end)
  after_each(function() seen[#seen + 1] = "after outer" end)
  describe("inner", function()
    before_each(function() seen[#seen + 1] = "before inner" end)
    after_each(function() seen[#seen + 1] = "after inner" end)
    it("fails", function() seen[#seen + 1] = "test" expect(1):equals(2) end)
  end)
end)
it("sees it all", function()
  expect(seen):equals({ "before outer", "before inner", "test", "after inner", "after outer" })
end)
)lua"));
    ASSERT_EQ(file_->tests().size(), 2U);
    EXPECT_EQ(file_->tests()[0].groups, (std::vector<std::string>{"outer", "inner"}));
    EXPECT_EQ(file_->run(0).error().message, "some_test.lua:9: expected 2, got 1");
    EXPECT_TRUE(file_->run(1)) << file_->run(1).error().message;
}
TEST_F(StrategyTest, a_test_that_never_ends_is_stopped) {
    EXPECT_NE(run("while true do end").find("instruction budget"), std::string::npos);
    EXPECT_NE(run("while true do pcall(function() while true do end end) end").find("instruction budget"),
              std::string::npos);
}
TEST_F(StrategyTest, a_test_file_reaches_neither_files_nor_the_machine) {
    EXPECT_NE(run("io.open('x')").find("'io' is not available"), std::string::npos);
    EXPECT_NE(run("strategy {}").find("this is a test file"), std::string::npos);
}
TEST_F(StrategyTest, defaults_of_a_modules_parameters_are_at_hand) {
    EXPECT_EQ(run("local p = defaults(require('exit_ladder').params, { trail_pct = 2 }) "
                  "expect(p.target_pct):equals(3) expect(p.trail_pct):equals(2)"),
              "");
    EXPECT_NE(run("defaults(require('exit_ladder').params, { trail = 2 })").find("no parameter 'trail'"),
              std::string::npos);
}

// ---- the market

// 2026-01-15 is a holiday by the exchange's circular (config/calendars/nse.toml).
TEST_F(StrategyTest, a_market_begins_where_it_is_told_and_moves_by_its_bars) {
    EXPECT_EQ(in_market("expect(market:time()):equals('2026-01-14T10:00:00') market:close(1001.5) "
                        "expect(market:time()):equals('2026-01-14T10:01:00') expect(market:price()):equals(1001.5) "
                        "market:at('11:05') expect(market:time()):equals('2026-01-14T11:05:00') market:wait(30) "
                        "expect(market:time()):equals('2026-01-14T11:05:30') market:next_day() "
                        "expect(market:time()):equals('2026-01-16T09:15:00')"),
              "");
}
TEST_F(StrategyTest, a_five_minute_bar_reaches_the_strategy_as_it_was_written) {
    EXPECT_EQ(in_market("market:bar { tf = '5m', open = 998, high = 1000, low = 991, close = 995, volume = 1234 }"
                        "local logs = market:logs() "
                        "expect(logs[#logs].text):equals('5m 10:05 998.00 1000.00 991.00 995.00 1234')"),
              "");
}
TEST_F(StrategyTest, ticks_make_the_bar_of_their_minute) {
    EXPECT_EQ(in_market("market:tick(999) market:wait(20) market:tick(993) market:tick(996) market:at('10:05') "
                        "local logs = market:logs() "
                        "expect(logs[#logs].text):equals('5m 10:05 999.00 999.00 993.00 996.00 nil')"),
              "");
}
TEST_F(StrategyTest, a_bar_that_contradicts_itself_is_refused) {
    EXPECT_EQ(in_market("market:bar { open = 1000, high = 1001, close = 1002 }"),
              "some_test.lua:3: market:bar: low 1000.00 and high 1001.00 must enclose open 1000.00 and close 1002.00");
}
TEST_F(StrategyTest, wrong_calls_are_named_with_what_would_be_right) {
    EXPECT_EQ(in_market("market:bar { clsoe = 1 }"),
              "some_test.lua:3: market:bar: there is no field 'clsoe'; did you mean 'close'?");
    EXPECT_EQ(in_market("market:clsoe(1)"), "some_test.lua:3: market has no 'clsoe'; did you mean 'close'?");
    EXPECT_EQ(in_market("market.close(1)"), "some_test.lua:3: close: call it with a colon: market:close(…)");
    EXPECT_EQ(in_market("market:bar { symbol = 'TCS', close = 1 }"),
              "some_test.lua:3: market:bar: the market has no TCS; scripted_market's prices name RELIANCE");
    EXPECT_EQ(in_market("market:at('09:00')"),
              "some_test.lua:3: market:at: 09:00 is over: it is 2026-01-14T10:00:00 already");
    EXPECT_EQ(run("scripted_market { script = 'probe.lua', prices = { RELIANCE = 1000 }, start = '2026-01-17' }"),
              "some_test.lua:2: scripted_market: start: the market is closed on 2026-01-17 (weekend)");
    EXPECT_EQ(run("scripted_market { prices = {} }"),
              "some_test.lua:2: scripted_market: script is missing: scripted_market { script = \"ema_cross.lua\", … }");
}
TEST_F(StrategyTest, a_strategy_that_fails_fails_the_test_with_its_own_line) {
    EXPECT_EQ(in_market("market:close(666)"),
              "some_test.lua:3: the strategy failed at 10:01:00: probe.lua:15: the number of the beast");
}
TEST_F(StrategyTest, a_strategy_that_is_refused_is_told_apart) {
    write("broken.lua", "return 1");
    EXPECT_NE(run("scripted_market { script = 'broken.lua', prices = { RELIANCE = 1000 } }").find("is rejected"),
              std::string::npos);
    EXPECT_EQ(code_, ErrorCode::script);
}
TEST_F(StrategyTest, settings_and_parameters_reach_the_session) {
    EXPECT_EQ(run("local market = scripted_market { script = 'probe.lua', prices = { RELIANCE = 1000 }, params = { "
                  "lots = 2 }, "
                  "equity = 500000, settings = { ['session.entry_until'] = '10:00' } } "
                  "expect(market:account().equity):equals(500000) market:close(1001) expect_no_orders() "
                  "expect(market:refusals()[1].code):equals('after_entry_window')"),
              "");
}

// ---- orders

TEST_F(StrategyTest, orders_are_compared_field_by_field_since_the_last_look) {
    EXPECT_EQ(
        in_market("expect_no_orders() market:close(1001) "
                  "expect_orders { { side = 'buy', lots = 1, purpose = 'entry', why = 'above' } } expect_no_orders()"),
        "");
    EXPECT_NE(in_market("market:close(1001) expect_orders { { side = 'sell' } }")
                  .find("order 1: expected side = 'sell', got 'buy'"),
              std::string::npos);
    EXPECT_NE(in_market("market:close(1001) expect_orders { { sde = 'sell' } }").find("did you mean 'side'?"),
              std::string::npos);
}
TEST_F(StrategyTest, an_order_that_is_missing_is_explained_by_the_last_skip) {
    const std::string message = in_market("market:close(999) expect_orders { { side = 'buy' } }");
    EXPECT_NE(message.find("expected 1 new order, got 0\n    last skip: waiting"), std::string::npos) << message;
}
TEST_F(StrategyTest, a_rejected_order_leaves_nothing_open) {
    EXPECT_EQ(in_market("market:reject('no funds') market:close(1001) market:wait(5) "
                        "expect_orders { { state = 'rejected' } } expect(market:positions()):equals({}) "
                        "expect(market:orders()[1].reason):contains('no funds')"),
              "");
}
TEST_F(StrategyTest, a_fill_counts_though_its_acknowledgement_was_lost) {
    EXPECT_EQ(in_market("market:drop_ack() market:close(1001) market:wait(5) "
                        "expect_orders { { state = 'filled' } } expect(market:positions()):has_length(1)"),
              "");
}
TEST_F(StrategyTest, of_a_partial_fill_the_rest_is_cancelled_by_the_engine) {
    EXPECT_EQ(run("local market = scripted_market { script = 'probe.lua', prices = { RELIANCE = 1000 }, params = { "
                  "lots = 10 } } "
                  "market:partial_fill(4) market:close(1001) market:wait(5) "
                  "expect(market:positions()[1].quantity):equals(4) "
                  "market:wait(120) expect(market:orders()[1].state):equals('cancelled') "
                  "expect(market:orders()[1].filled):equals(4) expect(market:positions()[1].quantity):equals(4)"),
              "");
}
TEST_F(StrategyTest, a_delayed_answer_comes_later_by_the_delay) {
    EXPECT_EQ(in_market("market:delay(20) market:close(1001) market:wait(19) expect(market:positions()):equals({}) "
                        "expect(market:orders()[1].state):equals('unknown') market:wait(2) "
                        "expect(market:positions()):has_length(1)"),
              "");
}
TEST_F(StrategyTest, without_a_feed_the_engine_opens_nothing) {
    EXPECT_EQ(
        in_market("market:feed_down() market:wait(60) market:feed_up() market:close(999) "
                  "local logs, said = market:logs(), {} "
                  "for _, line in ipairs(logs) do said[#said + 1] = line.text end "
                  "expect(said):contains('link feed scripted down') expect(said):contains('link feed scripted up')"),
        "");
    EXPECT_EQ(in_market("market:tick(1001) market:feed_down() market:wait(60) market:wait(60) expect_no_orders()"), "");
}

// ---- restart

TEST_F(StrategyTest, a_restart_changes_nothing_that_a_test_can_see) {
    EXPECT_EQ(in_market("market:close(1001) market:wait(5) local before = market:positions() "
                        "market:restart() expect(market:positions()):equals(before) "
                        "market:close(985) market:wait(5) expect(market:trades()[1].rule):equals('stop')"),
              "");
}
TEST_F(StrategyTest, an_order_on_its_way_survives_a_restart) {
    EXPECT_EQ(in_market("market:delay(20) market:close(1001) market:restart() market:wait(30) "
                        "expect(market:positions()):has_length(1) expect(market:orders()):has_length(1)"),
              "");
}

// ---- options

TEST_F(StrategyTest, a_chain_is_quoted_around_the_money_and_follows_its_underlying) {
    write("chain.lua", R"lua(
local S = strategy { name = "chain", version = "1", api = 1,
  needs = { symbols = { "NIFTY" }, bars = { "1m" }, chain = { strikes = 3 }, vix = true } }
function S.on_bar(ctx, bar)
  local chain = ctx:chain("NIFTY")
  if not chain then return end
  local leg = chain:atm("CE")
  ctx:log(string.format("%d %s %s %s", leg.strike, tostring(leg.bid < leg.ask), tostring(leg.model), tostring(leg.oi)))
end
return S
)lua");
    EXPECT_EQ(run("local market = scripted_market { script = 'chain.lua', prices = { NIFTY = 26000 } } "
                  "market:chain { strikes = 3, oi = 7000 } market:close(26010) local logs = market:logs() "
                  "expect(logs[#logs].text):equals('26000 true false 7000') market:close(26060) logs = market:logs() "
                  "expect(logs[#logs].text):equals('26050 true false 7000') "
                  "market:chain { strikes = 3, rows = { { strike = 26050, right = 'CE', bid = 99, ask = 101, last = "
                  "100, oi = 42 } } } "
                  "market:close(26060) logs = market:logs() expect(logs[#logs].text):equals('26050 true false 42')"),
              "");
}

}  // namespace
}  // namespace tide
