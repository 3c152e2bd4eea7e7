// Whatever the bytes, readers give rows, reasons or an error; they never crash. The seed is fixed, so a failure
// repeats.
#include <gtest/gtest.h>

#include "barstore/data_commands.hpp"
#include "barstore/data_set.hpp"
#include "barstore/json_bars.hpp"
#include "barstore/tick_file.hpp"
#include "scratch_folder.hpp"

namespace tide {
namespace {

using test::ScratchFolder;

class Random {
  public:
    uint32_t below(uint32_t limit) {
        seed_ = seed_ * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<uint32_t>(seed_ >> 33) % limit;
    }

  private:
    uint64_t seed_ = 20'240'101;
};

std::string random_bytes(Random& random, size_t size) {
    std::string out;
    for (size_t i = 0; i < size; ++i) out += static_cast<char>(random.below(256));
    return out;
}

// Some bytes replaced, dropped or doubled.
std::string mutate(Random& random, std::string text) {
    constexpr std::string_view kLikely = ",\n\r\"-.:TZeE0159+ \0\xff";
    const uint32_t changes = 1 + random.below(8);
    for (uint32_t i = 0; i < changes && !text.empty(); ++i) {
        const size_t at = random.below(static_cast<uint32_t>(text.size()));
        switch (random.below(4)) {
            case 0:
                text[at] = kLikely[random.below(static_cast<uint32_t>(kLikely.size()))];
                break;
            case 1:
                text[at] = static_cast<char>(random.below(256));
                break;
            case 2:
                text.erase(at, 1 + random.below(5));
                break;
            default:
                text.insert(at, text.substr(at, 1 + random.below(40)));
                break;
        }
    }
    return text;
}

void read_everything(const ScratchFolder& folder, const std::string& bytes) {
    const auto csv = folder.write("NIFTY_1m.csv", bytes);
    const auto bars = read_bars({csv}, {true});
    if (bars) {
        for (const auto& series : bars->series) {
            for (size_t i = 0; i < series.bars.size(); ++i) {
                ASSERT_TRUE(series.bars[i].consistent());
                ASSERT_TRUE(i == 0 || series.bars[i - 1].start < series.bars[i].start);
            }
        }
    } else {
        ASSERT_FALSE(bars.error().message.empty());
    }
    const auto sessions = [](Date) { return std::vector<SessionHours>{{hours(9), hours(16)}}; };
    (void)indicators_csv(csv, "adx:2,bollinger:3:2,vwap", true);
    (void)aggregate_ticks_csv({csv}, "5m", sessions, true);
    ResampleOptions options;
    options.lenient = true;
    (void)resample_bars_csv({csv}, options, sessions);
    (void)aggregate_ticks_csv({folder.write("NIFTY.ndjson", bytes)}, "1m", sessions, true);
    const auto json = read_json_bars(folder.write("1m.json", bytes));
    if (!json) {
        ASSERT_EQ(json.error().code, ErrorCode::corrupt);
    }
    (void)read_bars({folder.write("NIFTY_1m.csv.gz", "\x1f\x8b\x08" + bytes)}, {true});
}

TEST(HostileInput, random_bytes_are_survived) {
    ScratchFolder folder;
    Random random;
    for (int i = 0; i < 80; ++i) read_everything(folder, random_bytes(random, random.below(600)));
}

TEST(HostileInput, spoilt_files_are_survived) {
    ScratchFolder folder;
    Random random;
    const std::string samples[] = {
        "ts_ist,open,high,low,close,volume,oi\n2024-01-01T09:15:00,10,12,9,11,5,\n2024-01-01T09:16:00,11,12,9,11,5,7\n"
        "2024-01-01T09:25:00,10,12,9,11,5,\n2024-01-01T15:29:00,10,12,9,11,5,\n",
        "ts_ist,underlying,expiry,strike,right,open,high,low,close,volume,oi\n"
        "2022-12-30T09:15:00,BANKNIFTY,2023-01-05,36500,PE,3.95,4.4,3.3,3.55,34802,60900\n",
        "ts_exchange,ts_utc,symbol,ltp,bid,ask,volume\n"
        "2025-10-15T09:15:00.123+05:30,2025-10-15T03:45:00.223Z,NIFTY,23456.7,23456.5,23456.9,1000\n",
        "{\"ts_exchange\":\"2025-10-15T09:15:00.123+05:30\",\"symbol\":\"NIFTY\",\"ltp\":23456.7,\"volume\":1000}\n",
        "{\"schema_version\":1,\"symbol\":\"N\",\"timeframe\":\"1m\",\"checksum\":\"crc32c:0\",\"bars\":[{\"start_ts_"
        "utc\":"
        "\"2025-10-15T03:45:00Z\",\"o\":1,\"h\":2,\"l\":1,\"c\":1,\"v\":5}]}"};
    for (int i = 0; i < 150; ++i) read_everything(folder, mutate(random, samples[random.below(5)]));
}

TEST(HostileInput, endless_lines_and_deep_nesting_are_refused) {
    ScratchFolder folder;
    const auto line =
        read_bars({folder.write("NIFTY_1m.csv", "ts_ist,open,high,low,close\n" + std::string(3'000'000, '1'))}, {true});
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().code, ErrorCode::input);
    const auto deep = read_json_bars(folder.write("1m.json", std::string(500'000, '[')));
    EXPECT_EQ(deep.error().code, ErrorCode::corrupt);
    const auto balanced =
        read_json_bars(folder.write("1m.json", std::string(200'000, '[') + std::string(200'000, ']')));
    EXPECT_EQ(balanced.error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace tide
