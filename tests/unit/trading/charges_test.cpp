#include "trading/charges.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace tide {
namespace {

struct Rate {
    std::string_view item;
    std::string_view side;
    int64_t rate_e8;
    int64_t flat_rupees;
    std::string_view rounding;
    std::string_view base;
};

ChargeTable table_of(const std::vector<Rate>& rates, Date from = make_date(2000, 1, 1),
                     Date to = make_date(2099, 12, 31)) {
    ChargeTable table;
    for (const Rate& rate : rates) {
        ChargeRateEvent event;
        event.item = rate.item;
        event.exchange = "NSE";
        event.side = rate.side;
        event.rate_e8 = rate.rate_e8;
        event.flat = Money::from_rupees(rate.flat_rupees);
        event.rounding = rate.rounding;
        event.base = rate.base;
        event.from = from;
        event.to = to;
        const auto added = table.add(event);
        EXPECT_TRUE(added) << added.error().message;
    }
    return table;
}

// Rates by hand from the sheet's own columns, in 1e-8: 0.0625 % = 62500.
// July 2023: STT 0.0625 % on sale, exchange 0.05 %, IPFT 0.0005 %, SEBI 0.0001 %, stamp shown as nothing, IPFT outside
// GST.
const std::vector<Rate> kJuly2023Kite{{"brokerage", "both", 0, 20, "none", "turnover"},
                                      {"stt", "sell", 62'500, 0, "none", "turnover"},
                                      {"exchange", "both", 50'000, 0, "none", "turnover"},
                                      {"ipft", "both", 500, 0, "none", "turnover"},
                                      {"sebi", "both", 100, 0, "none", "turnover"},
                                      {"stamp", "buy", 0, 0, "none", "turnover"},
                                      {"gst", "both", 18'000'000, 0, "none", "brokerage+exchange+sebi"}};
// The basket samples of the same month print the exchange's line without IPFT.
std::vector<Rate> without_ipft(std::vector<Rate> rates) {
    std::erase_if(rates, [](const Rate& rate) { return rate.item == "ipft"; });
    return rates;
}
// 28 May 2025: STT 0.10 %, exchange 0.03503 %, IPFT 0.0005 %, stamp 0.003 % on purchase, IPFT inside GST, two decimals.
const std::vector<Rate> kMay2025{{"brokerage", "both", 0, 0, "none", "turnover"},
                                 {"stt", "sell", 100'000, 0, "paisa", "turnover"},
                                 {"exchange", "both", 35'030, 0, "paisa", "turnover"},
                                 {"ipft", "both", 500, 0, "paisa", "turnover"},
                                 {"sebi", "both", 100, 0, "paisa", "turnover"},
                                 {"stamp", "buy", 3'000, 0, "paisa", "turnover"},
                                 {"gst", "both", 18'000'000, 0, "paisa", "brokerage+exchange+ipft+sebi"}};
// About 2014: STT 0.017 %, exchange 0.053 %, SEBI 0.0002 %, stamp 0.006 % on the sale too, service tax 12.36 % with
// cesses on brokerage and the exchange's charge: 0.1236 x 34.31 = 4.2407 = 4.1172 + 0.0823 + 0.0412.
const std::vector<Rate> kYear2014{
    {"brokerage", "both", 0, 20, "none", "turnover"},    {"stt", "sell", 17'000, 0, "none", "turnover"},
    {"exchange", "both", 53'000, 0, "none", "turnover"}, {"sebi", "both", 200, 0, "none", "turnover"},
    {"stamp", "both", 6'000, 0, "none", "turnover"},     {"gst", "both", 12'360'000, 0, "none", "brokerage+exchange"}};

struct Case {
    const char* name;
    std::vector<Rate> rates;
    double buy_turnover, sell_turnover;
    double brokerage, stt, exchange_and_ipft, sebi, stamp, gst, total;
    double tolerance;
};

// india-charges-cases.csv, rows 1 to 5: the printed lines.
const std::vector<Case> kCases{
    {"1 Kite virtual contract note, July 2023", kJuly2023Kite, 150, 0, 20, 0, 0.07575, 0.00015, 0, 3.613527, 23.689427,
     1.01e-4},
    {"2 Kite basket margins, sell leg", without_ipft(kJuly2023Kite), 0, 2673.75, 20, 1.67109375, 1.336875, 0.00267375,
     0, 3.841118775, 26.851761275, 1.01e-4},
    {"3 Kite basket margins, buy leg", without_ipft(kJuly2023Kite), 521.25, 0, 20, 0, 0.260625, 0.00052125, 0,
     3.647006325, 23.908152575, 1.01e-4},
    {"4 worked example of 28 May 2025, both legs", kMay2025, 12'500, 17'500, 0, 17.5, 10.66, 0.03, 0.38, 1.92, 30.49,
     0.0101},
    {"5 calculator of about 2014", kYear2014, 0, 27'000, 20, 4.59, 14.31, 0.054, 1.62, 4.2407, 44.8147, 1.01e-4},
};

TEST(Charges, complete_cases_of_the_sheet_come_out_line_by_line) {
    for (const Case& c : kCases) {
        SCOPED_TRACE(c.name);
        const ChargeTable table = table_of(c.rates);
        ChargeBreakdown sum;
        for (const auto& [side, turnover] :
             {std::pair(Side::buy, c.buy_turnover), std::pair(Side::sell, c.sell_turnover)}) {
            if (turnover == 0) continue;
            const auto leg = table.charges_for(
                {InstrumentKind::option, "NSE", side, make_date(2023, 7, 3), Money::from_double(turnover), Money()});
            ASSERT_TRUE(leg) << leg.error().message;
            for (size_t i = 0; i < kChargeItemCount; ++i)
                sum.of(static_cast<ChargeItem>(i)) += leg->of(static_cast<ChargeItem>(i));
        }
        EXPECT_NEAR(sum.brokerage.to_double(), c.brokerage, c.tolerance);
        EXPECT_NEAR(sum.stt.to_double(), c.stt, c.tolerance);
        EXPECT_NEAR((sum.exchange + sum.ipft).to_double(), c.exchange_and_ipft, c.tolerance);
        EXPECT_NEAR(sum.sebi.to_double(), c.sebi, c.tolerance);
        EXPECT_NEAR(sum.stamp.to_double(), c.stamp, c.tolerance);
        EXPECT_NEAR(sum.gst.to_double(), c.gst, c.tolerance);
        EXPECT_NEAR(sum.total().to_double(), c.total, 2 * c.tolerance);
    }
}

// 27.40 x 15 = 411.00 at 0.15 %: 0.6165 -> 1 rupee; split in three fills the order still pays 1 rupee and one
// brokerage.
TEST(Charges, an_order_costs_the_same_however_it_was_filled) {
    auto rates = kMay2025;
    rates[0].flat_rupees = 20;
    for (auto& rate : rates) {
        if (rate.item == "stt") rate.rounding = "rupee";
    }
    const ChargeTable table = table_of(rates);
    const Date date = make_date(2025, 5, 28);
    for (const int64_t total : {4'110'000LL, 137'000LL, 12'345'678LL, 99'999'999'999LL}) {
        const auto whole =
            table.charges_for({InstrumentKind::option, "NSE", Side::sell, date, Money::from_units(total), Money()});
        ASSERT_TRUE(whole);
        ChargeBreakdown sum;
        Money before;
        for (const int64_t part : {total / 3, total / 7, total - total / 3 - total / 7}) {
            const auto fill =
                table.charges_for({InstrumentKind::option, "NSE", Side::sell, date, Money::from_units(part), before});
            ASSERT_TRUE(fill);
            before += Money::from_units(part);
            for (size_t i = 0; i < kChargeItemCount; ++i)
                sum.of(static_cast<ChargeItem>(i)) += fill->of(static_cast<ChargeItem>(i));
        }
        for (size_t i = 0; i < kChargeItemCount; ++i) {
            EXPECT_EQ(sum.of(static_cast<ChargeItem>(i)), whole->of(static_cast<ChargeItem>(i)))
                << kChargeItemCount << " " << i;
        }
        EXPECT_EQ(sum.brokerage, Money::from_rupees(20));
    }
}

// india-market 4.3: 12.4 -> 12 on the statement; 10.725 -> 11 (4.2).
TEST(Charges, stt_in_whole_rupees_rounds_half_up) {
    auto rates = kMay2025;
    for (auto& rate : rates) {
        if (rate.item == "stt") rate = {"stt", "sell", 150'000, 0, "rupee", "turnover"};
    }
    const ChargeTable table = table_of(rates);
    const auto stt = [&](int64_t rupees) {
        return table
            .charges_for({InstrumentKind::option, "NSE", Side::sell, make_date(2026, 11, 20),
                          Money::from_rupees(rupees), Money()})
            ->stt;
    };
    EXPECT_EQ(stt(7'150), Money::from_rupees(11));
    EXPECT_EQ(stt(150'000), Money::from_rupees(225));  // row 16 of the sheet
    EXPECT_EQ(stt(1'000), Money::from_rupees(2));      // 1.50
    EXPECT_EQ(stt(999), Money::from_rupees(1));        // 1.4985
}

TEST(Charges, the_table_in_force_on_the_trades_date_is_used) {
    ChargeTable table = table_of(kMay2025, make_date(2024, 10, 1), make_date(2026, 3, 31));
    ChargeRateEvent later{"stt",
                          "NSE",
                          InstrumentKind::option,
                          "sell",
                          150'000,
                          Money(),
                          "none",
                          "turnover",
                          make_date(2026, 4, 1),
                          make_date(2099, 1, 1)};
    ASSERT_TRUE(table.add(later));
    for (const std::string_view item : {"brokerage", "exchange", "sebi", "stamp", "gst"}) {
        ASSERT_TRUE(
            table.add({item, "NSE", InstrumentKind::option, "both", 0, Money(), "none",
                       item == "gst" ? "brokerage" : "turnover", make_date(2026, 4, 1), make_date(2099, 1, 1)}));
    }
    const auto stt = [&](Date date) {
        return table
            .charges_for({InstrumentKind::option, "NSE", Side::sell, date, Money::from_rupees(10'000), Money()})
            ->stt;
    };
    EXPECT_EQ(stt(make_date(2026, 3, 31)), Money::from_rupees(10));
    EXPECT_EQ(stt(make_date(2026, 4, 1)), Money::from_rupees(15));
}

TEST(Charges, a_date_without_a_rate_is_an_error_that_names_the_head) {
    const ChargeTable table = table_of(kMay2025, make_date(2024, 10, 1), make_date(2026, 3, 31));
    const auto early = table.charges_for(
        {InstrumentKind::option, "NSE", Side::buy, make_date(2024, 9, 30), Money::from_rupees(1), Money()});
    ASSERT_FALSE(early);
    EXPECT_EQ(early.error().code, ErrorCode::config);
    EXPECT_NE(early.error().message.find("brokerage"), std::string::npos);
    EXPECT_FALSE(table.covers(InstrumentKind::future, "NSE", make_date(2025, 1, 1)));
    EXPECT_FALSE(table.covers(InstrumentKind::option, "BSE", make_date(2025, 1, 1)));
    EXPECT_TRUE(table.covers(InstrumentKind::option, "NSE", make_date(2025, 1, 1)));
}

TEST(Charges, brokerage_with_flat_and_rate_is_the_lesser) {
    auto rates = kMay2025;
    rates[0] = {"brokerage", "both", 30'000, 20, "none", "turnover"};  // 20 rupees or 0.03 %
    const ChargeTable table = table_of(rates);
    const auto brokerage = [&](int64_t rupees) {
        return table
            .charges_for(
                {InstrumentKind::option, "NSE", Side::buy, make_date(2025, 5, 28), Money::from_rupees(rupees), Money()})
            ->brokerage;
    };
    EXPECT_EQ(brokerage(10'000), Money::from_rupees(3));
    EXPECT_EQ(brokerage(1'000'000), Money::from_rupees(20));
}

TEST(Charges, a_row_that_does_not_parse_is_refused) {
    ChargeTable table;
    ChargeRateEvent row{"gst",
                        "NSE",
                        InstrumentKind::option,
                        "both",
                        1,
                        Money(),
                        "none",
                        "brokerage+tax",
                        make_date(2025, 1, 1),
                        make_date(2025, 12, 31)};
    EXPECT_FALSE(table.add(row));
    row.item = "levy";
    EXPECT_FALSE(table.add(row));
    row.item = "stt";
    row.base = "turnover";
    row.rounding = "dollar";
    EXPECT_FALSE(table.add(row));
    row.rounding = "none";
    row.side = "left";
    EXPECT_FALSE(table.add(row));
    row.side = "buy";
    row.to = make_date(2024, 1, 1);
    EXPECT_FALSE(table.add(row));
    row.to = make_date(2026, 1, 1);
    row.rate_e8 = -1;
    EXPECT_FALSE(table.add(row));
    row.rate_e8 = 1;
    EXPECT_TRUE(table.add(row));
}

}  // namespace
}  // namespace tide
