#include "session/operator_argument.hpp"
#include "session/runtime_settings.hpp"
#include "session_fixture.hpp"

namespace tide {
namespace {

class SessionCommands : public SessionTest {
  protected:
    CommandRecord say(CommandKind kind, std::string_view argument = "", std::string_view reason = "test") {
        send(CommandEvent{kind, "asha", argument, reason});
        return recorder.all<CommandRecord>().back();
    }
    void enter_on_every_minute() {
        host.bar = [](const BarMessage& bar, CallbackOutput& output) {
            if (bar.timeframe == Timeframe::m1) output.intents.push_back(enter_call());
            return CallbackResult{};
        };
    }
    std::string last_refusal() const {
        const auto verdicts = recorder.all<RiskRecord>();
        return verdicts.empty() ? "" : verdicts.back().code;
    }
};

constexpr const char* kBuyCall = "side=buy;underlying=NIFTY;strike=21500;right=CE;expiry=2024-01-25;lots=1;confirm=yes";

TEST_F(SessionCommands, every_word_is_recorded_with_who_why_and_what_came_of_it) {
    start();
    const auto record = say(CommandKind::cancel_order, "77", "typing error");
    EXPECT_EQ(record.command, "cancel_order");
    EXPECT_EQ(record.operator_name, "asha");
    EXPECT_EQ(record.argument, "77");
    EXPECT_EQ(record.reason, "typing error");
    EXPECT_EQ(record.code, "not_found");
}

TEST_F(SessionCommands, a_pause_and_its_end_are_both_recorded) {
    start();
    EXPECT_EQ(say(CommandKind::pause).code, "ok");
    EXPECT_EQ(say(CommandKind::resume).outcome, "entries are possible again");
    const auto halts = recorder.all<HaltRecord>();
    ASSERT_EQ(halts.size(), 2U);
    EXPECT_EQ(halts[0].kind, "paused");
    EXPECT_TRUE(halts[0].active);
    EXPECT_EQ(halts[1].kind, "paused");
    EXPECT_FALSE(halts[1].active);
}

TEST_F(SessionCommands, manual_mode_refuses_what_scripts_enter_and_lets_the_operator) {
    start();
    enter_on_every_minute();
    EXPECT_EQ(say(CommandKind::manual_order, kBuyCall).code, "refused");  // not in manual mode
    EXPECT_EQ(say(CommandKind::manual_mode, "on").code, "ok");
    market_at(hours(10) + minutes(4) + seconds(30));
    market_at(hours(10) + minutes(5) + seconds(1));
    EXPECT_EQ(last_refusal(), "manual_mode");
    EXPECT_TRUE(sent.empty());
    const auto record = say(CommandKind::manual_order, kBuyCall, "hedge");
    EXPECT_EQ(record.code, "ok") << record.outcome;
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].order.instrument, kCall);
    EXPECT_EQ(sent[0].order.quantity, Quantity(50));
    EXPECT_EQ(sent[0].order.why, "hedge");
    fill(sent[0].order, 100.5, 1);
    ASSERT_EQ(session->portfolio().open().size(), 1U);
    EXPECT_EQ(session->portfolio().open()[0].strategy_name, "operator");
}

TEST_F(SessionCommands, a_manual_order_meets_the_same_risk_gate) {
    config.risk.max_positions = 0;
    start();
    say(CommandKind::manual_mode, "on");
    market_at(hours(10) + minutes(5));
    const auto record = say(CommandKind::manual_order, kBuyCall);
    EXPECT_EQ(record.code, "refused");
    EXPECT_EQ(record.outcome.rfind("max_positions", 0), 0U) << record.outcome;
    EXPECT_EQ(last_refusal(), "max_positions");
    EXPECT_TRUE(sent.empty());
}

// It is held for no moment: its first part is due at once, and refused.
TEST_F(SessionCommands, a_manual_order_whose_first_part_is_refused_is_not_called_held) {
    config.risk.max_positions = 0;
    start();
    say(CommandKind::manual_mode, "on");
    market_at(hours(10) + minutes(5));
    const auto record =
        say(CommandKind::manual_order, "side=buy;symbol=NIFTY 2024-01-25 21500 CE;lots=2;display_lots=1;confirm=yes");
    EXPECT_EQ(record.code, "refused") << record.outcome;
    EXPECT_EQ(record.outcome.rfind("max_positions", 0), 0U) << record.outcome;
}

