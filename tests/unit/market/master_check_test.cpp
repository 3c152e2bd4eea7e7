#include "market/master_check.hpp"
#include "support/paths.hpp"

#include <gtest/gtest.h>

namespace tide {
namespace {

const std::filesystem::path kConfig = source_dir() / "config";

const TradingCalendar& calendar() {
    static const TradingCalendar loaded = TradingCalendar::load(kConfig / "calendars").value();
    return loaded;
}
const ContractRules& rules() {
    static const ContractRules loaded = ContractRules::load(kConfig / "contracts.toml").value();
    return loaded;
}
ListedContract contract(std::string underlying, InstrumentKind kind, Date expiry, int64_t lot,
                        int64_t tick_units = 500) {
    ListedContract row;
    row.key = {"NSE", std::move(underlying), kind, expiry, Price(), OptionRight::none};
    if (kind == InstrumentKind::option) {
        row.key.strike = Price::from_rupees(60000);
        row.key.right = OptionRight::call;
    }
    row.token = format_date(expiry) + std::string(name_of(kind));
    row.lot = Quantity(lot);
    row.tick = Price::from_units(tick_units);
    return row;
}
// BANKNIFTY on 20 November 2026: three monthlies are listed by rule, the first moved to 23 November; lot 30.
std::vector<ListedContract> agreeing() {
    return {contract("BANKNIFTY", InstrumentKind::option, make_date(2026, 11, 23), 30),
            contract("BANKNIFTY", InstrumentKind::option, make_date(2026, 12, 29), 30)};
}
std::string differences(std::vector<ListedContract> rows) {
    const auto found =
        compare_with_rules(ContractMaster::build(std::move(rows)), rules(), calendar(), make_date(2026, 11, 20));
    if (!found) return found.error().message;
    std::string text;
    for (const MasterDifference& one : *found) {
        text += one.underlying + " " + std::string(name_of(one.kind)) + " " + format_date(one.expiry) + " " + one.what +
                " [" + one.master + "] [" + one.rules + "]\n";
    }
    return text;
}

TEST(MasterCheck, an_agreeing_master_has_no_differences) { EXPECT_EQ(differences(agreeing()), ""); }

TEST(MasterCheck, missing_and_unexpected_expiries_are_named) {
    auto rows = agreeing();
    // The holiday's own date instead of the day before.
    rows[0].key.expiry = make_date(2026, 11, 24);
    EXPECT_EQ(differences(rows),
              "BANKNIFTY option 2026-11-23 expiry [] [monthly]\nBANKNIFTY option 2026-11-24 expiry [listed] []\n");
}

TEST(MasterCheck, other_lots_ticks_freeze_quantities_and_suspensions_are_named) {
    auto rows = agreeing();
    rows[1].lot = Quantity(35);
    rows[1].tick = Price::from_units(100);
    rows[1].freeze = Quantity(900);
    rows[1].status = ContractStatus::suspended;
    EXPECT_EQ(differences(rows),
              "BANKNIFTY option 2026-12-29 lot [35] [30]\n"
              "BANKNIFTY option 2026-12-29 tick [0.01] [0.05]\n"
              "BANKNIFTY option 2026-12-29 freeze [900] [600]\n"
              "BANKNIFTY option 2026-12-29 status [1 suspended] []\n");
}

TEST(MasterCheck, futures_are_compared_with_their_own_expiries_and_tick) {
    // A broker's list of July 2026 has NIFTY futures at 10 paise.
    auto rows = agreeing();
    for (const Date expiry : {make_date(2026, 11, 23), make_date(2026, 12, 29)})
        rows.push_back(contract("NIFTY", InstrumentKind::future, expiry, 65, 1000));
    EXPECT_EQ(differences(rows), "");
    rows.back().tick = Price::from_units(500);
    EXPECT_EQ(differences(rows), "NIFTY future 2026-12-29 tick [0.05] [0.10]\n");
}

TEST(MasterCheck, underlyings_without_rules_and_expired_contracts_are_passed_over) {
    auto rows = agreeing();
    rows.push_back(contract("RELIANCE", InstrumentKind::option, make_date(2026, 11, 23), 500));
    rows.push_back(contract("BANKNIFTY", InstrumentKind::option, make_date(2026, 10, 27), 35));
    EXPECT_EQ(differences(rows), "");
}

}  // namespace
}  // namespace tide
