#include "barstore/data_check.hpp"

#include <gtest/gtest.h>

#include "barstore/series_folder.hpp"
#include "scratch_folder.hpp"

namespace tide {
namespace {

using test::ScratchFolder;

constexpr const char* kHeader = "ts_ist,open,high,low,close,volume,oi\n";

TEST(DataCheck, every_bad_row_is_told_with_its_line_and_kind) {
    ScratchFolder folder;
    const auto file = folder.write("NIFTY_1m.csv", std::string(kHeader) +
                                                       "2024-01-01T09:15:00,100,101,99,100,,\n"
                                                       "2024-01-01T09:16:00,102,101,99,100,,\n"
                                                       "2024-01-01T09:17:00,100,99,101,100,,\n"
                                                       "2024-01-01T09:17:00,abc,101,99,100,,\n"
                                                       "2024-01-01T09:14:00,100,101,99,100,,\n"
                                                       "2024-01-01T09:18:00,100,101,99,100,-5,\n"
                                                       "2024-01-01T09:19,100\n"
                                                       "yesterday,100,101,99,100,,\n");
    const auto checked = check_data_files({file}, {});
    ASSERT_TRUE(checked) << checked.error().message;
    ASSERT_EQ(checked->size(), 1u);
    const CheckedFile& one = checked->front();
    EXPECT_EQ(one.rows, 1);
    EXPECT_EQ(one.bad, 7);
    const std::map<std::string, int64_t> kinds{{"open or close outside [low, high]", 1},
                                               {"low above high", 1},
                                               {"price", 1},
                                               {"time order", 1},
                                               {"volume or oi", 1},
                                               {"fields", 1},
                                               {"time", 1}};
    EXPECT_EQ(one.by_kind, kinds);
    ASSERT_EQ(one.rejected.size(), 7u);
    for (size_t i = 0; i < one.rejected.size(); ++i) EXPECT_EQ(one.rejected[i].line, static_cast<int64_t>(i) + 3);
}

TEST(DataCheck, only_so_many_rows_are_kept_and_all_are_counted) {
    ScratchFolder folder;
    std::string text = kHeader;
    for (int i = 0; i < 25; ++i) text += "x,1,1,1,1,,\n";
    const auto file = folder.write("NIFTY_1m.csv", text);
    EXPECT_EQ(check_data_files({file}, {})->front().rejected.size(), 10u);
    EXPECT_EQ(check_data_files({file}, {})->front().bad, 25);
    EXPECT_EQ(check_data_files({file}, {100, {}})->front().rejected.size(), 25u);
}

TEST(DataCheck, a_bar_of_an_earlier_file_is_bad_in_the_later_one) {
    ScratchFolder folder;
    folder.write("NIFTY_1m_a.csv", std::string(kHeader) + "2024-01-01T09:15:00,100,101,99,100,,\n");
    folder.write("NIFTY_1m_b.csv", std::string(kHeader) + "2024-01-01T09:15:00,100,101,99,100,,\n");
    const auto checked = check_data_files({folder.path()}, {});
    ASSERT_TRUE(checked);
    EXPECT_EQ((*checked)[0].bad, 0);
    EXPECT_EQ((*checked)[1].bad, 1);
    EXPECT_EQ((*checked)[1].rejected[0].line, 2);
}

TEST(DataCheck, a_broken_gzip_is_told_and_does_not_stop_the_others) {
    ScratchFolder folder;
    const auto whole = folder.write_gz("A_1m.csv.gz", std::string(kHeader) + "2024-01-01T09:15:00,1,1,1,1,,\n");
    std::string bytes = test::content_of(whole);
    folder.write("A_1m.csv.gz", bytes.substr(0, bytes.size() - 9));
    folder.write("B_1m.csv", std::string(kHeader) + "2024-01-01T09:15:00,1,1,1,1,,\n");
    const auto checked = check_data_files({folder.path()}, {});
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_EQ((*checked)[0].by_kind.count("damaged file"), 1u);
    EXPECT_EQ((*checked)[1].rows, 1);
}

TEST(DataCheck, tick_rows_and_json_files_are_looked_at_too) {
    ScratchFolder folder;
    folder.write("NIFTY_1s.ndjson", "{\"ts_utc\":\"2025-10-15T03:45:00Z\",\"symbol\":\"NIFTY\",\"ltp\":1}\nnothing\n");
    folder.write("NIFTY_1m.json", R"({"schema_version":1,"symbol":"NIFTY"})");
    const auto checked = check_data_files({folder.path()}, {});
    ASSERT_TRUE(checked);
    EXPECT_EQ((*checked)[0].by_kind.at("damaged file"), 1);
    EXPECT_EQ((*checked)[1].by_kind.at("not JSON"), 1);
    EXPECT_EQ((*checked)[1].rows, 1);
}

Bar bar_at(Date date, int minute, Timeframe timeframe = Timeframe::m1) {
    Bar bar;
    bar.timeframe = timeframe;
    bar.start = ist_moment<ExchangeTime>(date, minutes(minute));
    return bar;
}

constexpr Date kMonday = make_date(2024, 1, 1);

// Weekdays 09:15 to 09:25; the Wednesday is a holiday; before 2024 nothing is known.
SessionsOnDate short_days(Date date) {
    const bool known = date >= kMonday;
    const bool open = date != kMonday + std::chrono::days(2) && weekday_of(date).c_encoding() % 6 != 0;
    if (known && !open) return {true, {}};
    return {known, {{hours(9) + minutes(15), hours(9) + minutes(25)}}};
}

TEST(FindGaps, missing_days_and_minutes_are_told_by_the_calendar) {
    BarSeriesData series{series_name_of("NIFTY"), Timeframe::m1, {}};
    for (int minute = 555; minute < 565; ++minute) {
        if (minute != 557 && minute != 558) series.bars.push_back(bar_at(kMonday, minute));
    }
    // Tuesday is missing, Wednesday a holiday, Thursday begins late and has a bar at the close.
    const Date thursday = kMonday + std::chrono::days(3);
    for (int minute = 556; minute <= 565; ++minute) series.bars.push_back(bar_at(thursday, minute));
    const SeriesGaps gaps = find_gaps(series, short_days);
    EXPECT_EQ(gaps.missing_days, std::vector<Date>{kMonday + std::chrono::days(1)});
    ASSERT_EQ(gaps.stretches.size(), 2u);
    EXPECT_EQ(gaps.stretches[0].from, bar_at(kMonday, 557).start);
    EXPECT_EQ(gaps.stretches[0].to, bar_at(kMonday, 559).start);
    EXPECT_EQ(gaps.stretches[1].from, bar_at(thursday, 555).start);
    EXPECT_EQ(gaps.missing_bars, 3);
    EXPECT_EQ(gaps.expected, 30);
    EXPECT_EQ(gaps.outside, 1);
    EXPECT_EQ(gaps.unknown_days, 0);
}

TEST(FindGaps, days_that_the_calendar_does_not_know_are_missed_only_inside) {
    BarSeriesData series{series_name_of("NIFTY"), Timeframe::m1, {}};
    for (const int day : {1, 5}) {
        for (int minute = 555; minute < 564; ++minute)
            series.bars.push_back(bar_at(make_date(2020, 6, static_cast<unsigned>(day)), minute));
    }
    const SeriesGaps gaps = find_gaps(series, short_days);
    EXPECT_TRUE(gaps.missing_days.empty());
    EXPECT_EQ(gaps.unknown_days, 2);
    EXPECT_EQ(gaps.missing_bars, 2);
}

TEST(FindGaps, a_daily_series_misses_trading_days) {
    BarSeriesData series{series_name_of("NIFTY"), Timeframe::d1, {}};
    for (const int day : {0, 3, 5}) series.bars.push_back(bar_at(kMonday + std::chrono::days(day), 0, Timeframe::d1));
    const SeriesGaps gaps = find_gaps(series, short_days);  // Monday, Thursday, Saturday
    EXPECT_EQ(gaps.missing_days, (std::vector<Date>{kMonday + std::chrono::days(1), kMonday + std::chrono::days(4)}));
    EXPECT_EQ(gaps.outside, 1);
    EXPECT_EQ(gaps.expected, 4);  // Monday, Tuesday, Thursday, Friday
}

}  // namespace
}  // namespace tide
