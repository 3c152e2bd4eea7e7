#include <gtest/gtest.h>

#include "risk/guardian.hpp"
#include "risk/market_halt.hpp"
#include "risk_world.hpp"

// What goes wrong outside the market's prices. Numbers: option-bot-flow 13.14.2, 13.14.4, 14.2.1; the exchange's table
// of index limits (india-market 3.6).
namespace tide {
namespace {

using namespace tide::testing;

struct Emergencies : ::testing::Test {
    World w;
    Guardian guardian{w.risk, w.prices, w.portfolio, w.desk, w.hours, w.halts, &w.gaps};
    GuardianActions actions;

    void SetUp() override { guardian.start_day(w.now, actions); }
    GuardianActions take() { return std::exchange(actions, {}); }
    GuardianActions answers(int count, bool error, Duration apart = seconds(10)) {
        for (int i = 0; i < count; ++i, w.now += apart) guardian.on_answer(error, w.now, actions);
        return take();
    }
    GuardianActions service(Service what, ServiceState state, ReceiveTime until = ReceiveTime()) {
        guardian.on_service({what, state, until, "as told"}, w.now, actions);
        return take();
    }
    // Goes where the guardian wants to be told the time, up to `end`.
    GuardianActions until(ReceiveTime end) {
        for (ReceiveTime due = guardian.watch_due(); due <= end; due = guardian.watch_due()) {
            w.now = due;
            guardian.on_time(due, actions);
        }
        w.now = end;
        return take();
    }
    GuardianActions price(InstrumentId id, double value) {
        w.tick(last_tick(id, value));
        w.portfolio.mark(id, rupees(value));
        guardian.on_price(id, w.now, actions);
        return take();
    }
    GuardianActions outage(OutageLine line, Duration length) {
        guardian.on_line_down(line, w.now);
        w.now += length;
        guardian.on_line_up(line, w.now, actions);
        return take();
    }
    void close_yesterday(InstrumentId id, double close) {
        Bar bar;
        bar.instrument = id;
        bar.timeframe = Timeframe::d1;
        bar.start = as_exchange_time(at(kDay - std::chrono::days(3), hours(9)));  // a Friday
        bar.close = rupees(close);
        w.gaps.on_bar(w.now, bar);
        w.gaps.on_tick(w.now, last_tick(id, close));
    }
    bool on(HaltKind kind) const { return w.halts.active(kind); }
    static std::string rules(const GuardianActions& a) {
        std::string all;
        for (const ExitRequest& exit : a.exits) all += (all.empty() ? "" : " ") + exit.reason.rule;
        return all;
    }
};

// ---- system error rate

TEST_F(Emergencies, more_than_half_of_ten_answers_being_errors_is_the_kill_switch) {
    w.open(kCall);
    answers(4, false);
    answers(5, true, seconds(12));  // 5 of 9: too few answers to be a rate
    EXPECT_FALSE(on(HaltKind::kill_switch));
    const auto killed = answers(1, true);  // 6 of 10, a minute after the first error
    EXPECT_TRUE(on(HaltKind::error_rate));
    EXPECT_TRUE(on(HaltKind::kill_switch));
    EXPECT_TRUE(killed.cancel_all);
    EXPECT_EQ(rules(killed), "kill_switch");
    ASSERT_FALSE(killed.halts.empty());
    EXPECT_EQ(killed.halts[0].kind, HaltKind::error_rate);
    EXPECT_EQ(killed.halts[0].values, "errors=6 answers=10 pct=60 limit_pct=50 minutes=5");
}

TEST_F(Emergencies, exactly_half_is_not_more_than_half) {
    for (int i = 0; i < 20; ++i) answers(1, i % 2 == 1, seconds(5));
    EXPECT_FALSE(on(HaltKind::error_rate));
}

TEST_F(Emergencies, one_burst_of_errors_is_one_fault_and_no_rate) {
    answers(30, true, seconds(1));  // 29 s from the first to the last
    EXPECT_FALSE(on(HaltKind::error_rate));
}

TEST_F(Emergencies, errors_of_more_than_five_minutes_ago_are_forgotten) {
    answers(9, true);
    w.now += minutes(5);
    answers(9, true);
    EXPECT_FALSE(on(HaltKind::error_rate));
    answers(1, true);
    EXPECT_TRUE(on(HaltKind::error_rate));
}

TEST_F(Emergencies, after_an_operator_has_resumed_the_rate_begins_anew) {
    answers(10, true);
    ASSERT_TRUE(on(HaltKind::kill_switch));
    w.halts.resume(w.now);
    EXPECT_FALSE(on(HaltKind::error_rate));
    EXPECT_EQ(w.halts.mode(w.now), TradingMode::limited);
    answers(9, true);
    EXPECT_FALSE(on(HaltKind::kill_switch));
}

// ---- the broker's session

TEST_F(Emergencies, positions_are_closed_before_the_brokers_session_ends) {
    w.open(kCall);
    const auto told = service(Service::broker_session, ServiceState::ending, time_of(12, 0));
    EXPECT_EQ(told.warnings.size(), 1U);
    EXPECT_FALSE(w.halts.any());
    EXPECT_EQ(guardian.watch_due(), time_of(11, 50));  // broker.session_exit_min
    const auto closing = until(time_of(11, 50));
    EXPECT_EQ(rules(closing), "broker_session");
    EXPECT_EQ(closing.exits[0].reason.priority, 1);
    EXPECT_TRUE(on(HaltKind::session_ending));
    EXPECT_FALSE(on(HaltKind::kill_switch));
}

TEST_F(Emergencies, a_renewed_session_ends_the_halt) {
    service(Service::broker_session, ServiceState::ending, time_of(11, 5));  // inside the ten minutes already
    EXPECT_TRUE(on(HaltKind::session_ending));
    service(Service::broker_session, ServiceState::up, time_of(23, 0));
    EXPECT_FALSE(w.halts.any());
    until(time_of(15, 39));
    EXPECT_FALSE(w.halts.any());  // one that ends after the close closes nothing before it
}

TEST_F(Emergencies, a_session_that_ends_in_market_hours_and_is_not_renewed_is_the_kill_switch) {
    w.open(kCall);
    service(Service::broker_session, ServiceState::ending, time_of(12, 0));
    const auto killed = until(time_of(12, 0));
    EXPECT_TRUE(on(HaltKind::session_expired));
    EXPECT_TRUE(on(HaltKind::kill_switch));
    EXPECT_TRUE(killed.cancel_all);
    w.halts.resume(w.now);  // does not bring the session back
    EXPECT_FALSE(on(HaltKind::kill_switch));
    EXPECT_TRUE(on(HaltKind::session_expired));
}

TEST_F(Emergencies, a_session_that_is_told_to_have_ended_is_the_kill_switch_only_while_a_market_is_open) {
    w.now = time_of(8, 30);
    service(Service::broker_session, ServiceState::down);
    EXPECT_TRUE(on(HaltKind::session_expired));
    EXPECT_FALSE(on(HaltKind::kill_switch));
    service(Service::broker_session, ServiceState::up);
    EXPECT_FALSE(w.halts.any());
    w.now = time_of(9, 15);
    service(Service::broker_session, ServiceState::down);
    EXPECT_TRUE(on(HaltKind::kill_switch));
}

// ---- wrong orders

TEST_F(Emergencies, a_wrong_order_is_the_kill_switch_unless_an_operator_has_set_a_loss_for_it) {
    const PositionId id = w.open(kCall);
    // Of 25 lakh: 0.96 %, 1 %, 3 %.
    const WrongOrder small{"overfilled", "order=1", "too much", id, Money::from_rupees(24'000)};
    const WrongOrder middle{"overfilled", "order=1", "too much", id, Money::from_rupees(25'000)};
    const WrongOrder big{"overfilled", "order=1", "too much", id, Money::from_rupees(75'000)};
    guardian.on_wrong_order(small, w.now, actions);
    EXPECT_TRUE(take().cancel_all);
    EXPECT_TRUE(on(HaltKind::kill_switch));
    EXPECT_TRUE(on(HaltKind::wrong_order));
    w.halts.resume(w.now);
    EXPECT_FALSE(w.halts.any());

    w.risk.emergency.wrong_order_kill_pct = 3;
    w.now += seconds(30);
    guardian.on_wrong_order(small, w.now, actions);
    const auto watched = take();
    EXPECT_EQ(rules(watched), "");
    EXPECT_EQ(watched.warnings.size(), 1U);
    EXPECT_TRUE(watched.cancel_entries);
    EXPECT_TRUE(on(HaltKind::wrong_order));
    EXPECT_FALSE(on(HaltKind::kill_switch));
    guardian.on_wrong_order(middle, w.now, actions);
    EXPECT_EQ(rules(take()), "wrong_order");
    EXPECT_FALSE(on(HaltKind::kill_switch));
    guardian.on_wrong_order(big, w.now, actions);
    take();
    EXPECT_TRUE(on(HaltKind::kill_switch));
}

TEST_F(Emergencies, a_condemned_position_is_asked_for_until_it_is_closed) {
    const PositionId id = w.open(kCall);
    w.risk.emergency.wrong_order_kill_pct = 3;
    guardian.on_wrong_order({"beyond_limit", "", "", id, Money::from_rupees(30'000)}, w.now, actions);
    ASSERT_EQ(rules(take()), "wrong_order");
    ASSERT_EQ(guardian.next_due(), w.now + seconds(1));
    guardian.on_time(w.now + seconds(1), actions);
    EXPECT_EQ(rules(take()), "wrong_order");
}

// ---- outages

struct OutageCase {
    Duration length;
    const char* rules;
    bool quiet, for_day;
};

TEST_F(Emergencies, outages_are_short_medium_or_long) {
    const OutageCase cases[] = {
        {minutes(5) - seconds(1), "", false, false},
        {minutes(5), "", true, false},
        {minutes(30), "", true, false},
        {minutes(30) + seconds(1), "long_outage", false, true},
    };
    for (const OutageLine line : {OutageLine::feed, OutageLine::broker}) {
        for (const OutageCase& each : cases) {
            World fresh;
            Guardian one{fresh.risk, fresh.prices, fresh.portfolio, fresh.desk, fresh.hours, fresh.halts};
            GuardianActions done;
            one.start_day(fresh.now, done);
            fresh.open(kCall);
            one.on_line_down(line, fresh.now);
            fresh.now += each.length;
            one.on_line_up(line, fresh.now, done);
            EXPECT_EQ(rules(done), each.rules) << name_of(line) << each.length.count();
            EXPECT_EQ(fresh.halts.active(HaltKind::after_outage), each.quiet);
            EXPECT_EQ(fresh.halts.active(HaltKind::long_outage), each.for_day);
            EXPECT_EQ(done.warnings.size(), each.for_day ? 0U : 1U);  // told with its length
            fresh.halts.start_day(fresh.now + hours(22));
            EXPECT_FALSE(fresh.halts.active(HaltKind::long_outage));
        }
    }
}

TEST_F(Emergencies, entries_are_possible_again_a_quarter_of_an_hour_after_a_medium_outage) {
    outage(OutageLine::feed, minutes(6));
    EXPECT_TRUE(on(HaltKind::after_outage));
    until(time_of(11, 6) + minutes(15) - seconds(1));
    EXPECT_TRUE(on(HaltKind::after_outage));
    until(time_of(11, 6) + minutes(15));
    EXPECT_FALSE(w.halts.any());
}

TEST_F(Emergencies, only_time_in_which_a_market_is_open_counts) {
    w.now = time_of(8, 0);
    EXPECT_TRUE(outage(OutageLine::broker, minutes(75)).empty());  // till 9:15
    w.now = time_of(8, 0);
    outage(OutageLine::broker, minutes(79));  // four minutes of it in the session
    EXPECT_FALSE(w.halts.any());
    w.now = time_of(15, 36);
    outage(OutageLine::feed, hours(3));
    EXPECT_FALSE(w.halts.any());
}

// 0.5 % of 24500 is 122.5.
TEST_F(Emergencies, a_position_that_lost_ground_in_a_medium_outage_is_closed_at_the_first_new_price) {
    const PositionId call = w.open(kCall), put = w.open(kPut);
    for (const InstrumentId id : {kCall, kPut}) w.portfolio.mark(id, rupees(100));
    w.portfolio.mark(kNifty, rupees(24'500));
    EXPECT_EQ(rules(outage(OutageLine::feed, minutes(10))), "");
    const auto fell = price(kNifty, 24'377.5);
    ASSERT_EQ(fell.exits.size(), 1U);
    EXPECT_EQ(fell.exits[0].position, call);
    EXPECT_EQ(fell.exits[0].reason.rule, "outage_adverse");
    EXPECT_EQ(fell.exits[0].reason.values, "underlying=24377.50 before=24500.00 limit_pct=0.5");
    w.now += seconds(5);
    guardian.on_time(w.now, actions);
    EXPECT_EQ(rules(take()), "outage_adverse");  // the call again, for nothing covers it; the put stays
    EXPECT_NE(w.portfolio.find(put), nullptr);
}

TEST_F(Emergencies, a_position_that_stands_well_after_a_medium_outage_stays) {
    w.open(kCall);
    w.portfolio.mark(kNifty, rupees(24'500));
    outage(OutageLine::feed, minutes(10));
    EXPECT_EQ(rules(price(kNifty, 24'377.55)), "");
    w.now += minutes(1);
    EXPECT_EQ(rules(price(kNifty, 24'300)), "");  // later moves are the stop's
}

TEST_F(Emergencies, a_vix_that_rose_in_a_medium_outage_closes_everything) {
    w.open(kCall);
    outage(OutageLine::feed, minutes(10));
    EXPECT_EQ(rules(price(kVix, 16.99)), "");  // 14 before
    outage(OutageLine::feed, minutes(10));
    EXPECT_EQ(rules(price(kVix, 20)), "outage_vix");
}

TEST_F(Emergencies, prices_that_went_on_judge_an_outage_of_the_brokers_line_at_once) {
    w.open(kCall);
    w.portfolio.mark(kNifty, rupees(24'500));
    guardian.on_line_down(OutageLine::broker, w.now);
    w.now += minutes(8);
    price(kNifty, 24'300);
    w.now += minutes(1);
    guardian.on_line_up(OutageLine::broker, w.now, actions);
    EXPECT_EQ(rules(take()), "outage_adverse");
}

// ---- halts of the whole market

struct LimitCase {
    int level;
    int hour, minute;
    int64_t length_min;  // with 15 minutes of pre-open; -1: the rest of the day; 0: none
};

TEST(MarketHalt, lasts_as_the_exchanges_table_says) {
    const EmergencySettings table;
    const LimitCase cases[] = {
        {1, 9, 15, 60},  {1, 12, 59, 60},  {1, 13, 0, 30},  {1, 14, 29, 30}, {1, 14, 30, 0},
        {2, 9, 15, 120}, {2, 12, 59, 120}, {2, 13, 0, 60},  {2, 13, 59, 60}, {2, 14, 0, -1},
        {2, 14, 30, -1}, {3, 9, 15, -1},   {3, 13, 30, -1}, {3, 15, 0, -1},  {0, 10, 0, 0},
    };
    for (const LimitCase& each : cases) {
        const auto length = market_halt_length(table, each.level, hours(each.hour) + minutes(each.minute));
        const int64_t told = !length ? 0 : *length == Duration::max() ? -1 : *length / minutes(1);
        EXPECT_EQ(told, each.length_min) << each.level << " at " << each.hour << ":" << each.minute;
    }
    for (const auto& [move, level] : {std::pair(9.99, 0), {10.0, 1}, {-10.0, 1}, {14.99, 1}, {-15.0, 2}, {20.0, 3}}) {
        EXPECT_EQ(market_halt_level(table, move), level) << move;
    }
}

TEST_F(Emergencies, a_fall_of_ten_percent_halts_the_market_for_an_hour_and_size_begins_small) {
    close_yesterday(kNifty, 24'500);
    price(kNifty, 22'050.05);
    EXPECT_FALSE(on(HaltKind::market_halt));
    const auto halted = price(kNifty, 22'050);
    EXPECT_TRUE(on(HaltKind::market_halt));
    EXPECT_TRUE(halted.cancel_entries);
    EXPECT_EQ(guardian.watch_due(), time_of(12, 0));
    until(time_of(12, 0) - seconds(1));
    EXPECT_TRUE(on(HaltKind::market_halt));
    until(time_of(12, 0));
    EXPECT_FALSE(on(HaltKind::market_halt));
    EXPECT_DOUBLE_EQ(w.halts.size_factor(w.now), 0.25);
}

TEST_F(Emergencies, each_limit_halts_once_and_the_higher_one_again) {
    close_yesterday(kNifty, 24'500);
    price(kNifty, 22'000);
    until(time_of(12, 0));
    EXPECT_FALSE(on(HaltKind::market_halt));
    price(kNifty, 22'000);
    EXPECT_FALSE(on(HaltKind::market_halt));
    price(kNifty, 20'825);  // 15 %, at 12:00
    EXPECT_EQ(guardian.watch_due(), time_of(14, 0));
    const auto worse = price(kNifty, 19'600);  // 20 %: the day
    ASSERT_EQ(worse.warnings.size(), 1U);
    EXPECT_EQ(worse.warnings[0].values, "symbol=NIFTY move_pct=-20.00 level=3 until=day_end");
    EXPECT_TRUE(on(HaltKind::market_halt));
    EXPECT_EQ(guardian.watch_due(), ReceiveTime::max());
    guardian.start_day(time_of(23, 0), actions);
    EXPECT_FALSE(on(HaltKind::market_halt));
}

TEST_F(Emergencies, only_the_indices_of_the_rule_halt_the_market) {
    close_yesterday(kBank, 55'000);
    price(kBank, 44'000);
    EXPECT_FALSE(on(HaltKind::market_halt));
    close_yesterday(kSensex, 80'000);
    price(kSensex, 88'000);
    EXPECT_TRUE(on(HaltKind::market_halt));
}

TEST_F(Emergencies, while_the_exchange_is_halted_by_its_own_word_exits_wait_for_it) {
    const PositionId id = w.open(kCall);
    w.portfolio.set_stop(id, rupees(24'255), false, "stop");
    service(Service::exchange, ServiceState::down, time_of(11, 45));
    EXPECT_TRUE(on(HaltKind::market_halt));
    EXPECT_EQ(rules(price(kNifty, 24'200)), "");
    EXPECT_EQ(guardian.next_due(), time_of(11, 45));
    service(Service::exchange, ServiceState::up);
    EXPECT_FALSE(on(HaltKind::market_halt));
    guardian.on_time(w.now, actions);
    EXPECT_EQ(rules(take()), "stop");
}

}  // namespace
}  // namespace tide
