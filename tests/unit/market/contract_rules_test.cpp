#include "market/contract_rules.hpp"
#include "support/paths.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

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
std::vector<Expiry> expiries(std::string_view underlying, Date from, size_t count) {
    return rules().expiries(underlying, from, count, calendar()).value();
}
std::string listed(std::string_view underlying, Date from, size_t count) {
    std::string out;
    for (const Expiry& expiry : expiries(underlying, from, count)) {
        out += (out.empty() ? "" : " ") + format_date(expiry.date) + (expiry.monthly ? "M" : "");
    }
    return out;
}
int64_t lot(std::string_view underlying, Date expiry, Date on) {
    return rules().lot(underlying, expiry, on).value().units();
}
Date d(int year, unsigned month, unsigned day) { return make_date(year, month, day); }

// NSE/FAOP/68747: Thursday up to 28 August 2025, Tuesday from 2 September 2025.
TEST(ContractRules, nifty_moves_from_thursday_to_tuesday_in_september_2025) {
    EXPECT_EQ(listed("NIFTY", d(2025, 8, 18), 4), "2025-08-21 2025-08-28M 2025-09-02 2025-09-09");
}

// NSE/FAOP/71876: the monthly contract of March 2026 expires on 30 instead of 31 March.
TEST(ContractRules, expiry_on_a_holiday_moves_to_the_trading_day_before) {
    EXPECT_EQ(listed("NIFTY", d(2026, 3, 25), 2), "2026-03-30M 2026-04-07");
    EXPECT_EQ(listed("BANKNIFTY", d(2026, 3, 25), 1), "2026-03-30M");
    // 24 November 2026 is a holiday.
    EXPECT_EQ(listed("NIFTY", d(2026, 11, 20), 3), "2026-11-23M 2026-12-01 2026-12-08");
    EXPECT_EQ(listed("BANKNIFTY", d(2026, 11, 20), 2), "2026-11-23M 2026-12-29M");
    // BSE's weekly contract of 15 January 2026 expired on the 14th.
    EXPECT_EQ(listed("SENSEX", d(2026, 1, 12), 2), "2026-01-14 2026-01-22");
}

TEST(ContractRules, contract_is_gone_when_its_moved_expiry_has_passed) {
    EXPECT_EQ(listed("NIFTY", d(2026, 3, 31), 1), "2026-04-07");
    EXPECT_EQ(listed("NIFTY", d(2026, 3, 30), 1), "2026-03-30M");
}

// A holiday with an hour of Muhurat trading is a holiday for expiries: 21 October 2025 was a Tuesday.
TEST(ContractRules, nothing_expires_on_a_muhurat_day) {
    EXPECT_EQ(listed("NIFTY", d(2025, 10, 15), 2), "2025-10-20 2025-10-28M");
    EXPECT_EQ(listed("SENSEX", d(2024, 10, 28), 1), "2024-10-31");
}

TEST(ContractRules, nifty_expiries_of_2024_are_thursdays_moved_by_holidays) {
    std::set<Date> all;
    for (Date from = d(2024, 1, 1); from <= d(2024, 12, 31); from += std::chrono::days(1)) {
        if (const auto first = expiries("NIFTY", from, 1); !first.empty()) all.insert(first[0].date);
    }
    std::set<Date> wanted;
    for (Date thursday = d(2024, 1, 4); thursday <= d(2025, 1, 2); thursday += std::chrono::days(7))
        wanted.insert(thursday);
    // Thursday holidays of 2024: 11 April (10 April instead), 15 August (14 August instead).
    wanted.erase(d(2024, 4, 11));
    wanted.erase(d(2024, 8, 15));
    wanted.insert({d(2024, 4, 10), d(2024, 8, 14)});
    EXPECT_EQ(all, wanted);
}

TEST(ContractRules, banknifty_week_of_the_monthly_has_no_weekly) {
    // Weekly Wednesday, monthly still Thursday in January 2024; monthly Wednesday from March 2024.
    EXPECT_EQ(listed("BANKNIFTY", d(2024, 1, 8), 4), "2024-01-10 2024-01-17 2024-01-25M 2024-01-31");
    EXPECT_EQ(listed("BANKNIFTY", d(2024, 3, 18), 3), "2024-03-20 2024-03-27M 2024-04-03");
}

