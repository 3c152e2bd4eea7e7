#include "session_fixture.hpp"

// A script whose process was stopped in the middle of a callback.
namespace tide {
namespace {

class SessionStopTest : public SessionTest {
  protected:
    CallbackResult stopped() {
        ++stops;
        return {CallbackStatus::stopped, "no answer within 50 ms"};
    }
    CallbackResult late() {
        ++stops;
        return {CallbackStatus::late, "no answer within 50 ms"};
    }
    std::vector<std::string> statuses() const {
        std::vector<std::string> found;
        for (const auto& record : recorder.all<ScriptRecord>()) found.push_back(record.status);
        return found;
    }
    int stops = 0;
};

TEST_F(SessionStopTest, a_stopped_callback_leaves_nothing_and_the_script_is_started_again) {
    start();
    bool first = true;
    host.bar = [&](const BarMessage& bar, CallbackOutput& output) {
        if (bar.timeframe != Timeframe::m1 || bar.symbol_index != 0) return CallbackResult{};
        Intent intent = enter_call();
        intent.id = host.services->reserve_intent_id();
        output.intents.push_back(intent);
        output.skips.push_back({"NIFTY", "half said"});
        return std::exchange(first, false) ? stopped() : CallbackResult{};
    };
    market_at(hours(10) + minutes(4) + seconds(30));
    market_at(hours(10) + minutes(5) + seconds(1));
    EXPECT_TRUE(sent.empty());
    EXPECT_EQ(statuses(), (std::vector<std::string>{"loaded", "stopped", "restarted"}));
    EXPECT_EQ(recorder.all<ScriptRecord>()[1].detail,
              "no answer within 50 ms in on_bar NIFTY 1m 2024-01-10T10:04:00+05:30");
    EXPECT_TRUE(recorder.all<SkipRecord>().empty());
    market_at(hours(10) + minutes(6) + seconds(1));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(recorder.all<IntentRecord>().at(0).intent.id, IntentId(1)) << "the stopped callback's id is given again";
    EXPECT_FALSE(session->outcome().script_quarantined);
}

TEST_F(SessionStopTest, an_indicator_that_a_stopped_callback_asked_for_is_forgotten) {
    start();
    host.bar = [&](const BarMessage&, CallbackOutput&) {
        const double period = 9;
        (void)host.services->indicator(StrategyId(1), "NIFTY", Timeframe::m1, "ema", {&period, 1});
        return stops == 0 ? stopped() : CallbackResult{};
    };
    market_at(hours(10) + minutes(4) + seconds(30));
    EXPECT_EQ(session->market().indicators().size(), 0U);
    market_at(hours(10) + minutes(5) + seconds(1));
    EXPECT_EQ(stops, 1);
    EXPECT_EQ(session->market().indicators().size(), 0U);
    market_at(hours(10) + minutes(6) + seconds(1));
    EXPECT_EQ(session->market().indicators().size(), 1U);
}

TEST_F(SessionStopTest, the_third_stop_quarantines_and_the_position_is_closed_by_the_rules) {
    start();
    open_position();
    host.bar = [&](const BarMessage&, CallbackOutput&) { return stopped(); };
    for (int minute = 6; minute <= 9; ++minute) market_at(hours(10) + minutes(minute) + seconds(1));
    EXPECT_EQ(stops, 3);
    EXPECT_EQ(statuses(), (std::vector<std::string>{"loaded", "stopped", "restarted", "stopped", "restarted", "stopped",
                                                    "quarantined"}));
    EXPECT_TRUE(session->outcome().script_quarantined);
    market_at(hours(15) + seconds(1));  // 30 minutes before the close
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[1].order.purpose, OrderPurpose::exit);
}

TEST_F(SessionStopTest, a_late_answer_quarantines_at_once_and_the_position_is_closed_by_the_rules) {
    start();
    open_position();
    host.bar = [&](const BarMessage&, CallbackOutput& output) {
        output.intents.push_back(enter_call());
        return late();
    };
    for (int minute = 6; minute <= 9; ++minute) market_at(hours(10) + minutes(minute) + seconds(1));
    EXPECT_EQ(stops, 1);
    EXPECT_EQ(statuses(), (std::vector<std::string>{"loaded", "quarantined"}));
    EXPECT_EQ(recorder.all<ScriptRecord>()[1].detail,
              "no answer within 50 ms in on_bar NIFTY 1m 2024-01-10T10:05:00+05:30");
    EXPECT_TRUE(session->outcome().script_quarantined);
    EXPECT_EQ(sent.size(), 1U) << "what it half said counts for nothing";
    market_at(hours(15) + seconds(1));  // 30 minutes before the close
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[1].order.purpose, OrderPurpose::exit);
}

TEST_F(SessionStopTest, a_late_on_save_quarantines_too) {
    host.declaration.define(ScriptCallback::save);
    start();
    host.save = [&] { return late(); };
    market_at(hours(10));
    send(FeedStatusEvent{FeedState::ended, "test", ""});
    EXPECT_EQ(statuses(), (std::vector<std::string>{"loaded", "quarantined"}));
}

TEST_F(SessionStopTest, the_engines_own_stop_acts_before_the_script_that_hangs_is_asked) {
    start();
    open_position();
    std::vector<size_t> orders_at_call;
    host.exit_check = [&](const PositionMessage&, const QuoteMessage&, CallbackOutput&) {
        orders_at_call.push_back(sent.size());
        return stopped();
    };
    host.bar = [&](const BarMessage&, CallbackOutput&) { return CallbackResult{}; };
    at_time(hours(10) + minutes(5) + seconds(30));
    for (int i = 0; i < 2; ++i) tick(kNifty, 21'000);  // far through the stop, 1 % below 21500; twice, to be believed
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[1].order.purpose, OrderPurpose::exit);
    for (const size_t orders : orders_at_call) EXPECT_EQ(orders, 2U);
}

TEST_F(SessionStopTest, a_stop_at_the_end_of_the_session_starts_nothing_again) {
    start();
    host.declaration.define(ScriptCallback::stop);
    market_at(hours(10));
    host.stop = [&] { return stopped(); };
    send(FeedStatusEvent{FeedState::ended, "test", ""});
    EXPECT_TRUE(session->ended());
    EXPECT_EQ(statuses(), (std::vector<std::string>{"loaded", "stopped"}));
}

}  // namespace
}  // namespace tide
