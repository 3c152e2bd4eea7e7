#include "market/price_filter.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace tide {
namespace {

const Date kDay = make_date(2026, 8, 3);
const InstrumentId kNifty{1}, kCall{2};

class PriceFilterTest : public ::testing::Test {
  protected:
    PriceFilterTest() : filter(settings) {
        add(kNifty, InstrumentKind::index);
        add(kCall, InstrumentKind::option);
    }
    void add(InstrumentId id, InstrumentKind kind) {
        Instrument instrument;
        instrument.id = id;
        instrument.kind = kind;
        filter.add(instrument);
    }
    PriceVerdict tick(double price, InstrumentId id = kNifty) {
        now += seconds(1);
        TickEvent t;
        t.instrument = id;
        t.last = Price::from_double(price);
        return filter.judge(now, ExchangeTime(), t);
    }
    // 30 prices around 24 500 whose MAD is 1: the band is the floor's, 0.5 % = 122.5.
    void quiet() {
        for (int i = 0; i < 30; ++i) ASSERT_EQ(tick(24'500 + i % 3), PriceVerdict::accepted);
    }
    DataQualitySettings settings;
    PriceFilter filter;
    ReceiveTime now = at(kDay, hours(10));
};

TEST_F(PriceFilterTest, a_wild_price_is_held_and_dropped_when_the_next_is_as_before) {
    quiet();
    EXPECT_EQ(tick(12'000), PriceVerdict::held);
    EXPECT_TRUE(filter.suspect(kNifty));
    ASSERT_NE(filter.held(kNifty), nullptr);
    EXPECT_EQ(tick(24'501), PriceVerdict::dropped);
    EXPECT_EQ(filter.released().tick.last, Price::from_rupees(12'000));
    EXPECT_FALSE(filter.suspect(kNifty));
}

TEST_F(PriceFilterTest, a_crash_is_believed_at_its_second_tick) {
    quiet();
    EXPECT_EQ(tick(23'300), PriceVerdict::held);
    EXPECT_EQ(tick(23'290), PriceVerdict::confirmed);
    EXPECT_EQ(filter.released().tick.last, Price::from_rupees(23'300));
    EXPECT_EQ(tick(23'280), PriceVerdict::accepted);
}

TEST_F(PriceFilterTest, a_crash_that_goes_on_falling_is_believed_too) {
    quiet();
    EXPECT_EQ(tick(23'300), PriceVerdict::held);
    EXPECT_EQ(tick(22'300), PriceVerdict::confirmed);  // 4 % further, the same side
}

TEST_F(PriceFilterTest, wild_prices_on_both_sides_confirm_nothing) {
    quiet();
    EXPECT_EQ(tick(12'000), PriceVerdict::held);
    EXPECT_EQ(tick(49'000), PriceVerdict::held);
    EXPECT_EQ(tick(24'500), PriceVerdict::dropped);
    EXPECT_EQ(filter.released().tick.last, Price::from_rupees(49'000));
}

TEST_F(PriceFilterTest, without_a_next_tick_it_counts_after_five_seconds) {
    quiet();
    ASSERT_EQ(tick(23'300), PriceVerdict::held);
    const ReceiveTime held_at = now;
    EXPECT_EQ(filter.next_due(), held_at + seconds(5));
    EXPECT_FALSE(filter.take_due(held_at + seconds(5) - Duration(1)));
    const auto released = filter.take_due(held_at + seconds(5));
    ASSERT_TRUE(released);
    EXPECT_EQ(released->tick.last, Price::from_rupees(23'300));
    EXPECT_FALSE(filter.suspect(kNifty));
    EXPECT_EQ(filter.next_due(), ReceiveTime::max());
    EXPECT_EQ(tick(23'310), PriceVerdict::accepted);
}

TEST_F(PriceFilterTest, nothing_is_suspect_before_there_is_a_band_and_on_a_new_day) {
    for (int i = 0; i < 19; ++i) tick(24'500);
    EXPECT_EQ(tick(12'000), PriceVerdict::accepted);
    quiet();
    filter.start_day();
    EXPECT_EQ(tick(30'000), PriceVerdict::accepted);
}

// MAD of 100 .. 130 in steps of 1 is 8: 8 x 1.4826 x 8 = 94.9 around the median, wider than the floor of 30 %.
TEST_F(PriceFilterTest, a_market_that_moves_much_has_a_wide_band) {
    for (int i = 0; i < 31; ++i) tick(100 + i, kCall);
    EXPECT_EQ(tick(205, kCall), PriceVerdict::accepted);  // 115 + 94.9 = 209.9
    filter.start_day();
    for (int i = 0; i < 31; ++i) tick(100 + i, kCall);
    EXPECT_EQ(tick(212, kCall), PriceVerdict::held);
}

TEST_F(PriceFilterTest, small_premiums_may_jump_by_twenty_ticks) {
    for (int i = 0; i < 31; ++i) tick(0.5, kCall);
    EXPECT_EQ(tick(1.5, kCall), PriceVerdict::accepted);  // 20 ticks of 0.05
}

TEST_F(PriceFilterTest, a_wild_bar_is_suspect_until_the_next_one) {
    for (int i = 0; i < 30; ++i) filter.judge_bar(kNifty, Price::from_double(24'500 + i % 3));
    filter.judge_bar(kNifty, Price::from_double(24'700));  // 0.8 %: a bar's floor is twice a tick's
    EXPECT_FALSE(filter.suspect(kNifty));
    filter.judge_bar(kNifty, Price::from_double(20'000));
    EXPECT_TRUE(filter.suspect(kNifty));
    filter.judge_bar(kNifty, Price::from_double(20'010));
    EXPECT_FALSE(filter.suspect(kNifty));
}

// A held price never stays: in any stream, two ticks on one side outside the band in a row are one confirmation.
RC_GTEST_PROP(PriceFilterProperty, a_price_is_held_at_most_until_the_next_on_its_side, ()) {
    DataQualitySettings settings;
    PriceFilter filter(settings);
    Instrument instrument;
    instrument.id = kNifty;
    filter.add(instrument);
    ReceiveTime now = at(kDay, hours(10));
    int held_in_a_row = 0;
    int64_t before = 0;
    for (const int64_t units : *rc::gen::container<std::vector<int64_t>>(
             rc::gen::oneOf(rc::gen::inRange<int64_t>(244'000'000, 246'000'000),
                            rc::gen::inRange<int64_t>(1, 9'000'000'000'000'000'000)))) {
        now += seconds(1);
        TickEvent tick;
        tick.instrument = kNifty;
        tick.last = Price::from_units(units);
        const PriceVerdict verdict = filter.judge(now, ExchangeTime(), tick);
        RC_ASSERT((verdict == PriceVerdict::held) == filter.suspect(kNifty));
        if (verdict == PriceVerdict::held) {
            ++held_in_a_row;
            // Held again only when it is on the other side of the one before.
            if (held_in_a_row > 1) RC_ASSERT(before != units);
        } else {
            held_in_a_row = 0;
        }
        before = units;
    }
    RC_ASSERT(!filter.suspect(kNifty) || filter.next_due() != ReceiveTime::max());
}

}  // namespace
}  // namespace tide
