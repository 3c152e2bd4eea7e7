#include "market/opening_gap.hpp"

#include <gtest/gtest.h>

namespace tide {
namespace {

const Date kFriday = make_date(2026, 7, 31), kMonday = make_date(2026, 8, 3);
const InstrumentId kNifty{1}, kCall{2};

class OpeningGapTest : public ::testing::Test {
  protected:
    OpeningGapTest() {
        Instrument nifty;
        nifty.id = kNifty;
        gaps.on_instrument(nifty);
        Instrument call;
        call.id = kCall;
        call.kind = InstrumentKind::option;
        gaps.on_instrument(call);
    }
    void day(Date date) {
        TradingDayEvent event;
        event.date = date;
        event.session_count = 1;
        event.sessions[0] = {hours(9) + minutes(15), hours(15) + minutes(40)};
        event.calendar = "NSE";
        gaps.on_day(event);
    }
    void daily(Date date, double close) { bar(Timeframe::d1, date, hours(9) + minutes(15), close, close, kBarHistory); }
    void bar(Timeframe timeframe, Date date, Duration start, double open, double close, uint16_t flags = 0) {
        Bar b;
        b.instrument = kNifty;
        b.timeframe = timeframe;
        b.flags = flags;
        b.start = as_exchange_time(at(date, start));
        b.open = Price::from_double(open);
        b.close = Price::from_double(close);
        gaps.on_bar(at(date, start + minutes(1)), b);
    }
    void tick(Date date, Duration time, double price, InstrumentId id = kNifty) {
        TickEvent t;
        t.instrument = id;
        t.last = Price::from_double(price);
        gaps.on_tick(at(date, time), t);
    }
    DataQualitySettings settings;
    OpeningGaps gaps{settings};
};

TEST_F(OpeningGapTest, an_opening_above_two_per_cent_is_gap_mode_for_three_minutes) {
    daily(kFriday, 24'000);
    day(kMonday);
    tick(kMonday, hours(9) + minutes(8), 24'600);  // pre-open: not the opening
    EXPECT_EQ(gaps.find_gap(kNifty), nullptr);
    tick(kMonday, hours(9) + minutes(15), 24'504);  // 2.1 %
    ASSERT_NE(gaps.find_gap(kNifty), nullptr);
    EXPECT_DOUBLE_EQ(gaps.find_gap(kNifty)->pct, 2.1);
    EXPECT_TRUE(gaps.gap_mode(kNifty));
    ASSERT_EQ(gaps.changes().size(), 1U);
    EXPECT_EQ(gaps.next_due(), at(kMonday, hours(9) + minutes(18)));
    gaps.on_time(at(kMonday, hours(9) + minutes(18)) - Duration(1));
    EXPECT_TRUE(gaps.gap_mode(kNifty));
    gaps.on_time(at(kMonday, hours(9) + minutes(18)));
    EXPECT_FALSE(gaps.gap_mode(kNifty));
    ASSERT_EQ(gaps.changes().size(), 2U);
    EXPECT_FALSE(gaps.changes()[1].active);
    EXPECT_EQ(gaps.next_due(), ReceiveTime::max());
    EXPECT_DOUBLE_EQ(gaps.find_gap(kNifty)->pct, 2.1);  // known all day
}

TEST_F(OpeningGapTest, exactly_two_per_cent_is_not_above) {
    daily(kFriday, 24'000);
    day(kMonday);
    tick(kMonday, hours(9) + minutes(15), 24'480);
    EXPECT_FALSE(gaps.gap_mode(kNifty));
    EXPECT_DOUBLE_EQ(gaps.find_gap(kNifty)->pct, 2.0);
}

TEST_F(OpeningGapTest, a_gap_down_counts_and_bars_tell_it_a_minute_later) {
    daily(kFriday, 24'000);
    day(kMonday);
    bar(Timeframe::m1, kMonday, hours(9) + minutes(15), 23'400, 23'450);
    EXPECT_DOUBLE_EQ(gaps.find_gap(kNifty)->pct, -2.5);
    EXPECT_TRUE(gaps.gap_mode(kNifty));
}

TEST_F(OpeningGapTest, a_feed_that_joins_after_three_minutes_has_a_gap_but_no_mode) {
    daily(kFriday, 24'000);
    day(kMonday);
    tick(kMonday, hours(11), 24'600);
    EXPECT_DOUBLE_EQ(gaps.find_gap(kNifty)->pct, 2.5);
    EXPECT_FALSE(gaps.gap_mode(kNifty));
    EXPECT_TRUE(gaps.changes().empty());
}

TEST_F(OpeningGapTest, without_a_daily_bar_the_last_price_of_the_day_before_counts) {
    day(kFriday);
    tick(kFriday, hours(10), 23'000);
    tick(kFriday, hours(15), 24'000);
    day(kMonday);
    tick(kMonday, hours(9) + minutes(15), 24'600);
    EXPECT_EQ(gaps.find_gap(kNifty)->previous_close, Price::from_rupees(24'000));
}

TEST_F(OpeningGapTest, the_official_close_takes_the_place_of_the_last_price) {
    day(kFriday);
    tick(kFriday, hours(15), 24'000);
    daily(kFriday, 24'010);
    day(kMonday);
    tick(kMonday, hours(9) + minutes(15), 24'600);
    EXPECT_EQ(gaps.find_gap(kNifty)->previous_close, Price::from_rupees(24'010));
}

TEST_F(OpeningGapTest, an_old_close_and_an_option_say_nothing) {
    daily(kMonday - std::chrono::days(11), 20'000);
    day(kMonday);
    tick(kMonday, hours(9) + minutes(15), 24'600);
    tick(kMonday, hours(9) + minutes(15), 100, kCall);
    EXPECT_EQ(gaps.find_gap(kNifty), nullptr);
    EXPECT_EQ(gaps.find_gap(kCall), nullptr);
    EXPECT_FALSE(gaps.gap_mode(kNifty));
}

}  // namespace
}  // namespace tide
