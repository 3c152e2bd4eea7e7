#include "ops/why_not.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "ledger/ledger.hpp"
#include "ops_samples.hpp"

namespace tide {
namespace {

using namespace ops_samples;

// A store of one morning with each kind of reason, written as a session writes them.
class WhyNot : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "tide-why-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        LedgerOptions options;
        options.session_id = "s";
        options.mode = "paper";
        options.own_thread = false;
        auto ledger = Ledger::open((folder_ / "ledger.db").string(), options);
        ASSERT_TRUE(ledger) << ledger.error().message;
        AuditChain chain;
        const auto put = [&](Record record) {
            chain.link(record);
            (*ledger)->record(record);
        };
        put(record_at(9, 0, SessionRecord{"s", "start", "paper", ""}));
        put(record_at(9, 0, script("loaded", "")));
        put(record_at(9, 15, DayRecord{kDay, "open", ""}));
        put(record_at(9, 40, QualityRecord{"NIFTY", "stale", true, "silent_s=20", "nothing from NIFTY"}));
        put(record_at(9, 50, QualityRecord{"NIFTY", "stale", false, "", "NIFTY is back"}));
        put(record_at(10, 0, HaltRecord{"vix_spike", true, "change=6", "the VIX jumped"}));
        put(record_at(10, 30, HaltRecord{"vix_spike", false, "", ""}));
        put(record_at(11, 5, refusal(7, "stale_quote")));
        put(record_at(11, 20, skip("daily volume low", 10, 40, 11, 15, 8)));
        put(record_at(12, 0, script("quarantined", "adx.lua:3: attempt to index\n    adx.lua:3 in main chunk")));
        put(record_at(14, 30, DayRecord{kDay, "entry_cutoff", ""}));
        ASSERT_TRUE((*ledger)->flush());
        context_.session_id = "s";
        context_.now = at(kDay, hours(15));
        context_.followed = {"NIFTY"};
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    static ScriptRecord script(const char* status, const char* detail) {
        ScriptRecord record;
        record.strategy = StrategyId(1);
        record.name = "adx";
        record.version = "1.0.0";
        record.sha256 = std::string(64, 'a');
        record.status = status;
        record.detail = detail;
        return record;
    }
    static SkipRecord skip(const char* why, int from_hour, int from_minute, int hour, int minute, int64_t count) {
        return {StrategyId(1),
                "NIFTY",
                why,
                at(kDay, hours(from_hour) + minutes(from_minute)),
                at(kDay, hours(hour) + minutes(minute)),
                count};
    }
    // "what code" of each reason, in order.
    std::vector<std::string> reasons_at(int hour, int minute, const std::string& symbol = "NIFTY") const {
        const auto ledger = LedgerReader::open((folder_ / "ledger.db").string());
        const auto found = why_not(*ledger, context_, symbol, at(kDay, hours(hour) + minutes(minute)));
        EXPECT_TRUE(found) << found.error().message;
        std::vector<std::string> out;
        for (const auto& reason : *found) out.push_back(reason.what + " " + reason.code);
        return out;
    }
    Result<std::string> view(const char* name, const char* argument) const {
        const auto ledger = LedgerReader::open((folder_ / "ledger.db").string());
        return store_view(*ledger, context_, name, argument);
    }

    std::filesystem::path folder_;
    StoreViewContext context_;
};
using Reasons = std::vector<std::string>;

TEST_F(WhyNot, what_held_then_is_named_and_nothing_else) {
    EXPECT_EQ(reasons_at(9, 30), Reasons{});
    EXPECT_EQ(reasons_at(9, 45), Reasons{"quality stale"});
    EXPECT_EQ(reasons_at(9, 50), Reasons{"quality stale"});  // ended inside the minute
    EXPECT_EQ(reasons_at(9, 55), Reasons{});
    EXPECT_EQ(reasons_at(10, 15), Reasons{"halt vix_spike"});
    EXPECT_EQ(reasons_at(10, 35), Reasons{});
    EXPECT_EQ(reasons_at(10, 45), Reasons{"skip "});
    EXPECT_EQ(reasons_at(11, 5), (Reasons{"skip ", "refusal stale_quote"}));
    EXPECT_EQ(reasons_at(12, 10), Reasons{"script quarantined"});
    EXPECT_EQ(reasons_at(14, 45), (Reasons{"script quarantined", "phase entry_cutoff"}));
}

TEST_F(WhyNot, before_the_open_the_phase_is_the_reason) {
    EXPECT_EQ(reasons_at(9, 15), Reasons{});
    EXPECT_EQ(reasons_at(14, 30), (Reasons{"script quarantined", "phase entry_cutoff"}));
}

TEST_F(WhyNot, a_symbol_that_no_script_declares_is_said_so) {
    EXPECT_EQ(reasons_at(9, 30, "BANKNIFTY"), Reasons{"script not_followed"});
}

TEST_F(WhyNot, a_run_of_skips_that_goes_on_counts_too) {
    context_.running_skips = {
        {"adx", "NIFTY", "spread too wide", at(kDay, hours(9) + minutes(20)), at(kDay, hours(9) + minutes(30)), 3}};
    EXPECT_EQ(reasons_at(9, 25), Reasons{"skip "});
    const auto skips = view("skips", "symbol=NIFTY;from=09:00;to=10:00");
    ASSERT_TRUE(skips) << skips.error().message;
    const auto rows = nlohmann::json::parse(*skips)["skips"];
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0]["why"], "spread too wide");
    EXPECT_EQ(nlohmann::json::parse(*view("skips", "symbol=NIFTY"))["skips"].size(), 2U);
    EXPECT_EQ(nlohmann::json::parse(*view("skips", "symbol=NIFTY;from=11:00"))["skips"][0]["strategy"], "adx");
}

TEST_F(WhyNot, wrong_arguments_are_told_in_one_line) {
    for (const auto& [name, argument] : {std::pair{"why_not", "symbol=NIFTY;at=noon"},
                                         {"why_not", "symbol=NIFTY;at=16:00"},  // has not come yet
                                         {"why", "subject=fish:3"},
                                         {"why", "subject=-1"},
                                         {"skips", "from=x"},
                                         {"trades", "n=0"},
                                         {"trades", "m=1"},
                                         {"nothing", ""}}) {
        const auto document = view(name, argument);
        ASSERT_FALSE(document) << name << argument;
        EXPECT_EQ(document.error().message.find('\n'), std::string::npos);
    }
}

TEST_F(WhyNot, a_refused_intent_has_its_reason) {
    const auto why = view("why", "subject=intent:7");
    ASSERT_TRUE(why) << why.error().message;
    const auto steps = nlohmann::json::parse(*why)["steps"];
    ASSERT_EQ(steps.size(), 1U);
    EXPECT_EQ(steps[0]["what"], "risk");
    EXPECT_EQ(steps[0]["text"], "refused: stale_quote (age=9 limit=5): the quote is old");
    EXPECT_FALSE(view("why", "subject=intent:8"));
}

}  // namespace
}  // namespace tide
