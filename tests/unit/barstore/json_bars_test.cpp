#include "barstore/json_bars.hpp"

#include <gtest/gtest.h>

#include "barstore/atomic_file.hpp"
#include "scratch_folder.hpp"

namespace tide {
namespace {

using test::content_of;
using test::ScratchFolder;

BarSeriesData sample() {
    BarSeriesData series{{"NIFTY", {}, {}}, Timeframe::m1, {}};
    Bar bar;
    bar.timeframe = Timeframe::m1;
    bar.start = ist_moment<ExchangeTime>(make_date(2025, 10, 15), hours(9) + minutes(15));
    bar.open = Price::from_rupees(23450);
    bar.high = Price::from_rupees(23470);
    bar.low = Price::from_double(23445.05);
    bar.close = Price::from_double(23465.0001);
    bar.volume = 12000;
    bar.flags = kBarHasVolume;
    series.bars.push_back(bar);
    bar.start += minutes(1);
    bar.flags = kBarHasOi;
    bar.volume = 0;
    bar.oi = 5;
    series.bars.push_back(bar);
    return series;
}

void expect_same(const BarSeriesData& a, const BarSeriesData& b) {
    EXPECT_EQ(a.name.symbol, b.name.symbol);
    EXPECT_EQ(a.timeframe, b.timeframe);
    ASSERT_EQ(a.bars.size(), b.bars.size());
    for (size_t i = 0; i < a.bars.size(); ++i) {
        EXPECT_EQ(a.bars[i].start, b.bars[i].start);
        EXPECT_EQ(a.bars[i].open, b.bars[i].open);
        EXPECT_EQ(a.bars[i].high, b.bars[i].high);
        EXPECT_EQ(a.bars[i].low, b.bars[i].low);
        EXPECT_EQ(a.bars[i].close, b.bars[i].close);
        EXPECT_EQ(a.bars[i].volume, b.bars[i].volume);
        EXPECT_EQ(a.bars[i].oi, b.bars[i].oi);
        EXPECT_EQ(a.bars[i].flags, b.bars[i].flags);
    }
}

TEST(JsonBars, the_text_is_the_documented_schema) {
    const std::string text = json_bars_text(sample());
    EXPECT_EQ(text.substr(0, 67), R"({"schema_version":1,"symbol":"NIFTY","timeframe":"1m","checksum":"c)");
    EXPECT_NE(text.find(R"({"start_ts_utc":"2025-10-15T03:45:00Z","end_ts_utc":"2025-10-15T03:46:00Z",)"
                        R"("o":23450,"h":23470,"l":23445.05,"c":23465.0001,"v":12000})"),
              std::string::npos)
        << text;
}

TEST(JsonBars, what_is_written_is_read_back) {
    ScratchFolder folder;
    const auto file = folder.path() / "timeframes" / "NIFTY" / "1m.json";
    ASSERT_TRUE(write_json_bars(file, sample()));
    const auto read = read_json_bars(file);
    ASSERT_TRUE(read) << read.error().message;
    expect_same(*read, sample());
    EXPECT_FALSE(std::filesystem::exists(file.string() + ".tmp"));
    const auto data = read_bars({file.parent_path()});
    ASSERT_TRUE(data) << data.error().message;
    EXPECT_EQ(data->find("NIFTY", Timeframe::m1)->bars.size(), 2U);
}

TEST(JsonBars, an_option_keeps_its_terms) {
    ScratchFolder folder;
    BarSeriesData series = sample();
    series.name = {"NIFTY 2024-01-25 21700 CE", "NIFTY",
                   OptionTerm{make_date(2024, 1, 25), Price::from_rupees(21700), OptionRight::call}};
    const auto file = folder.path() / "option.json";
    ASSERT_TRUE(write_json_bars(file, series));
    const auto read = read_json_bars(file);
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_TRUE(read->name.option);
    EXPECT_EQ(read->name.underlying, "NIFTY");
    EXPECT_EQ(read->name.option->strike, Price::from_rupees(21700));
}

TEST(JsonBars, blanks_and_the_order_of_keys_do_not_matter) {
    ScratchFolder folder;
    std::string text = json_bars_text(sample());
    const auto checksum = text.substr(text.find("crc32c:"), 15);
    const auto bars = text.substr(text.find("\"bars\""));
    const auto file = folder.write("1m.json", "{ \"checksum\": \"" + checksum +
                                                  "\",\n \"timeframe\" : \"1m\", \"symbol\": \"NIFTY\", "
                                                  "\"schema_version\": 1, " +
                                                  bars);
    const auto read = read_json_bars(file);
    ASSERT_TRUE(read) << read.error().message;
    expect_same(*read, sample());
}

TEST(JsonBars, every_changed_byte_that_means_something_is_found) {
    ScratchFolder folder;
    const std::string text = json_bars_text(sample());
    int refused = 0;
    for (size_t i = 0; i < text.size(); ++i) {
        std::string changed = text;
        changed[i] = changed[i] == '7' ? '8' : '7';
        if (changed == text) continue;
        const auto read = read_json_bars(folder.write("1m.json", changed));
        ASSERT_FALSE(read) << i;
        const bool of_later_engine = read.error().message.find("newer") != std::string::npos;
        EXPECT_EQ(read.error().code, of_later_engine ? ErrorCode::input : ErrorCode::corrupt);
        ++refused;
    }
    EXPECT_GT(refused, 250);
}

TEST(JsonBars, a_file_cut_short_is_corrupt) {
    ScratchFolder folder;
    const std::string text = json_bars_text(sample());
    for (size_t length = 0; length + 2 < text.size(); length += 7) {
        const auto read = read_json_bars(folder.write("1m.json", text.substr(0, length)));
        ASSERT_FALSE(read) << length;
        EXPECT_EQ(read.error().code, ErrorCode::corrupt);
    }
    EXPECT_EQ(read_json_bars(folder.path() / "absent.json").error().code, ErrorCode::not_found);
}

TEST(AtomicFile, the_old_content_stays_when_the_new_cannot_be_written) {
    ScratchFolder folder;
    const auto file = folder.write("kept.json", "old");
    std::filesystem::create_directory(file.string() + ".tmp");  // the temporary file cannot be made
    const auto written = write_file_atomically(file, "new");
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, ErrorCode::io);
    EXPECT_EQ(content_of(file), "old");
    std::filesystem::remove(file.string() + ".tmp");
    EXPECT_TRUE(write_file_atomically(file, "new"));
    EXPECT_EQ(content_of(file), "new");
}

}  // namespace
}  // namespace tide