TEST(ContractRules, weekly_contracts_of_other_indices_ended_in_november_2024) {
    EXPECT_EQ(listed("BANKNIFTY", d(2024, 11, 11), 3), "2024-11-13 2024-11-27M 2024-12-24M");
    EXPECT_EQ(listed("FINNIFTY", d(2024, 11, 18), 2), "2024-11-19 2024-11-26M");
    EXPECT_EQ(listed("BANKNIFTY", d(2025, 1, 2), 3), "2025-01-30M 2025-02-27M 2025-03-27M");
    EXPECT_EQ(listed("BANKNIFTY", d(2025, 8, 1), 3), "2025-08-28M 2025-09-30M 2025-10-28M");
}

TEST(ContractRules, sensex_follows_its_own_weekdays) {
    EXPECT_EQ(listed("SENSEX", d(2024, 12, 26), 3), "2024-12-27M 2025-01-07 2025-01-14");
    EXPECT_EQ(listed("SENSEX", d(2025, 8, 25), 3), "2025-08-26M 2025-09-04 2025-09-11");
}

// NSE/FAOP/70616: 23 and 30 December 2025 kept 75, the weekly of 6 January 2026 and the monthly of 27 January had 65;
// open long-dated contracts switched at the end of 30 December 2025.
TEST(ContractRules, lot_belongs_to_the_contract) {
    EXPECT_EQ(lot("NIFTY", d(2025, 12, 30), d(2025, 12, 22)), 75);
    EXPECT_EQ(lot("NIFTY", d(2026, 1, 6), d(2025, 12, 22)), 65);
    EXPECT_EQ(lot("NIFTY", d(2026, 1, 27), d(2025, 12, 22)), 65);
    EXPECT_EQ(lot("NIFTY", d(2026, 6, 30), d(2025, 12, 30)), 75);
    EXPECT_EQ(lot("NIFTY", d(2026, 6, 30), d(2025, 12, 31)), 65);
    EXPECT_EQ(lot("BANKNIFTY", d(2025, 12, 30), d(2025, 12, 22)), 35);
    EXPECT_EQ(lot("BANKNIFTY", d(2026, 11, 23), d(2026, 11, 20)), 30);
}

// Circular effective 26 April 2024: contracts first expiring on 2 May 2024 have 25. From 20 November 2024 new contracts
// have 75, open weeklies and monthlies keep 25, long-dated ones switch after 26 December 2024.
TEST(ContractRules, lots_of_2024_changed_twice) {
    EXPECT_EQ(lot("NIFTY", d(2024, 4, 25), d(2024, 4, 25)), 50);
    EXPECT_EQ(lot("NIFTY", d(2024, 5, 2), d(2024, 4, 25)), 50);
    EXPECT_EQ(lot("NIFTY", d(2024, 5, 2), d(2024, 4, 26)), 25);
    EXPECT_EQ(lot("NIFTY", d(2024, 12, 19), d(2024, 12, 2)), 25);
    EXPECT_EQ(lot("NIFTY", d(2025, 1, 2), d(2024, 12, 2)), 75);
    EXPECT_EQ(lot("NIFTY", d(2025, 1, 30), d(2024, 12, 2)), 25);
    EXPECT_EQ(lot("NIFTY", d(2025, 2, 27), d(2024, 12, 2)), 75);
    EXPECT_EQ(lot("NIFTY", d(2025, 3, 27), d(2024, 12, 26)), 25);
    EXPECT_EQ(lot("NIFTY", d(2025, 3, 27), d(2024, 12, 27)), 75);
    EXPECT_EQ(lot("SENSEX", d(2024, 12, 20), d(2024, 12, 2)), 10);
    EXPECT_EQ(lot("SENSEX", d(2025, 1, 7), d(2024, 12, 26)), 20);
}

// Broker's bulletin of 2 April 2024 with the exchange's table: FINNIFTY's first monthly contract of 25 expires on 30
// July 2024, its first weekly one on 6 August; MIDCPNIFTY's of 50 on 29 July and 5 August.
TEST(ContractRules, monthly_contracts_may_change_before_weekly_ones) {
    EXPECT_EQ(lot("FINNIFTY", d(2024, 7, 23), d(2024, 7, 1)), 40);
    EXPECT_EQ(lot("FINNIFTY", d(2024, 7, 30), d(2024, 7, 1)), 25);
    EXPECT_EQ(lot("FINNIFTY", d(2024, 8, 6), d(2024, 7, 10)), 25);
    EXPECT_EQ(lot("MIDCPNIFTY", d(2024, 7, 22), d(2024, 7, 1)), 75);
    EXPECT_EQ(lot("MIDCPNIFTY", d(2024, 7, 29), d(2024, 7, 1)), 50);
    EXPECT_EQ(lot("MIDCPNIFTY", d(2024, 8, 5), d(2024, 7, 10)), 50);
}

