#include "lua_host_fixture.hpp"

// What a running script sees and says: the mirror of the market, intents, notes.
namespace tide::test {
namespace {

class LuaApiTest : public LuaHostTest {};

// ---- mirror

TEST_F(LuaApiTest, bars_count_back_from_the_one_that_just_closed) {
    load(
        strategy_text("function S.on_bar(ctx, bar) local b = ctx:bars('NIFTY', '1m')\n"
                      "ctx:log(b:count(), b:close(0), b:close(1), b:close(2), b:close(-1), b:volume(0), b:time(0), "
                      "b:highest(2), b:lowest(2), b:mean_volume(1)) end"));
    services.bars[{0, Timeframe::m1}] = {bar_of(kMorning - 60, 10, 11, 9, 10)};
    services.bars[{0, Timeframe::m1}].push_back(bar_of(kMorning, 20, 21, 19, 20));
    bar(kMorning, 20);
    EXPECT_EQ(output.logs.at(0).text, fmt::format("2 20 10 nil nil nil {} 21 9 nil", kMorning));
    bar(kMorning + 60, 30);
    EXPECT_EQ(output.logs.at(0).text, fmt::format("3 30 20 10 nil nil {} 31 19 nil", kMorning + 60));
}

TEST_F(LuaApiTest, a_bar_says_what_is_doubtful_about_it) {
    load(strategy_text(
        "function S.on_bar(ctx, bar) local b = ctx:bars('NIFTY', '1m')\n"
        "ctx:log(bar.filled, bar.gap, bar.partial, bar.model, bar.volume_source, b:filled(), b:gap(), b:partial(), "
        "b:model(), b:volume_source(), b:filled(1)) end"));
    BarMessage message = bar_of(kMorning, 10, 11, 9, 10);
    host.call(kSlot, message, output);
    EXPECT_EQ(output.logs.at(0).text, "false false false false nil nil nil nil nil nil nil");
    const auto shown = [&](uint16_t flags, double volume) {
        message.start_s += 60;
        message.flags = flags;
        message.volume = volume;
        host.push_bar(kSlot, message);
        output.clear();
        host.call(kSlot, message, output);
        return output.logs.at(0).text;
    };
    EXPECT_EQ(shown(kBarGapFilled, kMissing), "true false false false nil true false false false nil nil");
    EXPECT_EQ(shown(kBarHasGap | kBarPartial, 5), "false true true false own false true true false own true");
    EXPECT_EQ(shown(kBarFutureVolume | kBarModelPrice, 5),
              "false false false true future false false false true future false");
}

TEST_F(LuaApiTest, tick_volume_and_range_bars_are_timeframes_like_others) {
    load(
        "local S = strategy { name = 'probe', version = '1', api = 1, needs = { symbols = { 'NIFTY' }, "
        "bars = { '20r', '5m', '500t' } } }\n"
        "function S.on_bar(ctx, bar) ctx:log(bar.tf, ctx:bars('NIFTY', '500t'):count(), "
        "pcall(ctx.bars, ctx, 'NIFTY', '600t')) end\nreturn S\n");
    host.call(kSlot, bar_of(kMorning, 10, 11, 9, 10, Timeframe::a2), output);
    const std::string& text = output.logs.at(0).text;
    EXPECT_EQ(text.substr(0, 12), "500t 0 false");
    EXPECT_NE(text.find("'600t' is not in needs.bars"), std::string::npos) << text;
    EXPECT_EQ(services.frames.all().size(), 2U);
}

TEST_F(LuaApiTest, tick_bars_have_no_history_to_ask_for) {
    const auto loaded = host.load(
        kSlot,
        bundle_of("return strategy { name = 'probe', version = '1', api = 1, needs = { symbols = { 'NIFTY' }, "
                  "bars = { '500t' }, history = { ['500t'] = 50 } } }"),
        services);
    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().message.find("500t bars are made of the session's own ticks and have no history"),
              std::string::npos)
        << loaded.error().message;
}

TEST_F(LuaApiTest, bars_keep_the_newest_and_forget_the_oldest) {
    load(
        strategy_text("function S.on_start(ctx) ctx.b = ctx:bars('NIFTY', '1m') end\n"
                      "function S.on_bar(ctx, bar) local b = ctx.b if bar.close == 600 then ctx:log(b:count(), "
                      "b:close(0), b:close(511), b:close(512)) end end"));
    host.call(kSlot, StartMessage{}, output);
    for (int i = 1; i <= 600; ++i) bar(kMorning + 60 * i, i);
    EXPECT_EQ(output.logs.at(0).text, "512 600 89 nil");
}

TEST_F(LuaApiTest, indicators_are_nil_until_ready_and_have_named_outputs) {
    services.indicators["NIFTY 1m adx 14"] = {{"adx", "plus_di", "minus_di"}, {{kMissing, 20, 10}, {30, 21, 11}}};
    load(
        strategy_text("function S.on_start(ctx) ctx.adx = ctx:indicator('NIFTY', '1m', 'adx', 14) end\n"
                      "function S.on_bar(ctx, bar) local a = ctx.adx ctx:log(a:value(), a:value(1), a:value(2), "
                      "a.plus_di, a:get('minus_di', 1), a:ready()) end"));
    host.call(kSlot, StartMessage{}, output);
    bar();
    EXPECT_EQ(output.logs.at(0).text, "30 nil nil 21 10 true");
    const double next[] = {31, kMissing, 12};
    host.push_indicator(kSlot, {0, next});
    bar();
    EXPECT_EQ(output.logs.at(0).text, "31 30 nil nil 11 false");
}

TEST_F(LuaApiTest, wrong_names_get_a_suggestion) {
    EXPECT_NE(said("ctx:indicator('NIFTY', '1m', 'adx', 14):get('plusdi')")
                  .find("has no output 'plusdi'; it has adx, plus_di, minus_di; did you mean 'plus_di'?"),
              std::string::npos);
    EXPECT_NE(said("ctx:bars('NIFTI', '1m')").find("symbol 'NIFTI' is not in needs.symbols; did you mean 'NIFTY'?"),
              std::string::npos);
    EXPECT_NE(said("ctx:bars('NIFTY', '1h')").find("timeframe '1h' is not in needs.bars"), std::string::npos);
    EXPECT_NE(said("return pirnt(1)").find("probe.lua:3: unknown name 'pirnt'; did you mean 'print'?"),
              std::string::npos)
        << said("return pirnt(1)");
    EXPECT_NE(said("ctx:indicator('NIFTY', '1m', 'vwap')").find("probe.lua:3: ctx:indicator: no indicator 'vwap'"),
              std::string::npos);
}

// ---- intents

TEST_F(LuaApiTest, enter_fills_an_intent) {
    load(
        strategy_text("function S.on_bar(ctx, bar) ctx:log(ctx:enter { symbol = 'NIFTY 2024-01-25 21750 CE', lots = 2, "
                      "limit = 150.05,\n"
                      "  stop_pct = 1.5, target = 22000, tag = 'breakout', why = 'because' }) end"));
    bar();
    ASSERT_EQ(output.intents.size(), 1u);
    const Intent& intent = output.intents[0];
    EXPECT_EQ(intent.kind, IntentKind::enter);
    EXPECT_EQ(intent.id, IntentId(1));
    EXPECT_EQ(intent.instrument, InstrumentId(3));
    EXPECT_EQ(intent.side, Side::buy);
    EXPECT_EQ(intent.lots, 2);
    EXPECT_EQ(intent.limit, Price::from_units(1'500'500));
    EXPECT_EQ(intent.stop_pct, 1.5);
    EXPECT_EQ(intent.target, Price::from_rupees(22'000));
    EXPECT_FALSE(intent.stop || intent.target_pct);
    EXPECT_EQ(intent.tag, "breakout");
    EXPECT_EQ(intent.why, "because");
    EXPECT_EQ(intent.strategy, kStrategy);
    EXPECT_EQ(intent.decision_bar, ExchangeTime(seconds(kMorning)));
    EXPECT_EQ(intent.decided, ReceiveTime(seconds(kMorning + 60)));
    EXPECT_EQ(output.logs.at(0).text, "1");
}

TEST_F(LuaApiTest, enter_says_how_the_engine_shall_hold_the_entry) {
    load(strategy_text(
        "function S.on_bar(ctx, bar) ctx:enter { symbol = 'NIFTY 2024-01-25 21750 CE', lots = 8,\n"
        "  trigger = 151, trail_pct = 2, trigger_on = 'underlying', good_till = '14:15', after_market = true,\n"
        "  algo = 'vwap', over_min = 12.5, slices = 4, oco = 'range', premium_stop_pct = 30,\n"
        "  premium_target = 300, trail_stop_pct = 0.5, cover = true } end"));
    bar();
    ASSERT_EQ(output.intents.size(), 1u);
    const Intent& intent = output.intents[0];
    const EntryTerms& terms = intent.terms;
    EXPECT_EQ(terms.trigger, Price::from_rupees(151));
    EXPECT_EQ(terms.trail_pct, 2);
    EXPECT_EQ(terms.trigger_on, TriggerOn::underlying);
    EXPECT_EQ(terms.good_till, GoodTill::time);
    EXPECT_EQ(terms.good_till_minute, 14 * 60 + 15);
    EXPECT_TRUE(terms.after_market);
    EXPECT_EQ(terms.algo, SliceAlgo::vwap);
    EXPECT_EQ(terms.over_min, 12.5);
    EXPECT_EQ(terms.slices, 4);
    EXPECT_EQ(terms.oco, "range");
    EXPECT_EQ(intent.premium.stop_pct, 30);
    EXPECT_EQ(intent.premium.target, Price::from_rupees(300));
    EXPECT_EQ(intent.trail_stop_pct, 0.5);
    EXPECT_TRUE(intent.cover);
}

TEST_F(LuaApiTest, an_entry_that_is_held_is_ended_by_its_id) {
    load(strategy_text("function S.on_bar(ctx, bar) ctx:cancel_entry(7) ctx:cancel({ id = 0, parent = 8 }) end"));
    bar();
    ASSERT_EQ(output.intents.size(), 2u);
    EXPECT_EQ(output.intents[0].kind, IntentKind::cancel);
    EXPECT_EQ(output.intents[0].parent, IntentId(7));
    EXPECT_EQ(output.intents[1].parent, IntentId(8));
    EXPECT_FALSE(output.intents[1].order.valid());
}

TEST_F(LuaApiTest, enter_group_fills_an_intent_with_its_legs) {
    load(
        strategy_text("function S.on_bar(ctx, bar) ctx:log(ctx:enter_group { legs = {\n"
                      "  { symbol = 'NIFTY 2024-01-25 21750 CE', side = 'buy', lots = 2, limit = 150.05 },\n"
                      "  { leg = { symbol = 'NIFTY' }, side = 'sell', lots = 3 } },\n"
                      "  timeout_s = 20, max_loss = 1500.5, tag = 'spread', why = 'because' }) end"));
    bar();
    ASSERT_EQ(output.intents.size(), 1u);
    const Intent& intent = output.intents[0];
    EXPECT_EQ(intent.kind, IntentKind::enter_group);
    ASSERT_EQ(intent.legs.size(), 2u);
    EXPECT_EQ(intent.legs[0].instrument, InstrumentId(3));
    EXPECT_EQ(intent.legs[0].side, Side::buy);
    EXPECT_EQ(intent.legs[0].lots, 2);
    EXPECT_EQ(intent.legs[0].limit, Price::from_units(1'500'500));
    EXPECT_EQ(intent.legs[1].side, Side::sell);
    EXPECT_EQ(intent.legs[1].lots, 3);
    EXPECT_FALSE(intent.legs[1].limit);
    EXPECT_EQ(intent.timeout_s, 20);
    EXPECT_EQ(*intent.max_loss, Money::from_double(1'500.5));
    EXPECT_EQ(intent.tag, "spread");
    EXPECT_EQ(intent.why, "because");
    EXPECT_EQ(output.logs.at(0).text, "1");
}

TEST_F(LuaApiTest, a_group_that_is_none_is_refused_by_the_name_of_its_field) {
    const std::string leg = "{ symbol = 'NIFTY', side = 'buy', lots = 1 }";
    const std::pair<std::string, const char*> cases[] = {
        {"{}", "legs must be a list of legs, got nil"},
        {"{ legs = { " + leg + " } }", "a group has 2 to 8 legs"},
        {"{ legs = { " + leg + ", 7 } }", "legs[2] must be a table"},
        {"{ legs = { " + leg + ", { symbol = 'NIFTY', sied = 'buy', lots = 1 } } }",
         "legs[2] has an unknown field 'sied'; did you mean 'side'?"},
        {"{ legs = { " + leg + ", { symbol = 'NIFTY', lots = 1 } } }",
         "legs[2].side must be \"buy\" or \"sell\", got nil"},
        {"{ legs = { " + leg + ", { symbol = 'NIFTY', side = 'buy', lots = 0.5 } } }", "legs[2].lots must be"},
        {"{ legs = { " + leg + ", { side = 'buy', lots = 1 } } }", "legs[2].leg or symbol must name what to trade"},
        {"{ legs = { " + leg + ", " + leg + " }, timeout_s = 0 }", "timeout_s must be"},
        {"{ legs = { " + leg + ", " + leg + " }, max_loss = -1 }", "max_loss must be"},
        {"{ legs = { " + leg + ", " + leg + " }, timeout = 5 }", "unknown field 'timeout'"},
    };
    for (const auto& [given, refusal] : cases) {
        const std::string text = said("ctx:log(select(3, ctx:enter_group(" + given + ")))");
        EXPECT_NE(text.find(refusal), std::string::npos) << given << ": " << text;
        EXPECT_TRUE(output.intents.empty());
    }
}

TEST_F(LuaApiTest, exit_group_names_its_group_and_its_reason) {
    load(
        strategy_text("function S.on_bar(ctx, bar) ctx:exit_group(7, { rule = 'target', reason = 'enough', priority = "
                      "3, values = { net = 5 } }) end"));
    bar();
    ASSERT_EQ(output.intents.size(), 1u);
    EXPECT_EQ(output.intents[0].kind, IntentKind::exit_group);
    EXPECT_EQ(output.intents[0].group, GroupId(7));
    EXPECT_EQ(output.intents[0].reason.rule, "target");
    EXPECT_EQ(output.intents[0].reason.text, "enough");
    EXPECT_EQ(output.intents[0].reason.priority, 3);
    EXPECT_EQ(output.intents[0].reason.values, "net=5");
    EXPECT_NE(said("ctx:log(select(3, ctx:exit_group('x')))").find("group must be the id that ctx:enter_group gave"),
              std::string::npos);
}

TEST_F(LuaApiTest, arguments_out_of_range_are_refused_by_name_and_logged) {
    const std::pair<const char*, const char*> cases[] = {
        {"{ lots = 1 }", "leg or symbol must name what to trade, got nil"},
        {"{ symbol = 'GOLD', lots = 1 }", "symbol 'GOLD' is not known"},
        {"{ symbol = 'NIFTY' }", "lots must be a whole number from 1 to 1000000, got nil"},
        {"{ symbol = 'NIFTY', lots = 1.5 }", "lots must be a whole number from 1 to 1000000, got 1.5"},
        {"{ symbol = 'NIFTY', lots = '1' }", "lots must be a whole number from 1 to 1000000, got '1'"},
        {"{ symbol = 'NIFTY', lots = 0 / 0 }", "lots must be a whole number"},
        {"{ symbol = 'NIFTY', lots = 1, limit = -5 }", "limit must be a price above 0 in rupees, got -5"},
        {"{ symbol = 'NIFTY', lots = 1, limit = math.huge }", "limit must be a price above 0 in rupees, got inf"},
        {"{ symbol = 'NIFTY', lots = 1, stop = 0 / 0 }", "stop must be a price above 0 in rupees, got"},
        {"{ symbol = 'NIFTY', lots = 1, stop = {} }", "stop must be a price above 0 in rupees, got a table"},
        {"{ symbol = 'NIFTY', lots = 1, stop_pct = 0 }", "stop_pct must be a percentage from 0.01 to 100, got 0"},
        {"{ symbol = 'NIFTY', lots = 1, stop = 1, stop_pct = 1 }", "stop and stop_pct: give one of the two"},
        {"{ symbol = 'NIFTY', lots = 1, good_till = '25:00' }", "good_till must be \"day\", a time such as"},
        {"{ symbol = 'NIFTY', lots = 1, algo = 'pov' }", "algo must be \"twap\" or \"vwap\", got 'pov'"},
        {"{ symbol = 'NIFTY', lots = 1, trigger_on = 'future' }",
         "trigger_on must be \"instrument\" or \"underlying\""},
        {"{ symbol = 'NIFTY', lots = 1, slices = 1 }", "slices must be a whole number from 2 to 400, got 1"},
        {"{ symbol = 'NIFTY', lots = 1, cover = 1 }", "cover must be true or false, got 1"},
        {"{ symbol = 'NIFTY', lots = 1, premium_stop = 5, premium_stop_pct = 5 }",
         "premium_stop and premium_stop_pct: give one of the two"},
        {"{ symbol = 'NIFTY', lots = 1, side = 'long' }", "side must be \"buy\" or \"sell\", got 'long'"},
        {"{ symbol = 'NIFTY', lots = 1, why = 5 }", "why must be a text, got 5"},
        {"{ symbol = 'NIFTY', lots = 1, stoppct = 1 }", "unknown field 'stoppct'; did you mean 'stop_pct'?"},
        {"{ symbol = 'NIFTY', leg = {}, lots = 1 }", "leg and symbol: give one of the two"}};
    for (const auto& [order, text] : cases) {
        load(strategy_text("function S.on_bar(ctx, bar) local id, code, text = ctx:enter " + std::string(order) +
                           " ctx:log(id, code, text) end"));
        EXPECT_EQ(bar().status, CallbackStatus::ok);
        ASSERT_EQ(output.logs.size(), 2u) << order;
        EXPECT_EQ(output.logs[0].level, "warning");
        EXPECT_EQ(output.logs[0].text.find("probe.lua:2: ctx:enter: "), 0u) << output.logs[0].text;
        EXPECT_NE(output.logs[0].text.find(text), std::string::npos) << output.logs[0].text;
        EXPECT_EQ(output.logs[1].text.find("nil bad_argument "), 0u) << output.logs[1].text;
        EXPECT_TRUE(output.intents.empty());
    }
}

TEST_F(LuaApiTest, what_the_risk_gate_would_refuse_is_refused_at_once) {
    services.refusal = Refusal{"max_positions", "3 positions are open"};
    EXPECT_EQ(
        said("local id, code, text = ctx:enter { symbol = 'NIFTY', lots = 1 } if not id then ctx:log(code, text) end"),
        "probe.lua:3: ctx:enter refused (max_positions): 3 positions are open");
    EXPECT_EQ(output.logs.at(1).text, "max_positions 3 positions are open");
    EXPECT_TRUE(output.intents.empty());
}

TEST_F(LuaApiTest, a_refusal_for_size_says_how_many_lots_would_pass) {
    services.refusal = Refusal{"trade_loss", "too much", 4};
    EXPECT_EQ(said("local _, code, _, most = ctx:enter { symbol = 'NIFTY', lots = 9 } ctx:log(code, most)"),
              "probe.lua:3: ctx:enter refused (trade_loss): too much");
    EXPECT_EQ(output.logs.at(1).text, "trade_loss 4");
}

TEST_F(LuaApiTest, more_intents_than_allowed_fail_the_callback) {
    load(strategy_text(
        "function S.on_bar(ctx, bar) for i = 1, 17 do pcall(ctx.enter, ctx, { symbol = 'NIFTY', lots = 1 }) end end"));
    EXPECT_EQ(bar().status, CallbackStatus::budget);
    EXPECT_TRUE(output.intents.empty());
    load(
        strategy_text("function S.on_bar(ctx, bar) for i = 1, 16 do ctx:enter { symbol = 'NIFTY', lots = 1 } end end"));
    EXPECT_EQ(bar().status, CallbackStatus::ok);
    EXPECT_EQ(output.intents.size(), 16u);
}

PositionMessage open_call() {
    PositionMessage position;
    position.id = 7;
    position.symbol = "NIFTY 2024-01-25 21750 CE";
    position.underlying = "NIFTY";
    position.right = "CE";
    position.strike = 21'750;
    position.days_to_expiry = 10;
    position.lots = 2;
    position.underlying_entry = 21'700;
    position.underlying_last = 21'800;
    position.stop = 21'483;
    position.tag = "entry";
    return position;
}

TEST_F(LuaApiTest, exit_and_stop_carry_rule_text_and_values) {
    services.open_positions = {open_call()};
    load(
        strategy_text("function S.on_bar(ctx, bar) local p = ctx:positions()[1]\n"
                      "ctx:log(p.id, p.symbol, p.right, p.strike, p.days_to_expiry, p.lots, p.stop, p.target)\n"
                      "ctx:set_stop(p, 21600, { rule = 'trail', why = 'follow' }) ctx:set_target(p.id, 22000)\n"
                      "ctx:exit(p, { fraction = 0.5, rule = 'half', reason = 'enough', priority = 3, values = { a = 1, "
                      "b = 2.5 } }) end"));
    EXPECT_EQ(bar().status, CallbackStatus::ok);
    EXPECT_EQ(output.logs.at(0).text, "7 NIFTY 2024-01-25 21750 CE CE 21750 10 2 21483 nil");
    ASSERT_EQ(output.intents.size(), 3u);
    EXPECT_EQ(output.intents[0].kind, IntentKind::set_stop);
    EXPECT_EQ(output.intents[0].level, Price::from_rupees(21'600));
    EXPECT_EQ(output.intents[0].reason.rule, "trail");
    EXPECT_EQ(output.intents[0].reason.text, "follow");
    EXPECT_EQ(output.intents[1].kind, IntentKind::set_target);
    EXPECT_EQ(output.intents[2].kind, IntentKind::exit);
    EXPECT_EQ(output.intents[2].position, PositionId(7));
    EXPECT_EQ(output.intents[2].fraction, 0.5);
    EXPECT_EQ(output.intents[2].reason.priority, 3);
    EXPECT_EQ(output.intents[2].reason.rule, "half");
    EXPECT_EQ(output.intents[2].reason.text, "enough");
    EXPECT_EQ(output.intents[2].reason.values, "a=1 b=2.5");
}

TEST_F(LuaApiTest, scripts_cannot_claim_the_engines_priority_nor_foreign_positions) {
    services.open_positions = {open_call()};
    EXPECT_NE(said("local p = ctx:positions()[1] ctx:exit(p, { priority = 1 })")
                  .find("priority must be a whole number from 2 to 5, got 1"),
              std::string::npos);
    EXPECT_NE(said("ctx:exit(99)").find("refused (unknown_position): this strategy has no position 99"),
              std::string::npos);
    EXPECT_NE(said("ctx:exit({})").find("position must be a position or its id, got nil"), std::string::npos);
}

TEST_F(LuaApiTest, an_exit_decision_becomes_intents) {
    load(
        strategy_text("function S.on_exit_check(ctx, position, quote)\n"
                      "  if quote.underlying < 21000 then return nil end\n"
                      "  return { exit = 0.5, rule = 'half', why = quote.last .. ' ' .. tostring(quote.bid), priority "
                      "= 3, stop = 21700, stop_rule = 'breakeven', values = 'x=1' } end"));
    QuoteMessage quote;
    quote.last = 150;
    quote.underlying = 20'000;
    EXPECT_EQ(host.call(kSlot, ExitCheckMessage{open_call(), quote}, output).status, CallbackStatus::ok);
    EXPECT_TRUE(output.intents.empty());
    quote.underlying = 21'800;
    EXPECT_EQ(host.call(kSlot, ExitCheckMessage{open_call(), quote}, output).status, CallbackStatus::ok);
    ASSERT_EQ(output.intents.size(), 2u);
    EXPECT_EQ(output.intents[0].kind, IntentKind::set_stop);
    EXPECT_EQ(output.intents[0].reason.rule, "breakeven");
    EXPECT_EQ(output.intents[1].kind, IntentKind::exit);
    EXPECT_EQ(output.intents[1].reason.text, "150 nil");
    EXPECT_EQ(output.intents[1].reason.values, "x=1");
}

TEST_F(LuaApiTest, an_exit_decision_of_the_wrong_shape_is_an_error) {
    const auto check = [&](const std::string& decision) {
        load(strategy_text("function S.on_exit_check() return " + decision + " end"));
        return host.call(kSlot, ExitCheckMessage{open_call(), {}}, output).message;
    };
    EXPECT_NE(check("true").find("on_exit_check must return nil or a table"), std::string::npos);
    EXPECT_NE(check("{ exits = 1 }").find("unknown field 'exits' in the decision; did you mean 'exit'?"),
              std::string::npos);
    EXPECT_NE(check("{ rule = 'x' }").find("a decision needs exit or stop"), std::string::npos);
}

TEST_F(LuaApiTest, the_same_refusal_again_is_logged_once) {
    services.refusal = Refusal{"exit_in_progress", "an exit is on its way"};
    load(strategy_text("function S.on_exit_check() return { exit = 1, rule = 'x' } end"));
    for (int i = 0; i < 5; ++i) host.call(kSlot, ExitCheckMessage{open_call(), {}}, output);
    EXPECT_EQ(output.logs.size(), 1u);
}

TEST_F(LuaApiTest, more_positions_than_remembered_come_and_go) {
    load(strategy_text("function S.on_bar(ctx, bar) ctx:log(#ctx:positions()) end"));
    for (uint64_t id = 1; id <= 200; ++id) {
        PositionMessage position = open_call();
        position.id = id;
        services.open_positions = {position};
        ASSERT_EQ(bar().status, CallbackStatus::ok) << id;
        EXPECT_EQ(output.logs.at(0).text, "1");
    }
}

// ---- market and notes

TEST_F(LuaApiTest, chain_gives_legs_by_side_and_strike) {
    services.snapshot.underlying = "NIFTY";
    services.snapshot.spot = 21'760;
    services.snapshot.atm_strike = 21'750;
    services.snapshot.expiry = "2024-01-25";
    services.snapshot.days_to_expiry = 10;
    ChainRow call{"NIFTY 2024-01-25 21750 CE", 21'750, "CE", 150, 149, 151, 5000, kMissing, 1, 50, false};
    ChainRow put = call;
    put.symbol = "NIFTY 2024-01-25 21750 PE";
    put.right = "PE";
    services.snapshot.rows = {call, put};
    EXPECT_EQ(said("local c = ctx:chain('NIFTY', { expiry = 'monthly', min_days = 4 }) local leg = c:atm('PE')\n"
                   "ctx:log(c.spot, c.expiry, #c.rows, leg.symbol, leg.ask, leg.oi, leg.volume, leg.lot, "
                   "leg.days_to_expiry, leg.model, c:strike(99, 'CE'))\n"
                   "ctx:enter { leg = leg, lots = 1 }",
                   "chain = { strikes = 5 }"),
              "21760 2024-01-25 2 NIFTY 2024-01-25 21750 PE 151 5000 nil 50 10 false nil");
    EXPECT_EQ(services.last_chain_request, "NIFTY monthly 4");
    EXPECT_EQ(output.intents.at(0).instrument, InstrumentId(4));
    services.snapshot.rows.clear();
    EXPECT_EQ(said("ctx:log(ctx:chain('NIFTY'))", "chain = { strikes = 5 }"), "nil no chain for NIFTY");
}

TEST_F(LuaApiTest, chain_gives_legs_by_their_distance_from_the_money) {
    services.snapshot.underlying = "NIFTY";
    services.snapshot.atm_strike = 21'750;
    services.snapshot.strike_step = 50;
    services.snapshot.expiry = "2024-01-25";
    for (const double strike : {21'700.0, 21'750.0, 21'800.0}) {
        for (const char* side : {"CE", "PE"}) {
            ChainRow row;
            row.symbol = fmt::format("{}{}", strike, side);
            row.strike = strike;
            row.right = side;
            row.liquidity = strike > 21'750   ? Liquidity::thin
                            : strike < 21'750 ? Liquidity::liquid
                                              : Liquidity::unknown;
            services.snapshot.rows.push_back(row);
        }
    }
    const std::string needs = "chain = { strikes = 5 }";
    EXPECT_EQ(
        said("local c = ctx:chain('NIFTY', { expiry = 'next' })\n"
             "ctx:log(c:otm('CE', 1).symbol, c:itm('CE', 1).symbol, c:otm('PE', 1).symbol, c:itm('PE', 1).symbol, "
             "c:otm('CE', 0).symbol, c:otm('CE', 2), c.strike_step)",
             needs),
        "21800CE 21700CE 21700PE 21800PE 21750CE nil 50");
    EXPECT_EQ(services.last_chain_request, "NIFTY next 0");
    EXPECT_EQ(said("local c = ctx:chain('NIFTY', { expiry = '2024-01-25' })\n"
                   "ctx:log(c:otm('CE', 1).liquid, c:itm('CE', 1).liquid, c:atm('CE').liquid)",
                   needs),
              "false true nil");
    EXPECT_EQ(services.last_chain_request, "NIFTY 2024-01-25 0");
}
TEST_F(LuaApiTest, chain_carries_greeks_and_figures_and_nil_for_what_is_missing) {
    ChainRow call{"NIFTY 2024-01-25 21750 CE", 21'750, "CE", 150, 149, 151, 5000, kMissing, 1, 50, false};
    call.mid = 150;
    call.iv = 0.14;
    call.delta = 0.5;
    call.oi_change = -200;
    call.build_up = "short_covering";
    call.stale = true;
    services.snapshot.rows = {call};
    services.snapshot.atm_strike = 21'750;
    services.snapshot.forward = 21'800;
    services.snapshot.forward_source = "parity";
    services.snapshot.pcr = 1.25;
    services.snapshot.iv_rank = 40;
    EXPECT_EQ(
        said("local c = ctx:chain('NIFTY') local leg = c:atm('CE')\n"
             "ctx:log(leg.mid, leg.iv, leg.delta, leg.gamma, leg.oi_change, leg.build_up, leg.stale, leg.crossed)\n"
             "ctx:log(c.forward, c.forward_source, c.pcr, c.max_pain, c.iv_rank, c.skew)",
             "chain = { strikes = 5 }"),
        "150 0.14 0.5 nil -200 short_covering true false");
    EXPECT_EQ(output.logs.at(1).text, "21800 parity 1.25 nil 40 nil");
}

TEST_F(LuaApiTest, account_vix_price_phase_and_time_are_the_engines) {
    EXPECT_EQ(said("local a = ctx:account() ctx:log(a.equity, a.open_positions, a.max_positions, a.size_factor, "
                   "a.entries_allowed)"),
              "1000000 0 3 1 true");
    EXPECT_EQ(said("ctx:log(ctx:vix())"), "15.5 1m 0.25");
    EXPECT_EQ(said("ctx:log(ctx:price('NIFTY'), ctx:price('GOLD'), ctx:phase())"), "21750 nil open");
    EXPECT_EQ(said("ctx:log(ctx.now, ctx.time, ctx.date)"), fmt::format("{} 09:21 2024-01-01", kMorning + 60));
    EXPECT_EQ(said("ctx:log(os.time(), os.date('%Y-%m-%d %H:%M:%S'), os.clock() == ctx.now)"),
              fmt::format("{} 2024-01-01 09:21:00 true", kMorning + 60));
    EXPECT_EQ(said("ctx:log(os.time { year = 2024, month = 1, day = 1, hour = 9, min = 21 })"),
              fmt::format("{}", kMorning + 60));
    services.vix_reading = {kMissing, kMissing, "none"};
    EXPECT_EQ(said("ctx:log(ctx:vix())"), "nil none nil");
}

TEST_F(LuaApiTest, notes_reach_the_output) {
    load(
        strategy_text("function S.on_bar(ctx, bar) ctx:skip('no trend') ctx:skip('other', 'BANKNIFTY') "
                      "ctx:notify('look') print('a', 1, {})\n"
                      "ctx:state('NIFTY', 'adx_category', 'buy_ce', { adx = 31.2 }) ctx:after(30, 'again') end"));
    EXPECT_EQ(bar().status, CallbackStatus::ok);
    ASSERT_EQ(output.skips.size(), 2u);
    EXPECT_EQ(output.skips[0].symbol, "NIFTY");
    EXPECT_EQ(output.skips[1].symbol, "BANKNIFTY");
    EXPECT_EQ(output.logs.at(0).level, "warning");
    EXPECT_EQ(output.logs.at(1).text, "a 1 table");
    EXPECT_EQ(output.states.at(0).value, "buy_ce");
    EXPECT_EQ(output.states.at(0).values, "adx=31.2");
    EXPECT_EQ(output.timers.at(0).seconds, 30);
    EXPECT_EQ(output.timers.at(0).name, "again");
}

}  // namespace
}  // namespace tide::test
