#include "market/bar_builder.hpp"

#include <gtest/gtest.h>

namespace tide {
namespace {

const Date kDay = make_date(2024, 1, 1);
const InstrumentId kNifty(1), kOption(2);

Duration clock(int hour, int minute, int second = 0) { return hours(hour) + minutes(minute) + seconds(second); }
TradingDayEvent day_of(std::vector<SessionHours> sessions, Date date = kDay) {
    TradingDayEvent day;
    day.date = date;
    day.session_count = static_cast<uint8_t>(sessions.size());
    for (size_t i = 0; i < sessions.size(); ++i) day.sessions[i] = sessions[i];
    return day;
}
TradingDayEvent usual_day(Date date = kDay) { return day_of({{clock(9, 15), clock(15, 30)}}, date); }

class BarBuilderTest : public testing::Test {
  protected:
    BarBuilderTest() { (void)builder_.start_day(usual_day()); }
    // Sends a tick without an exchange stamp; what it closed is added to bars_.
    void tick(Duration when, double price, InstrumentId id = kNifty, uint32_t flags = 0, int64_t volume = 0) {
        send(at(kDay, when), ExchangeTime(), price, id, flags, volume);
    }
    void send(ReceiveTime received, ExchangeTime exchange, double price, InstrumentId id = kNifty, uint32_t flags = 0,
              int64_t volume = 0) {
        TickEvent event;
        event.instrument = id;
        event.last = Price::from_double(price);
        event.flags = flags;
        event.volume = volume;
        keep(builder_.on_tick(received, exchange, event));
    }
    void keep(std::span<const Bar> closed) { bars_.insert(bars_.end(), closed.begin(), closed.end()); }
    static ExchangeTime stamp(Duration when) { return ist_moment<ExchangeTime>(kDay, when); }
    void expect_bar(size_t i, Duration start, double open, double high, double low, double close) const {
        ASSERT_LT(i, bars_.size());
        EXPECT_EQ(format_iso(bars_[i].start), format_iso(stamp(start)));
        EXPECT_EQ(bars_[i].open, Price::from_double(open));
        EXPECT_EQ(bars_[i].high, Price::from_double(high));
        EXPECT_EQ(bars_[i].low, Price::from_double(low));
        EXPECT_EQ(bars_[i].close, Price::from_double(close));
    }
    BarBuilder builder_;
    std::vector<Bar> bars_;
};

TEST_F(BarBuilderTest, a_bar_closes_with_the_first_tick_at_its_end) {
    tick(clock(9, 15), 100);
    tick(clock(9, 15, 20), 103);
    tick(clock(9, 15, 40), 98);
    tick(clock(9, 15, 59), 101);
    EXPECT_TRUE(bars_.empty());
    tick(clock(9, 16), 102);
    ASSERT_EQ(bars_.size(), 1U);
    expect_bar(0, clock(9, 15), 100, 103, 98, 101);
    EXPECT_EQ(bars_[0].timeframe, Timeframe::m1);
    EXPECT_EQ(bars_[0].flags, 0);
}

TEST_F(BarBuilderTest, a_bar_closes_when_the_clock_reaches_its_end) {
    tick(clock(9, 15, 10), 100);
    keep(builder_.close_due(at(kDay, clock(9, 15, 59))));
    EXPECT_TRUE(bars_.empty());
    keep(builder_.close_due(at(kDay, clock(9, 16))));
    ASSERT_EQ(bars_.size(), 1U);
    EXPECT_TRUE(builder_.close_due(at(kDay, clock(9, 17))).empty());
}

TEST_F(BarBuilderTest, a_minute_without_a_tick_has_no_bar) {
    tick(clock(9, 15, 10), 100);
    tick(clock(9, 18, 10), 101);
    tick(clock(9, 19), 102);
    ASSERT_EQ(bars_.size(), 2U);
    expect_bar(1, clock(9, 18), 101, 101, 101, 101);
}

TEST_F(BarBuilderTest, ticks_outside_the_session_build_nothing_and_are_counted) {
    tick(clock(9, 0), 90);
    tick(clock(9, 14, 59), 91);
    tick(clock(15, 29, 59), 100);
    tick(clock(15, 30), 200);
    tick(clock(15, 33), 201);
    ASSERT_EQ(bars_.size(), 1U);
    expect_bar(0, clock(15, 29), 100, 100, 100, 100);
    EXPECT_EQ(builder_.counts().outside_session, 4);
}

TEST_F(BarBuilderTest, each_session_of_a_day_has_its_own_minutes) {
    keep(builder_.start_day(day_of({{clock(9, 15), clock(10, 0)}, {clock(11, 30), clock(12, 30)}})));
    tick(clock(9, 59, 30), 100);
    tick(clock(10, 0), 105);
    tick(clock(11, 29, 59), 106);
    tick(clock(11, 30), 110);
    tick(clock(11, 31), 111);
    ASSERT_EQ(bars_.size(), 2U);
    expect_bar(0, clock(9, 59), 100, 100, 100, 100);
    expect_bar(1, clock(11, 30), 110, 110, 110, 110);
    EXPECT_EQ(builder_.counts().outside_session, 2);
}

TEST_F(BarBuilderTest, a_day_without_a_session_builds_nothing) {
    (void)builder_.start_day(day_of({}));
    tick(clock(10, 0), 100);
    EXPECT_TRUE(builder_.end_day(at(kDay, clock(16, 0))).empty());
    EXPECT_EQ(builder_.counts().outside_session, 1);
}

TEST_F(BarBuilderTest, a_tick_for_a_closed_minute_is_dropped) {
    tick(clock(9, 15, 10), 100);
    tick(clock(9, 16, 10), 101);
    tick(clock(9, 15, 59), 500);
    EXPECT_EQ(builder_.counts().late, 1);
    keep(builder_.close_due(at(kDay, clock(9, 17))));
    send(at(kDay, clock(9, 17)), stamp(clock(9, 16, 59)), 500);
    EXPECT_EQ(builder_.counts().late, 2);
    ASSERT_EQ(bars_.size(), 2U);
    expect_bar(0, clock(9, 15), 100, 100, 100, 100);
    expect_bar(1, clock(9, 16), 101, 101, 101, 101);
}

TEST_F(BarBuilderTest, an_out_of_order_tick_widens_the_bar_but_is_not_its_close) {
    tick(clock(9, 15, 10), 100);
    tick(clock(9, 15, 30), 102);
    tick(clock(9, 15, 20), 90);
    keep(builder_.close_due(at(kDay, clock(9, 16))));
    ASSERT_EQ(bars_.size(), 1U);
    expect_bar(0, clock(9, 15), 100, 102, 90, 102);
    EXPECT_EQ(builder_.counts().out_of_order, 1);
    EXPECT_EQ(builder_.counts().used, 2);
}

TEST_F(BarBuilderTest, a_tick_is_placed_by_the_exchange_stamp_when_that_is_near) {
    send(at(kDay, clock(9, 16, 1)), stamp(clock(9, 15, 59)), 100);
    send(at(kDay, clock(9, 16, 2)), stamp(clock(9, 16, 0)), 101);
    ASSERT_EQ(bars_.size(), 1U);
    expect_bar(0, clock(9, 15), 100, 100, 100, 100);
}

TEST_F(BarBuilderTest, a_stamp_that_is_minutes_off_gives_way_to_the_receive_time) {
    send(at(kDay, clock(9, 20, 1)), stamp(clock(9, 18, 21)), 100);
    send(at(kDay, clock(9, 21, 1)), stamp(clock(9, 19, 21)), 101);
    ASSERT_EQ(bars_.size(), 1U);
    expect_bar(0, clock(9, 20), 100, 100, 100, 100);
    EXPECT_EQ(builder_.counts().stamp_unused, 2);
}

TEST_F(BarBuilderTest, a_frozen_feed_builds_one_bar_not_one_a_minute) {
    for (int minute = 0; minute < 30; ++minute) {
        send(at(kDay, clock(10, minute)), stamp(clock(9, 59, 59)), 100, kNifty, kTickHasVolume, 5000);
    }
    keep(builder_.end_day(at(kDay, clock(15, 30))));
    EXPECT_EQ(bars_.size(), 1U);
    EXPECT_EQ(builder_.counts().repeated, 29);
}

TEST_F(BarBuilderTest, volume_is_the_increase_of_the_days_total) {
    tick(clock(9, 15, 1), 100, kOption, kTickHasVolume, 500);
    tick(clock(9, 15, 30), 101, kOption, kTickHasVolume, 800);
    tick(clock(9, 16, 1), 101, kOption, kTickHasVolume, 800);
    tick(clock(9, 17, 1), 101, kOption, kTickHasVolume, 950);
    keep(builder_.close_due(at(kDay, clock(9, 18))));
    ASSERT_EQ(bars_.size(), 3U);
    EXPECT_EQ(bars_[0].volume, 800);
    EXPECT_EQ(bars_[1].volume, 0);
    EXPECT_TRUE(bars_[1].has_volume());
    EXPECT_EQ(bars_[2].volume, 150);
}

TEST_F(BarBuilderTest, a_feed_joined_later_does_not_give_the_mornings_volume_to_one_bar) {
    tick(clock(11, 0, 5), 100, kOption, kTickHasVolume, 349'250);
    tick(clock(11, 0, 30), 100, kOption, kTickHasVolume, 349'300);
    keep(builder_.close_due(at(kDay, clock(11, 1))));
    EXPECT_EQ(bars_.at(0).volume, 50);
}

TEST_F(BarBuilderTest, a_falling_day_volume_counts_as_no_trade) {
    tick(clock(9, 15, 1), 100, kOption, kTickHasVolume, 1000);
    tick(clock(9, 15, 20), 100, kOption, kTickHasVolume, 900);
    tick(clock(9, 15, 40), 100, kOption, kTickHasVolume, 1010);
    keep(builder_.close_due(at(kDay, clock(9, 16))));
    EXPECT_EQ(bars_.at(0).volume, 1010);
    EXPECT_EQ(builder_.counts().volume_fell, 1);
}

TEST_F(BarBuilderTest, volume_increments_add_up_even_when_ticks_look_alike) {
    for (int i = 0; i < 3; ++i) {
        send(at(kDay, clock(9, 15, 1)), stamp(clock(9, 15, 1)), 100, kOption, kTickVolumeIsDelta, 50);
    }
    keep(builder_.close_due(at(kDay, clock(9, 16))));
    EXPECT_EQ(bars_.at(0).volume, 150);
}

TEST_F(BarBuilderTest, the_days_volume_starts_again_every_day) {
    tick(clock(15, 29, 1), 100, kOption, kTickHasVolume, 9000);
    const Date next = kDay + std::chrono::days(1);
    keep(builder_.start_day(usual_day(next)));
    send(at(next, clock(9, 15, 1)), ExchangeTime(), 100, kOption, kTickHasVolume, 70);
    keep(builder_.close_due(at(next, clock(9, 16))));
    ASSERT_EQ(bars_.size(), 2U);
    EXPECT_EQ(bars_[1].volume, 70);
}

TEST_F(BarBuilderTest, path_points_daily_values_and_ticks_without_a_price_are_not_for_bars) {
    tick(clock(9, 15, 1), 100, kNifty, kTickPathOfBar);
    tick(clock(9, 15, 2), 100, kNifty, kTickDailyValue);
    tick(clock(9, 15, 3), 0);
    EXPECT_TRUE(builder_.end_day(at(kDay, clock(15, 30))).empty());
    EXPECT_EQ(builder_.counts().not_for_bars, 2);
    EXPECT_EQ(builder_.counts().no_price, 1);
}

TEST_F(BarBuilderTest, two_ticks_at_one_stamp_both_count_and_the_later_arrival_is_the_close) {
    send(at(kDay, clock(9, 15, 10)), stamp(clock(9, 15, 10)), 100, kOption, kTickVolumeIsDelta, 25);
    send(at(kDay, clock(9, 15, 10)), stamp(clock(9, 15, 10)), 104, kOption, kTickVolumeIsDelta, 25);
    send(at(kDay, clock(9, 15, 10)), stamp(clock(9, 15, 10)), 97, kOption, kTickVolumeIsDelta, 50);
    send(at(kDay, clock(9, 15, 11)), stamp(clock(9, 15, 10)), 100, kOption, kTickVolumeIsDelta, 25);
    keep(builder_.close_due(at(kDay, clock(9, 16))));
    expect_bar(0, clock(9, 15), 100, 104, 97, 100);
    EXPECT_EQ(bars_.at(0).volume, 125);
    EXPECT_EQ(builder_.counts().used, 4);
}

TEST_F(BarBuilderTest, the_closing_minute_ends_before_a_trade_stamped_at_the_close) {
    send(at(kDay, clock(15, 29, 59)), stamp(clock(15, 29, 59)), 100);
    send(at(kDay, clock(15, 30, 0)), stamp(clock(15, 30, 0)), 130);
    keep(builder_.end_day(at(kDay, clock(15, 31))));
    ASSERT_EQ(bars_.size(), 1U);
    expect_bar(0, clock(15, 29), 100, 100, 100, 100);
    EXPECT_EQ(bars_[0].flags, 0);  // whole: the session ended with it
    EXPECT_EQ(builder_.counts().outside_session, 1);
}

TEST_F(BarBuilderTest, a_stamp_before_the_close_that_arrives_after_it_still_counts_while_its_bar_is_open) {
    send(at(kDay, clock(15, 29, 58)), stamp(clock(15, 29, 58)), 100);
    send(at(kDay, clock(15, 30, 1)), stamp(clock(15, 29, 59)), 101);
    keep(builder_.close_due(at(kDay, clock(15, 30, 1))));
    expect_bar(0, clock(15, 29), 100, 101, 100, 101);
}

TEST_F(BarBuilderTest, a_clock_ahead_opens_the_next_minute_and_one_behind_stays_in_the_last) {
    send(at(kDay, clock(9, 15, 58)), stamp(clock(9, 15, 57)), 100);
    send(at(kDay, clock(9, 15, 59)), stamp(clock(9, 16, 2)), 110);  // three seconds ahead: the exchange's word
    ASSERT_EQ(bars_.size(), 1U);
    send(at(kDay, clock(9, 17, 2)), stamp(clock(9, 16, 58)), 111);  // four behind
    send(at(kDay, clock(9, 17, 8)), stamp(clock(9, 17, 2)), 120);   // six behind: our own clock
    ASSERT_EQ(bars_.size(), 2U);
    expect_bar(1, clock(9, 16), 110, 111, 110, 111);
    EXPECT_EQ(builder_.counts().stamp_unused, 1);
}

TEST_F(BarBuilderTest, a_stamp_of_1970_is_no_stamp_and_repeats_of_it_all_count) {
    for (const ExchangeTime exchange : {ExchangeTime(), ExchangeTime(seconds(-19'800))}) {
        send(at(kDay, clock(9, 15, 1)), exchange, 100, kOption, kTickHasVolume, 10);
        send(at(kDay, clock(9, 15, 2)), exchange, 100, kOption, kTickHasVolume, 20);
    }
    keep(builder_.close_due(at(kDay, clock(9, 16))));
    expect_bar(0, clock(9, 15), 100, 100, 100, 100);
    EXPECT_EQ(bars_.at(0).volume, 20);
    EXPECT_EQ(builder_.counts().repeated, 1);  // 05:30 before 1970, twice with nothing new
}

TEST_F(BarBuilderTest, a_tick_that_repeats_all_but_the_open_interest_counts) {
    TickEvent event;
    event.instrument = kOption;
    event.last = Price::from_rupees(10);
    event.flags = kTickHasOi | kTickHasVolume;
    for (const int64_t oi : {500, 500, 525}) {
        event.oi = oi;
        (void)builder_.on_tick(at(kDay, clock(9, 15, 3)), stamp(clock(9, 15, 3)), event);
    }
    keep(builder_.close_due(at(kDay, clock(9, 16))));
    EXPECT_EQ(bars_.at(0).oi, 525);
    EXPECT_EQ(builder_.counts().repeated, 1);
}

TEST_F(BarBuilderTest, open_interest_is_a_level_the_last_one_told_inside_the_bar) {
    TickEvent event;
    event.instrument = kOption;
    event.last = Price::from_rupees(10);
    event.flags = kTickHasOi;
    for (const auto& [second, oi] : {std::pair(5, 900), {20, 1200}, {50, 1100}}) {
        event.oi = oi;
        (void)builder_.on_tick(at(kDay, clock(9, 15, second)), ExchangeTime(), event);
    }
    tick(clock(9, 16, 5), 10, kOption);  // says nothing of it
    keep(builder_.close_due(at(kDay, clock(9, 17))));
    EXPECT_EQ(bars_.at(0).oi, 1100);
    EXPECT_FALSE(bars_.at(0).has_volume());
    EXPECT_FALSE(bars_.at(1).has_oi());
}

// The day's total then holds the auction's trades: the bars add up to the day.
TEST_F(BarBuilderTest, the_opening_auctions_volume_is_in_the_first_bar_of_a_feed_that_was_there) {
    tick(clock(9, 8), 100, kOption, kTickHasVolume, 5000);
    tick(clock(9, 17, 1), 101, kOption, kTickHasVolume, 5600);
    tick(clock(9, 18, 1), 101, kOption, kTickHasVolume, 5700);
    keep(builder_.close_due(at(kDay, clock(9, 19))));
    EXPECT_EQ(bars_.at(0).volume, 5600);
    EXPECT_EQ(bars_.at(1).volume, 100);
}

// 2025-10-21: one hour, 13:45 to 14:45 (NSE circular on Muhurat trading); earlier years in the evening.
TEST_F(BarBuilderTest, an_evening_session_of_one_hour_has_its_sixty_minutes) {
    (void)builder_.start_day(day_of({{clock(18, 15), clock(19, 15)}}));
    tick(clock(9, 30), 90);
    for (int i = 0; i < 60; ++i) tick(clock(18, 15) + minutes(i) + seconds(i), 100 + i);
    tick(clock(19, 15), 300);
    keep(builder_.end_day(at(kDay, clock(19, 16))));
    ASSERT_EQ(bars_.size(), 60U);
    expect_bar(0, clock(18, 15), 100, 100, 100, 100);
    expect_bar(59, clock(19, 14), 159, 159, 159, 159);
    EXPECT_EQ(builder_.counts().outside_session, 2);
}

TEST_F(BarBuilderTest, a_model_price_and_open_interest_are_marked_on_the_bar) {
    TickEvent event;
    event.instrument = kOption;
    event.last = Price::from_rupees(10);
    event.flags = kTickModelPrice | kTickHasOi;
    event.oi = 60'900;
    (void)builder_.on_tick(at(kDay, clock(9, 15)), ExchangeTime(), event);
    keep(builder_.close_due(at(kDay, clock(9, 16))));
    EXPECT_EQ(bars_.at(0).flags, kBarModelPrice | kBarHasOi);
    EXPECT_EQ(bars_.at(0).oi, 60'900);
}

TEST_F(BarBuilderTest, a_day_that_ends_inside_a_minute_leaves_a_partial_bar) {
    tick(clock(13, 11, 5), 100);
    keep(builder_.end_day(at(kDay, clock(13, 11, 20))));
    ASSERT_EQ(bars_.size(), 1U);
    EXPECT_EQ(bars_[0].flags, kBarPartial);
}

TEST_F(BarBuilderTest, instruments_close_in_the_order_of_their_ids) {
    tick(clock(9, 15, 1), 50, kOption);
    tick(clock(9, 15, 2), 100, kNifty);
    keep(builder_.close_due(at(kDay, clock(9, 16))));
    ASSERT_EQ(bars_.size(), 2U);
    EXPECT_EQ(bars_[0].instrument, kNifty);
    EXPECT_EQ(bars_[1].instrument, kOption);
}

}  // namespace
}  // namespace tide
