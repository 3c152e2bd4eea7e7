#include "barstore/quality_report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "../market/shared_data.hpp"
#include "scratch_folder.hpp"
#include "support/paths.hpp"

namespace tide {
namespace {

namespace fs = std::filesystem;

class QualityReportTest : public ::testing::Test {
  protected:
    void SetUp() override {
        auto calendar = TradingCalendar::load(source_dir() / "config/calendars");
        ASSERT_TRUE(calendar);
        calendar_ = std::make_unique<TradingCalendar>(std::move(*calendar));
        auto rules = ContractRules::load(source_dir() / "config/contracts.toml");
        ASSERT_TRUE(rules);
        rules_ = std::make_unique<ContractRules>(std::move(*rules));
    }
    static fs::path recorded(const std::string& name) { return data_folder() / name; }
    Result<QualityReport> report(const fs::path& file) const {
        return quality_report(file, DataQualitySettings(), *calendar_, *rules_);
    }
    static const QualityFinding* find(const QualityReport& report, const std::string& kind,
                                      const std::string& subject = "feed") {
        const auto found = std::find_if(report.findings.begin(), report.findings.end(), [&](const QualityFinding& f) {
            return f.kind == kind && f.subject == subject;
        });
        return found == report.findings.end() ? nullptr : &*found;
    }
    static int64_t total(const QualityReport& report, const std::string& kind) {
        int64_t sum = 0;
        for (const auto& f : report.findings) sum += f.kind == kind ? f.count : 0;
        return sum;
    }
    std::unique_ptr<TradingCalendar> calendar_;
    std::unique_ptr<ContractRules> rules_;
};

// The recorded chain of a holiday: one stamp, 2025-08-26 15:30:00, in seven snapshots from 09:45:17 to 09:51:48.
TEST_F(QualityReportTest, the_frozen_feed_of_2025_08_27_is_called_frozen) {
    const fs::path file = recorded("chain_nse_20250829/NIFTY_chain_2025-08-27.csv.gz");
    TIDE_NEEDS_DATA(file);
    const auto found = report(file);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->rows, 9275);
    const QualityFinding* frozen = find(*found, "frozen");
    ASSERT_NE(frozen, nullptr);
    EXPECT_DOUBLE_EQ(frozen->value, 391);  // 09:51:48 - 09:45:17
    EXPECT_NE(find(*found, "closed_day"), nullptr);
    EXPECT_NE(find(*found, "skewed"), nullptr);  // since yesterday's close
    EXPECT_TRUE(found->doubtful());
}

// Its stamps run 1 to 2 minutes behind; nothing from 10:16 on for 19 minutes.
TEST_F(QualityReportTest, the_chain_of_2025_08_29_runs_behind_and_has_a_hole) {
    const fs::path file = recorded("chain_nse_20250829/NIFTY_chain_2025-08-29.csv.gz");
    TIDE_NEEDS_DATA(file);
    const auto found = report(file);
    ASSERT_TRUE(found) << found.error().message;
    const QualityFinding* skewed = find(*found, "skewed");
    ASSERT_NE(skewed, nullptr);
    EXPECT_GT(skewed->value, 60);
    EXPECT_LT(skewed->value, 120);
    const QualityFinding* hole = find(*found, "stale");
    ASSERT_NE(hole, nullptr);
    EXPECT_NEAR(hole->value, 19 * 60, 60);
    EXPECT_EQ(find(*found, "frozen"), nullptr);
    EXPECT_EQ(find(*found, "closed_day"), nullptr);
}

// 744 rows carry the stamp of the row before (counted with awk over the file).
TEST_F(QualityReportTest, repeated_stamps_of_full_ticks_are_counted) {
    const fs::path file = recorded("kite_full_ticks_20210820/BANKNIFTY21SEP35300CE_ticks.csv.gz");
    TIDE_NEEDS_DATA(file);
    const auto found = report(file);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(total(*found, "repeated_stamp") + total(*found, "repeated_tick"), 744);
    EXPECT_EQ(find(*found, "frozen"), nullptr);
}

TEST_F(QualityReportTest, a_clean_index_day_has_no_findings_inside_its_session) {
    const fs::path file = recorded("nifty_1s_2022/NIFTY_1s_2022-08-10.csv.gz");
    TIDE_NEEDS_DATA(file);
    const auto found = report(file);
    ASSERT_TRUE(found) << found.error().message;
    for (const auto& f : found->findings) EXPECT_EQ(f.kind, "outside_session") << f.subject << " " << f.text;
    EXPECT_FALSE(found->doubtful());
}

TEST_F(QualityReportTest, a_file_without_a_readable_row_is_an_error) {
    const test::ScratchFolder folder;
    const fs::path file = folder.path() / "NIFTY_ticks.csv";
    std::ofstream(file) << "ts_ist,ltp\nnever,1\n";
    const auto found = report(file);
    ASSERT_FALSE(found);
    EXPECT_NE(found.error().message.find("no readable row"), std::string::npos);
}

TEST_F(QualityReportTest, a_wild_price_and_a_falling_volume_are_found) {
    const test::ScratchFolder folder;
    const fs::path file = folder.path() / "NIFTY_ticks.csv";
    std::ofstream out(file);
    out << "ts_ist,ltp,volume\n";
    for (int s = 0; s < 40; ++s) {
        out << "2025-08-29T10:00:" << (s < 10 ? "0" : "") << s << "," << (s == 30 ? 12'000 : 24'500 + s % 3) << ","
            << (s == 35 ? 5 : 100 + s) << "\n";
    }
    out.close();
    const auto found = report(file);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(total(*found, "price_spike"), 1);
    EXPECT_EQ(total(*found, "volume_fell"), 1);
}

}  // namespace
}  // namespace tide
