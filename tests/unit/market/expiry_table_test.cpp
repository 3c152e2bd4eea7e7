#include <gtest/gtest.h>

#include <map>

#include "market/contract_rules.hpp"
#include "support/paths.hpp"

// Every expiry of 2024 to 2026 that a holiday moved, by hand: the holidays of the three years (NSE circulars, press)
// laid over the expiry weekdays (NSE/FAOP/68747; SEBI circulars of 1 October 2024 and 26 May 2025; the exchanges' own
// notices).
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

using Moved = std::map<std::string, std::string>;  // nominal date -> date, "M" after a monthly one

// All expiries from 2024 to 2026, found day by day. The last days of 2026 belong to expiries of January 2027, whose
// calendar is not known.
std::vector<Expiry> all_expiries(std::string_view underlying, Date from = make_date(2024, 1, 1)) {
    std::vector<Expiry> found;
    for (Date date = from; date <= make_date(2026, 12, 31); date += std::chrono::days(1)) {
        const auto expiry = rules().expiring_on(underlying, date, calendar());
        EXPECT_TRUE(expiry.has_value()) << expiry.error().message;
        if (expiry && *expiry) found.push_back(**expiry);
    }
    return found;
}
Moved moved(std::string_view underlying) {
    Moved table;
    for (const Expiry& expiry : all_expiries(underlying)) {
        if (expiry.nominal != expiry.date)
            table[format_date(expiry.nominal)] = format_date(expiry.date) + (expiry.monthly ? "M" : "");
    }
    return table;
}

TEST(ExpiryTable, nifty_expiries_moved_by_holidays) {
    // Thursdays to 28 August 2025, Tuesdays from 2 September 2025.
    EXPECT_EQ(moved("NIFTY"), (Moved{{"2024-04-11", "2024-04-10"},
                                     {"2024-08-15", "2024-08-14"},
                                     {"2025-04-10", "2025-04-09"},
                                     {"2025-05-01", "2025-04-30"},
                                     {"2025-10-21", "2025-10-20"},
                                     {"2026-03-03", "2026-03-02"},
                                     {"2026-03-31", "2026-03-30M"},
                                     {"2026-04-14", "2026-04-13"},
                                     {"2026-10-20", "2026-10-19"},
                                     {"2026-11-10", "2026-11-09"},
                                     {"2026-11-24", "2026-11-23M"}}));
}

TEST(ExpiryTable, banknifty_expiries_moved_by_holidays) {
    // Weekly: Wednesdays to 13 November 2024. Monthly: last Thursday, last Wednesday from March 2024, last Thursday in
    // 2025 to August, then last Tuesday. 24 December 2024 is also named in the press of 29 December 2023.
    EXPECT_EQ(moved("BANKNIFTY"), (Moved{{"2024-04-17", "2024-04-16"},
                                         {"2024-05-01", "2024-04-30"},
                                         {"2024-07-17", "2024-07-16"},
                                         {"2024-10-02", "2024-10-01"},
                                         {"2024-12-25", "2024-12-24M"},
                                         {"2026-03-31", "2026-03-30M"},
                                         {"2026-11-24", "2026-11-23M"}}));
}

TEST(ExpiryTable, finnifty_expiries_moved_by_holidays) {
    // No Tuesday of 2024 to November was a holiday.
    EXPECT_EQ(moved("FINNIFTY"), (Moved{{"2026-03-31", "2026-03-30M"}, {"2026-11-24", "2026-11-23M"}}));
}

TEST(ExpiryTable, midcap_and_bankex_monday_expiries_moved_by_holidays) {
    // 22 January and 20 May 2024 were declared holidays late, after Saturdays with a session: which day those weeklies
    // expired on is not in the sources, the rule's answer (the Saturday) is left out here.
    const auto without_late = [](Moved table) {
        table.erase("2024-01-22");
        table.erase("2024-05-20");
        return table;
    };
    EXPECT_EQ(without_late(moved("MIDCPNIFTY")), (Moved{{"2024-03-25", "2024-03-22M"},
                                                        {"2024-06-17", "2024-06-14"},
                                                        {"2026-03-31", "2026-03-30M"},
                                                        {"2026-11-24", "2026-11-23M"}}));
    EXPECT_EQ(without_late(moved("BANKEX")), (Moved{{"2024-03-25", "2024-03-22M"},
                                                    {"2024-06-17", "2024-06-14"},
                                                    {"2025-12-25", "2025-12-24M"},
                                                    {"2026-03-26", "2026-03-25M"},
                                                    {"2026-05-28", "2026-05-27M"}}));
}