TEST_F(SessionCommands, a_manual_order_that_does_not_read_says_why) {
    start();
    say(CommandKind::manual_mode, "on");
    market_at(hours(10) + minutes(5));
    const std::pair<const char*, const char*> cases[] = {
        {"side=buy;symbol=NIFTY 2024-01-25 21500 CE;lots=1", "usage"},                // not confirmed
        {"side=hold;symbol=NIFTY 2024-01-25 21500 CE;lots=1;confirm=yes", "usage"},   // no such side
        {"side=buy;symbol=NIFTY 2024-01-25 21500 CE;lots=1.5;confirm=yes", "usage"},  // part of a lot
        {"side=buy;symbol=NIFTY 2024-01-25 21500 CE;lots=1;limit=x;confirm=yes", "usage"},
        {"side=buy;symbol=NIFTY 2024-01-25 21500 CE;lots=1;colour=red;confirm=yes", "usage"},
        {"side=buy;symbol=NOTHING;lots=1;confirm=yes", "not_found"},
        {"side=buy;underlying=NIFTY;strike=1;right=CE;lots=1;confirm=yes", "not_found"},
        {"buy", "usage"}};
    for (const auto& [argument, code] : cases)
        EXPECT_EQ(say(CommandKind::manual_order, argument).code, code) << argument;
    EXPECT_EQ(say(CommandKind::manual_order, "side=buy;symbol=NIFTY 2024-01-25 21500 CE;lots=0;confirm=yes").code,
              "refused");  // the gate's own word: bad_lots
    EXPECT_TRUE(sent.empty());
}

TEST_F(SessionCommands, an_immediate_stop_cancels_exits_too_and_closes_anew) {
    start();
    open_position();
    say(CommandKind::exit_position, "1");
    ASSERT_EQ(sent.size(), 2U);
    update(sent[1].order, OrderUpdateKind::acknowledged);
    EXPECT_EQ(say(CommandKind::stop_immediate).code, "ok");
    ASSERT_EQ(sent.size(), 3U);
    EXPECT_EQ(sent[2].kind, "cancel");
    update(sent[1].order, OrderUpdateKind::cancelled, 50);
    ASSERT_EQ(sent.size(), 4U);
    EXPECT_EQ(sent[3].order.purpose, OrderPurpose::exit);
    EXPECT_FALSE(session->halts().killed());
}

TEST_F(SessionCommands, a_stop_by_the_rules_leaves_an_exit_that_is_running) {
    start();
    open_position();
    say(CommandKind::exit_position, "1");
    update(sent[1].order, OrderUpdateKind::acknowledged);
    EXPECT_EQ(say(CommandKind::stop).code, "ok");
    EXPECT_EQ(sent.size(), 2U);
}

TEST_F(SessionCommands, a_stop_without_exit_leaves_the_position) {
    start();
    open_position();
    EXPECT_EQ(say(CommandKind::stop_no_exit).code, "ok");
    EXPECT_EQ(sent.size(), 1U);
    EXPECT_TRUE(session->stopping());
    EXPECT_EQ(session->portfolio().open().size(), 1U);
}

TEST_F(SessionCommands, a_tighter_limit_counts_at_once_and_a_looser_one_needs_a_word_more) {
    start();
    EXPECT_EQ(say(CommandKind::set, "risk.max_positions=0").outcome, "risk.max_positions: 3 -> 0, tighter");
    enter_on_every_minute();
    market_at(hours(10) + minutes(4) + seconds(30));
    market_at(hours(10) + minutes(5) + seconds(1));
    EXPECT_EQ(last_refusal(), "max_positions");
    EXPECT_EQ(say(CommandKind::set, "risk.max_positions=3").code, "halted");
    EXPECT_EQ(session->config().risk.max_positions, 0);
    EXPECT_EQ(say(CommandKind::set, "risk.max_positions=3;confirm=yes").code, "ok");
    EXPECT_EQ(session->config().risk.max_positions, 3);
}

TEST_F(SessionCommands, a_loss_limit_below_the_loss_acts_at_once) {
    start();
    open_position();
    at_time(hours(10) + minutes(6));
    quote(kCall, 90, 90.5);  // 10 rupees on 50 units: 0.02 % of 25 lakh
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(say(CommandKind::set, "risk.day_loss_pct=0.01").code, "ok");
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[1].order.purpose, OrderPurpose::exit);
    EXPECT_TRUE(session->halts().active(HaltKind::daily_loss));
}

