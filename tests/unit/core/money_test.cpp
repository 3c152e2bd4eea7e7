#include "core/money.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tide {
namespace {

TEST(Money, price_times_quantity_is_exact) {
    EXPECT_EQ(to_string(*parse_price("142.35") * Quantity(65)), "9252.75");
    EXPECT_EQ(to_string(*parse_price("0.05") * Quantity(-1800)), "-90.00");
}

TEST(Money, text_is_parsed_without_losing_digits) {
    struct Case {
        const char* text;
        int64_t units;
    };
    for (const Case& c : {Case{"21727.75", 217277500},
                          {"13.2575", 132575},
                          {"-0.05", -500},
                          {"7", 70000},
                          {"+1.5", 15000},
                          {"43501.05080", 435010508},
                          {".5", 5000}}) {
        const auto price = parse_price(c.text);
        ASSERT_TRUE(price) << c.text;
        EXPECT_EQ(price->units(), c.units) << c.text;
    }
}

TEST(Money, text_that_is_not_a_plain_decimal_is_refused) {
    for (const char* text : {"", "-", ".", "1e5", " 1", "1 ", "1,000", "nan", "inf", "0x10", "1.23456", "1..2", "--1",
                             "999999999999999999999"}) {
        EXPECT_FALSE(parse_price(text)) << text;
    }
}

TEST(Money, rounding_goes_half_away_from_zero) {
    EXPECT_EQ(round_to_paisa(Money::from_units(1250)).units(), 1300);
    EXPECT_EQ(round_to_paisa(Money::from_units(-1250)).units(), -1300);
    EXPECT_EQ(round_to_paisa(Money::from_units(1249)).units(), 1200);
    // 5paisa's page on STT: 12.4 is charged as 12; half a rupee is rounded up.
    EXPECT_EQ(to_string(round_to_rupee(*parse_money("12.40"))), "12.00");
    EXPECT_EQ(to_string(round_to_rupee(*parse_money("10.725"))), "11.00");
    EXPECT_EQ(to_string(round_to_rupee(*parse_money("10.5"))), "11.00");
}

TEST(Money, a_rate_is_applied_to_the_unit) {
    // 0.15 % of 7150 rupees is 10.725; 0.03553 % of 13650 is 4.849845.
    EXPECT_EQ(apply_rate_e8(Money::from_rupees(7150), 150'000).units(), 107250);
    EXPECT_EQ(apply_rate_e8(Money::from_rupees(13650), 35'530).units(), 48498);
}

TEST(Money, ticks_round_the_way_they_say) {
    const Price tick = *parse_price("0.05");
    EXPECT_EQ(to_string(round_down_to_tick(*parse_price("142.37"), tick)), "142.35");
    EXPECT_EQ(to_string(round_up_to_tick(*parse_price("142.36"), tick)), "142.40");
    EXPECT_EQ(to_string(round_to_nearest_tick(*parse_price("142.375"), tick)), "142.40");
    EXPECT_EQ(to_string(round_down_to_tick(*parse_price("-0.02"), tick)), "-0.05");
    EXPECT_TRUE(on_tick(*parse_price("142.35"), tick));
    EXPECT_FALSE(on_tick(*parse_price("142.36"), tick));
}

TEST(Money, text_shows_paise_and_keeps_finer_prices) {
    EXPECT_EQ(to_string(Price::from_units(132575)), "13.2575");
    EXPECT_EQ(to_string(Price::from_units(70000)), "7.00");
    EXPECT_EQ(to_string(Money::from_units(-12345)), "-1.23");
    EXPECT_EQ(to_string(Money::from_units(-12350)), "-1.24");
    EXPECT_EQ(to_string(Money::from_units(-20)), "0.00");
}

RC_GTEST_PROP(Money, a_price_survives_its_text, (int64_t raw)) {
    const Price price = Price::from_units(raw % 1'000'000'000'000);
    RC_ASSERT(parse_price(to_string(price)) == price);
}

RC_GTEST_PROP(Money, down_nearest_and_up_enclose_the_price, (int64_t raw, uint16_t raw_tick)) {
    const Price price = Price::from_units(raw % 1'000'000'000'000);
    const Price tick = Price::from_units(raw_tick % 10'000 + 1);
    const Price down = round_down_to_tick(price, tick);
    const Price up = round_up_to_tick(price, tick);
    RC_ASSERT(down <= price && price <= up && up - down <= tick);
    RC_ASSERT(on_tick(down, tick) && on_tick(up, tick));
    const Price nearest = round_to_nearest_tick(price, tick);
    RC_ASSERT(nearest == down || nearest == up);
}

}  // namespace
}  // namespace tide
