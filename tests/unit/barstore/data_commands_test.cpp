#include "barstore/data_commands.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "../market/shared_data.hpp"
#include "scratch_folder.hpp"
#include "support/paths.hpp"

namespace tide {
namespace {

using test::ScratchFolder;

std::vector<SessionHours> usual(Date) { return {{hours(9) + minutes(15), hours(15) + minutes(30)}}; }

std::vector<std::vector<std::string>> table_of(const std::string& csv) {
    std::vector<std::vector<std::string>> rows(1);
    std::string field;
    for (const char c : csv) {
        if (c == ',' || c == '\n') {
            rows.back().push_back(field);
            field.clear();
            if (c == '\n') rows.emplace_back();
        } else {
            field += c;
        }
    }
    rows.pop_back();
    return rows;
}

TEST(IndicatorsCommand, the_time_column_stays_and_columns_are_empty_until_ready) {
    ScratchFolder folder;
    const auto file = folder.write(
        "X_1d.csv", "date,open,high,low,close\n2024-01-01,1,1,1,1\n2024-01-02,2,2,2,2\n2024-01-03,4,4,4,4\n");
    const auto out = indicators_csv(file, "sma:2,roc:1", false);
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_EQ(out->csv, "date,sma_2,roc_1\n2024-01-01,,\n2024-01-02,1.5,100\n2024-01-03,3,100\n");
}

TEST(IndicatorsCommand, each_symbol_has_indicators_of_its_own) {
    ScratchFolder folder;
    const auto file = folder.write("all_1d.csv",
                                   "symbol,date,open,high,low,close\nA,2024-01-01,1,1,1,1\nB,2024-01-01,5,5,5,5\n"
                                   "A,2024-01-02,3,3,3,3\nB,2024-01-02,7,7,7,7\n");
    const auto out = indicators_csv(file, "sma:2", false);
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_EQ(out->csv, "date,symbol,sma_2\n2024-01-01,A,\n2024-01-01,B,\n2024-01-02,A,2\n2024-01-02,B,6\n");
}

TEST(IndicatorsCommand, bad_rows_and_bad_sets_are_errors_and_give_nothing) {
    ScratchFolder folder;
    const auto file = folder.write("X_1d.csv", "date,open,high,low,close\n2024-01-01,1,1,1,1\n2024-01-02,2,1,2,2\n");
    EXPECT_EQ(indicators_csv(file, "sma:2", false).error().code, ErrorCode::input);
    EXPECT_EQ(indicators_csv(file, "smma:2", false).error().code, ErrorCode::usage);
    const auto lenient = indicators_csv(file, "sma:1", true);
    ASSERT_TRUE(lenient);
    EXPECT_EQ(lenient->csv, "date,sma_1\n2024-01-01,1\n");
    EXPECT_EQ(lenient->notes.size(), 2U);
}

TEST(IndicatorsCommand, what_never_gets_ready_is_told) {
    ScratchFolder folder;
    const auto file = folder.write("X_1d.csv", "date,open,high,low,close\n2024-01-01,1,1,1,1\n2024-01-02,2,2,2,2\n");
    const auto out = indicators_csv(file, "sma:1,vwap", false);
    ASSERT_TRUE(out);
    EXPECT_EQ(out->csv, "date,sma_1,vwap\n2024-01-01,1,\n2024-01-02,2,\n");
    EXPECT_EQ(out->notes, std::vector<std::string>{"vwap: not ready by the last bar: too few bars with volume"});
}

TEST(IndicatorsCommand, adx_of_a_file_agrees_with_the_oracle) {
    const auto oracle = data_folder() / "oracles/spy_with_adx.txt";
    TIDE_NEEDS_DATA(oracle);
    const auto rows = test::read_table(oracle);
    std::string text = "date,open,high,low,close\n";
    Date date = make_date(2009, 2, 11);
    for (size_t i = 1; i < rows.size(); ++i, date += std::chrono::days(1)) {
        text += format_date(date) + "," + rows[i][1] + "," + rows[i][2] + "," + rows[i][3] + "," + rows[i][4] + "\n";
    }
    ScratchFolder folder;
    const auto out = indicators_csv(folder.write("SPY_1d.csv", text), "adx:14", true);
    ASSERT_TRUE(out) << out.error().message;
    const auto table = table_of(out->csv);
    ASSERT_EQ(table.size(), rows.size());
    for (size_t i = 1; i < rows.size(); ++i) {
        ASSERT_EQ(table[i][1].empty(), rows[i][16].empty()) << i;
        if (!rows[i][16].empty()) {
            EXPECT_NEAR(std::stod(table[i][1]), std::stod(rows[i][16]), 5e-5) << i;
        }
    }
}

TEST(AggregateCommand, ticks_become_bars_in_the_documented_columns) {
    ScratchFolder folder;
    const auto file =
        folder.write("NIFTY_1s.csv",
                     "ts_ist,ltp\n2022-08-10T09:14:59,90\n2022-08-10T09:15:00,100.5\n2022-08-10T09:15:30,99\n"
                     "2022-08-10T09:16:05,101\n2022-08-11T09:15:05,102\n2022-08-11T15:30:00,103\n");
    const auto out = aggregate_ticks_csv({file}, "1m", usual, false);
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_EQ(out->csv,
              "ts_ist,open,high,low,close,volume,oi\n2022-08-10T09:15:00,100.5,100.5,99,99,,\n"
              "2022-08-10T09:16:00,101,101,101,101,,\n2022-08-11T09:15:00,102,102,102,102,,\n");
}

TEST(AggregateCommand, longer_bars_come_of_the_minutes) {
    ScratchFolder folder;
    std::string text = "ts_ist,symbol,ltp,volume\n";
    for (int i = 0; i < 10; ++i) {
        const auto time = format_time_of_day(hours(9) + minutes(15 + i) + seconds(1));
        text += "2022-08-10T" + time + ",B," + std::to_string(200 + i) + "," + std::to_string(10 * (i + 1)) + "\n";
        text += "2022-08-10T" + time + ",A," + std::to_string(100 + i) + "," + std::to_string(i + 1) + "\n";
    }
    const auto out = aggregate_ticks_csv({folder.write("two.csv", text)}, "5m", usual, false);
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_EQ(out->csv,
              "symbol,ts_ist,open,high,low,close,volume,oi\nB,2022-08-10T09:15:00,200,204,200,204,50,\n"
              "B,2022-08-10T09:20:00,205,209,205,209,50,\nA,2022-08-10T09:15:00,100,104,100,104,5,\n"
              "A,2022-08-10T09:20:00,105,109,105,109,5,\n");
    EXPECT_EQ(aggregate_ticks_csv({folder.path()}, "1d", usual, false).error().code, ErrorCode::usage);
}

TEST(ResampleCommand, minutes_become_fives) {
    ScratchFolder folder;
    std::string text = "ts_ist,open,high,low,close,volume,oi\n";
    for (int i = 0; i < 7; ++i) {
        const std::string p = std::to_string(100 + i);
        text += "2024-01-01T" + format_time_of_day(hours(9) + minutes(15 + i)) + "," + p + "," + p + "," + p + "," + p +
                ",3,\n";
    }
    const auto file = folder.write("NIFTY_1m.csv", text);
    ResampleOptions options;
    const auto out = resample_bars_csv({file}, options, usual);
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_EQ(out->csv,
              "ts_ist,open,high,low,close,volume,oi\n2024-01-01T09:15:00,100,104,100,104,15,\n"
              "2024-01-01T09:20:00,105,106,105,106,6,\n");
    options.to = Timeframe::m1;
    EXPECT_EQ(resample_bars_csv({file}, options, usual).error().code, ErrorCode::usage);
}

// The daily file was made by others from 15-minute bars.
TEST(ResampleCommand, the_minutes_of_a_recorded_day_make_its_recorded_daily_bar) {
    const auto folder = data_folder() / "banknifty_full_day_20221230";
    TIDE_NEEDS_DATA(folder);
    ResampleOptions options;
    options.to = Timeframe::d1;
    const auto out = resample_bars_csv({folder / "BANKNIFTY_spot_1m.csv.gz"}, options, usual);
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_EQ(out->csv,
              "ts_ist,open,high,low,close,volume,oi\n2022-12-30T09:15:00,43401.7,43422.95,42833.1,43038.5,,\n");
}

// Two drill Saturdays in two parts (105 minutes); every other day has 375, Saturday 2024-01-20 among them.
TEST(ResampleCommand, recorded_minutes_make_full_days_of_longer_bars) {
    const auto file = data_folder() / "idx_1m_2024/NIFTY_1m_2024-01-01_2024-08-23.csv.gz";
    TIDE_NEEDS_DATA(file);
    const auto sessions = [](Date date) -> std::vector<SessionHours> {
        if (date != make_date(2024, 3, 2) && date != make_date(2024, 5, 18)) return usual(date);
        return {{hours(9) + minutes(15), hours(10)}, {hours(11) + minutes(30), hours(12) + minutes(30)}};
    };
    const struct {
        Timeframe to;
        size_t a_day;
        size_t a_saturday;
    } cases[] = {{Timeframe::m3, 125, 35},
                 {Timeframe::m5, 75, 21},
                 {Timeframe::m15, 25, 7},
                 {Timeframe::h1, 7, 2},
                 {Timeframe::d1, 1, 1}};
    for (const auto& one : cases) {
        ResampleOptions options;
        options.to = one.to;
        const auto out = resample_bars_csv({file}, options, sessions);
        ASSERT_TRUE(out) << out.error().message;
        // (36960 - 2 x 105) / 375 = 98 usual days.
        EXPECT_EQ(table_of(out->csv).size() - 1, 98 * one.a_day + 2 * one.a_saturday) << name_of(one.to);
    }
}

}  // namespace
}  // namespace tide
