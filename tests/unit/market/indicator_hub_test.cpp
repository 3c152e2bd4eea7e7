#include "market/indicator_hub.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace tide {
namespace {

const InstrumentId kNifty(1), kBank(2);

Bar bar_at(InstrumentId id, int minute, double close) {
    Bar bar;
    bar.instrument = id;
    bar.start = ist_moment<ExchangeTime>(make_date(2024, 1, 1), hours(9) + minutes(15 + minute));
    bar.open = bar.high = bar.low = bar.close = Price::from_double(close);
    return bar;
}

TEST(IndicatorHub, the_same_request_gives_the_same_handle) {
    IndicatorHub hub(nullptr);
    const double nine[] = {9}, twenty[] = {20};
    const auto first = hub.request(kNifty, Timeframe::m1, "ema", nine);
    ASSERT_TRUE(first);
    EXPECT_EQ(hub.request(kNifty, Timeframe::m1, "ema", nine)->handle, first->handle);
    EXPECT_EQ(hub.request(kNifty, Timeframe::m1, "ema", {})->handle, first->handle);  // 9 is the default
    EXPECT_NE(hub.request(kNifty, Timeframe::m1, "ema", twenty)->handle, first->handle);
    EXPECT_NE(hub.request(kNifty, Timeframe::m5, "ema", nine)->handle, first->handle);
    EXPECT_NE(hub.request(kBank, Timeframe::m1, "ema", nine)->handle, first->handle);
    EXPECT_EQ(hub.size(), 4U);
    EXPECT_EQ(hub.handles_of(kNifty, Timeframe::m1).size(), 2U);
    EXPECT_TRUE(hub.handles_of(InstrumentId(99), Timeframe::d1).empty());
}

TEST(IndicatorHub, a_bad_request_is_an_error_and_leaves_nothing_behind) {
    IndicatorHub hub(nullptr);
    EXPECT_FALSE(hub.request(kNifty, Timeframe::m1, "emma", {}));
    EXPECT_EQ(hub.size(), 0U);
    EXPECT_TRUE(hub.handles_of(kNifty, Timeframe::m1).empty());
}

TEST(IndicatorHub, bars_reach_only_the_indicators_of_their_series) {
    IndicatorHub hub(nullptr);
    const double two[] = {2};
    const int32_t nifty = hub.request(kNifty, Timeframe::m1, "sma", two)->handle;
    const int32_t bank = hub.request(kBank, Timeframe::m1, "sma", two)->handle;
    EXPECT_TRUE(std::isnan(hub.values(nifty)[0]));
    hub.on_bar(bar_at(kNifty, 0, 100));
    hub.on_bar(bar_at(kNifty, 1, 110));
    EXPECT_DOUBLE_EQ(hub.values(nifty)[0], 105);
    EXPECT_TRUE(std::isnan(hub.values(bank)[0]));
    EXPECT_EQ(hub.history(bank), 0U);
}

TEST(IndicatorHub, past_values_are_kept_up_to_the_capacity) {
    IndicatorHub hub(nullptr, 3);
    const double one[] = {1};
    const int32_t handle = hub.request(kNifty, Timeframe::m1, "sma", one)->handle;
    for (int i = 0; i < 5; ++i) hub.on_bar(bar_at(kNifty, i, 100 + i));
    EXPECT_EQ(hub.history(handle), 3U);
    EXPECT_DOUBLE_EQ(hub.value(handle, 0, 0), 104);
    EXPECT_DOUBLE_EQ(hub.value(handle, 0, 2), 102);
    EXPECT_TRUE(std::isnan(hub.value(handle, 0, 3)));
    EXPECT_TRUE(std::isnan(hub.value(handle, 1, 0)));
}

TEST(IndicatorHub, a_late_request_gets_the_bars_it_missed) {
    BarSeriesBook series;
    IndicatorHub hub(&series);
    const double three[] = {3};
    const int32_t early = hub.request(kNifty, Timeframe::m1, "ema", three)->handle;
    for (int i = 0; i < 20; ++i) {
        const Bar bar = bar_at(kNifty, i, 100 + i % 7);
        ASSERT_TRUE(series.push(bar));
        hub.on_bar(bar);
    }
    const double fourteen[] = {14};
    const auto late = hub.request(kNifty, Timeframe::m1, "rsi", fourteen);
    EXPECT_EQ(late->history, 20U);
    IndicatorHub other(&series);
    const auto again = other.request(kNifty, Timeframe::m1, "ema", three);
    for (size_t back = 0; back < 20; ++back) {
        const double a = hub.value(early, 0, back), b = other.value(again->handle, 0, back);
        EXPECT_TRUE(a == b || (std::isnan(a) && std::isnan(b))) << back;
    }
    EXPECT_FALSE(std::isnan(hub.values(late->handle)[0]));
}

TEST(BarSeriesBook, the_newest_bar_is_number_zero_and_the_oldest_fall_out) {
    BarSeriesBook book(3);
    EXPECT_EQ(book.count(kNifty, Timeframe::m1), 0U);
    EXPECT_EQ(book.at(kNifty, Timeframe::m1, 0), nullptr);
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(book.push(bar_at(kNifty, i, 100 + i)));
    EXPECT_EQ(book.count(kNifty, Timeframe::m1), 3U);
    EXPECT_EQ(book.at(kNifty, Timeframe::m1, 0)->close, Price::from_rupees(104));
    EXPECT_EQ(book.at(kNifty, Timeframe::m1, 2)->close, Price::from_rupees(102));
    EXPECT_EQ(book.at(kNifty, Timeframe::m1, 3), nullptr);
    EXPECT_EQ(book.find(kNifty, Timeframe::m5), nullptr);
}

TEST(BarSeriesBook, a_bar_that_is_not_later_is_refused) {
    BarSeriesBook book;
    EXPECT_TRUE(book.push(bar_at(kNifty, 5, 100)));
    EXPECT_FALSE(book.push(bar_at(kNifty, 5, 101)));
    EXPECT_FALSE(book.push(bar_at(kNifty, 4, 101)));
    EXPECT_EQ(book.count(kNifty, Timeframe::m1), 1U);
}

}  // namespace
}  // namespace tide