TEST(ExpiryTable, sensex_expiries_moved_by_holidays) {
    // Fridays in 2024, Tuesdays in 2025 to August (none a holiday), Thursdays from 4 September 2025. 14 January 2026:
    // BSE.
    EXPECT_EQ(moved("SENSEX"), (Moved{{"2024-01-26", "2024-01-25M"},
                                      {"2024-03-08", "2024-03-07"},
                                      {"2024-03-29", "2024-03-28M"},
                                      {"2024-11-01", "2024-10-31"},
                                      {"2024-11-15", "2024-11-14"},
                                      {"2025-10-02", "2025-10-01"},
                                      {"2025-12-25", "2025-12-24M"},
                                      {"2026-01-15", "2026-01-14"},
                                      {"2026-03-26", "2026-03-25M"},
                                      {"2026-05-28", "2026-05-27M"}}));
}

// 53 Thursdays to 2 January 2025 less the one of 2025 = 52 in 2024; 35 to 28 August 2025; 17 Tuesdays from 2 September
// to 23 December and 30 December 2025; 52 Tuesdays of 2026.
TEST(ExpiryTable, nifty_expires_once_a_week) {
    const auto expiries = all_expiries("NIFTY");
    std::map<int, int> by_year;
    for (const Expiry& expiry : expiries) ++by_year[int(civil(expiry.date).year())];
    EXPECT_EQ(by_year, (std::map<int, int>{{2024, 52}, {2025, 53}, {2026, 52}}));
    size_t monthlies = 0;
    for (const Expiry& expiry : expiries) monthlies += expiry.monthly ? 1 : 0;
    EXPECT_EQ(monthlies, 36U);
}

TEST(ExpiryTable, futures_expire_with_the_next_three_monthlies) {
    const auto dates = [](std::string_view underlying, Date from) {
        std::string text;
        const auto listed = rules().future_expiries(underlying, from, 9, calendar()).value();
        for (const Expiry& expiry : listed) text += format_date(expiry.date) + " ";
        return text;
    };
    EXPECT_EQ(dates("NIFTY", make_date(2026, 7, 20)), "2026-07-28 2026-08-25 2026-09-29 ");
    EXPECT_EQ(dates("NIFTY", make_date(2026, 3, 31)), "2026-04-28 2026-05-26 2026-06-30 ");
    EXPECT_EQ(dates("SENSEX", make_date(2025, 8, 20)), "2025-08-26 2025-09-25 2025-10-30 ");
    // A broker's list of July 2026: NIFTY28JUL26FUT ticks in 10 paise, its options in 5.
    EXPECT_EQ(rules().future_tick("NIFTY", make_date(2026, 7, 20)).value(), Price::from_units(1000));
    EXPECT_EQ(rules().future_tick("NIFTY", make_date(2024, 7, 20)).value(), Price::from_units(500));
}

TEST(ExpiryTable, monthly_weekday_is_known_without_a_calendar) {
    EXPECT_EQ(rules().nominal_monthly("BANKNIFTY", make_date(2022, 12, 30)).value(), make_date(2023, 1, 26));
    EXPECT_EQ(rules().nominal_monthly("BANKNIFTY", make_date(2022, 12, 29)).value(), make_date(2022, 12, 29));
    EXPECT_FALSE(rules().nominal_monthly("NIFTY", make_date(1999, 1, 4)).has_value());
}

// Contracts named in brokers' lists of their time: each expired on a date that the rules give.
TEST(ExpiryTable, contracts_of_brokers_lists_expire_on_dates_of_the_rules) {
    const auto expires = [](std::string_view underlying, Date date) {
        const auto expiry = rules().expiring_on(underlying, date, calendar());
        return expiry && expiry->has_value();
    };
    EXPECT_TRUE(expires("NIFTY", make_date(2025, 10, 28)));
    EXPECT_TRUE(expires("NIFTY", make_date(2026, 7, 28)));
    EXPECT_TRUE(expires("NIFTY", make_date(2026, 8, 11)));
    EXPECT_TRUE(expires("SENSEX", make_date(2025, 8, 26)));
    EXPECT_TRUE(expires("SENSEX", make_date(2025, 9, 25)));
    EXPECT_FALSE(expires("SENSEX", make_date(2026, 3, 26)));  // a list made before the holiday was set still had it
    EXPECT_TRUE(expires("SENSEX", make_date(2026, 8, 13)));
}

}  // namespace
}  // namespace tide