TEST(ContractRules, lots_are_known_back_to_2021_without_a_calendar) {
    EXPECT_EQ(lot("NIFTY", d(2021, 6, 17), d(2021, 6, 11)), 75);  // recorded volumes
    EXPECT_EQ(lot("NIFTY", d(2022, 9, 29), d(2022, 9, 1)), 50);
    EXPECT_EQ(lot("BANKNIFTY", d(2021, 9, 30), d(2021, 8, 20)), 25);  // recorded last quantities
    EXPECT_EQ(lot("BANKNIFTY", d(2023, 1, 5), d(2022, 12, 30)), 25);
    EXPECT_EQ(lot("BANKNIFTY", d(2023, 6, 29), d(2023, 6, 1)), 25);  // broker's contract list of June 2023
    EXPECT_EQ(lot("BANKNIFTY", d(2023, 9, 6), d(2023, 9, 1)), 15);
    EXPECT_FALSE(rules().lot("NIFTY", d(2012, 1, 26), d(2012, 1, 2)).has_value());
}

TEST(ContractRules, freeze_quantity_steps_and_ticks_are_dated) {
    EXPECT_EQ(rules().freeze("NIFTY", d(2026, 11, 20)).value().units(), 1800);
    EXPECT_EQ(rules().freeze("BANKNIFTY", d(2025, 8, 29)).value().units(), 600);
    EXPECT_EQ(rules().freeze("BANKNIFTY", d(2025, 9, 1)).value().units(), 900);
    EXPECT_EQ(rules().freeze("BANKNIFTY", d(2026, 3, 31)).value().units(), 600);
    EXPECT_EQ(rules().freeze("BANKNIFTY", d(2026, 4, 1)).value().units(), 900);
    EXPECT_EQ(rules().freeze("MIDCPNIFTY", d(2025, 5, 1)).value().units(), 4200);
    EXPECT_EQ(rules().strike_step("NIFTY", d(2026, 11, 20)).value(), Price::from_rupees(50));
    EXPECT_EQ(rules().strike_step("BANKNIFTY", d(2026, 11, 20)).value(), Price::from_rupees(100));
    EXPECT_EQ(rules().tick("SENSEX", d(2026, 11, 20)).value(), Price::from_units(500));
    EXPECT_FALSE(rules().freeze("NIFTY", d(2021, 1, 4)).has_value());
}

TEST(ContractRules, unknown_underlyings_and_years_are_errors_that_name_them) {
    EXPECT_TRUE(rules().knows("MIDCPNIFTY"));
    EXPECT_FALSE(rules().knows("NASDAQ"));
    EXPECT_NE(rules().exchange("NASDAQ").error().message.find("contracts.toml: no contract terms for 'NASDAQ'"),
              std::string::npos);
    EXPECT_EQ(rules().exchange("BANKEX").value(), "BSE");
    const auto early = rules().expiries("NIFTY", d(2022, 12, 30), 1, calendar());
    ASSERT_FALSE(early.has_value());
    EXPECT_NE(early.error().message.find("nse.toml has no table for 2022"), std::string::npos);
    const auto beyond = rules().expiries("BANKNIFTY", d(2026, 12, 30), 1, calendar());
    ASSERT_FALSE(beyond.has_value());
    EXPECT_NE(beyond.error().message.find("has no table for 2027"), std::string::npos);
}

// Expiries of recorded files: column `column` (0-based) of each row, for rows of `underlying` where that is a column.
struct Recorded {
    std::set<Date> expiries;
    std::map<Date, int64_t> lots;  // trd_qty / contracts, where the file has them
};
Recorded recorded(const std::filesystem::path& file, size_t expiry_column, std::string_view underlying,
                  bool with_lots) {
    Recorded out;
    const std::unique_ptr<FILE, int (*)(FILE*)> lines(popen(("zcat '" + file.string() + "'").c_str(), "r"), pclose);
    char line[1024];
    while (lines && std::fgets(line, sizeof line, lines.get()) != nullptr) {
        std::vector<std::string> fields;
        std::istringstream parts(line);
        for (std::string field; std::getline(parts, field, ',');) fields.push_back(field);
        if (fields.size() <= expiry_column || (!underlying.empty() && fields[1] != underlying)) continue;
        const auto expiry = parse_date(fields[expiry_column]);
        if (!expiry) continue;
        out.expiries.insert(*expiry);
        if (with_lots && std::stoll(fields[11]) > 0)
            out.lots[*expiry] = std::stoll(fields[10]) / std::stoll(fields[11]);
    }
    return out;
}

