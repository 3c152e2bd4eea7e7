#include "session_fixture.hpp"

// Faults of the line, the broker and the exchange, as a whole Session meets them.
namespace tide {
namespace {

class SessionFaults : public SessionTest {
  protected:
    void service(Service what, ServiceState state, ReceiveTime until = ReceiveTime()) {
        send(ServiceStatusEvent{what, state, until, "as told"});
    }
    void line(FeedState state, std::string_view feed = kBrokerLine) { send(FeedStatusEvent{state, feed, "line"}); }
    void clock(Duration since_midnight) {
        at_time(since_midnight);
        send(ClockEvent{});
    }
    bool on(HaltKind kind) const { return session->halts().active(kind); }
    std::string last_exit() const {
        const auto exits = recorder.all<ExitRecord>();
        return exits.empty() ? "" : exits.back().reason.rule;
    }
    size_t cancels() const {
        return static_cast<size_t>(
            std::count_if(sent.begin(), sent.end(), [](const SentMessage& m) { return m.kind == "cancel"; }));
    }
    // Kill switch: the cause is recorded before it, and the position is being closed.
    void expect_killed_by(std::string_view cause) {
        EXPECT_TRUE(on(HaltKind::kill_switch));
        EXPECT_TRUE(session->stopping());
        const auto halts = recorder.all<HaltRecord>();
        const auto kill =
            std::find_if(halts.begin(), halts.end(), [](const HaltRecord& h) { return h.kind == "kill_switch"; });
        ASSERT_NE(kill, halts.end());
        ASSERT_NE(kill, halts.begin());
        EXPECT_EQ((kill - 1)->kind, cause);
        if (!session->portfolio().open().empty()) {
            EXPECT_EQ(last_exit(), "kill_switch");
        }
    }
};

TEST_F(SessionFaults, a_broker_that_answers_mostly_with_errors_trips_the_kill_switch) {
    start();
    open_position();  // one good answer
    send(CommandEvent{CommandKind::exit_position, "operator", "1", "out"});
    // Every exit is rejected; it is asked for again after growing waits.
    size_t seen = 1;
    for (int second = 2; second < 150 && !on(HaltKind::kill_switch); ++second) {
        while (seen < sent.size()) update(sent[seen++].order, OrderUpdateKind::rejected);
        // An operator who tries again and again.
        if (second % 10 == 0) send(CommandEvent{CommandKind::exit_position, "operator", "1", "out"});
        clock(hours(10) + minutes(5) + seconds(second));
    }
    expect_killed_by("error_rate");
}

// In review, or behind the throttle: it was decided in a market that is gone when the line is back.
TEST_F(SessionFaults, an_entry_that_has_not_left_when_the_line_goes_down_does_not_leave_when_it_is_back) {
    config.orders.review_lots = 0;
    start();
    host.bar = [](const BarMessage& bar, CallbackOutput& output) {
        if (bar.timeframe == Timeframe::m1) output.intents.push_back(enter_call());
        return CallbackResult{};
    };
    market_at(hours(10) + minutes(4) + seconds(30));
    market_at(hours(10) + minutes(5) + seconds(1));
    ASSERT_EQ(session->desk().live().size(), 1U);
    ASSERT_TRUE(sent.empty());
    line(FeedState::down);
    EXPECT_TRUE(session->desk().idle());
    EXPECT_EQ(recorder.all<OrderRecord>().back().detail, "broker_down");
    now += seconds(3);
    line(FeedState::up);
    clock(hours(10) + minutes(5) + seconds(20));
    EXPECT_TRUE(sent.empty());
}

TEST_F(SessionFaults, a_session_of_the_broker_that_ends_in_market_hours_closes_first_and_then_kills) {
    start();
    open_position();
    service(Service::broker_session, ServiceState::ending, at(kDay, hours(10) + minutes(30)));
    clock(hours(10) + minutes(19));
    EXPECT_EQ(last_exit(), "");
    clock(hours(10) + minutes(21));
    EXPECT_EQ(last_exit(), "broker_session");
    fill(sent.back().order, 100, 2);
    EXPECT_TRUE(session->flat());
    EXPECT_FALSE(on(HaltKind::kill_switch));
    clock(hours(10) + minutes(31));  // flat, and still it must be known
    EXPECT_TRUE(on(HaltKind::session_expired));
    expect_killed_by("session_expired");
}

TEST_F(SessionFaults, a_fill_beyond_its_limit_is_a_wrong_order) {
    start();
    send_entry();
    fill(sent[0].order, 102, 1);  // the ask is 100.5, the band half a percent
    expect_killed_by("wrong_order");
    EXPECT_EQ(sent.back().kind, "new");
    EXPECT_EQ(sent.back().order.side, Side::sell);
}

TEST_F(SessionFaults, an_order_that_is_not_at_the_broker_as_it_was_sent_is_cancelled_in_the_same_moment) {
    start();
    send_entry();
    OrderUpdateEvent update;
    update.order = sent[0].order.id;
    update.broker_order = BrokerOrderId(77);
    update.flags = kUpdateMismatch;
    update.reason = "the broker has 500 units";
    send(update);
    ASSERT_EQ(cancels(), 1U);
    EXPECT_EQ(sent.back().at, now);
    expect_killed_by("wrong_order");
}

TEST_F(SessionFaults, a_fill_of_an_order_that_was_never_sent_is_a_wrong_order) {
    start();
    market_at(hours(10) + minutes(5));
    OrderUpdateEvent update;
    update.order = OrderId(99);
    update.kind = OrderUpdateKind::filled;
    update.quantity = Quantity(50);
    update.price = Price::from_rupees(100);
    update.fill = FillId(1);
    send(update);
    expect_killed_by("wrong_order");
}

TEST_F(SessionFaults, a_wrong_order_that_is_only_watched_halts_entries_until_an_operator_resumes) {
    config.risk.emergency.wrong_order_kill_pct = 3;
    start();
    market_at(hours(10) + minutes(5));
    OrderUpdateEvent update;
    update.order = OrderId(99);
    update.kind = OrderUpdateKind::filled;
    update.quantity = Quantity(50);
    update.price = Price::from_rupees(100);
    update.fill = FillId(1);
    send(update);
    EXPECT_TRUE(on(HaltKind::wrong_order));
    EXPECT_FALSE(on(HaltKind::kill_switch));
    send(CommandEvent{CommandKind::resume, "operator", "", "looked at it"});
    EXPECT_FALSE(session->halts().any());
    EXPECT_EQ(session->halts().mode(now), TradingMode::limited);
}

TEST_F(SessionFaults, after_a_long_outage_of_the_feed_all_is_closed_and_the_day_is_over) {
    start();
    open_position();
    line(FeedState::down, "test");
    at_time(hours(10) + minutes(36));
    line(FeedState::up, "test");
    EXPECT_EQ(last_exit(), "long_outage");
    EXPECT_TRUE(on(HaltKind::long_outage));
    EXPECT_TRUE(session->outcome().halted);
}

TEST_F(SessionFaults, after_a_medium_outage_of_the_brokers_line_entries_wait) {
    start();
    market_at(hours(10) + minutes(5));
    line(FeedState::down);
    for (int minute = 6; minute < 12; ++minute) market_at(hours(10) + minutes(minute));
    line(FeedState::up);
    EXPECT_TRUE(on(HaltKind::after_outage));
    for (int minute = 12; minute < 26; ++minute) market_at(hours(10) + minutes(minute));
    market_at(hours(10) + minutes(26) - seconds(1));
    EXPECT_TRUE(on(HaltKind::after_outage));
    market_at(hours(10) + minutes(26));
    EXPECT_FALSE(session->halts().any());
}

TEST_F(SessionFaults, a_feed_that_falls_silent_without_a_word_is_out_as_well) {
    start();
    open_position();
    clock(hours(10) + minutes(20));
    EXPECT_FALSE(session->halts().any());
    market_at(hours(10) + minutes(37));  // 32 minutes after the last price
    EXPECT_TRUE(on(HaltKind::long_outage));
    EXPECT_EQ(last_exit(), "long_outage");
}

TEST_F(SessionFaults, a_hole_in_recorded_data_is_no_outage) {
    config.over_history = true;
    start();
    open_position();
    line(FeedState::down, "replay");
    at_time(hours(11));
    line(FeedState::up, "replay");
    EXPECT_FALSE(session->halts().any());
    EXPECT_EQ(last_exit(), "");
}

TEST_F(SessionFaults, a_halt_of_the_exchange_ends_waiting_entries_and_later_itself) {
    start();
    send_entry();
    update(sent[0].order, OrderUpdateKind::acknowledged);
    service(Service::exchange, ServiceState::down, at(kDay, hours(11)));
    EXPECT_EQ(cancels(), 1U);
    update(sent[0].order, OrderUpdateKind::cancelled, 50);
    EXPECT_TRUE(on(HaltKind::market_halt));
    clock(hours(11));
    EXPECT_FALSE(on(HaltKind::market_halt));
}

// Rules that look at the market alone must not need a strategy.
TEST_F(SessionFaults, breakers_and_halts_work_with_no_script_loaded) {
    session = std::make_unique<Session>(config, host, *this, recorder);
    now = at(kDay, hours(9));
    send(ConfigEvent{"test = 1"});
    add(kNifty, "NIFTY", InstrumentKind::index);
    add(kBankNifty, "BANKNIFTY", InstrumentKind::index);
    add(kVix, "INDIAVIX", InstrumentKind::volatility_index);
    TradingDayEvent day;
    day.date = kDay;
    day.session_count = 1;
    day.sessions[0] = {hours(9) + minutes(15), hours(15) + minutes(30)};
    day.calendar = "NSE";
    send(day);
    at_time(hours(10));
    tick(kVix, 14);
    tick(kNifty, 21'500);
    at_time(hours(10) + minutes(1));
    tick(kNifty, 21'065);  // 2.02 %
    tick(kNifty, 21'065);
    EXPECT_TRUE(on(HaltKind::underlying_move));
    tick(kVix, 20);
    tick(kVix, 20);
    EXPECT_TRUE(on(HaltKind::vix_spike));
    tick(kVix, 22);
    tick(kVix, 22);
    EXPECT_TRUE(on(HaltKind::kill_switch));
}

}  // namespace
}  // namespace tide