TEST(RuntimeSettings, what_may_change_is_registered_and_the_rest_is_refused) {
    SessionConfig config;
    SettingsRegistry registry;
    config.register_settings(registry);
    for (const auto& setting : runtime_settings()) EXPECT_TRUE(registry.value_of(setting.key)) << setting.key;
    EXPECT_EQ(change_runtime_setting(config, "session.seed", "2", true).error().code, ErrorCode::not_found);
    EXPECT_EQ(change_runtime_setting(config, "risk.max_position", "2", true).error().code, ErrorCode::not_found);
    EXPECT_EQ(change_runtime_setting(config, "risk.max_positions", "101", true).error().code, ErrorCode::usage);
    EXPECT_EQ(change_runtime_setting(config, "risk.max_positions", "two", true).error().code, ErrorCode::usage);
    // Higher is the safer side of these.
    EXPECT_TRUE(change_runtime_setting(config, "risk.equity_floor_pct", "90", false));
    EXPECT_EQ(change_runtime_setting(config, "risk.equity_floor_pct", "70", false).error().code, ErrorCode::halted);
    EXPECT_TRUE(change_runtime_setting(config, "session.entry_until", "13:00", false));
    EXPECT_EQ(change_runtime_setting(config, "session.entry_until", "15:00", false).error().code, ErrorCode::halted);
}

TEST(OperatorArgument, pairs_are_read_and_what_is_none_is_named) {
    const auto argument = OperatorArgument::parse("side=buy;symbol=NIFTY 2024-01-25 21500 CE;confirm=yes");
    ASSERT_TRUE(argument);
    EXPECT_EQ(argument->find("symbol"), "NIFTY 2024-01-25 21500 CE");
    EXPECT_TRUE(argument->confirmed());
    EXPECT_EQ(argument->unknown_key({"side", "symbol"}), "confirm");
    EXPECT_TRUE(OperatorArgument::parse("")->pairs().empty());
    for (const char* text : {"side", "=buy", ";", "a=1;a=2", "a=1;;b=2"})
        EXPECT_FALSE(OperatorArgument::parse(text)) << text;
}

TEST_F(SessionCommands, an_order_that_the_books_do_not_tell_of_halts_entries_until_an_operator_has_looked) {
    start();
    open_position();
    say(CommandKind::exit_position, "1");
    const OrderId lost = sent.back().order.id;
    // 5 s until the outcome is unknown, then five readings within 31 s, none of them answered.
    at_time(hours(10) + minutes(6));
    send(ClockEvent{});
    EXPECT_EQ(session->desk().find(lost)->state, OrderState::unknown);
    EXPECT_EQ(sent.size(), 2U);
    EXPECT_GE(asked_about.size(), 5U);
    EXPECT_TRUE(session->halts().active(HaltKind::order_unclear));
    EXPECT_EQ(say(CommandKind::resume).code, "halted");
    EXPECT_EQ(say(CommandKind::resolve_order, "99").code, "not_found");
    EXPECT_EQ(say(CommandKind::resolve_order, std::to_string(lost.value())).code, "ok");
    EXPECT_EQ(session->desk().find(lost)->state, OrderState::rejected);
    EXPECT_EQ(say(CommandKind::resume).code, "ok");
    EXPECT_FALSE(session->halts().active(HaltKind::order_unclear));
}

TEST_F(SessionCommands, entries_wait_after_a_reconnect_until_live_orders_are_compared_with_the_books) {
    start();
    open_position();
    say(CommandKind::exit_position, "1");
    const Order exit = sent.back().order;
    update(exit, OrderUpdateKind::acknowledged);
    send(FeedStatusEvent{FeedState::down, kBrokerLine, "line lost"});
    EXPECT_TRUE(session->halts().active(HaltKind::broker_down));
    send(FeedStatusEvent{FeedState::up, kBrokerLine, "line back"});
    EXPECT_FALSE(session->halts().active(HaltKind::broker_down));
    EXPECT_TRUE(session->halts().active(HaltKind::reconciling));
    EXPECT_EQ(asked_about, std::vector<OrderId>{exit.id});
    OrderUpdateEvent row;
    row.order = exit.id;
    row.kind = OrderUpdateKind::acknowledged;
    row.flags = kUpdateFromBook;
    send(row);
    EXPECT_FALSE(session->halts().active(HaltKind::reconciling));
}

}  // namespace
}  // namespace tide