TEST(ContractRules, recorded_chain_of_august_2025_lists_the_same_expiries) {
    const auto file = data_folder() / "chain_nse_20250829" / "NIFTY_chain_2025-08-29.csv.gz";
    if (!std::filesystem::exists(file)) GTEST_SKIP() << "real data not found: " << file;
    const Recorded real = recorded(file, 2, "", false);
    const auto ours = expiries("NIFTY", d(2025, 8, 29), 8);
    auto it = real.expiries.begin();
    for (const Expiry& expiry : ours) EXPECT_EQ(expiry.date, *it++);
}

TEST(ContractRules, recorded_chain_of_august_2026_lists_the_same_expiries) {
    const auto file = data_folder() / "chain_nifty_202608" / "NIFTY_chain_1m_2026-08-19.csv.gz";
    if (!std::filesystem::exists(file)) GTEST_SKIP() << "real data not found: " << file;
    const Recorded real = recorded(file, 1, "", false);
    EXPECT_EQ(listed("NIFTY", d(2026, 8, 19), 4), "2026-08-25M 2026-09-01 2026-09-08 2026-09-15");
    for (const Expiry& expiry : expiries("NIFTY", d(2026, 8, 19), 4)) EXPECT_TRUE(real.expiries.contains(expiry.date));
}

// The end-of-day file knows the contract of March 2026 by its nominal date (the holiday was set later) and leaves out
// contracts that did not trade, as BANKNIFTY's far quarterlies.
TEST(ContractRules, end_of_day_file_of_november_2025_has_the_same_expiries_and_lots) {
    const auto file = data_folder() / "nse_fo_bhavcopy_202511" / "index_options_2025-11-14.csv.gz";
    if (!std::filesystem::exists(file)) GTEST_SKIP() << "real data not found: " << file;
    for (const std::string_view underlying : {"NIFTY", "BANKNIFTY"}) {
        const Recorded real = recorded(file, 2, underlying, true);
        ASSERT_FALSE(real.lots.empty());
        for (const Expiry& expiry : expiries(underlying, d(2025, 11, 14), underlying == "NIFTY" ? 8 : 4)) {
            const Date named = expiry.date == d(2026, 3, 30) ? d(2026, 3, 31) : expiry.date;
            EXPECT_TRUE(real.expiries.contains(named)) << underlying << ' ' << format_date(named);
        }
        for (const auto& [expiry, units] : real.lots) {
            EXPECT_EQ(lot(underlying, expiry, d(2025, 11, 14)), units) << underlying << ' ' << format_date(expiry);
        }
    }
}

TEST(ContractRules, mistakes_in_the_file_are_refused_with_line_and_key) {
    const auto file =
        std::filesystem::path(testing::TempDir()) / (std::to_string(getpid()) + "tide_contracts_test.toml");
    const std::string good =
        "[[underlying]]\nsymbol = \"X\"\nexchange = \"NSE\"\nweeklies_listed = 0\nmonthlies_listed = 3\n"
        "quarterlies_listed = 0\n";
    const auto error_for = [&](const std::string& more) {
        std::ofstream(file) << good << more;
        const auto loaded = ContractRules::load(file);
        return loaded ? "" : loaded.error().message;
    };
    EXPECT_EQ(error_for(""), "");
    EXPECT_NE(error_for("sort = 1\n").find("tide_contracts_test.toml:7: sort is not a known key"), std::string::npos);
    EXPECT_NE(error_for("monthly = [{ weekday = \"Fryday\", from = 2020-01-01, source = \"s\" }]\n")
                  .find("weekday is not the English name"),
              std::string::npos);
    EXPECT_NE(error_for("lot = [{ lot = 0, first_expiry = 2020-01-01, source = \"s\" }]\n").find("lot is not positive"),
              std::string::npos);
    EXPECT_NE(error_for("tick = [{ from = 2020-01-01, value = \"five\", source = \"s\" }]\n").find("value is not"),
              std::string::npos);
    EXPECT_NE(error_for(good).find("symbol is defined twice"), std::string::npos);
    std::filesystem::remove(file);
}

}  // namespace
}  // namespace tide
