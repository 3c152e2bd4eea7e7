#include "risk/guardian.hpp"

#include <gtest/gtest.h>

#include "risk_world.hpp"

namespace tide {
namespace {

using namespace tide::testing;

struct GuardianTest : ::testing::Test {
    World w;
    Guardian guardian{w.risk, w.prices, w.portfolio, w.desk, w.hours, w.halts};
    GuardianActions actions;

    void SetUp() override { guardian.start_day(w.now, actions); }
    GuardianActions price(const TickEvent& tick) {
        actions.clear();
        w.tick(tick);
        w.portfolio.mark(tick.instrument, tick.last);
        guardian.on_price(tick.instrument, w.now, actions);
        return actions;
    }
    GuardianActions last(InstrumentId id, double value) { return price(last_tick(id, value)); }
    GuardianActions at_time(ReceiveTime now) {
        actions.clear();
        w.now = now;
        guardian.on_time(now, actions);
        return actions;
    }
    GuardianActions account() {
        actions.clear();
        guardian.on_account(w.now, actions);
        return actions;
    }
    // The rule of the one exit asked for, "" for none, "several" for more.
    static std::string rule(const GuardianActions& a) {
        if (a.exits.empty()) return "";
        return a.exits.size() == 1 ? a.exits[0].reason.rule : "several";
    }
    static bool raised(const GuardianActions& a, HaltKind kind) {
        return std::any_of(a.halts.begin(), a.halts.end(),
                           [&](const HaltChange& h) { return h.kind == kind && h.active; });
    }
    static bool cleared(const GuardianActions& a, HaltKind kind) {
        return std::any_of(a.halts.begin(), a.halts.end(),
                           [&](const HaltChange& h) { return h.kind == kind && !h.active; });
    }
};

// ---- levels

TEST_F(GuardianTest, stop_and_target_of_a_call_act_on_the_underlying) {
    const PositionId id = w.open(kCall);
    w.portfolio.set_stop(id, rupees(24'255), false, "stop");
    w.portfolio.set_target(id, rupees(25'235), false);
    EXPECT_EQ(rule(last(kNifty, 24'255.05)), "");
    const auto stopped = last(kNifty, 24'255);
    EXPECT_EQ(rule(stopped), "stop");
    EXPECT_EQ(stopped.exits[0].position, id);
    EXPECT_EQ(stopped.exits[0].reason.priority, 2);
    EXPECT_NE(stopped.exits[0].reason.values.find("underlying=24255.00"), std::string::npos);
}

TEST_F(GuardianTest, stop_and_target_of_a_put_are_on_the_other_side) {
    const PositionId id = w.open(kPut);
    w.portfolio.set_stop(id, rupees(24'745), false, "trail_2r");
    w.portfolio.set_target(id, rupees(24'010), false);
    EXPECT_EQ(rule(last(kNifty, 24'744.95)), "");
    EXPECT_EQ(rule(last(kNifty, 24'010.05)), "");
    EXPECT_EQ(rule(last(kNifty, 24'010)), "target");
    w.now += seconds(1);
    EXPECT_EQ(rule(last(kNifty, 24'745)), "trail_2r");
}

TEST_F(GuardianTest, levels_on_the_premium_act_on_the_premium) {
    const PositionId id = w.open(kCall);
    w.portfolio.set_stop(id, rupees(80), true, "stop");
    EXPECT_EQ(rule(last(kNifty, 24'100)), "");
    EXPECT_EQ(rule(last(kCall, 80.05)), "");
    EXPECT_EQ(rule(last(kCall, 80)), "stop");
}

// 2 % of 24500 is 490; half of 100 is 50.
TEST_F(GuardianTest, the_disaster_stop_needs_no_script) {
    w.open(kCall);
    EXPECT_EQ(rule(last(kNifty, 24'010.05)), "");
    EXPECT_EQ(rule(last(kNifty, 24'010)), "disaster_stop");
    w.now += seconds(1);
    last(kNifty, 24'500);
    EXPECT_EQ(rule(last(kCall, 50.05)), "");
    EXPECT_EQ(rule(last(kCall, 50)), "disaster_stop");
}

TEST_F(GuardianTest, a_position_that_an_exit_covers_is_left_alone_and_asked_for_again_when_it_ends) {
    const PositionId id = w.open(kCall);
    w.portfolio.set_stop(id, rupees(24'255), false, "stop");
    EXPECT_EQ(rule(last(kNifty, 24'200)), "stop");
    const OrderId exit = w.order(kCall, Side::sell, OrderPurpose::exit, id);
    w.now += seconds(2);
    EXPECT_EQ(rule(last(kNifty, 24'190)), "");
    OrderUpdateEvent rejected;
    rejected.order = exit;
    rejected.kind = OrderUpdateKind::rejected;
    w.desk.on_update(rejected, w.now);
    EXPECT_EQ(rule(last(kNifty, 24'180)), "stop");
}

TEST_F(GuardianTest, a_rejected_stop_is_asked_for_again_without_a_new_price) {
    const PositionId id = w.open(kCall);
    w.portfolio.set_stop(id, rupees(24'255), false, "stop");
    EXPECT_EQ(rule(last(kNifty, 24'200)), "stop");  // and nothing covers the position: the order was rejected
    const ReceiveTime first = w.now;
    ASSERT_EQ(guardian.next_due(), first + seconds(1));
    EXPECT_EQ(rule(at_time(first + seconds(1))), "stop");
    ASSERT_EQ(guardian.next_due(), first + seconds(3));
    EXPECT_EQ(rule(at_time(first + seconds(3))), "stop");
}

TEST_F(GuardianTest, a_rejected_stop_that_is_no_longer_needed_waits_for_a_price) {
    const PositionId id = w.open(kCall);
    w.portfolio.set_stop(id, rupees(24'255), false, "stop");
    EXPECT_EQ(rule(last(kNifty, 24'200)), "stop");
    EXPECT_EQ(rule(last(kNifty, 24'400)), "");
    const ReceiveTime due = guardian.next_due();
    EXPECT_EQ(rule(at_time(due)), "");
    EXPECT_EQ(guardian.next_due(), time_of(15, 10));  // only the end of the day is left
    w.now += seconds(1);
    EXPECT_EQ(rule(last(kNifty, 24'200)), "stop");
}

TEST_F(GuardianTest, a_failing_exit_is_asked_for_with_growing_waits) {
    const PositionId id = w.open(kCall);
    w.portfolio.set_stop(id, rupees(24'255), false, "stop");
    std::vector<int64_t> asked;
    for (int64_t tenth = 0; tenth < 400; ++tenth) {
        if (!last(kNifty, 24'200).exits.empty()) asked.push_back(tenth);
        w.now += milliseconds(100);
    }
    EXPECT_EQ(asked, (std::vector<int64_t>{0, 10, 30, 70, 150, 310}));
}

TEST_F(GuardianTest, the_more_important_reason_wins) {
    const PositionId id = w.open(kCall);
    w.portfolio.set_target(id, rupees(24'600), false);
    EXPECT_EQ(rule(last(kNifty, 24'600)), "target");
    // Again only after a second, but a stop does not wait for that.
    EXPECT_EQ(rule(last(kNifty, 24'601)), "");
    w.portfolio.set_stop(id, rupees(24'590), false, "stop");
    EXPECT_EQ(rule(last(kNifty, 24'590)), "stop");
}

TEST_F(GuardianTest, a_silent_underlying_of_an_open_position_is_told_once_for_each_silence) {
    EXPECT_EQ(guardian.silence_due(), ReceiveTime::max());  // nothing is open
    w.open(kCall);
    last(kNifty, 24'500);
    const ReceiveTime due = w.now + seconds(60);
    ASSERT_EQ(guardian.silence_due(), due);
    const auto warnings_at = [&](ReceiveTime now) {
        actions.clear();
        w.now = now;
        guardian.check_silence(now, actions);
        return actions.warnings.size();
    };
    EXPECT_EQ(warnings_at(due - seconds(1)), 0U);
    ASSERT_EQ(warnings_at(due), 1U);
    EXPECT_EQ(actions.warnings[0].rule, "silent_market");
    EXPECT_EQ(warnings_at(due + seconds(60)), 0U);
    EXPECT_EQ(guardian.silence_due(), ReceiveTime::max());
    last(kNifty, 24'500);
    EXPECT_EQ(guardian.silence_due(), w.now + seconds(60));
}

// ---- session and expiry

TEST_F(GuardianTest, positions_go_half_an_hour_before_the_close) {
    w.open(kCall);
    EXPECT_EQ(guardian.next_due(), time_of(15, 10));  // 15:40 - 30 min
    EXPECT_EQ(rule(at_time(time_of(15, 9, 59))), "");
    const auto closing = at_time(time_of(15, 10));
    EXPECT_EQ(rule(closing), "session_close");
    EXPECT_EQ(closing.exits[0].reason.priority, 1);
    EXPECT_EQ(guardian.next_due(), time_of(15, 10, 1));
}

TEST_F(GuardianTest, positions_go_at_1510_at_the_latest_and_earlier_on_a_short_day) {
    w.open(kCall);
    TradingDayEvent day;
    day.date = kDay;
    day.session_count = 1;
    day.calendar = "NSE";
    day.sessions[0] = {World::hours_of(9, 15), World::hours_of(17, 0)};
    w.hours.on_day(day);
    EXPECT_EQ(guardian.next_due(), time_of(15, 10));
    day.sessions[0] = {World::hours_of(9, 15), World::hours_of(12, 0)};
    w.hours.on_day(day);
    EXPECT_EQ(guardian.next_due(), time_of(11, 30));
}

TEST_F(GuardianTest, positions_go_three_days_before_expiry_at_the_open) {
    w.open(kThreeDays);
    w.open(kFourDays);
    const auto closing = at_time(time_of(9, 15));
    ASSERT_EQ(closing.exits.size(), 1U);
    EXPECT_EQ(closing.exits[0].reason.rule, "expiry");
    EXPECT_EQ(w.portfolio.find(closing.exits[0].position)->instrument, kThreeDays);
}

TEST_F(GuardianTest, nothing_is_asked_for_while_the_market_is_closed_but_at_its_opening) {
    w.open(kThreeDays);
    EXPECT_EQ(rule(at_time(time_of(9, 0))), "");
    EXPECT_EQ(guardian.next_due(), time_of(9, 15));
    guardian.kill(w.now, "", "operator", actions);
    EXPECT_EQ(rule(actions), "");
    EXPECT_EQ(guardian.next_due(), time_of(9, 15));
    EXPECT_EQ(rule(at_time(time_of(9, 15))), "kill_switch");
    EXPECT_EQ(rule(at_time(time_of(15, 41))), "");
    EXPECT_EQ(guardian.next_due(), ReceiveTime::max());
}

TEST_F(GuardianTest, waiting_entries_are_cancelled_five_minutes_before_the_close_once) {
    w.order(kCall, Side::buy, OrderPurpose::entry);
    EXPECT_EQ(guardian.next_due(), time_of(15, 35));
    EXPECT_FALSE(at_time(time_of(15, 34, 59)).cancel_entries);
    EXPECT_TRUE(at_time(time_of(15, 35)).cancel_entries);
    EXPECT_FALSE(at_time(time_of(15, 36)).cancel_entries);
    EXPECT_EQ(guardian.next_due(), ReceiveTime::max());
}

// ---- losses

TEST_F(GuardianTest, the_day_is_warned_about_at_two_percent_and_over_at_three) {
    w.lose(49'999);
    EXPECT_TRUE(account().warnings.empty());
    w.lose(1);
    EXPECT_EQ(account().warnings.size(), 1U);
    EXPECT_TRUE(account().warnings.empty());
    w.open(kCall);
    w.lose(-1);  // breaks the losing streak
    w.lose(25'000);
    EXPECT_TRUE(account().halts.empty());
    w.lose(1);
    const auto over = account();
    EXPECT_TRUE(raised(over, HaltKind::daily_loss));
    EXPECT_TRUE(over.cancel_entries);
    EXPECT_EQ(rule(over), "daily_loss");
    EXPECT_FALSE(w.halts.killed());
}

// 6500 units that fall from 100 to 88.45 lose 75 075, of 25 lakh.
TEST_F(GuardianTest, the_days_loss_by_a_price_closes_in_the_same_moment) {
    w.open(kCall, Side::buy, 6'500);
    EXPECT_EQ(rule(last(kCall, 88.5)), "");
    EXPECT_EQ(rule(last(kCall, 88.45)), "daily_loss");
}

TEST_F(GuardianTest, an_entry_that_fills_after_the_day_is_over_is_closed) {
    w.lose(75'000);
    EXPECT_TRUE(raised(account(), HaltKind::daily_loss));
    w.open(kCall);
    EXPECT_EQ(rule(account()), "daily_loss");
}

TEST_F(GuardianTest, a_drawdown_of_five_percent_halts_without_closing) {
    w.risk.day_loss_pct = 100;
    w.open(kCall);
    w.lose(-100'000);
    account();
    w.lose(129'999);
    EXPECT_FALSE(raised(account(), HaltKind::drawdown));
    w.lose(1);
    const auto halted = account();
    EXPECT_TRUE(raised(halted, HaltKind::drawdown));
    EXPECT_TRUE(halted.exits.empty());
}

TEST_F(GuardianTest, three_losing_trades_in_a_row_end_the_day_and_a_new_day_begins_limited) {
    w.lose(1);
    w.lose(1);
    EXPECT_TRUE(account().halts.empty());
    w.lose(1);
    EXPECT_TRUE(raised(account(), HaltKind::losing_streak));
    w.portfolio.start_day();
    const ReceiveTime next = time_of(9, 0) + hours(24);
    actions.clear();
    guardian.start_day(next, actions);
    EXPECT_TRUE(cleared(actions, HaltKind::losing_streak));
    EXPECT_FALSE(w.halts.any());
    EXPECT_EQ(w.halts.mode(next + minutes(119)), TradingMode::limited);  // until 11:00
    EXPECT_EQ(w.halts.mode(next + hours(2)), TradingMode::normal);
}

TEST_F(GuardianTest, equity_at_eighty_percent_of_the_day_start_trips_the_kill_switch) {
    w.open(kCall);
    w.lose(499'999);
    account();
    EXPECT_FALSE(w.halts.killed());
    w.lose(1);
    const auto killed = account();
    EXPECT_TRUE(w.halts.killed());
    EXPECT_TRUE(killed.cancel_all);
    EXPECT_TRUE(raised(killed, HaltKind::equity_floor));
}

// Of a sold straddle one side can lose: 9.3 % of 65 x 24500 once and 2 % of it twice are 211802.50.
TEST(GuardianMargin, above_eighty_percent_the_weakest_goes_and_above_ninety_five_the_kill_switch_acts) {
    World w(253'000);
    Guardian guardian(w.risk, w.prices, w.portfolio, w.desk, w.hours, w.halts);
    GuardianActions actions;
    guardian.start_day(w.now, actions);
    w.open(kCall, Side::sell);
    const PositionId weak = w.open(kPut, Side::sell);
    w.portfolio.mark(kPut, rupees(101));
    guardian.on_account(w.now, actions);  // 211802.50 of 252935: 83.7 %
    ASSERT_EQ(actions.exits.size(), 1U);
    EXPECT_EQ(actions.exits[0].position, weak);
    EXPECT_EQ(actions.exits[0].reason.rule, "margin");

    World tight(222'500);
    Guardian strict(tight.risk, tight.prices, tight.portfolio, tight.desk, tight.hours, tight.halts);
    actions.clear();
    strict.start_day(tight.now, actions);
    tight.open(kCall, Side::sell);
    tight.open(kPut, Side::sell);
    strict.on_account(tight.now, actions);  // 211802.50 of 222500: 95.2 %
    EXPECT_TRUE(tight.halts.killed());
    EXPECT_TRUE(GuardianTest::raised(actions, HaltKind::margin));  // the cause, beside the kill switch
    EXPECT_EQ(actions.exits.size(), 2U);
}

// ---- volatility

TEST_F(GuardianTest, a_high_vix_closes_and_ends_two_points_below) {
    w.open(kCall);
    w.risk.vix_spike = w.risk.vix_kill = 100;
    EXPECT_TRUE(last(kVix, 30).empty());
    const auto high = last(kVix, 30.01);
    EXPECT_TRUE(raised(high, HaltKind::vix_high));
    EXPECT_EQ(rule(high), "vix_high");
    EXPECT_FALSE(cleared(last(kVix, 28.01), HaltKind::vix_high));
    EXPECT_TRUE(cleared(last(kVix, 28), HaltKind::vix_high));
    EXPECT_DOUBLE_EQ(w.halts.size_factor(w.now), 0.25);
    EXPECT_DOUBLE_EQ(w.halts.size_factor(w.now + minutes(15)), 0.5);
    EXPECT_DOUBLE_EQ(w.halts.size_factor(w.now + minutes(44)), 0.75);
    EXPECT_DOUBLE_EQ(w.halts.size_factor(w.now + minutes(45)), 1.0);
}

TEST_F(GuardianTest, an_extreme_vix_ends_the_day) {
    w.open(kCall);
    w.risk.vix_spike = w.risk.vix_kill = 100;
    EXPECT_FALSE(raised(last(kVix, 40), HaltKind::vix_extreme));
    EXPECT_TRUE(raised(last(kVix, 40.01), HaltKind::vix_extreme));
    last(kVix, 12);
    EXPECT_TRUE(w.halts.active(HaltKind::vix_extreme));
    actions.clear();
    guardian.start_day(w.now + hours(24), actions);
    EXPECT_FALSE(w.halts.active(HaltKind::vix_extreme));
}

TEST_F(GuardianTest, an_extreme_vix_closes_by_a_rule_of_its_own) {
    w.open(kCall);
    w.risk.vix_spike = w.risk.vix_kill = 100;
    w.risk.vix_high = 60;
    EXPECT_EQ(rule(last(kVix, 40.01)), "vix_extreme");
}

TEST_F(GuardianTest, a_vix_spike_is_over_when_the_rise_is_two_points_under_its_limit) {
    last(kVix, 14);
    w.now += minutes(5);
    ASSERT_TRUE(raised(last(kVix, 19), HaltKind::vix_spike));
    EXPECT_FALSE(cleared(last(kVix, 17), HaltKind::vix_spike));  // 3 above
    EXPECT_TRUE(cleared(last(kVix, 16.9999), HaltKind::vix_spike));
    EXPECT_DOUBLE_EQ(w.halts.size_factor(w.now), 0.25);
}

TEST_F(GuardianTest, five_points_in_ten_minutes_close_everything) {
    w.open(kCall);
    last(kVix, 14);
    w.now += minutes(6);
    EXPECT_TRUE(last(kVix, 18.9999).empty());
    w.now += minutes(4);
    const auto spike = last(kVix, 19);
    EXPECT_TRUE(raised(spike, HaltKind::vix_spike));
    EXPECT_EQ(rule(spike), "vix_spike");
    EXPECT_TRUE(spike.cancel_entries);
    EXPECT_FALSE(w.halts.killed());
}

TEST_F(GuardianTest, a_slow_rise_is_no_spike) {
    last(kVix, 14);
    w.now += minutes(10) + seconds(1);
    last(kVix, 16);
    w.now += minutes(5);
    EXPECT_TRUE(last(kVix, 19).empty());
}

TEST_F(GuardianTest, seven_points_in_five_minutes_trip_the_kill_switch) {
    w.open(kCall);
    last(kVix, 14);
    w.now += minutes(5);
    const auto killed = last(kVix, 21);
    EXPECT_TRUE(raised(killed, HaltKind::vix_kill));
    EXPECT_TRUE(w.halts.killed());
    EXPECT_TRUE(killed.cancel_all);
    EXPECT_EQ(rule(killed), "kill_switch");
}

TEST_F(GuardianTest, a_daily_vix_value_is_no_spike) {
    auto daily = last_tick(kVix, 13);
    daily.flags |= kTickDailyValue;
    price(daily);
    daily.last = rupees(25);
    EXPECT_TRUE(price(daily).empty());
}

// 2 % of 24500 is 490.
TEST_F(GuardianTest, a_move_inside_one_second_halts_entries_too) {
    last(kNifty, 24'500);
    w.now += milliseconds(1);
    EXPECT_TRUE(raised(last(kNifty, 24'990), HaltKind::underlying_move));  // 2 % of 24500 is 490
}

TEST_F(GuardianTest, two_percent_of_the_underlying_in_five_minutes_halt_entries) {
    last(kNifty, 24'500);
    w.now += minutes(5);
    EXPECT_TRUE(last(kNifty, 24'989.95).empty());
    w.now += seconds(1);
    last(kNifty, 24'500);
    w.now += minutes(5);
    const auto moved = last(kNifty, 24'990);
    EXPECT_TRUE(raised(moved, HaltKind::underlying_move));
    EXPECT_TRUE(moved.exits.empty());
    w.now += minutes(5) + seconds(1);
    EXPECT_TRUE(cleared(last(kNifty, 24'990), HaltKind::underlying_move));
}

TEST_F(GuardianTest, the_pre_open_and_the_opening_gap_are_no_move) {
    w.at_time(9, 8);
    EXPECT_TRUE(last(kNifty, 24'500).empty());
    w.at_time(9, 9);
    EXPECT_TRUE(last(kNifty, 25'500).empty());
    w.at_time(9, 15);
    EXPECT_TRUE(last(kNifty, 25'600).empty());
    w.at_time(9, 16);
    EXPECT_TRUE(raised(last(kNifty, 26'112), HaltKind::underlying_move));  // 2 % of 25600 is 512
}

TEST_F(GuardianTest, a_fall_counts_like_a_rise) {
    last(kNifty, 24'500);
    w.now += minutes(3);
    EXPECT_TRUE(raised(last(kNifty, 24'010), HaltKind::underlying_move));
}

// 100 a minute on average; 15 minutes of 301 are 301 %.
TEST_F(GuardianTest, a_volume_three_times_its_average_halts_entries) {
    Bar bar;
    bar.instrument = kShare;
    bar.flags = kBarHasVolume;
    const auto feed = [&](int count, int64_t volume) {
        for (int i = 0; i < count; ++i) {
            bar.volume = volume;
            w.now += minutes(1);
            guardian.on_bar(bar, w.now, actions);
        }
    };
    actions.clear();
    feed(75, 100);
    feed(14, 300);
    feed(1, 300);
    EXPECT_FALSE(raised(actions, HaltKind::volume_spike));
    feed(15, 100);
    feed(59, 100);
    actions.clear();
    feed(375, 100);
    feed(15, 301);
    EXPECT_TRUE(raised(actions, HaltKind::volume_spike));
    feed(15, 100);
    EXPECT_TRUE(cleared(actions, HaltKind::volume_spike));
}

// ---- kill switch

TEST_F(GuardianTest, the_kill_switch_is_latched_until_an_operator_resumes_and_then_limited) {
    w.open(kCall);
    actions.clear();
    guardian.kill(w.now, "", "operator", actions);
    EXPECT_TRUE(actions.cancel_all);
    EXPECT_EQ(rule(actions), "kill_switch");
    guardian.start_day(w.now + hours(24), actions);
    EXPECT_TRUE(w.halts.killed());
    w.halts.resume(w.now);
    EXPECT_FALSE(w.halts.killed());
    EXPECT_DOUBLE_EQ(w.halts.size_factor(w.now), 0.5);
    EXPECT_EQ(w.halts.max_positions(w.now), 1);
    EXPECT_FALSE(w.halts.set_mode_normal(w.now + minutes(59)));
    EXPECT_EQ(w.halts.mode(w.now + hours(8)), TradingMode::limited);
    EXPECT_TRUE(w.halts.set_mode_normal(w.now + minutes(60)));
    EXPECT_EQ(w.halts.mode(w.now + minutes(60)), TradingMode::normal);
}

TEST_F(GuardianTest, closing_for_good_is_repeated_and_holds_for_what_is_filled_later) {
    const PositionId id = w.open(kCall);
    actions.clear();
    guardian.close_for_good(w.now, {1, "session_end", "", "stop"}, actions);
    EXPECT_EQ(rule(actions), "session_end");
    EXPECT_EQ(guardian.next_due(), w.now + seconds(1));
    EXPECT_EQ(rule(at_time(w.now + seconds(1))), "session_end");
    w.fill(id, kCall, Side::sell, 65, 99);
    EXPECT_TRUE(account().exits.empty());
    w.open(kPut);
    EXPECT_EQ(rule(account()), "session_end");
}

TEST_F(GuardianTest, a_surplus_position_is_closed_at_once) {
    const PositionId id = w.open(kCall);
    w.fill(id, kCall, Side::sell, 130, 99);
    EXPECT_EQ(rule(account()), "surplus");
}

TEST_F(GuardianTest, a_pause_alone_leaves_size_and_mode_untouched) {
    w.halts.raise(HaltKind::paused, w.now, "", "operator");
    w.halts.resume(w.now);
    EXPECT_FALSE(w.halts.any());
    EXPECT_DOUBLE_EQ(w.halts.size_factor(w.now), 1.0);
}

// ---- windows

TEST(WindowExtremes, agree_with_a_plain_scan_of_the_window) {
    WindowExtremes window(minutes(5), seconds(1));
    std::vector<std::pair<ReceiveTime, double>> seen;
    uint64_t x = 1;
    ReceiveTime now = time_of(10, 0);
    for (int i = 0; i < 5'000; ++i) {
        x = x * 6364136223846793005ULL + 1442695040888963407ULL;
        now += seconds(1 + static_cast<int64_t>((x >> 60) % 4));
        const double value = static_cast<double>((x >> 33) % 1'000);
        window.add(now, value);
        seen.emplace_back(now, value);
        double low = value;
        double high = value;
        for (auto it = seen.rbegin(); it != seen.rend() && it->first >= now - minutes(5); ++it) {
            low = std::min(low, it->second);
            high = std::max(high, it->second);
        }
        ASSERT_EQ(window.low(), low);
        ASSERT_EQ(window.high(), high);
        ASSERT_LE(window.low_bound(), low);
        ASSERT_GE(window.high_bound(), high);
    }
}

TEST(WindowExtremes, take_many_samples_a_second_without_growing) {
    WindowExtremes window(minutes(1), seconds(1));
    ReceiveTime now = time_of(10, 0);
    for (int i = 0; i < 100'000; ++i) {
        now += milliseconds(7);
        window.add(now, i);
        ASSERT_EQ(window.high(), i);
        // The lowest of the window is at most one step (a second, 143 samples) off.
        const int oldest = std::max(0, i - 60'000 / 7);
        ASSERT_LE(std::abs(window.low() - oldest), 144);
    }
}

// ---- settings

TEST(RiskSettings, every_number_is_a_setting_with_a_range_that_holds_its_default) {
    SettingsRegistry registry;
    RiskSettings risk;
    OrderSettings orders;
    AccountSettings account;
    risk.register_in(registry);
    orders.register_in(registry);
    account.register_in(registry);
    const std::string lines = registry.to_lines();
    EXPECT_TRUE(registry.read_lines(lines, "defaults")) << lines;
    for (const Setting& setting : registry.settings()) {
        EXPECT_FALSE(setting.help.empty()) << setting.key;
    }
    EXPECT_EQ(registry.value_of("risk.max_positions"), "3");
    EXPECT_EQ(registry.value_of("session.entry_from"), "10:00:00");
    EXPECT_EQ(registry.value_of("orders.max_lots"), "100");
    EXPECT_FALSE(registry.set("risk.day_loss_pct", "-1"));
    EXPECT_EQ(risk.sector_of("BANKNIFTY"), "financials");
    EXPECT_EQ(risk.sector_of("RELIANCE"), "RELIANCE");
}

}  // namespace
}  // namespace tide
