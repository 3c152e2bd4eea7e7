#include "barstore/bar_file.hpp"

#include <gtest/gtest.h>

#include "barstore/data_set.hpp"
#include "scratch_folder.hpp"

namespace tide {
namespace {

using test::ScratchFolder;

Price rupees(double value) { return Price::from_double(value); }

TEST(FieldParser, prices_keep_four_digits_and_round_the_rest) {
    EXPECT_EQ(parse_file_price("21727.75"), Price::from_units(217'277'500));
    EXPECT_EQ(parse_file_price("43501.0508"), Price::from_units(435'010'508));
    EXPECT_EQ(parse_file_price("0.00005"), Price::from_units(1));
    EXPECT_EQ(parse_file_price("0.00004999"), Price::from_units(0));
    EXPECT_EQ(parse_file_price("-0.05"), Price::from_units(-500));
    EXPECT_EQ(parse_file_price("2.57E+08"), Price::from_rupees(257'000'000));
    EXPECT_EQ(parse_file_price("12."), Price::from_rupees(12));
    EXPECT_EQ(parse_file_price(".5"), Price::from_units(5'000));
    EXPECT_EQ(parse_file_price("99999999999.99995"), Price::from_rupees(100'000'000'000));  // the largest there is
    EXPECT_EQ(parse_file_price("100000000000"), Price::from_rupees(100'000'000'000));
}

TEST(FieldParser, what_is_not_wholly_a_number_is_no_price) {
    for (const char* text : {"", "-", ".", "1,5", "12a", "1e", "nan", "inf", "0x10", " 1", "1 ", "--1", "1.2.3",
                             "123456789012", "1e300"}) {
        EXPECT_FALSE(parse_file_price(text)) << text;
    }
}

TEST(FieldParser, counts_may_be_written_as_decimals_but_must_be_whole) {
    EXPECT_EQ(parse_file_count("277443911"), 277'443'911);
    EXPECT_EQ(parse_file_count("1200.0"), 1200);
    EXPECT_EQ(parse_file_count("1.2e3"), 1200);
    EXPECT_FALSE(parse_file_count("1.5"));
    EXPECT_FALSE(parse_file_count("99999999999999999999"));
    EXPECT_FALSE(parse_file_count(""));
}

TEST(FieldParser, times_without_an_offset_are_indian) {
    TimeColumnParser times;
    const auto open = ist_moment<ExchangeTime>(make_date(2024, 1, 1), hours(9) + minutes(15));
    EXPECT_EQ(times.parse("2024-01-01T09:15:00"), open);
    EXPECT_EQ(times.parse("2024-01-01 09:15:00"), open);
    EXPECT_EQ(times.parse("2024-01-01 09:15"), open);
    EXPECT_EQ(times.parse("2024-01-01T09:15:00+05:30"), open);
    EXPECT_EQ(times.parse("2024-01-01T03:45:00Z"), open);
    EXPECT_EQ(times.parse("2024-01-01"), open - hours(9) - minutes(15));
    EXPECT_EQ(times.parse("2024-01-01T09:15:00.123"), open + milliseconds(123));
    for (const char* text :
         {"", "2024-13-01", "2024-01-01T25:00:00", "01-01-2024", "2024-01-01T09:60:00", "2024-01-01T09:15:0x"}) {
        EXPECT_FALSE(times.parse(text)) << text;
    }
}

TEST(DataFileName, symbol_and_timeframe_come_from_the_words_of_the_name) {
    EXPECT_EQ(parse_data_file_name("x/NIFTY_1m_2024-01-01_2024-08-23.csv.gz").symbol, "NIFTY");
    EXPECT_EQ(parse_data_file_name("NIFTY_1m_from_1s.csv.gz").timeframe, Timeframe::m1);
    EXPECT_EQ(parse_data_file_name("BANKNIFTY_daily_2021_2022_from_15m.csv.gz").timeframe, Timeframe::d1);
    EXPECT_EQ(parse_data_file_name("INDIA VIX_1m.csv").symbol, "INDIAVIX");
    EXPECT_EQ(parse_data_file_name("BANKNIFTY_fut_near_1m.csv.gz").symbol, "BANKNIFTY_FUT_NEAR");
    EXPECT_EQ(parse_data_file_name("BANKNIFTY_spot_1m.csv.gz").symbol, "BANKNIFTY");
    EXPECT_EQ(parse_data_file_name("NIFTY_spot_snap_2026-08-17.csv.gz").symbol, "NIFTY");
    EXPECT_FALSE(parse_data_file_name("index_options_2025-11-14.csv.gz").timeframe);
}

TEST(BarFile, the_documented_header_is_read) {
    ScratchFolder folder;
    const auto file = folder.write("NIFTY_1m.csv",
                                   "ts_ist,open,high,low,close,volume,oi\n"
                                   "2024-01-01T09:15:00,21727.75,21737.35,21701.8,21712,,\n"
                                   "2024-01-01T09:16:00,21711.5,21720,21695.35,21695.65,120,77\n");
    const auto data = read_bars({file});
    ASSERT_TRUE(data) << data.error().message;
    ASSERT_EQ(data->series.size(), 1U);
    const auto& series = data->series[0];
    EXPECT_EQ(series.name.symbol, "NIFTY");
    EXPECT_EQ(series.timeframe, Timeframe::m1);
    ASSERT_EQ(series.bars.size(), 2U);
    EXPECT_EQ(series.bars[0].start, ist_moment<ExchangeTime>(make_date(2024, 1, 1), hours(9) + minutes(15)));
    EXPECT_EQ(series.bars[0].high, rupees(21737.35));
    EXPECT_FALSE(series.bars[0].has_volume());
    EXPECT_FALSE(series.bars[0].has_oi());
    EXPECT_EQ(series.bars[1].volume, 120);
    EXPECT_EQ(series.bars[1].oi, 77);
    EXPECT_TRUE(data->notes.empty());
}

TEST(BarFile, gzip_line_ends_marks_quotes_and_capitals_do_not_matter) {
    ScratchFolder folder;
    const auto file = folder.write_gz("SBIN_1d.csv.gz",
                                      "\xef\xbb\xbf\"Date\",Open,High,Low,Close\r\n"
                                      "\"2024-01-01\",10,12,9,11\r\n\r\n2024-01-02,11,12,10,10.5");
    const auto data = read_bars({file});
    ASSERT_TRUE(data) << data.error().message;
    ASSERT_EQ(data->series[0].bars.size(), 2U);
    EXPECT_EQ(data->series[0].timeframe, Timeframe::d1);
    EXPECT_EQ(data->series[0].bars[1].close, rupees(10.5));
}

TEST(BarFile, many_symbols_share_a_file_with_a_symbol_column) {
    ScratchFolder folder;
    const auto file = folder.write("all_5m_week.csv",
                                   "symbol,ts_ist,open,high,low,close,volume\n"
                                   "NIFTY,2026-07-13T09:15:00,10,12,9,11,5\n"
                                   "India VIX,2026-07-13T09:15:00,10,12,9,11,5\n"
                                   "INDIAVIX,2026-07-13T09:20:00,10,12,9,11,5\n");
    const auto data = read_bars({file});
    ASSERT_TRUE(data) << data.error().message;
    ASSERT_EQ(data->series.size(), 2U);
    EXPECT_EQ(data->find("INDIAVIX", Timeframe::m5)->bars.size(), 2U);
    EXPECT_EQ(data->find("NIFTY", Timeframe::m5)->bars.size(), 1U);
}

TEST(BarFile, option_bars_are_series_of_their_contracts) {
    ScratchFolder folder;
    const auto file = folder.write("BANKNIFTY_options_1m.csv",
                                   "ts_ist,underlying,expiry,strike,right,open,high,low,close,volume,oi\n"
                                   "2022-12-30T09:15:00,BANKNIFTY,2023-01-05,36500,PE,3.95,4.4,3.3,3.55,34802,60900\n"
                                   "2022-12-30T09:15:00,BANKNIFTY,2023-01-05,36500,CE,3.95,4.4,3.3,3.55,34802,60900\n"
                                   "2022-12-30T09:16:00,BANKNIFTY,2023-01-05,36500,PE,3.95,4.4,3.3,3.55,34802,60900\n");
    const auto data = read_bars({file});
    ASSERT_TRUE(data) << data.error().message;
    const auto* put = data->find("BANKNIFTY 2023-01-05 36500 PE", Timeframe::m1);
    ASSERT_NE(put, nullptr);
    EXPECT_EQ(put->bars.size(), 2U);
    EXPECT_EQ(put->name.underlying, "BANKNIFTY");
    ASSERT_TRUE(put->name.option);
    EXPECT_EQ(put->name.option->expiry, make_date(2023, 1, 5));
    EXPECT_EQ(put->name.option->strike, Price::from_rupees(36500));
    EXPECT_EQ(put->name.option->right, OptionRight::put);
}

TEST(BarFile, without_an_underlying_column_the_file_name_names_it) {
    ScratchFolder folder;
    const auto file = folder.write("NIFTY_options_1m.csv",
                                   "ts_ist,expiry,strike,right,open,high,low,close\n"
                                   "2021-06-11T09:15:00,2021-06-17,15600,CE,215.65,231.5,215.6,230.25\n");
    const auto data = read_bars({file});
    ASSERT_TRUE(data) << data.error().message;
    EXPECT_EQ(data->series[0].name.symbol, "NIFTY 2021-06-17 15600 CE");
}

TEST(BarFile, unknown_columns_are_ignored_with_a_note) {
    ScratchFolder folder;
    const auto file =
        folder.write("NIFTY_daily.csv", "date,open,high,low,close,volume,source\n2007-01-02,1,2,1,2,5,web\n");
    const auto data = read_bars({file});
    ASSERT_TRUE(data);
    ASSERT_EQ(data->notes.size(), 1U);
    EXPECT_NE(data->notes[0].find("columns ignored: source"), std::string::npos) << data->notes[0];
}

TEST(BarFile, a_volume_of_zero_throughout_is_no_volume) {
    ScratchFolder folder;
    const auto file = folder.write("BANKNIFTY_1m.csv",
                                   "ts_ist,open,high,low,close,volume,oi\n"
                                   "2023-04-03T09:15:00,10,12,9,11,0,\n2023-04-03T09:16:00,10,12,9,11,0,\n");
    const auto data = read_bars({file});
    ASSERT_TRUE(data);
    EXPECT_FALSE(data->series[0].bars[0].has_volume());
    EXPECT_EQ(data->notes.size(), 1U);
}

TEST(BarFile, the_timeframe_is_told_from_the_spacing_when_the_name_is_silent) {
    ScratchFolder folder;
    const auto file = folder.write("mine.csv",
                                   "timestamp,open,high,low,close\n"
                                   "2024-01-01T15:25:00+05:30,10,12,9,11\n2024-01-02T09:15:00+05:30,10,12,9,11\n"
                                   "2024-01-02T09:20:00+05:30,10,12,9,11\n");
    const auto data = read_bars({file});
    ASSERT_TRUE(data) << data.error().message;
    EXPECT_EQ(data->series[0].timeframe, Timeframe::m5);
    EXPECT_EQ(data->series[0].name.symbol, "MINE");
    EXPECT_EQ(data->notes.size(), 1U);
}

constexpr std::string_view kBadRows =
    "ts_ist,open,high,low,close,volume,oi\n"
    "2024-01-01T09:15:00,10,12,9,11,,\n"
    "2024-01-01T09:16:00,13,12,9,11,,\n"     // 3: open above high
    "2024-01-01T09:17:00,10,12,9,8.95,,\n"   // 4: close below low
    "2024-01-01T09:18:00,10,9,12,11,,\n"     // 5: low above high
    "2024-01-01T09:15:00,10,12,9,11,,\n"     // 6: repeats
    "2024-01-01T09:14:00,10,12,9,11,,\n"     // 7: goes back
    "yesterday,10,12,9,11,,\n"               // 8
    "2024-01-01T09:19:00,-10,12,-11,11,,\n"  // 9
    "2024-01-01T09:20:00,10,x,9,11,,\n"      // 10
    "2024-01-01T09:21:00,10,12\n"            // 11
    "2024-01-01T09:22:00,10,12,9,11,-5,\n"   // 12
    "2024-01-01T09:23:00,0,12,0,11,,\n"      // 13
    "2024-01-01T09:24:00,10,12,9,11,5,6\n";

TEST(BarFile, bad_rows_stop_the_reading_with_one_line_that_says_what_to_do) {
    ScratchFolder folder;
    const auto file = folder.write("NIFTY_1m.csv", kBadRows);
    const auto data = read_bars({file});
    ASSERT_FALSE(data);
    EXPECT_EQ(data.error().code, ErrorCode::input);
    EXPECT_EQ(data.error().message,
              "11 of 13 rows are bad, the first at " + file.string() +
                  ":3: open 13 is outside [9, 12]; mend the file, or skip bad rows with --lenient");
}

TEST(BarFile, lenient_reading_keeps_the_good_rows_and_the_first_ten_reasons) {
    ScratchFolder folder;
    const auto file = folder.write("NIFTY_1m.csv", kBadRows);
    const auto data = read_bars({file}, {true});
    ASSERT_TRUE(data);
    EXPECT_EQ(data->series[0].bars.size(), 2U);
    EXPECT_EQ(data->accepted_count, 2);
    EXPECT_EQ(data->rejected_count, 11);
    ASSERT_EQ(data->rejected.size(), 10U);
    const char* reasons[] = {"open 13 is outside [9, 12]",
                             "close 8.95 is outside [9, 12]",
                             "low 12 is above high 9",
                             "time 2024-01-01T09:15:00 repeats",
                             "time 2024-01-01T09:14:00 goes back",
                             "time 'yesterday' is not readable",
                             "open '-10' is not a positive price",
                             "high 'x' is not a positive price",
                             "3 fields, at least 5 needed",
                             "volume '-5' is not a whole number of at least 0"};
    for (size_t i = 0; i < 10; ++i) {
        EXPECT_EQ(data->rejected[i].line, static_cast<int64_t>(i) + 3);
        EXPECT_EQ(data->rejected[i].reason, reasons[i]);
    }
}

TEST(BarFile, a_series_without_one_good_row_is_none) {
    ScratchFolder folder;
    const auto file = folder.write(
        "prices_1d.csv", "date,symbol,open,high,low,close\n2024-01-01,NIFTY,10,12,9,11\n2024-01-01,SENSEX,x,12,9,11\n");
    const auto data = read_bars({file}, {true});
    ASSERT_TRUE(data);
    ASSERT_EQ(data->series.size(), 1U);
    EXPECT_EQ(data->series[0].name.symbol, "NIFTY");
    EXPECT_EQ(data->rejected_count, 1);
}

TEST(BarFile, a_folder_is_its_files_by_name_put_together) {
    ScratchFolder folder;
    folder.write("NIFTY_1m_b.csv", "ts_ist,open,high,low,close\n2024-01-02T09:15:00,10,12,9,11\n");
    folder.write("NIFTY_1m_a.csv", "ts_ist,open,high,low,close\n2024-01-01T09:15:00,10,12,9,11\n");
    folder.write("NIFTY_1s_2024-01-01.csv", "ts_ist,ltp\n2024-01-01T09:15:00,10\n");
    folder.write("readme.txt", "not data");
    const auto data = read_bars({folder.path()});
    ASSERT_TRUE(data) << data.error().message;
    ASSERT_EQ(data->series.size(), 1U);
    ASSERT_EQ(data->series[0].bars.size(), 2U);
    EXPECT_LT(data->series[0].bars[0].start, data->series[0].bars[1].start);
    EXPECT_EQ(data->files.size(), 2U);
    EXPECT_EQ(data->notes.size(), 1U);
}

TEST(BarFile, one_time_in_two_files_is_a_bad_row) {
    ScratchFolder folder;
    folder.write("NIFTY_1m_a.csv",
                 "ts_ist,open,high,low,close\n2024-01-01T09:15:00,10,12,9,11\n2024-01-01T09:16:00,10,12,9,11\n");
    folder.write("NIFTY_1m_b.csv",
                 "ts_ist,open,high,low,close\n2024-01-01T09:15:00,20,22,19,21\n2024-01-01T09:14:00,20,22,19,21\n");
    EXPECT_FALSE(read_bars({folder.path()}));
    const auto data = read_bars({folder.path()}, {true});
    ASSERT_TRUE(data);
    ASSERT_EQ(data->series[0].bars.size(), 2U);
    EXPECT_EQ(data->series[0].bars[0].open, rupees(10));
    EXPECT_EQ(data->rejected_count, 2);
}

TEST(BarFile, what_is_no_bar_file_is_named_with_what_is_missing) {
    ScratchFolder folder;
    const auto ticks = read_bars({folder.write("NIFTY_1s.csv", "ts_ist,ltp\n2024-01-01T09:15:00,10\n")});
    ASSERT_FALSE(ticks);
    EXPECT_EQ(ticks.error().code, ErrorCode::input);
    EXPECT_NE(ticks.error().message.find("not a bar file"), std::string::npos);
    EXPECT_EQ(read_bars({folder.write("EMPTY_1m.csv", "")}).error().code, ErrorCode::input);
    EXPECT_EQ(read_bars({folder.path() / "absent.csv"}).error().code, ErrorCode::not_found);
}

TEST(BarFile, a_gzip_that_ends_early_is_corrupt) {
    ScratchFolder folder;
    std::string rows = "ts_ist,open,high,low,close\n";
    for (int i = 0; i < 300; ++i)
        rows +=
            "2024-01-01T09:" + std::to_string(10 + i % 50) + ":00,1" + std::to_string(i * 7919 % 1000) + ",12,9,11\n";
    const auto whole = test::content_of(folder.write_gz("A_1m.csv.gz", rows));
    const auto data = read_bars({folder.write("NIFTY_1m.csv.gz", whole.substr(0, whole.size() / 2))}, {true});
    ASSERT_FALSE(data);
    EXPECT_EQ(data.error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace tide
