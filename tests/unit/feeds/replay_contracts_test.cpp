#include "feeds/replay_contracts.hpp"

#include <gtest/gtest.h>

#include "recorded_data.hpp"

namespace tide {
namespace {

ReplayKey key(InstrumentKind kind, std::string symbol, std::string underlying, std::optional<Date> expiry) {
    ReplayKey made;
    made.kind = kind;
    made.symbol = std::move(symbol);
    made.underlying = std::move(underlying);
    made.expiry = expiry;
    if (kind == InstrumentKind::option) {
        made.strike = Price::from_rupees(60000);
        made.right = OptionRight::call;
    }
    return made;
}
Instrument listed(const ReplayKey& wanted, Date on) {
    ReplayContracts contracts(test::calendar(), test::rules());
    contracts.list({wanted}, on);
    const InstrumentId id = contracts.find(wanted);
    EXPECT_TRUE(id.valid());
    return contracts.listed().at(id.value() - 1);
}

// Broker's list of July 2026: NIFTY28JUL26FUT has lot 65 and ticks in 10 paise. NSE/FAOP/70616: the contract of
// December 2025 kept 75.
TEST(ReplayContracts, a_future_has_the_terms_of_its_month) {
    const Instrument july = listed(key(InstrumentKind::future, "NIFTY_FUT_2026-07-28", "NIFTY", make_date(2026, 7, 28)),
                                   make_date(2026, 7, 20));
    EXPECT_EQ(july.lot, Quantity(65));
    EXPECT_EQ(july.tick, Price::from_units(1000));
    EXPECT_EQ(july.expiry, make_date(2026, 7, 28));
    EXPECT_TRUE(july.underlying.valid());
    const Instrument december = listed(
        key(InstrumentKind::future, "NIFTY_FUT_2025-12-30", "NIFTY", make_date(2025, 12, 30)), make_date(2025, 12, 22));
    EXPECT_EQ(december.lot, Quantity(75));
}

// A broker's list of June 2023 and the recorded day of 2022 have 25; the contract of December 2024 was open before the
// change of 20 November 2024 and kept 15; that of February 2025 has 30.
TEST(ReplayContracts, a_continuous_future_has_the_lot_of_the_nearest_month) {
    const ReplayKey near_month = key(InstrumentKind::future, "BANKNIFTY_FUT_NEAR", "BANKNIFTY", std::nullopt);
    EXPECT_EQ(listed(near_month, make_date(2022, 12, 30)).lot, Quantity(25));
    EXPECT_EQ(listed(near_month, make_date(2024, 12, 20)).lot, Quantity(15));
    EXPECT_EQ(listed(near_month, make_date(2025, 2, 3)).lot, Quantity(30));
}

// 25 December 2024 was a holiday: the monthly expired on the 24th, a week before the month's end.
TEST(ReplayContracts, a_monthly_moved_by_a_holiday_is_known_as_one) {
    const auto option = [](Date expiry, Date on) {
        return listed(key(InstrumentKind::option, "", "BANKNIFTY", expiry), on).monthly;
    };
    EXPECT_TRUE(option(make_date(2024, 12, 24), make_date(2024, 12, 20)));
    EXPECT_FALSE(option(make_date(2024, 4, 16), make_date(2024, 4, 10)));
}

}  // namespace
}  // namespace tide
