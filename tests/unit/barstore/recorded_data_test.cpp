// Every recorded bar file is read as its README says: clean ones whole, dirty ones refused row by row.
#include <gtest/gtest.h>

#include "../market/shared_data.hpp"
#include "barstore/data_commands.hpp"
#include "barstore/data_set.hpp"
#include "barstore/tick_file.hpp"
#include "support/paths.hpp"

namespace tide {
namespace {

struct CleanFile {
    const char* path;
    size_t series;
    int64_t rows;
    Timeframe timeframe;
    const char* symbol;  // of the first series
};

// Rows counted with zcat | wc -l, series with cut | sort -u.
const CleanFile kClean[] = {
    {"banknifty_full_day_20221230/BANKNIFTY_fut_near_1m.csv.gz", 1, 376, Timeframe::m1, "BANKNIFTY_FUT_NEAR"},
    {"banknifty_full_day_20221230/BANKNIFTY_options_1m.csv.gz", 129, 38007, Timeframe::m1,
     "BANKNIFTY 2023-01-05 36500 PE"},
    {"banknifty_full_day_20221230/BANKNIFTY_spot_1m.csv.gz", 1, 375, Timeframe::m1, "BANKNIFTY"},
    {"idx_1m_2009/NIFTY_1m_2009.csv.gz", 1, 25190, Timeframe::m1, "NIFTY"},
    {"idx_1m_2024/BANKNIFTY_1m_2024-01-01_2024-08-23.csv.gz", 1, 36960, Timeframe::m1, "BANKNIFTY"},
    {"idx_1m_2024/NIFTY_1m_2024-01-01_2024-08-23.csv.gz", 1, 36960, Timeframe::m1, "NIFTY"},
    {"nifty_1s_2022/NIFTY_1m_from_1s.csv.gz", 1, 11450, Timeframe::m1, "NIFTY"},
    {"nifty_daily/NIFTY_daily_2007_2026.csv.gz", 1, 4098, Timeframe::d1, "NIFTY"},
    {"nse_daily_2017_2022/nifty50_stocks_daily.csv.gz", 32, 37260, Timeframe::d1, "ADANIPORTS"},
    {"nse_daily_2023_2026/all_5m_2026-07-13_17.csv.gz", 32, 7200, Timeframe::m5, nullptr},
    {"nse_daily_2023_2026/stocks_and_indices_daily.csv.gz", 32, 23808, Timeframe::d1, nullptr},
    {"nse_fo_bhavcopy_202511/index_options_2025-11-14.csv.gz", 1537, 1537, Timeframe::d1, nullptr},
    {"opt_1m_nifty_20210611_15/NIFTY_1m.csv.gz", 1, 375, Timeframe::m1, "NIFTY"},
    {"opt_1m_nifty_20210611_15/NIFTY_options_1m.csv.gz", 12, 4500, Timeframe::m1, nullptr},
    {"opt_rolling_atm_5m_2026/NIFTY_rolling_atm_5m_2026-01-19_2026-07-16.csv.gz", 2, 10350, Timeframe::m5,
     "NIFTY_ROLLING_ATM_CE"},
    {"vix_banknifty_1m_2023/INDIAVIX_1m.csv.gz", 1, 4500, Timeframe::m1, "INDIAVIX"},
    {"vix_banknifty_1m_2023/SBIN_1m.csv.gz", 1, 4500, Timeframe::m1, "SBIN"},
    {"vix_daily/INDIAVIX_daily.csv.gz", 1, 1631, Timeframe::d1, "INDIAVIX"},
};

TEST(RecordedData, clean_bar_files_are_read_whole) {
    TIDE_NEEDS_DATA(data_folder());
    for (const CleanFile& file : kClean) {
        const auto data = read_bars({data_folder() / file.path});
        ASSERT_TRUE(data) << data.error().message;
        EXPECT_EQ(data->series.size(), file.series) << file.path;
        EXPECT_EQ(data->accepted_count, file.rows) << file.path;
        EXPECT_EQ(data->series[0].timeframe, file.timeframe) << file.path;
        if (file.symbol != nullptr) {
            EXPECT_EQ(data->series[0].name.symbol, file.symbol);
        }
    }
}

TEST(RecordedData, every_stock_of_the_folder_with_the_vix_is_complete) {
    const auto folder = data_folder() / "vix_banknifty_1m_2023";
    TIDE_NEEDS_DATA(folder);
    const auto data = read_bars({folder});
    ASSERT_TRUE(data) << data.error().message;
    EXPECT_EQ(data->series.size(), 14U);
    for (const auto& series : data->series) EXPECT_EQ(series.bars.size(), 4500U) << series.name.symbol;
    EXPECT_FALSE(data->find("INDIAVIX", Timeframe::m1)->bars[0].has_volume());
    EXPECT_TRUE(data->find("SBIN", Timeframe::m1)->bars[0].has_volume());
}

// Counted independently: 472 rows have an open or close outside [low, high]; the first is line 13.
TEST(RecordedData, the_dirty_15_minute_file_is_refused_row_by_row) {
    const auto file = data_folder() / "idx_15m_2018_2023/BANKNIFTY_15m_2018_2023.csv.gz";
    TIDE_NEEDS_DATA(file);
    const auto strict = read_bars({file});
    ASSERT_FALSE(strict);
    EXPECT_EQ(strict.error().code, ErrorCode::input);
    EXPECT_NE(strict.error().message.find("472 of 22575 rows are bad"), std::string::npos) << strict.error().message;
    const auto lenient = read_bars({file}, {true});
    ASSERT_TRUE(lenient);
    EXPECT_EQ(lenient->accepted_count, 22575 - 472);
    EXPECT_EQ(lenient->rejected[0].line, 13);
    EXPECT_EQ(lenient->rejected[0].reason, "open 25540.7 is outside [25515.3, 25540.65]");
}

// Built from that file, and inherits six of its rows: a day's open and close may lie outside the traded range.
TEST(RecordedData, the_daily_file_made_from_it_has_six_days_whose_range_is_widened) {
    const auto file = data_folder() / "banknifty_full_day_20221230/BANKNIFTY_daily_2021_2022_from_15m.csv.gz";
    TIDE_NEEDS_DATA(file);
    const auto read = read_bars({file});
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->rejected_count, 0);
    EXPECT_EQ(read->accepted_count, 492);
    const std::string said =
        ": 6 daily bars with open or close outside [low, high], the first at line 7: the range was widened";
    EXPECT_TRUE(std::any_of(read->notes.begin(), read->notes.end(),
                            [&](const std::string& note) { return note.ends_with(said); }));
    // 2021-01-08: open 32298.10 above the high of 32298.05.
    EXPECT_EQ(to_string(read->series[0].bars[5].high), "32298.10");
}

TEST(RecordedData, tick_and_chain_files_are_read) {
    TIDE_NEEDS_DATA(data_folder());
    const struct {
        const char* path;
        int64_t rows;
        size_t series;
    } files[] = {{"nifty_1s_2022/NIFTY_1s_2022-08-10.csv.gz", 23550, 1},
                 {"kite_full_ticks_20210820/BANKNIFTY21SEP35300CE_ticks.csv.gz", 3653, 1},
                 {"stockfut_ticks_20251117/stock_futures_ticks.csv.gz", 2565, 2},
                 {"chain_nifty_202608/NIFTY_spot_snap_2026-08-17.csv.gz", 52, 1},
                 {"chain_nse_20250829/NIFTY_chain_2025-08-27.csv.gz", 9275, 0},
                 {"chain_nifty_202608/NIFTY_chain_1m_2026-08-17.csv.gz", 23768, 0}};
    for (const auto& file : files) {
        auto reader = TickFileReader::open(data_folder() / file.path);
        ASSERT_TRUE(reader) << reader.error().message;
        TickFileRow row;
        int64_t rows = 0;
        for (RowStatus status = reader->next(row); status != RowStatus::end; status = reader->next(row)) {
            ASSERT_EQ(status, RowStatus::row)
                << reader->name() << ":" << reader->line_number() << ": " << reader->problem();
            ++rows;
        }
        EXPECT_TRUE(reader->status());
        EXPECT_EQ(rows, file.rows) << file.path;
        if (file.series > 0) {
            EXPECT_EQ(reader->series().size(), file.series) << file.path;
        }
    }
}

std::vector<SessionHours> usual_sessions(Date) { return {{hours(9) + minutes(15), hours(15) + minutes(30)}}; }

// The 1-minute file beside the ticks is the answer: every minute of every day, to the byte.
TEST(RecordedData, minutes_built_from_ticks_are_the_recorded_minutes) {
    const auto folder = data_folder() / "nifty_1s_2022";
    TIDE_NEEDS_DATA(folder);
    const auto built = aggregate_ticks_csv({folder}, "1m", usual_sessions, false);
    ASSERT_TRUE(built) << built.error().message;
    auto answer = LineReader::open(folder / "NIFTY_1m_from_1s.csv.gz");
    ASSERT_TRUE(answer);
    std::string expected;
    for (std::string_view line; answer->next(line);) expected += std::string(line) + "\n";
    EXPECT_EQ(std::count(built->csv.begin(), built->csv.end(), '\n'), 11451);
    EXPECT_TRUE(built->csv == expected) << "the bars differ";
}

}  // namespace
}  // namespace tide
