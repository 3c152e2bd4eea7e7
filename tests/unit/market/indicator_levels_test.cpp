// Swings, levels and profiles on bars small enough to work out by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "market/indicators/anchored_vwap.hpp"
#include "market/indicators/levels.hpp"
#include "market/indicators/swings.hpp"
#include "market/indicators/volume_profile.hpp"

namespace tide {
namespace {

BarValues bar_at(int day, int minute, double high, double low, double close, double volume = 1) {
    const auto start =
        ist_moment<ExchangeTime>(make_date(2024, 1, 1) + std::chrono::days(day), hours(9) + minutes(15 + minute));
    return {close, high, low, close, volume, true, Timeframe::m5, start};
}
// A bar of no range.
BarValues point(double price) { return bar_at(0, 0, price, price, price); }

TEST(SwingDetector, a_swing_is_known_n_bars_late_and_not_before) {
    Swings swings(2);
    for (const double price : {10.0, 11.0, 13.0, 12.0}) {
        swings.update(point(price));
        EXPECT_TRUE(std::isnan(swings.value(0)));
    }
    swings.update(point(11));
    EXPECT_EQ(swings.value(0), 13);
    EXPECT_EQ(swings.value(2), 2);
    EXPECT_TRUE(std::isnan(swings.value(1)));
    EXPECT_FALSE(swings.ready());
    for (const double price : {9.0, 10.0, 10.5}) swings.update(point(price));
    EXPECT_EQ(swings.value(1), 9);
    EXPECT_EQ(swings.value(2), 5);
    EXPECT_EQ(swings.value(3), 2);
    EXPECT_TRUE(swings.ready());
}

TEST(SwingDetector, of_equal_highs_the_last_one_is_the_swing) {
    SwingDetector detector(1);
    std::vector<bool> highs;
    for (const double price : {10.0, 12.0, 12.0, 11.0, 10.0})
        highs.push_back(detector.push(point(price)).high.has_value());
    EXPECT_EQ(highs, (std::vector<bool>{false, false, false, true, false}));
}

TEST(Structure, higher_highs_with_higher_lows_are_up_and_a_lower_low_ends_it) {
    Structure structure(1);
    // Highs 12, 14; lows 9, 11: both higher. Then a low of 10: lower.
    for (const double price : {10.0, 12.0, 9.0, 14.0, 11.0, 13.0}) structure.update(point(price));
    EXPECT_EQ(structure.value(0), 1);
    for (const double price : {10.0, 15.0}) structure.update(point(price));
    EXPECT_EQ(structure.value(0), -1) << "the high of 13 is lower than 14, and so is the low of 10 than 11";
}

TEST(Fibonacci, levels_hang_from_the_end_of_the_leg) {
    Fibonacci levels(1);
    for (const double price : {150.0, 100.0, 200.0, 180.0}) levels.update(point(price));
    EXPECT_EQ(levels.value(0), 200);
    EXPECT_EQ(levels.value(1), 100);
    EXPECT_EQ(levels.value(2), 1);
    EXPECT_DOUBLE_EQ(levels.value(3), 176.4);
    EXPECT_DOUBLE_EQ(levels.value(4), 161.8);
    EXPECT_DOUBLE_EQ(levels.value(5), 150);
    EXPECT_DOUBLE_EQ(levels.value(6), 138.2);
    EXPECT_DOUBLE_EQ(levels.value(7), 121.4);
}

TEST(SupportResistance, two_touches_make_a_level_and_time_takes_it_away) {
    SupportResistance levels(1, 1, 2, 10);
    // Lows at 100 and 100.5 (within 1 %): one level at 100.25 with two touches. Highs 110 and 120: one touch each.
    for (const double price : {105.0, 100.0, 110.0, 100.5, 120.0, 115.0}) levels.update(point(price));
    EXPECT_DOUBLE_EQ(levels.value(0), 100.25);
    EXPECT_EQ(levels.value(1), 2);
    EXPECT_TRUE(std::isnan(levels.value(2)));
    EXPECT_FALSE(levels.ready());
    for (int i = 0; i < 9; ++i) levels.update(point(115));
    EXPECT_DOUBLE_EQ(levels.value(0), 100.25);  // its last touch is known for 10 bars
    levels.update(point(115));
    EXPECT_TRUE(std::isnan(levels.value(0)));
}

// The floor traders' levels of high 110, low 100, close 108: P = 106.
TEST(Pivots, classic_levels_come_with_the_first_bar_of_the_next_day) {
    Pivots pivots(0);
    pivots.update(bar_at(0, 0, 110, 104, 105));
    pivots.update(bar_at(0, 5, 109, 100, 108));
    EXPECT_FALSE(pivots.ready());
    pivots.update(bar_at(1, 0, 500, 400, 450));
    const double expected[] = {106, 112, 116, 122, 128, 102, 96, 92, 88};
    for (size_t i = 0; i < 9; ++i) EXPECT_DOUBLE_EQ(pivots.value(i), expected[i]) << i;
    pivots.update(bar_at(1, 5, 900, 300, 450));
    EXPECT_DOUBLE_EQ(pivots.value(0), 106);
}

TEST(OpeningRange, is_there_from_the_bar_that_ends_it_and_afresh_each_day) {
    OpeningRange range(10);
    range.update(bar_at(0, 0, 105, 100, 102));
    EXPECT_FALSE(range.ready());
    range.update(bar_at(0, 5, 107, 101, 106));
    EXPECT_TRUE(range.ready());
    EXPECT_EQ(range.value(0), 107);
    EXPECT_EQ(range.value(1), 100);
    EXPECT_EQ(range.value(2), 0);
    range.update(bar_at(0, 10, 120, 106, 110));
    EXPECT_EQ(range.value(0), 107);
    EXPECT_EQ(range.value(2), 1);
    range.update(bar_at(0, 15, 108, 90, 99));
    EXPECT_EQ(range.value(2), -1);
    range.update(bar_at(1, 0, 50, 40, 45));
    EXPECT_FALSE(range.ready());
    EXPECT_TRUE(std::isnan(range.value(0)));
}

TEST(OpeningRange, a_missing_bar_inside_it_does_not_hold_it_up) {
    OpeningRange range(10);
    range.update(bar_at(0, 0, 105, 100, 102));
    range.update(bar_at(0, 10, 120, 90, 110));
    EXPECT_TRUE(range.ready());
    EXPECT_EQ(range.value(0), 105);
    EXPECT_EQ(range.value(2), 1);
}

// Points 10, 14, 12 with volumes 1, 2, 3: anchored at 14 once 12 has closed: (14 x 2 + 12 x 3) / 5 = 12.8.
TEST(AnchoredVwap, from_a_swing_starts_with_the_swing_s_own_bar) {
    VwapFromSwing vwap(1);
    vwap.update(bar_at(0, 0, 10, 10, 10, 1));
    vwap.update(bar_at(0, 5, 14, 14, 14, 2));
    EXPECT_TRUE(std::isnan(vwap.value()));
    vwap.update(bar_at(0, 10, 12, 12, 12, 3));
    EXPECT_DOUBLE_EQ(vwap.value(), 12.8);
    vwap.update(bar_at(0, 15, 11, 11, 11, 5));
    EXPECT_DOUBLE_EQ(vwap.value(), 11.9);
    BarValues silent = bar_at(0, 20, 10, 10, 10, 0);
    silent.has_volume = false;
    vwap.update(silent);
    EXPECT_TRUE(std::isnan(vwap.value()));
}

TEST(AnchoredVwap, from_a_time_starts_afresh_each_day) {
    VwapFromTime vwap(9, 20);
    vwap.update(bar_at(0, 0, 10, 10, 10));
    EXPECT_FALSE(vwap.ready());
    vwap.update(bar_at(0, 5, 20, 20, 20));
    vwap.update(bar_at(0, 10, 30, 30, 30));
    EXPECT_DOUBLE_EQ(vwap.value(), 25);
    vwap.update(bar_at(1, 0, 40, 40, 40));
    EXPECT_FALSE(vwap.ready());
    vwap.update(bar_at(1, 5, 50, 50, 50));
    EXPECT_DOUBLE_EQ(vwap.value(), 50);
}

// Bins of 1: volumes 10 at 100, 40 at 101, 30 at 102, 20 at 103. 70 % = 70 of 100: 101 and 102.
TEST(VolumeProfile, value_area_grows_from_the_point_of_control_to_its_share) {
    VolumeProfile profile(20, 0.05, 70);
    for (const auto& [price, volume] : {std::pair{100.5, 10}, {101.5, 40}, {102.5, 30}, {103.5, 20}})
        profile.update(bar_at(0, 0, price, price, price, volume));
    EXPECT_EQ(profile.value(0), 101.5);
    EXPECT_EQ(profile.value(1), 103);
    EXPECT_EQ(profile.value(2), 101);
}

TEST(VolumeProfile, a_bar_s_volume_is_spread_over_its_range) {
    VolumeProfile profile(20, 0.05, 100);
    profile.update(bar_at(0, 0, 104, 100, 102, 40));        // 10 in each of 100, 101, 102, 103
    profile.update(bar_at(0, 5, 102.5, 101.5, 102, 6));     // 3 in 101, 3 in 102
    profile.update(bar_at(0, 10, 102.25, 102.25, 102, 1));  // 102 has the most
    EXPECT_EQ(profile.value(0), 102.5);
    EXPECT_EQ(profile.value(2), 100);
}

// 600 bins of 1 do not fit 512: bins of 2, without losing volume, and bins of 1 again the next day.
TEST(VolumeProfile, bins_widen_when_the_day_outgrows_them) {
    VolumeProfile profile(20, 0.05, 100);
    profile.update(bar_at(0, 0, 101.5, 101.5, 101.5, 5));
    profile.update(bar_at(0, 5, 100.5, 100.5, 100.5, 5));
    EXPECT_EQ(profile.value(0), 100.5);
    profile.update(bar_at(0, 10, 700.5, 700.5, 700.5, 9));
    EXPECT_EQ(profile.value(0), 101) << "5 + 5 in the bin from 100 to 102";
    EXPECT_EQ(profile.value(1), 702);
    EXPECT_EQ(profile.value(2), 100);
    profile.update(bar_at(1, 0, 101.5, 101.5, 101.5, 5));
    EXPECT_EQ(profile.value(0), 101.5);
}

}  // namespace
}  // namespace tide
