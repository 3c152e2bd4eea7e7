#include "ops/store_commands.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "ledger/ledger.hpp"
#include "ops/audit_commands.hpp"
#include "ops_samples.hpp"

namespace tide {
namespace {

using namespace ops_samples;
using nlohmann::json;

// A store with one session of two trades, an open position and an order.
class StoreCommands : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "tide-store-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        path_ = (folder_ / "ledger.db").string();
        LedgerOptions options;
        options.session_id = "20240125-a";
        options.mode = "paper";
        options.own_thread = false;
        auto ledger = Ledger::open(path_, options);
        ASSERT_TRUE(ledger.has_value()) << ledger.error().message;
        AuditChain chain;
        const auto put = [&](Record record) {
            chain.link(record);
            (*ledger)->record(record);
        };
        put(record_at(9, 0, SessionRecord{"20240125-a", "start", "paper", ""}));
        put(record_at(10, 15, order(OrderPurpose::entry, OrderState::open, OrderState::filled, 100)));
        put(record_at(10, 15, PositionRecord{open_position(), kOption, "opened", ""}));
        put(record_at(11, 15, trade(1, Money::from_rupees(2'885), Money::from_paise(12'575))));
        put(record_at(12, 15, trade(2, Money::from_rupees(-900), Money::from_paise(10'000))));
        ASSERT_TRUE((*ledger)->flush().has_value());
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    LedgerReader reader() const { return std::move(*LedgerReader::open(path_)); }

    std::filesystem::path folder_;
    std::string path_;
    std::ostringstream out_;
};

const OutputStyle kJson{true, false};

TEST_F(StoreCommands, trades_are_a_table_with_a_total) {
    EXPECT_EQ(run_trades_command(reader(), {}, {}, out_), 0);
    EXPECT_NE(
        out_.str().find("1  2024-01-25 10:15:00  11:15:00  NIFTY 25 JAN 21700 CE  2 x 50  142.35  171.20  +2,885.00   "
                        "125.75  +2,759.25  target\n"),
        std::string::npos)
        << out_.str();
    EXPECT_NE(out_.str().find("2 trades"), std::string::npos);
    EXPECT_NE(out_.str().find("+1,985.00   225.75  +1,759.25\n"), std::string::npos) << out_.str();
}

TEST_F(StoreCommands, trades_as_json_have_decimal_strings_and_times_with_offset) {
    EXPECT_EQ(run_trades_command(reader(), {}, kJson, out_), 0);
    const json document = json::parse(out_.str());
    EXPECT_EQ(document["schema_version"], 1);
    ASSERT_EQ(document["trades"].size(), 2U);
    EXPECT_EQ(document["trades"][0]["opened"], "2024-01-25T10:15:00+05:30");
    EXPECT_EQ(document["trades"][0]["net"], "2759.25");
    EXPECT_EQ(document["trades"][0]["entry"], "142.35");
    EXPECT_EQ(document["total"],
              (json{{"trades", 2}, {"gross", "1985.00"}, {"charges", "225.75"}, {"net", "1759.25"}}));
}

TEST_F(StoreCommands, sessions_count_their_own_trades) {
    EXPECT_EQ(run_sessions_command(reader(), kJson, out_), 0);
    const json document = json::parse(out_.str());
    ASSERT_EQ(document["sessions"].size(), 1U);
    EXPECT_EQ(document["sessions"][0]["trades"], 2);
    EXPECT_EQ(document["sessions"][0]["net"], "1759.25");
    EXPECT_TRUE(document["sessions"][0]["ended"].is_null());
}

TEST_F(StoreCommands, orders_and_positions_are_listed) {
    EXPECT_EQ(run_orders_command(reader(), {}, {}, out_), 0);
    EXPECT_NE(out_.str().find("filled  breakout above 21 700\n"), std::string::npos) << out_.str();
    out_.str("");
    EXPECT_EQ(run_positions_command(reader(), {}, kJson, out_), 0);
    const json document = json::parse(out_.str());
    ASSERT_EQ(document["positions"].size(), 1U);
    EXPECT_EQ(document["positions"][0]["stop"], "21500.00");
    EXPECT_TRUE(document["positions"][0]["target"].is_null());
}

TEST_F(StoreCommands, audit_verify_exits_1_and_names_the_bad_row) {
    EXPECT_EQ(run_audit_verify_command(reader(), "all", {}, {}, out_), 0);
    EXPECT_TRUE(out_.str().starts_with("holds   20240125-a  5 rows, head ")) << out_.str();
    // One letter of a stored row, changed in the file: "BUY" stays, the reason is another.
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    std::stringstream all;
    all << file.rdbuf();
    std::string bytes = all.str();
    size_t changed = 0;
    for (size_t at = bytes.find("why=\"breakout"); at != std::string::npos; at = bytes.find("why=\"breakout", at + 1)) {
        file.clear();
        file.seekp(static_cast<std::streamoff>(at + 5));
        file.put('B');
        ++changed;
    }
    file.close();
    ASSERT_GT(changed, 0U);
    out_.str("");
    EXPECT_EQ(run_audit_verify_command(reader(), "all", {}, kJson, out_), 1);
    const json document = json::parse(out_.str());
    EXPECT_EQ(document["holds"], false);
    EXPECT_EQ(document["sessions"][0]["bad_row"], 2);
}

// 11:00 in India is 05:30 UTC, and no one reads nanoseconds.
TEST_F(StoreCommands, audit_rows_say_times_as_a_clock_does) {
    EXPECT_EQ(run_audit_command(reader(), AuditFilter(), OutputStyle(), out_), 0);
    EXPECT_EQ(out_.str().find("_ns="), std::string::npos) << out_.str();
    EXPECT_NE(out_.str().find(" opened="), std::string::npos) << out_.str();
}

TEST_F(StoreCommands, audit_rows_are_filtered) {
    AuditFilter filter;
    filter.kind = "trade";
    EXPECT_EQ(run_audit_command(reader(), filter, kJson, out_), 0);
    const json document = json::parse(out_.str());
    ASSERT_EQ(document["rows"].size(), 2U);
    EXPECT_EQ(document["rows"][0]["row"], 4);
    EXPECT_EQ(document["rows"][0]["kind"], "trade");
}

TEST_F(StoreCommands, nothing_found_says_where_was_looked) {
    RowFilter filter;
    filter.from = at(make_date(2025, 1, 1), {});
    EXPECT_EQ(run_trades_command(reader(), filter, {}, out_), 0);
    EXPECT_EQ(out_.str(), "No trades in the last session at that time.\n");
    filter.session = "nope";
    EXPECT_EQ(run_trades_command(reader(), filter, {}, out_).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace tide
