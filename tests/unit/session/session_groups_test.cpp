#include "session_fixture.hpp"

// Groups through the whole Session: gate, order desk, portfolio, guardian. A debit spread of the 21500 call, bought at
// 100.5, and the 21600 call, sold at 60.
namespace tide {
namespace {

const InstrumentId kHigher{6};

class SessionGroups : public SessionTest {
  protected:
    SessionGroups() { config.risk.stale_quote_in_position_s = 60; }
    void start_with_spread(std::optional<double> timeout_s = std::nullopt) {
        start();
        Instrument option;
        option.id = kHigher;
        option.kind = InstrumentKind::option;
        option.right = OptionRight::call;
        option.underlying = kNifty;
        option.expiry = make_date(2024, 1, 25);
        option.strike = Price::from_rupees(21'600);
        option.lot = Quantity(50);
        option.freeze = Quantity(1800);
        option.symbol = option_symbol("NIFTY", *option.expiry, option.strike, option.right);
        send(InstrumentEvent{option});
        host.bar = [this, timeout_s](const BarMessage& bar, CallbackOutput& output) {
            if (bar.timeframe == Timeframe::m1 && std::exchange(asked_, true) == false) {
                Intent intent;
                intent.kind = IntentKind::enter_group;
                intent.legs = {{kHigher, Side::sell, 1, std::nullopt}, {kCall, Side::buy, 1, std::nullopt}};
                intent.timeout_s = timeout_s;
                intent.why = "debit spread";
                output.intents.push_back(intent);
            }
            if (leave_) {
                Intent intent;
                intent.kind = IntentKind::exit_group;
                intent.group = group().id;
                intent.reason = {3, "target", "", "enough"};
                output.intents.push_back(intent);
                leave_ = false;
            }
            return CallbackResult{};
        };
        market(hours(10) + minutes(4) + seconds(30));
        market(hours(10) + minutes(5) + seconds(1));
    }
    void market(Duration since_midnight) {
        market_at(since_midnight);
        quote(kHigher, 60, 60.5);
    }
    const OrderGroup& group() const { return session->groups().all().front(); }
    // The newest message that is a new order.
    const Order& newest() const {
        for (auto it = sent.rbegin(); it != sent.rend(); ++it) {
            if (it->kind == "new") return it->order;
        }
        throw std::runtime_error("nothing was sent");
    }
    size_t orders() const {
        return static_cast<size_t>(
            std::count_if(sent.begin(), sent.end(), [](const SentMessage& m) { return m.kind == "new"; }));
    }
    void make_whole() {
        fill(newest(), 100.5, 1);
        fill(newest(), 60, 2);
        ASSERT_EQ(group().state, GroupState::whole);
    }
    std::vector<std::string> states() const {
        std::vector<std::string> all;
        for (const auto& row : recorder.all<GroupRecord>()) all.push_back(row.state);
        return all;
    }

    bool asked_ = false;
    bool leave_ = false;
};

TEST_F(SessionGroups, the_bought_leg_leaves_first_and_the_sold_one_when_it_is_filled) {
    start_with_spread();
    ASSERT_EQ(orders(), 1U);
    EXPECT_EQ(newest().instrument, kCall);
    EXPECT_EQ(newest().side, Side::buy);
    EXPECT_EQ(newest().group, group().id);
    update(newest(), OrderUpdateKind::acknowledged);
    update(newest(), OrderUpdateKind::filled, 20, 100.5, 1);
    EXPECT_EQ(orders(), 1U);
    update(sent[0].order, OrderUpdateKind::filled, 30, 100.5, 2);
    ASSERT_EQ(orders(), 2U);
    EXPECT_EQ(newest().instrument, kHigher);
    EXPECT_EQ(newest().side, Side::sell);
    fill(newest(), 60, 3);
    EXPECT_EQ(group().state, GroupState::whole);
    EXPECT_EQ(states(), (std::vector<std::string>{"hedging", "selling", "whole"}));
    for (const Position& position : session->portfolio().open()) EXPECT_EQ(position.group, group().id);
    // Half of the debit of (the ask's limit is not yet known: the last prices) 100.25 - 60.25 = 40, 50 units: 1000.
    EXPECT_EQ(*group().loss_limit, Money::from_rupees(1'000));
}

TEST_F(SessionGroups, on_its_way_out_the_sold_leg_is_bought_back_first) {
    start_with_spread();
    make_whole();
    leave_ = true;
    market(hours(10) + minutes(6) + seconds(1));
    ASSERT_EQ(orders(), 3U);
    EXPECT_EQ(newest().instrument, kHigher);
    EXPECT_EQ(newest().side, Side::buy);
    EXPECT_EQ(group().state, GroupState::unwinding);
    fill(newest(), 60.5, 3);
    ASSERT_EQ(orders(), 4U);
    EXPECT_EQ(newest().instrument, kCall);
    EXPECT_EQ(newest().side, Side::sell);
    fill(newest(), 100, 4);
    EXPECT_EQ(group().state, GroupState::flat);
    EXPECT_TRUE(session->flat());
    const auto trades = recorder.all<TradeRecord>();
    ASSERT_EQ(trades.size(), 2U);
    EXPECT_EQ(trades[0].exit.rule, "target");
    EXPECT_EQ(trades[1].exit.rule, "target");
}

TEST_F(SessionGroups, the_kill_switch_closes_the_sold_leg_first) {
    start_with_spread();
    make_whole();
    CommandEvent kill;
    kill.kind = CommandKind::kill_switch;
    kill.operator_name = "asha";
    send(kill);
    ASSERT_EQ(orders(), 3U);
    EXPECT_EQ(newest().instrument, kHigher);
    fill(newest(), 60.5, 3);
    ASSERT_EQ(orders(), 4U);
    EXPECT_EQ(newest().instrument, kCall);
    fill(newest(), 100, 4);
    EXPECT_TRUE(session->flat());
}

TEST_F(SessionGroups, a_hedge_that_is_filled_in_part_when_time_is_up_is_sold_again) {
    start_with_spread(10);
    update(newest(), OrderUpdateKind::acknowledged);
    update(newest(), OrderUpdateKind::filled, 20, 100.5, 1);
    market(hours(10) + minutes(5) + seconds(7));
    update(sent[0].order, OrderUpdateKind::replaced);
    market(hours(10) + minutes(5) + seconds(11));
    EXPECT_EQ(group().state, GroupState::unwinding);
    EXPECT_EQ(sent.back().kind, "new");
    EXPECT_EQ(newest().side, Side::sell);
    EXPECT_EQ(newest().quantity, Quantity(20));
    EXPECT_EQ(std::count_if(sent.begin(), sent.end(), [](const auto& m) { return m.kind == "cancel"; }), 1);
    // What is filled before the cancel arrives goes the same way.
    update(sent[0].order, OrderUpdateKind::filled, 30, 100.5, 2);
    fill(newest(), 100, 3);
    market(hours(10) + minutes(5) + seconds(14));
    EXPECT_EQ(newest().quantity, Quantity(30));
    fill(newest(), 100, 4);
    EXPECT_EQ(group().state, GroupState::flat);
    EXPECT_TRUE(session->flat());
}

// Found by the fault simulation: without a new price the hedge stayed for ever.
TEST_F(SessionGroups, the_hedge_is_sold_as_soon_as_the_cancel_of_the_sold_leg_is_confirmed) {
    start_with_spread(10);
    fill(newest(), 100.5, 1);
    ASSERT_EQ(orders(), 2U);
    const Order sold = newest();
    ASSERT_EQ(sold.side, Side::sell);
    update(sold, OrderUpdateKind::acknowledged);
    market(hours(10) + minutes(5) + seconds(7));
    if (sent.back().kind == "replace") update(sold, OrderUpdateKind::replaced);
    market(hours(10) + minutes(5) + seconds(11));
    EXPECT_EQ(group().state, GroupState::unwinding);
    EXPECT_EQ(sent.back().kind, "cancel");
    ASSERT_EQ(orders(), 2U);
    update(sold, OrderUpdateKind::cancelled);
    ASSERT_EQ(orders(), 3U);
    EXPECT_EQ(newest().instrument, kCall);
    EXPECT_EQ(newest().side, Side::sell);
    fill(newest(), 100, 2);
    EXPECT_EQ(group().state, GroupState::flat);
    EXPECT_TRUE(session->flat());
}

TEST_F(SessionGroups, a_sold_leg_that_is_rejected_takes_its_hedge_with_it) {
    start_with_spread();
    fill(newest(), 100.5, 1);
    update(newest(), OrderUpdateKind::rejected);
    EXPECT_EQ(group().closing->rule, "leg_not_filled");
    ASSERT_EQ(orders(), 3U);
    EXPECT_EQ(newest().instrument, kCall);
    EXPECT_EQ(newest().side, Side::sell);
    fill(newest(), 100, 2);
    EXPECT_EQ(states(), (std::vector<std::string>{"hedging", "selling", "unwinding", "flat"}));
}

TEST_F(SessionGroups, a_pause_between_the_legs_unwinds_the_group) {
    start_with_spread();
    CommandEvent pause;
    pause.kind = CommandKind::pause;
    pause.operator_name = "asha";
    update(newest(), OrderUpdateKind::acknowledged);
    send(pause);
    update(sent[0].order, OrderUpdateKind::filled, 50, 100.5, 1);  // before its cancel
    EXPECT_EQ(group().closing->rule, "leg_refused");
    EXPECT_EQ(newest().instrument, kCall);
    EXPECT_EQ(newest().side, Side::sell);
    EXPECT_EQ(recorder.all<RiskRecord>().back().code, "halted");
}

TEST_F(SessionGroups, an_operators_exit_of_one_leg_closes_both) {
    start_with_spread();
    make_whole();
    CommandEvent exit;
    exit.kind = CommandKind::exit_position;
    exit.operator_name = "asha";
    const std::string id = std::to_string(group().legs[1].position.value());
    exit.argument = id;
    send(exit);
    EXPECT_EQ(newest().instrument, kHigher);
    EXPECT_EQ(group().closing->rule, "operator_exit");
}

TEST_F(SessionGroups, a_group_that_the_gate_refuses_leaves_nothing_behind) {
    config.risk.max_positions = 0;
    start_with_spread();
    EXPECT_EQ(orders(), 0U);
    EXPECT_TRUE(session->groups().all().empty());
    EXPECT_EQ(host.count("order refused max_positions"), 1);
}

TEST_F(SessionGroups, a_strategys_own_limits_are_bound_to_it_when_it_is_loaded) {
    config.risk.per_strategy.push_back({});
    config.risk.per_strategy.back().name = "test";
    config.risk.per_strategy.back().max_positions = 0;
    start_with_spread();
    EXPECT_EQ(orders(), 0U);
    EXPECT_EQ(host.count("order refused strategy_positions"), 1);
    CommandEvent set;
    set.kind = CommandKind::set;
    set.operator_name = "asha";
    set.argument = "strategy.other.max_positions=1";
    send(set);
    EXPECT_EQ(recorder.all<CommandRecord>().back().code, "not_found");
    set.argument = "strategy.test.max_positions=1";
    send(set);
    EXPECT_EQ(recorder.all<CommandRecord>().back().code, "halted");  // looser, and not confirmed
    set.argument = "strategy.test.max_lots=1";
    send(set);
    EXPECT_EQ(recorder.all<CommandRecord>().back().outcome, "strategy.test.max_lots: none -> 1, tighter");
}

}  // namespace
}  // namespace tide
