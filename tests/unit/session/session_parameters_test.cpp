#include "session_fixture.hpp"

// What a running strategy is told of its positions and its parameters, and what of it is recorded.
namespace tide {
namespace {

class SessionParameters : public SessionTest {
  protected:
    SessionParameters() {
        host.declaration.parameters = {
            {"entry", "pullback"}, {"from", "10:00"}, {"lots", "2"}, {"on", "true"}, {"stop_pct", "1"}};
        host.declaration.parameter_definitions = {{"choice", 0, 0, {"pullback", "breakout"}, ""},
                                                  {"time", 0, 0, {}, ""},
                                                  {"integer", 1, 10, {}, ""},
                                                  {"bool", 0, 0, {}, ""},
                                                  {"percent", 0.2, 5, {}, ""}};
        host.declaration.define(ScriptCallback::params);
        host.declaration.define(ScriptCallback::position);
    }
    CommandRecord set(std::string_view argument) {
        send(CommandEvent{CommandKind::set, "asha", argument, "test"});
        return recorder.all<CommandRecord>().back();
    }
};

TEST_F(SessionParameters, an_operator_changes_one_and_the_script_gets_all) {
    start();
    const auto record = set("script.test.stop_pct=1.5");
    EXPECT_EQ(record.code, "ok");
    EXPECT_EQ(record.outcome, "script.test.stop_pct: 1 -> 1.5");
    EXPECT_EQ(record.operator_name, "asha");
    EXPECT_EQ(host.calls.back(), "params entry=pullback\nfrom=10:00\nlots=2\non=true\nstop_pct=1.5\n");
    EXPECT_EQ(set("script.test.lots=3").outcome, "script.test.lots: 2 -> 3");
    EXPECT_EQ(host.calls.back(), "params entry=pullback\nfrom=10:00\nlots=3\non=true\nstop_pct=1.5\n");
}

TEST_F(SessionParameters, a_value_outside_its_definition_is_refused_with_what_it_must_be) {
    start();
    const std::pair<const char*, const char*> cases[] = {
        {"script.test.stop_pct=9", "script.test.stop_pct = 9: must be a number from 0.2 to 5"},
        {"script.test.stop_pct=nan", "script.test.stop_pct = nan: must be a number from 0.2 to 5"},
        {"script.test.stop_pct=1x", "script.test.stop_pct = 1x: must be a number from 0.2 to 5"},
        {"script.test.lots=2.5", "script.test.lots = 2.5: must be a whole number from 1 to 10"},
        {"script.test.entry=break", "script.test.entry = break: must be one of pullback, breakout"},
        {"script.test.from=24:00", "script.test.from = 24:00: must be a time such as 10:00"},
        {"script.test.on=yes", "script.test.on = yes: must be true or false"}};
    for (const auto& [argument, outcome] : cases) {
        const auto record = set(argument);
        EXPECT_EQ(record.code, "usage") << argument;
        EXPECT_EQ(record.outcome, outcome);
    }
    EXPECT_EQ(std::count_if(host.calls.begin(), host.calls.end(),
                            [](const std::string& call) { return call.starts_with("params"); }),
              0);
}

TEST_F(SessionParameters, an_unknown_strategy_or_parameter_is_answered_with_a_suggestion) {
    start();
    EXPECT_EQ(set("script.tset.lots=3").outcome, "no strategy 'tset' runs; did you mean 'test'?");
    EXPECT_EQ(set("script.test.lot=3").outcome, "test has no parameter 'lot'; did you mean 'lots'?");
    EXPECT_EQ(set("script.test.lot=3").code, "not_found");
    EXPECT_EQ(set("script.lots=3").code, "usage");
}

TEST_F(SessionParameters, the_value_that_is_in_force_is_no_change) {
    start();
    EXPECT_EQ(set("script.test.lots=2").outcome, "script.test.lots: 2, unchanged");
    EXPECT_NE(host.calls.empty() ? "" : host.calls.back().substr(0, 6), "params");
}

TEST_F(SessionParameters, a_position_is_told_after_its_fill_and_when_a_level_moves_and_when_it_closes) {
    start();
    open_position();
    const auto fill_at = std::find(host.calls.begin(), host.calls.end(), "fill");
    const auto opened_at = std::find(host.calls.begin(), host.calls.end(), "position opened 1");
    ASSERT_NE(opened_at, host.calls.end());
    EXPECT_LT(fill_at, opened_at);
    host.exit_check = [](const PositionMessage& position, const QuoteMessage&, CallbackOutput& output) {
        Intent intent;
        intent.kind = IntentKind::set_stop;
        intent.position = PositionId(position.id);
        intent.level = Price::from_rupees(21'400);
        output.intents.push_back(intent);
        return CallbackResult{};
    };
    tick(kNifty, 21'600);
    EXPECT_EQ(host.count("position stop 1"), 1);
    host.exit_check = nullptr;
    send(CommandEvent{CommandKind::exit_position, "asha", "all", "test"});
    ASSERT_EQ(sent.size(), 2U);
    fill(sent[1].order, 100, 2);
    EXPECT_EQ(host.count("position closed 0"), 1);
}

TEST_F(SessionParameters, plots_and_marks_are_records) {
    start();
    host.bar = [](const BarMessage& bar, CallbackOutput& output) {
        if (bar.timeframe != Timeframe::m1 || bar.symbol_index != 0) return CallbackResult{};
        output.plots = {
            {"NIFTY", "spread", 2.5, false}, {"NIFTY", "spread", kMissing, false}, {"NIFTY", "high", 7, true}};
        return CallbackResult{};
    };
    market_at(hours(10) + minutes(4) + seconds(30));
    market_at(hours(10) + minutes(5) + seconds(1));
    const auto plots = recorder.all<PlotRecord>();
    ASSERT_EQ(plots.size(), 3U);
    EXPECT_EQ(canonical_text(plots[0]), "plot strategy=1 symbol=\"NIFTY\" name=\"spread\" mark=0 value=2.5");
    EXPECT_EQ(canonical_text(plots[1]), "plot strategy=1 symbol=\"NIFTY\" name=\"spread\" mark=0");
    EXPECT_EQ(canonical_text(plots[2]), "plot strategy=1 symbol=\"NIFTY\" name=\"high\" mark=1 value=7");
}

}  // namespace
}  // namespace tide
