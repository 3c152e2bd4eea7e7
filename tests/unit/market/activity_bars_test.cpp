#include "market/activity_bars.hpp"

#include <gtest/gtest.h>

namespace tide {
namespace {

const Date kDay = make_date(2024, 1, 1);
const InstrumentId kId(1), kOther(2);

Duration clock(int hour, int minute, int second = 0) { return hours(hour) + minutes(minute) + seconds(second); }

class ActivityBarsTest : public testing::Test {
  protected:
    ActivityBarsTest() {
        start_day({{clock(9, 15), clock(15, 30)}});
        activity_.follow(kId, Price::from_double(0.05));
    }
    Timeframe want(std::string_view text) { return *frames_.place(*parse_activity(text)); }
    void start_day(std::vector<SessionHours> sessions, Date date = kDay) {
        TradingDayEvent day;
        day.date = date_ = date;
        day.session_count = static_cast<uint8_t>(sessions.size());
        for (size_t i = 0; i < sessions.size(); ++i) day.sessions[i] = sessions[i];
        (void)builder_.start_day(day);
    }
    // `volume`: traded since the tick before; negative: the feed has none.
    void tick(Duration when, double price, int64_t volume = -1, InstrumentId id = kId) {
        TickEvent event;
        event.instrument = id;
        event.last = Price::from_double(price);
        if (volume >= 0) {
            event.flags = kTickVolumeIsDelta;
            event.volume = volume;
        }
        (void)builder_.on_tick(at(date_, when), ExchangeTime(), event);
        if (const PlacedTick* placed = builder_.placed()) keep(activity_.on_tick(event, *placed));
    }
    void keep(std::span<const Bar> closed) { bars_.insert(bars_.end(), closed.begin(), closed.end()); }
    void expect_bar(size_t i, double open, double high, double low, double close) const {
        ASSERT_LT(i, bars_.size());
        EXPECT_EQ(bars_[i].open, Price::from_double(open));
        EXPECT_EQ(bars_[i].high, Price::from_double(high));
        EXPECT_EQ(bars_[i].low, Price::from_double(low));
        EXPECT_EQ(bars_[i].close, Price::from_double(close));
    }
    Date date_ = kDay;
    ActivityFrames frames_;
    BarBuilder builder_;
    ActivityBars activity_{frames_};
    std::vector<Bar> bars_;
};

TEST(ActivitySpec, is_a_number_and_a_letter) {
    EXPECT_EQ(parse_activity("500t"), (ActivitySpec{ActivityKind::ticks, 500}));
    EXPECT_EQ(parse_activity("10000v"), (ActivitySpec{ActivityKind::volume, 10'000}));
    EXPECT_EQ(parse_activity("20r"), (ActivitySpec{ActivityKind::range, 20}));
    EXPECT_EQ(name_of(*parse_activity("20r")), "20r");
    for (const char* wrong : {"", "t", "0t", "1t", "-5t", "+5t", "05t", "5", "5x", "5m", "5 t", "5tt", "1000000001v",
                              "99999999999999999999v", "1.5r"}) {
        EXPECT_FALSE(parse_activity(wrong)) << wrong;
    }
}

TEST(ActivityFrames, eight_kinds_have_a_place_each_in_the_order_of_asking) {
    ActivityFrames frames;
    for (int64_t i = 0; i < 8; ++i) {
        EXPECT_EQ(frames.place({ActivityKind::ticks, i + 2}), static_cast<Timeframe>(9 + i));
    }
    EXPECT_EQ(frames.place({ActivityKind::ticks, 4}), Timeframe::a3);
    EXPECT_FALSE(frames.place({ActivityKind::range, 4}));
    EXPECT_FALSE(frames.find({ActivityKind::range, 4}));
}

TEST_F(ActivityBarsTest, a_tick_bar_closes_with_its_last_tick) {
    const Timeframe three = want("3t");
    for (const double price : {100.0, 103.0, 99.0, 98.0, 97.0}) tick(clock(9, 15, 10), price);
    ASSERT_EQ(bars_.size(), 1U);
    expect_bar(0, 100, 103, 99, 99);
    EXPECT_EQ(bars_[0].timeframe, three);
    EXPECT_EQ(bars_[0].flags, 0);
    tick(clock(9, 20), 99);
    ASSERT_EQ(bars_.size(), 2U);
    expect_bar(1, 98, 99, 97, 99);
    EXPECT_EQ(bars_[1].start, ist_moment<ExchangeTime>(kDay, clock(9, 15, 10)));
}

TEST_F(ActivityBarsTest, the_tick_that_crosses_a_volume_is_not_split_and_its_surplus_is_not_carried_on) {
    want("100v");
    tick(clock(9, 15, 1), 10, 60);
    tick(clock(9, 15, 2), 11, 90);  // 150
    tick(clock(9, 15, 3), 12, 60);
    tick(clock(9, 15, 4), 13, 40);  // 100
    tick(clock(9, 15, 5), 14, 350);
    ASSERT_EQ(bars_.size(), 3U);
    expect_bar(0, 10, 11, 10, 11);
    EXPECT_EQ(bars_[0].volume, 150);
    EXPECT_EQ(bars_[1].volume, 100);
    EXPECT_EQ(bars_[2].volume, 350);
    EXPECT_TRUE(bars_[2].has_volume());
}

TEST_F(ActivityBarsTest, ticks_without_volume_make_no_volume_bar) {
    want("1v");
    tick(clock(9, 15, 1), 10);
    tick(clock(9, 15, 2), 11);
    keep(activity_.end_day());
    EXPECT_TRUE(bars_.empty());
}

// Four steps of 0.05 are 0.20.
TEST_F(ActivityBarsTest, a_range_bar_closes_at_its_high_or_low_when_the_range_is_reached) {
    want("4r");
    for (const double price : {100.00, 100.10, 99.95, 100.05, 99.90, 99.85}) tick(clock(9, 15, 1), price);
    ASSERT_EQ(bars_.size(), 1U);
    expect_bar(0, 100, 100.10, 99.90, 99.90);
    tick(clock(9, 15, 2), 100.05);
    ASSERT_EQ(bars_.size(), 2U);
    expect_bar(1, 99.85, 100.05, 99.85, 100.05);
}

TEST_F(ActivityBarsTest, a_jump_makes_one_longer_range_bar_and_no_bars_at_prices_nobody_traded) {
    want("4r");
    tick(clock(9, 15, 1), 100);
    tick(clock(9, 15, 2), 101);
    ASSERT_EQ(bars_.size(), 1U);
    expect_bar(0, 100, 101, 100, 101);
    tick(clock(9, 15, 3), 101);
    EXPECT_EQ(bars_.size(), 1U);
}

TEST_F(ActivityBarsTest, every_session_starts_anew_and_what_it_left_open_is_partial) {
    start_day({{clock(9, 15), clock(10, 0)}, {clock(11, 30), clock(12, 30)}});
    want("3t");
    tick(clock(9, 14, 59), 90);  // before the open: no tick of the session
    tick(clock(9, 59, 58), 100);
    tick(clock(9, 59, 59), 101);
    keep(activity_.close_due(at(kDay, clock(9, 59, 59))));
    EXPECT_TRUE(bars_.empty());
    keep(activity_.close_due(at(kDay, clock(10, 0))));
    ASSERT_EQ(bars_.size(), 1U);
    expect_bar(0, 100, 101, 100, 101);
    EXPECT_EQ(bars_[0].flags, kBarPartial);
    tick(clock(11, 30), 110);
    tick(clock(11, 31), 111);
    keep(activity_.end_day());
    ASSERT_EQ(bars_.size(), 2U);
    expect_bar(1, 110, 111, 110, 111);
    EXPECT_EQ(bars_[1].flags, kBarPartial);
    start_day({{clock(9, 15), clock(15, 30)}}, kDay + std::chrono::days(1));
    for (int i = 0; i < 3; ++i) tick(clock(9, 15, i), 120);
    ASSERT_EQ(bars_.size(), 3U);
    EXPECT_EQ(bars_[2].flags, 0);
}

TEST_F(ActivityBarsTest, without_a_clock_the_next_sessions_first_tick_closes_the_last_ones_bar) {
    start_day({{clock(9, 15), clock(10, 0)}, {clock(11, 30), clock(12, 30)}});
    want("3t");
    tick(clock(9, 59, 58), 100);
    tick(clock(11, 30), 110);
    ASSERT_EQ(bars_.size(), 1U);
    EXPECT_EQ(bars_[0].flags, kBarPartial);
}

TEST_F(ActivityBarsTest, ticks_that_do_not_count_for_minutes_do_not_count_here) {
    want("2t");
    TickEvent event;
    event.instrument = kId;
    event.last = Price::from_rupees(100);
    event.flags = kTickHasVolume;
    event.volume = 50;
    const ExchangeTime stamp = ist_moment<ExchangeTime>(kDay, clock(9, 15, 5));
    for (int i = 0; i < 4; ++i) {  // the same tick four times
        (void)builder_.on_tick(at(kDay, clock(9, 15, 5)), stamp, event);
        if (const PlacedTick* placed = builder_.placed()) keep(activity_.on_tick(event, *placed));
    }
    EXPECT_TRUE(bars_.empty());
    EXPECT_EQ(builder_.counts().repeated, 3);
}

TEST_F(ActivityBarsTest, several_kinds_close_in_the_order_of_asking_and_others_instruments_are_left_alone) {
    const Timeframe range = want("2r");
    const Timeframe ticks = want("2t");
    for (const InstrumentId id : {kId, kOther}) {
        tick(clock(9, 15, 1), 100, -1, id);
        tick(clock(9, 15, 2), 100.10, -1, id);
    }
    ASSERT_EQ(bars_.size(), 2U);
    EXPECT_EQ(bars_[0].timeframe, range);
    EXPECT_EQ(bars_[1].timeframe, ticks);
}

}  // namespace
}  // namespace tide
