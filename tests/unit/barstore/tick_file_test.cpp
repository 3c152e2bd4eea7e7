#include "barstore/tick_file.hpp"

#include <gtest/gtest.h>

#include "scratch_folder.hpp"

namespace tide {
namespace {

using test::ScratchFolder;

struct ReadTicks {
    std::vector<TickFileRow> rows;
    std::vector<std::string> problems;
    std::vector<SeriesName> series;
};
ReadTicks read_all(const std::filesystem::path& file) {
    ReadTicks out;
    auto reader = TickFileReader::open(file);
    EXPECT_TRUE(reader) << reader.error().message;
    TickFileRow row;
    for (RowStatus status = reader->next(row); status != RowStatus::end; status = reader->next(row)) {
        if (status == RowStatus::row) out.rows.push_back(row);
        if (status == RowStatus::bad) out.problems.push_back(reader->problem());
    }
    out.series = reader->series();
    return out;
}

TEST(TickFile, a_file_of_last_prices_is_read) {
    ScratchFolder folder;
    const auto ticks = read_all(folder.write("NIFTY_1s_2022-08-10.csv", "ts_ist,ltp\n2022-08-10T09:15:00,17566.1\n"));
    ASSERT_EQ(ticks.rows.size(), 1U);
    EXPECT_EQ(ticks.series[0].symbol, "NIFTY");
    const auto& row = ticks.rows[0];
    EXPECT_EQ(row.tick.last, Price::from_double(17566.1));
    EXPECT_EQ(row.tick.flags, 0U);
    EXPECT_EQ(row.exchange, ist_moment<ExchangeTime>(make_date(2022, 8, 10), hours(9) + minutes(15)));
    EXPECT_EQ(row.received, as_receive_time(row.exchange));
}

// The documented raw_tick (option-bot-flow, 2.1.1).
TEST(TickFile, raw_ticks_are_read_from_ndjson_and_from_csv) {
    ScratchFolder folder;
    const auto json = read_all(folder.write(
        "ticks.ndjson",
        R"({"ts_exchange":"2025-10-15T09:15:00.123+05:30","ts_utc":"2025-10-15T03:45:00.223Z","symbol":"NIFTY","token":12345,"ltp":23456.7,"bid":23456.5,"ask":23456.9,"volume":1000})"
        "\n"));
    const auto csv = read_all(folder.write("ticks.csv",
                                           "ts_exchange,ts_utc,symbol,token,ltp,bid,ask,volume\n"
                                           "2025-10-15T09:15:00.123+05:30,2025-10-15T03:45:00.223Z,NIFTY,12345,23456.7,"
                                           "23456.5,23456.9,1000\n"));
    for (const auto& ticks : {json, csv}) {
        ASSERT_EQ(ticks.rows.size(), 1U);
        const auto& row = ticks.rows[0];
        EXPECT_EQ(ticks.series[0].symbol, "NIFTY");
        EXPECT_EQ(row.exchange,
                  ist_moment<ExchangeTime>(make_date(2025, 10, 15), hours(9) + minutes(15) + milliseconds(123)));
        EXPECT_EQ(row.received, as_receive_time(row.exchange + milliseconds(100)));
        EXPECT_EQ(row.tick.flags, static_cast<uint32_t>(kTickHasBid | kTickHasAsk | kTickHasVolume));
        EXPECT_EQ(row.tick.last, Price::from_double(23456.7));
        EXPECT_EQ(row.tick.bid, Price::from_double(23456.5));
        EXPECT_EQ(row.tick.ask, Price::from_double(23456.9));
        EXPECT_EQ(row.tick.volume, 1000);
    }
}

TEST(TickFile, depth_columns_give_the_best_bid_and_ask_and_zero_is_none) {
    ScratchFolder folder;
    const auto ticks = read_all(folder.write("X_ticks.csv",
                                             "ts_ist,ltp,volume,oi,bid1,bid1_qty,ask1,ask1_qty\n"
                                             "2021-08-20T09:15:01,1064.3,0,500,501.1,100,0.0,0\n"));
    ASSERT_EQ(ticks.rows.size(), 1U);
    const TickEvent& tick = ticks.rows[0].tick;
    EXPECT_TRUE(tick.has(kTickHasBid));
    EXPECT_FALSE(tick.has(kTickHasAsk));
    EXPECT_EQ(tick.bid_quantity, 100);
    EXPECT_EQ(tick.oi, 500);
    EXPECT_TRUE(tick.has(kTickHasVolume));
}

TEST(TickFile, a_chain_is_option_ticks_with_counts_in_lots) {
    ScratchFolder folder;
    const auto ticks =
        read_all(folder.write("NIFTY_chain_2025-08-29.csv",
                              "ts_ist,collected_at,expiry,strike,right,ltp,bid,bid_qty,ask,ask_qty,volume_lots,"
                              "oi_lots,oi_chg_lots,iv\n"
                              "2025-08-29T09:22:45,2025-08-29T09:24:16,2025-09-02,22600,CE,0,1911.9,750,2028.35,"
                              "150,0,118.6667,0,0\n"));
    ASSERT_EQ(ticks.rows.size(), 1U) << ticks.problems.at(0);
    const auto& row = ticks.rows[0];
    EXPECT_EQ(ticks.series[0].symbol, "NIFTY 2025-09-02 22600 CE");
    EXPECT_EQ(row.received - as_receive_time(row.exchange), seconds(91));
    EXPECT_FALSE(row.tick.has(kTickHasVolume));
    EXPECT_FALSE(row.tick.has(kTickHasOi));
    EXPECT_DOUBLE_EQ(*row.oi_lots, 118.6667);
    EXPECT_DOUBLE_EQ(*row.volume_lots, 0);
}

TEST(TickFile, bad_rows_are_told_one_by_one) {
    ScratchFolder folder;
    const auto ticks =
        read_all(folder.write("NIFTY_1s.csv",
                              "ts_ist,ltp,volume\n2022-08-10T09:15:00,0,1\nx,5,1\n2022-08-10T09:15:01,,1\n"
                              "2022-08-10T09:15:02,5,-1\n2022-08-10T09:15:03,5,1\n"));
    EXPECT_EQ(ticks.rows.size(), 1U);
    const std::vector<std::string> expected{"ltp '0' is not a positive price", "time 'x' is not readable",
                                            "ltp '' is not a positive price",
                                            "volume '-1' is not a whole number of at least 0"};
    EXPECT_EQ(ticks.problems, expected);
    const auto json = read_all(
        folder.write("t.ndjson", "{\"ltp\":1}\nnot json\n[1]\n{\"ts_utc\":\"2025-10-15T03:45:00Z\",\"ltp\":\"5\"}\n"));
    EXPECT_TRUE(json.rows.empty());
    EXPECT_EQ(json.problems.size(), 4U);
}

}  // namespace
}  // namespace tide
