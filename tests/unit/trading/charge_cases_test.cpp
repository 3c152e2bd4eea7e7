#include <gtest/gtest.h>

#include <optional>

#include "market/charge_rates.hpp"
#include "support/paths.hpp"
#include "trading/charges.hpp"

// Printed notes, calculators and worked examples against the shipped tables (config/charges), by date and broker. The
// numbers of the cases are those of the collected sheet; what a case prints is on its right-hand side.
namespace tide {
namespace {

std::vector<ChargeRateRow> shipped(std::string_view broker) {
    auto rows = load_charge_rates(source_dir() / "config" / "charges", broker);
    EXPECT_TRUE(rows) << rows.error().message;
    return *rows;
}
ChargeTable table_of(const std::vector<ChargeRateRow>& rows) {
    ChargeTable table;
    for (const auto& row : rows) {
        const auto added = table.add(row.event());
        EXPECT_TRUE(added) << added.error().message;
    }
    return table;
}
// As a broker's interface gives them: nothing rounded.
ChargeTable unrounded() {
    auto rows = shipped("");
    for (auto& row : rows) row.rounding = "none";
    return table_of(rows);
}
ChargeBreakdown leg(const ChargeTable& table, Side side, double turnover, Date date,
                    InstrumentKind kind = InstrumentKind::option) {
    const auto charged = table.charges_for({kind, "NSE", side, date, Money::from_double(turnover), Money()});
    EXPECT_TRUE(charged) << charged.error().message;
    return *charged;
}
ChargeBreakdown sum_of(const ChargeBreakdown& a, const ChargeBreakdown& b) {
    ChargeBreakdown sum = a;
    for (size_t i = 0; i < kChargeItemCount; ++i)
        sum.of(static_cast<ChargeItem>(i)) += b.of(static_cast<ChargeItem>(i));
    return sum;
}
// To the unit of money, 1/10000 rupee.
void expect_rupees(Money found, double printed) { EXPECT_NEAR(found.to_double(), printed, 0.00011); }

const Date kJuly2023 = make_date(2023, 7, 3);

// Case 1, virtual contract note: 0.07575 = 0.05 % and IPFT 0.0005 %; it prints no stamp duty (0.0045 by law), and the
// GST is 18 % of 20 + 0.075 + 0.00015.
TEST(ChargeCases, case_1_virtual_contract_note_of_july_2023) {
    const auto charged = leg(unrounded(), Side::buy, 150, kJuly2023);
    expect_rupees(charged.brokerage, 20);
    expect_rupees(charged.exchange + charged.ipft, 0.07575);
    expect_rupees(charged.sebi, 0.00015);
    expect_rupees(charged.gst, 3.613527);
    expect_rupees(charged.total() - charged.stamp, 23.689427);
}

// Cases 2 and 3, basket margins: the printed exchange line has no IPFT, and no stamp duty.
TEST(ChargeCases, cases_2_and_3_basket_margins_of_july_2023) {
    const auto sold = leg(unrounded(), Side::sell, 2673.75, kJuly2023);
    expect_rupees(sold.stt, 1.67109375);
    expect_rupees(sold.exchange, 1.336875);
    expect_rupees(sold.sebi, 0.00267375);
    expect_rupees(sold.gst, 3.841118775);
    expect_rupees(sold.total() - sold.ipft, 26.851761275);
    const auto bought = leg(unrounded(), Side::buy, 521.25, kJuly2023);
    expect_rupees(bought.stt, 0);
    expect_rupees(bought.exchange, 0.260625);
    expect_rupees(bought.gst, 3.647006325);
    expect_rupees(bought.total() - bought.ipft - bought.stamp, 23.908152575);
}

// Case 4, without brokerage: to the paisa in every head; the example leaves STT at 17.50, a note has whole rupees.
TEST(ChargeCases, case_4_round_trip_of_may_2025) {
    auto rows = shipped("zerodha");
    for (auto& row : rows) {
        if (row.item == "brokerage") row.flat = Money();
    }
    const ChargeTable table = table_of(rows);
    const Date date = make_date(2025, 5, 28);
    const auto both = sum_of(leg(table, Side::buy, 12'500, date), leg(table, Side::sell, 17'500, date));
    expect_rupees(both.exchange, 10.51);
    expect_rupees(both.ipft, 0.15);
    expect_rupees(both.sebi, 0.03);
    expect_rupees(both.stamp, 0.38);
    expect_rupees(both.gst, 1.92);
    expect_rupees(both.stt, 18);
    expect_rupees(both.total() - both.stt + Money::from_paise(1'750), 30.49);
    expect_rupees(leg(unrounded(), Side::sell, 17'500, date).stt, 17.5);
}

// Case 7, a commodity note: how a note rounds, on the day's sums. Rates as its lines have them: CTT 0.05 %, exchange
// 0.0418 %, SEBI 0.0001 %, stamp 0.003 %; bought 491.45 x 20, sold 475.60 x 20 in four orders.
TEST(ChargeCases, case_7_a_notes_lines_are_the_days_sums_rounded) {
    const auto row = [](std::string_view item, std::string_view side, int64_t rate, int64_t flat,
                        std::string_view base) {
        return ChargeRateEvent{item,
                               "NSE",
                               InstrumentKind::option,
                               side,
                               rate,
                               Money::from_rupees(flat),
                               "none",
                               base,
                               make_date(2025, 1, 1),
                               make_date(2025, 12, 31)};
    };
    ChargeTable table;
    for (const auto& event :
         {row("brokerage", "both", 0, 40, "turnover"), row("stt", "sell", 50'000, 0, "turnover"),
          row("exchange", "both", 41'800, 0, "turnover"), row("sebi", "both", 100, 0, "turnover"),
          row("stamp", "buy", 3'000, 0, "turnover"), row("gst", "both", 18'000'000, 0, "brokerage+exchange+sebi")}) {
        ASSERT_TRUE(table.add(event));
    }
    const Date date = make_date(2025, 6, 18);
    const auto day = sum_of(leg(table, Side::buy, 9'829, date), leg(table, Side::sell, 9'512, date));
    expect_rupees(day.brokerage, 80);
    expect_rupees(round_to_rupee(day.stt), 5.0);
    expect_rupees(round_to_paisa(day.exchange), 8.08);
    expect_rupees(round_to_paisa(day.sebi), 0.02);
    expect_rupees(round_to_paisa(day.stamp), 0.29);
    expect_rupees(round_to_paisa(day.gst), 15.86);
}

// Cases with the transaction tax alone: 5 and 6 (0.017 %, about 2014), 8, 11, 16.
TEST(ChargeCases, transaction_tax_of_sold_options_by_date) {
    struct Case {
        Date date;
        double turnover, printed;
    };
    // The tax alone: older dates lack other heads, which are given as nothing here.
    auto rows = shipped("");
    std::erase_if(rows, [](const ChargeRateRow& row) { return row.item != "stt"; });
    for (const char* item : {"brokerage", "exchange", "sebi", "stamp", "gst"}) {
        ChargeRateRow nothing;
        nothing.item = item;
        nothing.exchange = "NSE";
        nothing.side = "both";
        nothing.base = std::string_view(item) == "gst" ? "brokerage" : "turnover";
        nothing.from = make_date(2000, 1, 1);
        nothing.to = make_date(2099, 1, 1);
        rows.push_back(nothing);
    }
    const ChargeTable rounded = table_of(rows);
    for (auto& row : rows) row.rounding = "none";
    const ChargeTable exact = table_of(rows);
    expect_rupees(leg(exact, Side::sell, 27'000, make_date(2014, 6, 2)).stt, 4.59);
    expect_rupees(leg(exact, Side::sell, 202'000, make_date(2014, 6, 2)).stt, 34.34);
    for (const Case& c : {Case{make_date(2024, 6, 3), 3'200, 2}, Case{make_date(2021, 6, 1), 750'000, 375},
                          Case{make_date(2026, 4, 1), 150'000, 225}}) {
        expect_rupees(leg(rounded, Side::sell, c.turnover, c.date).stt, c.printed);
        expect_rupees(leg(rounded, Side::buy, c.turnover, c.date).stt, 0);
    }
}

// Cases 9, 10, 12 (intrinsic value since September 2019) and 13, 14, 15 (the full settlement value before).
TEST(ChargeCases, transaction_tax_of_exercised_options_by_date) {
    const auto exercised = [](const ChargeTable& table, Date date, double settlement, double strike, int64_t quantity) {
        const auto charged = table.charges_for_exercise(
            {"NSE", date, Money::from_double(settlement * static_cast<double>(quantity)),
             Money::from_double(std::max(0.0, settlement - strike) * static_cast<double>(quantity))});
        EXPECT_TRUE(charged) << charged.error().message;
        return *charged;
    };
    const ChargeTable rounded = table_of(shipped("dhan"));
    const Date year_2024 = make_date(2024, 6, 27), year_2019 = make_date(2019, 8, 29);
    expect_rupees(exercised(unrounded(), year_2024, 496.20, 490, 1'600).stt, 12.4);
    expect_rupees(exercised(rounded, year_2024, 496.20, 490, 1'600).stt, 12);
    expect_rupees(exercised(unrounded(), make_date(2021, 6, 24), 16'100, 16'000, 7'500).stt, 937.5);
    expect_rupees(exercised(rounded, year_2019, 10'741.35, 10'700, 75).stt, 1'007);
    expect_rupees(exercised(unrounded(), year_2019, 8'700, 8'600, 25).stt, 271.875);
    expect_rupees(exercised(unrounded(), year_2019, 8'300, 8'000, 75).stt, 778.125);
    // 0.15 % from April 2026: 100 points x 65 = 6500 -> 9.75 -> 10.
    expect_rupees(exercised(rounded, make_date(2026, 4, 1), 24'100, 24'000, 65).stt, 10);
    // Case 12: 600 points x 20; 20 rupees for the purchase and 20 for the expiry where the broker counts it.
    const auto counted = exercised(table_of(shipped("zerodha")), make_date(2020, 1, 30), 30'600, 30'000, 20);
    expect_rupees(counted.stt, 15);
    expect_rupees(counted.brokerage, 20);
    expect_rupees(counted.gst, 3.6);
    expect_rupees(exercised(rounded, make_date(2020, 1, 30), 30'600, 30'000, 20).brokerage, 0);
    EXPECT_FALSE(rounded.charges_for_exercise({"NSE", make_date(2013, 5, 31), Money::from_rupees(1), Money()}));
}

// Current law, 65 units bought at 100 and sold at 110: STT 10.725 -> 11; stamp duty 0.195 -> 0 in whole rupees, 0.20 in
// paise; exchange and IPFT 4.85. By order, SEBI is 0.01 + 0.01 and GST 4.02 + 4.06.
TEST(ChargeCases, brokers_differ_in_the_stamp_duty_of_a_round_trip) {
    const Date date = make_date(2026, 11, 20);
    const auto trip = [&](std::string_view broker) {
        const ChargeTable table = table_of(shipped(broker));
        return sum_of(leg(table, Side::buy, 6'500, date), leg(table, Side::sell, 7'150, date));
    };
    const auto dhan = trip("dhan");
    expect_rupees(dhan.brokerage, 40);
    expect_rupees(dhan.stt, 11);
    expect_rupees(dhan.exchange + dhan.ipft, 4.85);
    expect_rupees(dhan.sebi, 0.02);
    expect_rupees(dhan.stamp, 0);
    expect_rupees(dhan.gst, 8.08);
    expect_rupees(trip("zerodha").stamp, 0.20);
    expect_rupees(trip("angelone").total(), 64.15);
}

TEST(ChargeCases, every_broker_covers_what_the_exchanges_trade_today) {
    for (const std::string_view broker : kChargeBrokers) {
        const ChargeTable table = table_of(shipped(broker));
        for (const char* exchange : {"NSE", "BSE"}) {
            for (const auto kind : {InstrumentKind::option, InstrumentKind::future, InstrumentKind::equity})
                EXPECT_TRUE(table.covers(kind, exchange, make_date(2026, 11, 20))) << broker << exchange;
            EXPECT_TRUE(table.charges_for_exercise({exchange, make_date(2026, 11, 20), Money(), Money()}));
        }
    }
    EXPECT_FALSE(load_charge_rates(source_dir() / "config" / "charges", "nobody"));
}

}  // namespace
}  // namespace tide
