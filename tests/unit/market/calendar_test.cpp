#include "market/calendar.hpp"
#include "support/paths.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

namespace tide {
namespace {

const std::filesystem::path kFolder = source_dir() / "config" / "calendars";

const TradingCalendar& shipped() {
    static const TradingCalendar calendar = TradingCalendar::load(kFolder).value();
    return calendar;
}
bool trades(Date date, std::string_view exchange = "NSE") { return shipped().day(exchange, date).value().has_value(); }
TradingDay open_day(Date date) { return shipped().day("NSE", date).value().value(); }

// The dates (first ten characters of a column) in a gzipped CSV file.
std::set<Date> dates_in(const std::filesystem::path& file, std::string_view row_prefix, size_t offset) {
    std::set<Date> dates;
    const std::unique_ptr<FILE, int (*)(FILE*)> lines(popen(("zcat '" + file.string() + "'").c_str(), "r"), pclose);
    char line[512];
    while (lines && std::fgets(line, sizeof line, lines.get()) != nullptr) {
        const std::string_view text(line);
        if (!text.starts_with(row_prefix) || text.size() < offset + 10) continue;
        if (const auto date = parse_date(text.substr(offset, 10))) dates.insert(*date);
    }
    return dates;
}

TEST(Calendar, session_ends_ten_minutes_later_from_august_2026) {
    // NSE/FAOP/74467.
    const TradingDay before = open_day(make_date(2026, 7, 31));
    const TradingDay after = open_day(make_date(2026, 8, 3));
    EXPECT_EQ(before.sessions.at(0).open, hours(9) + minutes(15));
    EXPECT_EQ(before.sessions.at(0).close, hours(15) + minutes(30));
    EXPECT_EQ(after.sessions.at(0).close, hours(15) + minutes(40));
}

TEST(Calendar, weekends_and_holidays_are_closed_and_say_why) {
    EXPECT_FALSE(trades(make_date(2026, 11, 21)));
    EXPECT_EQ(shipped().note("NSE", make_date(2026, 11, 21)), "weekend");
    EXPECT_FALSE(trades(make_date(2026, 11, 24)));
    EXPECT_EQ(shipped().note("NSE", make_date(2026, 11, 24)), "Gurunanak Jayanti");
    EXPECT_TRUE(trades(make_date(2026, 11, 20)));
    EXPECT_EQ(shipped().note("NSE", make_date(2026, 11, 20)), "");
}

TEST(Calendar, budget_weekends_trade_a_full_session) {
    for (const Date date : {make_date(2024, 1, 20), make_date(2025, 2, 1), make_date(2026, 2, 1)}) {
        ASSERT_TRUE(trades(date)) << format_date(date);
        EXPECT_EQ(open_day(date).sessions.at(0).close, hours(15) + minutes(30));
        EXPECT_FALSE(open_day(date).holiday);
    }
}

TEST(Calendar, drill_saturdays_have_two_sessions) {
    for (const Date date : {make_date(2024, 3, 2), make_date(2024, 5, 18)}) {
        const TradingDay day = open_day(date);
        ASSERT_EQ(day.sessions.size(), 2U);
        EXPECT_EQ(day.sessions[0].open, hours(9) + minutes(15));
        EXPECT_EQ(day.sessions[0].close, hours(10));
        EXPECT_EQ(day.sessions[1].open, hours(11) + minutes(30));
        EXPECT_EQ(day.sessions[1].close, hours(12) + minutes(30));
        EXPECT_EQ(day.note, "disaster-recovery drill");
    }
}

TEST(Calendar, muhurat_is_one_hour_on_a_holiday) {
    const TradingDay evening = open_day(make_date(2024, 11, 1));
    EXPECT_EQ(evening.sessions.at(0).open, hours(18));
    EXPECT_EQ(evening.sessions.at(0).close, hours(19));
    EXPECT_TRUE(evening.holiday);
    const TradingDay afternoon = open_day(make_date(2025, 10, 21));
    EXPECT_EQ(afternoon.sessions.at(0).open, hours(13) + minutes(45));
    EXPECT_EQ(afternoon.sessions.at(0).close, hours(14) + minutes(45));
}

TEST(Calendar, session_without_known_hours_counts_as_closed_and_says_so) {
    EXPECT_FALSE(trades(make_date(2026, 11, 8)));
    EXPECT_EQ(shipped().note("NSE", make_date(2026, 11, 8)), "Muhurat (hours not known, counts as closed)");
}

TEST(Calendar, year_without_a_table_is_an_error_that_names_year_and_file) {
    const auto day = shipped().day("NSE", make_date(2023, 6, 1));
    ASSERT_FALSE(day.has_value());
    EXPECT_NE(day.error().message.find("nse.toml has no table for 2023"), std::string::npos) << day.error().message;
    EXPECT_FALSE(shipped().covers("NSE", make_date(2027, 1, 1)));
    EXPECT_TRUE(shipped().covers("BSE", make_date(2024, 1, 1)));
    EXPECT_FALSE(shipped().next_trading_day("NSE", make_date(2026, 12, 31)).has_value());
    EXPECT_FALSE(shipped().day("MCX", make_date(2026, 1, 1)).has_value());
    EXPECT_EQ(shipped().usual_hours("NSE", make_date(2023, 6, 1)).close, hours(15) + minutes(30));
    EXPECT_EQ(shipped().usual_hours("NSE", make_date(2009, 3, 2)).open, hours(9) + minutes(55));
}

TEST(Calendar, next_and_previous_trading_day_step_over_holidays) {
    EXPECT_EQ(shipped().next_trading_day("NSE", make_date(2026, 11, 23)).value(), make_date(2026, 11, 25));
    EXPECT_EQ(shipped().previous_trading_day("NSE", make_date(2026, 11, 25)).value(), make_date(2026, 11, 23));
    EXPECT_EQ(shipped().next_trading_day("NSE", make_date(2025, 10, 20)).value(), make_date(2025, 10, 21));
    EXPECT_EQ(shipped().next_trading_day("always", make_date(2031, 1, 4)).value(), make_date(2031, 1, 5));
}

TEST(Calendar, both_exchanges_keep_the_same_days) {
    for (Date date = make_date(2024, 1, 1); date <= make_date(2026, 12, 31); date += std::chrono::days(1)) {
        EXPECT_EQ(trades(date, "NSE"), trades(date, "BSE")) << format_date(date);
    }
}

TEST(Calendar, holidays_are_those_of_the_collected_list) {
    const auto file = data_folder() / "refs" / "nse_holidays_2024_2026.json";
    std::ifstream in(file);
    if (!in) GTEST_SKIP() << "real data not found: " << file;
    const auto list = nlohmann::json::parse(in);
    std::set<Date> closed;
    for (const auto& [text, name] : list["holidays"].items()) closed.insert(parse_date(text).value());
    std::set<Date> weekend;
    for (const auto& [text, name] : list["special_weekend_sessions_in_data"].items()) weekend.insert(*parse_date(text));
    for (Date date = make_date(2024, 1, 1); date <= make_date(2026, 12, 31); date += std::chrono::days(1)) {
        const auto weekday = weekday_of(date);
        const bool usual = weekday != std::chrono::Saturday && weekday != std::chrono::Sunday && !closed.contains(date);
        EXPECT_EQ(trades(date), usual || weekend.contains(date)) << format_date(date);
    }
}

TEST(Calendar, recorded_minutes_of_2024_fall_on_its_trading_days_only) {
    const auto file = data_folder() / "idx_1m_2024" / "NIFTY_1m_2024-01-01_2024-08-23.csv.gz";
    if (!std::filesystem::exists(file)) GTEST_SKIP() << "real data not found: " << file;
    const std::set<Date> recorded = dates_in(file, "2024", 0);
    // Sessions that the recording is known to lack.
    const std::set<Date> absent{make_date(2024, 2, 1), make_date(2024, 3, 4), make_date(2024, 4, 5),
                                make_date(2024, 5, 7)};
    ASSERT_GT(recorded.size(), 90U);
    for (Date date = make_date(2024, 1, 1); date <= make_date(2024, 5, 31); date += std::chrono::days(1)) {
        EXPECT_EQ(recorded.contains(date), trades(date) && !absent.contains(date)) << format_date(date);
    }
}

// Every date of [from, to]: recorded if and only if it trades. There is no exception in these files.
void expect_recorded_on_every_trading_day(const std::filesystem::path& name, std::string_view row_prefix, size_t offset,
                                          Date from, Date to) {
    const auto file = data_folder() / name;
    if (!std::filesystem::exists(file)) GTEST_SKIP() << "real data not found: " << file;
    const std::set<Date> recorded = dates_in(file, row_prefix, offset);
    for (Date date = from; date <= to; date += std::chrono::days(1)) {
        EXPECT_EQ(recorded.contains(date), trades(date)) << format_date(date);
    }
}

TEST(Calendar, daily_bars_of_2024_and_2025_are_there_on_every_trading_day_and_on_no_other) {
    expect_recorded_on_every_trading_day("nse_daily_2023_2026/stocks_and_indices_daily.csv.gz", "NIFTY,", 6,
                                         make_date(2024, 1, 1), make_date(2025, 12, 31));
}
TEST(Calendar, daily_bars_of_a_share_are_there_on_every_trading_day_and_on_no_other) {
    expect_recorded_on_every_trading_day("nse_daily_2023_2026/stocks_and_indices_daily.csv.gz", "RELIANCE,", 9,
                                         make_date(2024, 1, 1), make_date(2025, 12, 31));
}
TEST(Calendar, daily_bars_of_another_source_are_there_on_every_trading_day_of_2024) {
    expect_recorded_on_every_trading_day("nifty_daily/NIFTY_daily_2007_2026.csv.gz", "", 0, make_date(2024, 1, 1),
                                         make_date(2024, 12, 31));
}
TEST(Calendar, option_bars_of_2026_are_there_on_every_trading_day_and_on_no_other) {
    expect_recorded_on_every_trading_day("opt_rolling_atm_5m_2026/NIFTY_rolling_atm_5m_2026-01-19_2026-07-16.csv.gz",
                                         "", 0, make_date(2026, 1, 19), make_date(2026, 4, 30));
}

std::string phases_of(Date date) {
    std::string text;
    const auto phases = shipped().phases("NSE", date).value();
    for (const MarketPhase& phase : phases) {
        text += (text.empty() ? "" : "; ") + format_time_of_day(phase.hours.open).substr(0, 5) + "-" +
                format_time_of_day(phase.hours.close).substr(0, 5) + " " + phase.name;
    }
    return text;
}

// NSE/FAOP/71092 (futures), CMTR/74466 (closing auction), CMTR74969 (pre-open re-cut).
TEST(Calendar, phases_around_the_session_are_dated) {
    EXPECT_EQ(phases_of(make_date(2025, 12, 5)), "09:00-09:15 cash pre-open; 15:40-16:00 cash post-close");
    EXPECT_EQ(phases_of(make_date(2025, 12, 8)),
              "09:00-09:15 cash pre-open; 09:00-09:15 futures pre-open; 15:40-16:00 cash post-close");
    EXPECT_EQ(phases_of(make_date(2026, 7, 31)),
              "09:00-09:15 cash pre-open; 09:00-09:15 futures pre-open; 15:40-16:00 cash post-close");
    EXPECT_EQ(phases_of(make_date(2026, 8, 3)),
              "09:00-09:15 cash pre-open; 09:00-09:15 futures pre-open; 15:15-15:35 closing auction; 15:50-16:00 cash "
              "post-close");
    EXPECT_NE(shipped().phases("NSE", make_date(2026, 9, 7)).value().at(0).detail,
              shipped().phases("NSE", make_date(2026, 9, 4)).value().at(0).detail);
}

TEST(Calendar, special_sessions_have_the_phases_they_were_announced_with) {
    EXPECT_EQ(phases_of(make_date(2024, 11, 1)), "17:45-18:00 pre-open");
    EXPECT_EQ(phases_of(make_date(2025, 10, 21)), "13:30-13:45 pre-open");
    EXPECT_EQ(phases_of(make_date(2024, 3, 2)), "");    // none are known
    EXPECT_EQ(phases_of(make_date(2026, 11, 21)), "");  // closed
    EXPECT_FALSE(shipped().phases("NSE", make_date(2027, 1, 4)).has_value());
}

class CalendarFile : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = std::filesystem::path(testing::TempDir()) / ("tide_calendar_test_" + std::to_string(getpid()));
        std::filesystem::create_directories(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    std::string error_for(const std::string& more) {
        std::ofstream(folder_ / "x.toml") << "exchange = \"X\"\n[[hours]]\nfrom = 2000-01-01\nopen = 09:15:00\n"
                                             "close = 15:30:00\nsource = \"s\"\n"
                                          << more;
        const auto loaded = TradingCalendar::load(folder_);
        return loaded ? "" : loaded.error().message;
    }
    std::filesystem::path folder_;
};

TEST_F(CalendarFile, mistakes_are_refused_with_file_line_and_key) {
    EXPECT_EQ(error_for(""), "");
    EXPECT_NE(error_for("colour = 1\n").find("x.toml:7: colour is not a known key"), std::string::npos);
    EXPECT_NE(error_for("[[year]]\nyear = 2024\nsource = \"s\"\nholidays = [{ date = 2025-01-26, name = \"a\" }]\n")
                  .find("x.toml:10: date is not in 2024"),
              std::string::npos);
    EXPECT_NE(error_for("[[special]]\ndate = 2024-01-20\nname = \"a\"\nsource = \"s\"\nsessions = []\n")
                  .find("date is in a year without a table"),
              std::string::npos);
    EXPECT_NE(error_for("[[year]]\nyear = \"2024\"\nsource = \"s\"\n").find("year is not a whole number"),
              std::string::npos);
    EXPECT_NE(error_for("[[year]]\nyear = 2024\n").find("source is missing"), std::string::npos);
    EXPECT_NE(error_for("[[hours]]\nfrom = 1999-01-01\nopen = 10:00:00\nclose = 09:00:00\nsource = \"s\"\n")
                  .find("from does not ascend"),
              std::string::npos);
    EXPECT_NE(error_for("[[[").find("x.toml:7:"), std::string::npos);
    EXPECT_NE(TradingCalendar::load(folder_ / "nowhere").error().message.find("no calendar files"), std::string::npos);
}

}  // namespace
}  // namespace tide
