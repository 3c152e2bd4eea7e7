#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "bindings/script_bundle.hpp"
#include "fake_services.hpp"
#include "support/paths.hpp"

// The policy modules against decisions worked out by hand from the trading rules. Each case is a few lines of Lua that
// run inside a strategy with the module's own default parameters (`p`).
namespace tide::test {
namespace {

namespace fs = std::filesystem;

// Runs `body` in on_start with module `name` as M and its default parameters as p; empty when nothing failed.
std::string run(const std::string& name, const std::string& body) {
    const fs::path folder = fs::path(testing::TempDir()) / ("policy_test_" + std::to_string(::getpid()));
    fs::create_directories(folder);
    const fs::path file = folder / "probe.lua";
    {
        std::FILE* out = std::fopen(file.c_str(), "wb");
        const std::string text = "local M = require '" + name +
                                 "'\n"
                                 "local S = strategy { name = 'probe', version = '1', api = 1, params = M.params, "
                                 "needs = { symbols = { 'NIFTY' } } }\n"
                                 "local function same(got, wanted, what)\n"
                                 "  if got ~= wanted then error((what or '') .. ': got ' .. tostring(got) .. ', wanted "
                                 "' .. tostring(wanted), 2) end\n"
                                 "end\n"
                                 "local function near(got, wanted, what) if math.abs(got - wanted) > 1e-9 then "
                                 "same(got, wanted, what) end end\n"
                                 "function S.on_start(ctx) local p = ctx.params\n" +
                                 body + "\nend\nreturn S\n";
        std::fwrite(text.data(), 1, text.size(), out);
        std::fclose(out);
    }
    auto bundle = load_bundle(file, {source_dir() / "scripts"});
    if (!bundle) return bundle.error().message;
    LuaHost host;
    FakeServices services;
    if (auto loaded = host.load(kSlot, *bundle, services); !loaded) return loaded.error().message;
    CallbackOutput output;
    return host.call(kSlot, StartMessage{}, output).message;
}

// ---- adx_category

const char* const kDay =
    "local function day(changes) local d = { adx = 31.2, plus_di = 28.1, minus_di = 14, volume = 1100, mean_volume = "
    "1000, bars = 250, is_index = false }\n"
    "  for k, v in pairs(changes or {}) do d[k] = v end return d end\n"
    "local function index(changes) local d = day(changes) d.volume, d.mean_volume, d.is_index = nil, nil, true return "
    "d end\n"
    "local function check(d, previous, name, opens, why) local c = M.decide(d, previous, p)\n"
    "  same(c.name, name, why) same(c.opens, opens, why) same(c.why, why, why) return c end\n"
    "local ce, pe = { side = 'CE' }, { side = 'PE' }\n";

TEST(AdxCategory, strong_trend_with_volume_opens_on_its_side) {
    EXPECT_EQ(run("adx_category",
                  std::string(kDay) +
                      "check(day(), nil, 'buy_ce', true, 'daily trend up')\n"
                      "check(day { plus_di = 14, minus_di = 28.1 }, nil, 'buy_pe', true, 'daily trend down')\n"
                      "check(day(), pe, 'buy_ce', true, 'daily trend up')\n"),
              "");
}

TEST(AdxCategory, weak_or_undecided_days_are_no_trade) {
    EXPECT_EQ(
        run("adx_category",
            std::string(kDay) +
                "check(day { adx = 19.99 }, ce, 'no_trade', false, 'daily ADX too low')\n"
                "check(day { plus_di = 20, minus_di = 18.01 }, ce, 'no_trade', false, '+DI and -DI about equal')\n"
                "check(day { plus_di = 18.01, minus_di = 20 }, ce, 'no_trade', false, '+DI and -DI about equal')\n"
                "check(day { plus_di = 20, minus_di = 18 }, nil, 'buy_ce', true, 'daily trend up')\n"  // a gap of 2 is
                                                                                                       // not under 2
                "check(day { volume = 1000 }, ce, 'no_trade', false, 'daily volume not above average')\n"
                "check(day { volume = 900 }, ce, 'no_trade', false, 'daily volume not above average')\n"
                "check(day { volume = 1000.5 }, nil, 'buy_ce', true, 'daily trend up')\n"),
        "");
}

TEST(AdxCategory, history_shorter_than_twice_the_period_is_no_trade) {
    EXPECT_EQ(run("adx_category",
                  std::string(kDay) +
                      "check(day { bars = 27 }, ce, 'no_trade', false, 'not enough daily history')\n"
                      "check(day { bars = 28 }, nil, 'buy_ce', true, 'daily trend up')\n"
                      "local d = day() d.adx = nil check(d, ce, 'no_trade', false, 'not enough daily history')\n"),
              "");
}

TEST(AdxCategory, between_the_thresholds_a_position_is_kept_and_nothing_opened) {
    EXPECT_EQ(
        run("adx_category",
            std::string(kDay) +
                "check(day { adx = 20 }, ce, 'buy_ce', false, 'daily ADX between no trade and trade')\n"
                "check(day { adx = 22 }, pe, 'buy_pe', false, 'daily ADX between no trade and trade')\n"
                "check(day { adx = 25 }, ce, 'buy_ce', false, 'daily ADX between no trade and trade')\n"
                "check(day { adx = 25.01 }, ce, 'buy_ce', true, 'daily trend up')\n"
                "check(day { adx = 22 }, nil, 'no_trade', false, 'daily ADX between no trade and trade')\n"
                // low volume is no trade whatever the ADX
                "check(day { adx = 22, volume = 900 }, ce, 'no_trade', false, 'daily volume not above average')\n"),
        "");
}

TEST(AdxCategory, only_an_index_may_be_without_volume) {
    EXPECT_EQ(
        run("adx_category",
            std::string(kDay) +
                "same(check(index(), nil, 'buy_ce', true, 'daily trend up').volume, 'volume unavailable (index)')\n"
                "local d = day() d.volume = nil check(d, ce, 'no_trade', false, 'daily volume missing')\n"
                "same(M.is_index('NIFTY'), true) same(M.is_index('BANKNIFTY'), true) same(M.is_index('RELIANCE'), "
                "false)\n"),
        "");
}

// ---- entry_rules

const char* const kView =
    "local function view(changes) local v = { time = '11:05', vix = 15, is_index = true,\n"
    "    hour = { high = 21750.2, low = 21600, high_before = 21700, low_before = 21550 }, m15_low = 21690, m15_high = "
    "21740, m15_ema = 21680,\n"
    "    rsi = 60, ema = 21740, high = 21765, low = 21745, close = 21760 }\n"
    "  for k, v2 in pairs(changes or {}) do v[k] = v2 end return v end\n"
    // the mirror image around 21650
    "local function down(changes) local v = { time = '11:05', vix = 15, is_index = true,\n"
    "    hour = { high = 21700, low = 21549.8, high_before = 21750, low_before = 21600 }, m15_low = 21560, m15_high = "
    "21610, m15_ema = 21620,\n"
    "    rsi = 40, ema = 21560, high = 21555, low = 21535, close = 21540 }\n"
    "  for k, v2 in pairs(changes or {}) do v[k] = v2 end return v end\n"
    "local ce = { side = 'CE', opens = true, why = 'daily trend up' }\n"
    "local pe = { side = 'PE', opens = true, why = 'daily trend down' }\n"
    "local function enters(v, c, side, why) local got, text = M.evaluate(v, c, p) same(got, side, text) same(text, "
    "why) end\n"
    "local function stays(v, c, why) local got, text = M.evaluate(v, c, p) same(got, nil, why) same(text, why) end\n";

TEST(EntryRules, breakout_of_the_last_hour_enters) {
    EXPECT_EQ(run("entry_rules",
                  std::string(kView) +
                      "enters(view(), ce, 'CE', 'breakout above 21750.20, volume unavailable (index)')\n"
                      "enters(down(), pe, 'PE', 'breakdown below 21549.80, volume unavailable (index)')\n"
                      "stays(view { close = 21750.2 }, ce, 'no trigger on 5m')\n"  // at the high is not above it
                      "stays(down { close = 21549.8 }, pe, 'no trigger on 5m')\n"),
              "");
}

TEST(EntryRules, pullback_needs_a_low_rsi_and_a_bounce_off_the_ema) {
    EXPECT_EQ(run("entry_rules",
                  std::string(kView) +
                      "enters(view { rsi = 39, ema = 21700, low = 21698, close = 21710 }, ce, 'CE', 'pullback to EMA "
                      "21700.00, RSI 39.0, volume unavailable (index)')\n"
                      "stays(view { rsi = 40, ema = 21700, low = 21698, close = 21710 }, ce, 'no trigger on 5m')\n"
                      "stays(view { rsi = 39, ema = 21700, low = 21701, close = 21710 }, ce, 'no trigger on 5m')\n"
                      "stays(view { rsi = 39, ema = 21700, low = 21690, close = 21700 }, ce, 'no trigger on 5m')\n"
                      "enters(down { rsi = 61, ema = 21600, high = 21602, close = 21590 }, pe, 'PE', 'pullback to EMA "
                      "21600.00, RSI 61.0, volume unavailable (index)')\n"
                      "stays(down { rsi = 60, ema = 21600, high = 21602, close = 21590 }, pe, 'no trigger on 5m')\n"),
              "");
}

TEST(EntryRules, clock_vix_and_category_come_first) {
    EXPECT_EQ(
        run("entry_rules",
            std::string(kView) +
                "stays(view { time = '09:59' }, ce, 'outside entry hours') stays(view { time = '14:31' }, ce, 'outside "
                "entry hours')\n"
                "enters(view { time = '10:00' }, ce, 'CE', 'breakout above 21750.20, volume unavailable (index)')\n"
                "enters(view { time = '14:30' }, ce, 'CE', 'breakout above 21750.20, volume unavailable (index)')\n"
                "local v = view() v.vix = nil stays(v, ce, 'VIX unknown')\n"
                "stays(view { vix = 11.99 }, ce, 'VIX too low') stays(view { vix = 30.01 }, ce, 'VIX too "
                "high')\n"
                "same(M.evaluate(view { vix = 12 }, ce, p), 'CE') same(M.evaluate(view { vix = 30 }, ce, p), 'CE')\n"
                "stays(view(), { opens = false, why = 'daily ADX too low' }, 'daily ADX too low')\n"
                "stays(view(), { side = 'CE', opens = false, why = 'daily ADX between no trade and trade' }, 'daily "
                "ADX between no trade and trade')\n"),
        "");
}

TEST(EntryRules, hour_and_quarter_hour_must_agree_with_the_side) {
    EXPECT_EQ(run("entry_rules", std::string(kView) +
                                     "stays(view { hour = { high = 21750.2, low = 21540, high_before = 21700, "
                                     "low_before = 21550 } }, ce, 'no higher high and low on 1h')\n"
                                     "stays(view { hour = { high = 21700, low = 21600, high_before = 21700, low_before "
                                     "= 21550 } }, ce, 'no higher high and low on 1h')\n"
                                     "stays(down { hour = { high = 21760, low = 21549.8, high_before = 21750, "
                                     "low_before = 21600 } }, pe, 'no lower high and low on 1h')\n"
                                     "stays(view { m15_low = 21680 }, ce, '15m low not above EMA') stays(down { "
                                     "m15_high = 21620 }, pe, '15m high not below EMA')\n"
                                     "local v = view() v.m15_ema = nil stays(v, ce, 'not enough intraday bars')\n"
                                     "stays(view { hour = { high = 1, low = 1 } }, ce, 'not enough intraday bars')\n"),
              "");
}

TEST(EntryRules, volume_above_120_percent_where_there_is_volume) {
    EXPECT_EQ(run("entry_rules",
                  std::string(kView) +
                      "enters(view { is_index = false, volume = 1210, mean_volume = 1000 }, ce, 'CE', 'breakout above "
                      "21750.20, volume 121 % of average')\n"
                      "stays(view { is_index = false, volume = 1200, mean_volume = 1000 }, ce, '5m volume too low')\n"
                      "stays(view { is_index = false }, ce, '5m volume missing')\n"),
              "");
}

TEST(EntryRules, open_interest_above_1000_unless_the_price_is_a_models) {
    EXPECT_EQ(run("entry_rules",
                  "local ok, text = M.leg_is_liquid({ oi = 1001 }, p) same(ok, true) same(text, 'OI 1001')\n"
                  "ok, text = M.leg_is_liquid({ oi = 1000 }, p) same(ok, false) same(text, 'open interest too low')\n"
                  "ok, text = M.leg_is_liquid({}, p) same(ok, false) same(text, 'open interest unknown')\n"
                  "ok, text = M.leg_is_liquid({ model = true }, p) same(ok, true) same(text, 'OI unavailable (model "
                  "price)')\n"),
              "");
}

TEST(EntryRules, reentry_waits_moves_away_and_is_limited) {
    EXPECT_EQ(run("entry_rules",
                  "local function check(m, now, price, stop, second) local a, b = M.reentry(m, now, price, p) same(a, "
                  "stop, second) same(b, second) end\n"
                  "check(nil, 0, 100, 1.0, false)\n"
                  "check({ reentries = 0, entry_price = 21700 }, 0, 21700, 1.0, false)\n"  // the last position was not
                                                                                           // stopped out
                  "local m = { reentries = 0, entry_price = 20000, stopped_at = 1000 }\n"
                  "check(m, 1000 + 1799, 20500, nil, 'cooling after a stop-out')\n"
                  "check(m, 1000 + 1800, 20200, nil, 'too near to the previous entry')\n"  // exactly 1 %
                  "check(m, 1000 + 1800, 19800, nil, 'too near to the previous entry')\n"
                  "check(m, 1000 + 1800, 20201, 1.5, true) check(m, 1000 + 1800, 19799, 1.5, true)\n"
                  "check({ reentries = 2, entry_price = 20000, stopped_at = 1000 }, 99999, 25000, nil, 're-entries "
                  "used up for today')\n"),
              "");
}

TEST(EntryRules, memory_of_a_day_counts_entries_after_stop_outs) {
    EXPECT_EQ(run("entry_rules",
                  "M.note_entry(ctx, 'NIFTY', 20000) same(M.memory(ctx, 'NIFTY').reentries, 0)\n"
                  "M.note_exit(ctx, 'NIFTY', false) same(M.memory(ctx, 'NIFTY').stopped_at, nil)\n"
                  "M.note_exit(ctx, 'NIFTY', true) same(M.memory(ctx, 'NIFTY').stopped_at, ctx.now)\n"
                  "M.note_entry(ctx, 'NIFTY', 20300) same(M.memory(ctx, 'NIFTY').reentries, 1) same(M.memory(ctx, "
                  "'NIFTY').stopped_at, nil)\n"
                  "same(M.memory(ctx, 'BANKNIFTY').reentries, 0)\n"),
              "");
}

// ---- exit_ladder: entry at 20000, a call unless it says otherwise

// The ladder shares three parameters with the entry rules.
const char* const kPosition =
    "local shared = { stop_pct = 1, reentry_stop_pct = 1.5 }\n"
    "local function position(changes) local v = { direction = 1, right = 'CE', entry = 20000, last = 20000, best = "
    "20000, stop = 19800, half_taken = false,\n"
    "    lots = 4, net = 100, minutes = 10, risk_pct = 1, category_side = 'CE', category_name = 'buy_ce' }\n"
    "  for k, v2 in pairs(changes or {}) do v[k] = v2 end return v end\n"
    "local function put(changes) local v = position { direction = -1, right = 'PE', category_side = 'PE', "
    "category_name = 'buy_pe', stop = 20200 }\n"
    "  for k, v2 in pairs(changes or {}) do v[k] = v2 end return v end\n"
    "local function stop_of(v) local d = M.evaluate(v, p) return d and d.stop, d and d.stop_rule end\n"
    "local function exit_of(v, fraction, rule, priority) local d = M.evaluate(v, p)\n"
    "  same(d and d.exit, fraction, rule) same(d and d.rule, rule, rule) same(d and d.priority, priority, rule) end\n";

TEST(ExitLadder, nothing_happens_below_the_first_rung) {
    EXPECT_EQ(run("exit_ladder", std::string(kPosition) +
                                     "same(M.evaluate(position(), p), nil) same(M.evaluate(position { best = "
                                     "20199, last = 20199 }, p), nil) same(M.evaluate(put(), p), nil)\n"),
              "");
}

TEST(ExitLadder, stop_climbs_with_the_best_price) {
    EXPECT_EQ(
        run("exit_ladder",
            std::string(kPosition) +
                // + 1 %: entry + 0.5 % = 20100
                "local stop, rule = stop_of(position { best = 20200, last = 20150 }) near(stop, 20100) same(rule, "
                "'breakeven')\n"
                // + 2 %: 1.5 % behind 20400 = 20094, better than 19800
                "stop, rule = stop_of(position { best = 20400, last = 20150 }) near(stop, 20094) same(rule, 'trail')\n"
                // but a stop at 20100 is not taken back to 20094
                "same(stop_of(position { best = 20400, last = 20150, stop = 20100 }), nil)\n"
                // + 2.5 %: 1.5 % behind 20500 = 20192.5
                "near((stop_of(position { best = 20500, last = 20150, stop = 20100 })), 20192.5)\n"
                // + 3 %: 2 % behind 20600 = 20188, worse than 20192.5: stays; at 20700 it is 20286
                "same(stop_of(position { best = 20600, last = 20150, stop = 20192.5 }), nil)\n"
                "stop, rule = stop_of(position { best = 20700, last = 20150, stop = 20192.5 }) near(stop, 20286) "
                "same(rule, 'lock_trail')\n"),
        "");
}

TEST(ExitLadder, puts_are_the_mirror_image) {
    EXPECT_EQ(run("exit_ladder",
                  std::string(kPosition) +
                      "local stop, rule = stop_of(put { best = 19800, last = 19850 }) near(stop, 19900) same(rule, "
                      "'breakeven')\n"
                      "near((stop_of(put { best = 19500, last = 19850, stop = 19900 })), 19792.5)\n"  // 19500 + 1.5 %
                      "near((stop_of(put { best = 19300, last = 19850, stop = 19792.5 })), 19686)\n"  // 19300 + 2 %
                      "same(stop_of(put { best = 19800, last = 19850, stop = 19850 }), nil)\n"),
              "");
}

TEST(ExitLadder, half_is_taken_once_at_the_initial_risk) {
    EXPECT_EQ(run("exit_ladder",
                  std::string(kPosition) +
                      "exit_of(position { last = 20200, best = 20200 }, 0.5, 'half_at_1r', 3)\n"
                      "exit_of(position { last = 20200, best = 20200, half_taken = true }, nil, nil, nil)\n"
                      "exit_of(position { last = 20200, best = 20200, risk_pct = 1.5 }, nil, nil, nil)\n"
                      "exit_of(position { last = 20300, best = 20300, risk_pct = 1.5 }, 0.5, 'half_at_1r', 3)\n"
                      "exit_of(position { last = 20200, best = 20200, lots = 1 }, nil, nil, nil)\n"  // one lot cannot
                                                                                                     // be halved
                      "exit_of(put { last = 19800, best = 19800 }, 0.5, 'half_at_1r', 3)\n"),
              "");
}

TEST(ExitLadder, ema_cross_against_the_position_needs_the_rsi) {
    EXPECT_EQ(run("exit_ladder",
                  std::string(kPosition) +
                      "local function t(close, before, rsi) return { close = close, close_before = before, ema = "
                      "20000, ema_before = 20000, rsi = rsi } end\n"
                      "exit_of(position { technical = t(19990, 20010, 45) }, 1, 'ema_cross', 4)\n"
                      "exit_of(position { technical = t(19990, 20010, 50) }, nil, nil, nil)\n"
                      "exit_of(position { technical = t(19990, 19995, 45) }, nil, nil, nil)\n"  // was below already
                      "exit_of(position { technical = t(20010, 19990, 45) }, nil, nil, nil)\n"
                      "exit_of(put { technical = t(20010, 19990, 55) }, 1, 'ema_cross', 4)\n"
                      "exit_of(put { technical = t(20010, 19990, 50) }, nil, nil, nil)\n"),
              "");
}

TEST(ExitLadder, a_changed_category_closes_and_a_kept_one_does_not) {
    EXPECT_EQ(run("exit_ladder",
                  std::string(kPosition) +
                      "exit_of(position { category_side = 'PE', category_name = 'buy_pe' }, 1, 'category_change', 4)\n"
                      "local v = position() v.category_side, v.category_name = nil, 'no_trade' exit_of(v, 1, "
                      "'category_change', 4)\n"
                      "exit_of(position { category_side = 'CE' }, nil, nil, nil)\n"),
              "");
}

TEST(ExitLadder, dried_up_volume_closes_after_three_bars) {
    EXPECT_EQ(run("exit_ladder",
                  std::string(kPosition) +
                      "exit_of(position { volumes = { 490, 400, 499 }, mean_volume = 1000 }, 1, 'volume_dry', 4)\n"
                      "exit_of(position { volumes = { 490, 500, 499 }, mean_volume = 1000 }, nil, nil, nil)\n"
                      "exit_of(position { volumes = {}, mean_volume = nil }, nil, nil, nil)\n"),
              "");
}

TEST(ExitLadder, time_closes_losers_after_60_and_idlers_after_120_minutes) {
    EXPECT_EQ(run("exit_ladder",
                  std::string(kPosition) + "exit_of(position { minutes = 60, net = -1 }, 1, 'time_losing', 5)\n"
                                           "exit_of(position { minutes = 59, net = -1 }, nil, nil, nil)\n"
                                           "exit_of(position { minutes = 60, net = 0 }, nil, nil, nil)\n"
                                           "exit_of(position { minutes = 120, last = 20099, best = 20099, net = 50 }, "
                                           "1, 'time_flat', 5)\n"  // +
                                                                   // 0.495
                                                                   // %
                                           "exit_of(position { minutes = 120, last = 20100, best = 20100, net = 50 }, "
                                           "nil, nil, nil)\n"
                                           "exit_of(position { minutes = 119, last = 20099, best = 20099, net = 50 }, "
                                           "nil, nil, nil)\n"),
              "");
}

TEST(ExitLadder, the_higher_priority_wins) {
    EXPECT_EQ(run("exit_ladder",
                  std::string(kPosition) +
                      "exit_of(position { last = 20200, best = 20200, category_side = 'PE' }, 0.5, 'half_at_1r', 3)\n"
                      "exit_of(position { category_side = 'PE', minutes = 200, net = -5 }, 1, 'category_change', 4)\n"),
              "");
}

// ---- position_size

TEST(PositionSize, factors_follow_the_tables) {
    EXPECT_EQ(run("position_size",
                  "for vix, f in pairs { [14.99] = 1.25, [15] = 1, [19.99] = 1, [20] = 0.75, [24.99] = 0.75, [25] = "
                  "0.5, [30] = 0.5, [30.01] = 0.25 } do same(M.vix_factor(vix, p), f, vix) end\n"
                  "for days, f in pairs { [15] = 1, [14] = 0.75, [7] = 0.75, [6] = 0.5 } do same(M.expiry_factor(days, "
                  "p), f, days) end\n"
                  "for oi, f in pairs { [5001] = 1, [5000] = 0.75, [1000] = 0.75, [999] = 0.5, [500] = 0.5, [499] = 0 "
                  "} do same(M.oi_factor(oi, p), f, oi) end\n"
                  "same(M.oi_factor(nil, p), 1) near(M.count_factor(0, p), 1) near(M.count_factor(1, p), 0.8) "
                  "near(M.count_factor(2, p), 0.6)\n"),
              "");
}

TEST(PositionSize, lots_are_rounded_down_and_zero_has_a_reason) {
    EXPECT_EQ(run("position_size",
                  "local function v(changes) local t = { equity = 1000000, vix = 16, days = 20, oi = 6000, "
                  "open_positions = 0, size_factor = 1, price = 150, lot = 50 }\n"
                  "  for k, x in pairs(changes or {}) do t[k] = x end return t end\n"
                  "local function lots(changes) return (M.evaluate(v(changes), p)) end\n"
                  "local function why(changes) return (select(2, M.evaluate(v(changes), p))) end\n"
                  "same(lots(), 2)\n"                        // 20 000 / 7 500 = 2.67
                  "same(lots { vix = 14 }, 3)\n"             // 25 000 / 7 500 = 3.33
                  "same(lots { vix = 22, days = 10 }, 1)\n"  // 20 000 x 0.75 x 0.75 = 11 250
                  "same(lots { days = 5, oi = 2000 }, 1)\n"  // 20 000 x 0.5 x 0.75 = 7 500: exactly one
                  "same(lots { days = 5, oi = 2000, price = 150.05 }, 0)\n"
                  "same(lots { open_positions = 1 }, 2) same(lots { open_positions = 2 }, 1)\n"  // 16 000, 12 000
                  "same(lots { size_factor = 0.5 }, 1)\n"                                        // 10 000
                  "same(lots { price = 1 }, 20)\n"                                               // 400, capped
                  "same(why { price = 500 }, 'size: one lot costs more than allowed')\n"
                  "same(lots { oi = 400 }, 0) same(why { oi = 400 }, 'size: open interest too low')\n"
                  "local t = v() t.vix = nil same((M.evaluate(t, p)), 0) same(select(2, M.evaluate(t, p)), 'size: VIX "
                  "unknown')\n"
                  "t = v() t.price = nil same(select(2, M.evaluate(t, p)), 'size: no price')\n"
                  "t = v() t.oi = nil same((M.evaluate(t, p)), 2)\n"  // a model's price has no open interest
                  "same(why(), '2 lots for 20000.00: 2.00 % of 1000000.00 x VIX 1.00 x expiry 1.00 x OI 1.00 x "
                  "positions 1.00 x engine 1.00')\n"),
              "");
}

// ---- the strategies that ship

class ShippedStrategy : public testing::Test {
  protected:
    bool load(const std::string& name, const std::string& parameters = {}) {
        const fs::path root = source_dir();
        auto bundle = load_bundle(root / "strategies" / (name + ".lua"), {root / "scripts"});
        EXPECT_TRUE(bundle) << (bundle ? "" : bundle.error().message);
        if (!bundle) return false;
        bundle->parameters = parameters;
        auto loaded = host.load(kSlot, *bundle, services);
        EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message);
        if (!loaded) return false;
        declaration = *loaded;
        const CallbackResult started = host.call(kSlot, StartMessage{}, output);
        EXPECT_EQ(started.status, CallbackStatus::ok) << started.message;
        return started.status == CallbackStatus::ok;
    }
    FakeServices services;
    LuaHost host;
    StrategyDeclaration declaration;
    CallbackOutput output;
};

// 2024-01-08 11:05 in India; a Monday with a strong trend up behind it.
constexpr int64_t kNow = 1'704'692'100;

void fill_market(FakeServices& services) {
    services.now = kNow * 1'000'000'000;
    services.instruments["NIFTY 2024-01-18 21750 CE"] = 9;
    auto& days = services.bars[{0, Timeframe::d1}];
    for (int i = 0; i < 60; ++i)
        days.push_back(bar_of(kNow - 86'400 * (60 - i), 21'000, 21'100, 20'900, 21'050, Timeframe::d1));
    services.indicators["NIFTY 1d adx 14"] = {{"adx", "plus_di", "minus_di"},
                                              std::vector<std::vector<double>>(60, {31.2, 28.1, 14.0})};
    services.bars[{0, Timeframe::h1}] = {bar_of(kNow - 10'000, 21'600, 21'700, 21'550, 21'650, Timeframe::h1),
                                         bar_of(kNow - 6400, 21'650, 21'750.2, 21'600, 21'740, Timeframe::h1)};
    services.bars[{0, Timeframe::m15}] = {bar_of(kNow - 1200, 21'700, 21'740, 21'690, 21'735, Timeframe::m15)};
    services.indicators["NIFTY 15m ema 20"] = {{"ema"}, {{21'680}}};
    services.bars[{0, Timeframe::m5}] = {bar_of(kNow - 600, 21'735, 21'748, 21'730, 21'745, Timeframe::m5),
                                         bar_of(kNow - 300, 21'745, 21'765, 21'744, 21'760, Timeframe::m5)};
    services.indicators["NIFTY 5m ema 9"] = {{"ema"}, {{21'735}, {21'740}}};
    services.indicators["NIFTY 5m rsi 14"] = {{"rsi"}, {{58}, {60}}};
    ChainRow row{"NIFTY 2024-01-18 21750 CE", 21'750, "CE", 150, 149.5, 150, 6000, 90'000, 1, 50, false};
    services.snapshot = {"NIFTY", 21'760, 21'750, "2024-01-18", 10, {row}};
}

TEST_F(ShippedStrategy, adx_trend_buys_the_call_at_the_money_on_a_breakout) {
    fill_market(services);
    ASSERT_TRUE(load("adx_trend"));
    const CallbackResult result = host.call(kSlot, services.bars[{0, Timeframe::m5}].back(), output);
    ASSERT_EQ(result.status, CallbackStatus::ok) << result.message;
    ASSERT_EQ(output.intents.size(), 1u) << (output.skips.empty() ? "" : output.skips[0].why);
    const Intent& intent = output.intents[0];
    EXPECT_EQ(intent.instrument, InstrumentId(9));
    EXPECT_EQ(intent.lots, 2);  // 2 % of 1 000 000 x expiry 0.75 = 15 000; a lot costs 7 500
    EXPECT_EQ(intent.stop_pct, 1.0);
    EXPECT_EQ(intent.target_pct, 3.0);
    EXPECT_EQ(intent.tag, "entry");
    EXPECT_EQ(
        intent.why.find(
            "breakout above 21750.20, volume unavailable (index), ADX 31.2, +DI 28.1 > -DI 14.0, OI 6000; 2 lots"),
        0u)
        << intent.why;
    EXPECT_EQ(services.last_chain_request, "NIFTY weekly 4");
    ASSERT_EQ(output.states.size(), 1u);
    EXPECT_EQ(output.states[0].name, "adx_category");
    EXPECT_EQ(output.states[0].value, "buy_ce");
    output = {};
    EXPECT_EQ(host.call(kSlot, services.bars[{0, Timeframe::m5}].back(), output).status, CallbackStatus::ok);
    ASSERT_EQ(output.skips.size(), 1u);
    EXPECT_EQ(output.skips[0].why, "entry order working");
}

TEST_F(ShippedStrategy, adx_trend_says_why_it_does_not_trade) {
    const auto why = [&](auto change) {
        services = FakeServices();
        fill_market(services);
        change();
        EXPECT_TRUE(load("adx_trend"));
        output = {};
        EXPECT_EQ(host.call(kSlot, services.bars[{0, Timeframe::m5}].back(), output).status, CallbackStatus::ok);
        EXPECT_TRUE(output.intents.empty());
        return output.skips.empty() ? std::string("no skip") : output.skips[0].why;
    };
    EXPECT_EQ(why([&] { services.indicators["NIFTY 1d adx 14"].rows.assign(60, {15, 28, 14}); }), "daily ADX too low");
    EXPECT_EQ(why([&] { services.vix_reading = {31, 0, "1m"}; }), "VIX too high");
    EXPECT_EQ(why([&] { services.account_state.open_positions = 3; }), "as many positions as allowed");
    EXPECT_EQ(
        why([&] { services.account_state.entries_allowed = false, services.account_state.entries_reason = "halt"; }),
        "entries not allowed: halt");
    EXPECT_EQ(why([&] { services.snapshot.rows[0].oi = 900; }), "open interest too low");
    EXPECT_EQ(why([&] { services.snapshot.rows[0].ask = 400; }), "size: one lot costs more than allowed");
    EXPECT_EQ(why([&] { services.snapshot.rows.clear(); }), "no option at the money");
    EXPECT_EQ(why([&] { services.refusal = Refusal{"stale_quote", "old"}; }), "refused: stale_quote");
}

TEST_F(ShippedStrategy, adx_trend_takes_as_many_lots_as_the_engine_allows) {
    fill_market(services);
    ASSERT_TRUE(load("adx_trend"));
    services.refusal = Refusal{"trade_loss", "the trade could lose too much", 1};
    const CallbackResult result = host.call(kSlot, services.bars[{0, Timeframe::m5}].back(), output);
    ASSERT_EQ(result.status, CallbackStatus::ok) << result.message;
    ASSERT_EQ(output.intents.size(), 1u) << (output.skips.empty() ? "" : output.skips[0].why);
    EXPECT_EQ(output.intents[0].lots, 1);  // the rule alone proposes 2
    EXPECT_NE(output.intents[0].why.find("; 1 lots by the engine's trade_loss"), std::string::npos);
}

TEST_F(ShippedStrategy, adx_trend_remembers_a_stop_out) {
    fill_market(services);
    ASSERT_TRUE(load("adx_trend"));
    const BarMessage bar = services.bars[{0, Timeframe::m5}].back();
    host.call(kSlot, bar, output);
    PositionMessage position;
    position.id = 1;
    position.symbol = "NIFTY 2024-01-18 21750 CE";
    position.underlying = "NIFTY";
    position.right = "CE";
    position.lots = 2;
    position.entry_price = 150;
    position.underlying_entry = 21'760;
    services.open_positions = {position};
    ASSERT_EQ(host.call(kSlot, FillMessage{1, 1, position.symbol, "buy", 100, 150, 20}, output).status,
              CallbackStatus::ok);
    output = {};
    host.call(kSlot, bar, output);
    EXPECT_EQ(output.skips.at(0).why, "position open");
    services.open_positions.clear();
    ASSERT_EQ(host.call(kSlot, FillMessage{2, 1, position.symbol, "sell", 100, 120, 20}, output).status,
              CallbackStatus::ok);
    output = {};
    host.call(kSlot, bar, output);
    EXPECT_EQ(output.skips.at(0).why, "cooling after a stop-out");
    services.now += 1'800'000'000'000;
    output = {};
    host.call(kSlot, bar, output);
    EXPECT_EQ(output.skips.at(0).why, "too near to the previous entry");
    BarMessage higher = bar;
    higher.close = 21'980;  // 1.01 % above 21 760
    output = {};
    host.call(kSlot, higher, output);
    ASSERT_EQ(output.intents.size(), 1u) << (output.skips.empty() ? "" : output.skips[0].why);
    EXPECT_EQ(output.intents[0].stop_pct, 1.5);
    EXPECT_EQ(output.intents[0].tag, "reentry");
}

TEST_F(ShippedStrategy, adx_trend_moves_the_stop_and_takes_half) {
    fill_market(services);
    ASSERT_TRUE(load("adx_trend"));
    PositionMessage position;
    position.id = 1;
    position.symbol = "NIFTY 2024-01-18 21750 CE";
    position.underlying = "NIFTY";
    position.right = "CE";
    position.lots = 2;
    position.opened_s = kNow;
    position.underlying_entry = 20'000;
    position.underlying_last = position.underlying_best = 20'200;
    position.stop = 19'800;
    position.tag = "entry";
    const CallbackResult result = host.call(kSlot, ExitCheckMessage{position, {}}, output);
    ASSERT_EQ(result.status, CallbackStatus::ok) << result.message;
    ASSERT_EQ(output.intents.size(), 2u);
    EXPECT_EQ(output.intents[0].level, Price::from_rupees(20'100));
    EXPECT_EQ(output.intents[0].reason.rule, "breakeven");
    EXPECT_EQ(output.intents[1].fraction, 0.5);
    EXPECT_EQ(output.intents[1].reason.rule, "half_at_1r");
    EXPECT_EQ(output.intents[1].reason.priority, 3);
}

TEST_F(ShippedStrategy, ema_cross_enters_on_the_cross_and_leaves_on_the_way_back) {
    services.indicators["RELIANCE 1m ema 9"] = {{"ema"}, {{99}, {101}}};
    services.indicators["RELIANCE 1m ema 20"] = {{"ema"}, {{100}, {100}}};
    services.indicators["RELIANCE 1m adx 14"] = {{"adx", "plus_di", "minus_di"}, {{30, 20, 10}}};
    ASSERT_TRUE(load("ema_cross"));
    EXPECT_EQ(declaration.symbols, std::vector<std::string>{"RELIANCE"});
    const BarMessage bar = bar_of(kNow, 100, 101, 99, 100);
    ASSERT_EQ(host.call(kSlot, bar, output).status, CallbackStatus::ok);
    ASSERT_EQ(output.intents.size(), 1u);
    EXPECT_EQ(output.intents[0].why, "EMA 101.00 crossed above 100.00, ADX 30.0");
    output = {};
    host.call(kSlot, bar, output);
    EXPECT_TRUE(output.intents.empty());  // the entry is on its way
    PositionMessage position;
    position.id = 4;
    position.symbol = position.underlying = "RELIANCE";
    services.open_positions = {position};
    host.call(kSlot, FillMessage{1, 4, "RELIANCE", "buy", 1, 100, 0}, output);
    const double below[] = {98};
    host.push_indicator(kSlot, {0, below});
    host.call(kSlot, bar, output);
    ASSERT_EQ(output.intents.size(), 1u);
    EXPECT_EQ(output.intents[0].kind, IntentKind::exit);
    EXPECT_EQ(output.intents[0].reason.rule, "ema_cross");
}

TEST_F(ShippedStrategy, ema_cross_runs_on_any_symbol_and_timeframe) {
    ASSERT_TRUE(load("ema_cross", "symbol=TCS\ntf=5m\nslow=30\n"));
    EXPECT_EQ(declaration.symbols, std::vector<std::string>{"TCS"});
    EXPECT_EQ(declaration.timeframes, std::vector<Timeframe>{Timeframe::m5});
    EXPECT_EQ(declaration.history_bars.at(Timeframe::m5), 90);
}

}  // namespace
}  // namespace tide::test
