// The main job from end to end: market data in, a strategy's orders out, and again as something a person can read.
#include "engine_process.hpp"

namespace tide {
namespace {

class PaperSession : public EngineTest {
  protected:
    // January 2024 would do for determinism; five months is what the product promises.
    std::string replay_inputs() const {
        const auto data = data_folder();
        return "--history " + (data / "nifty_daily").string() + " --history " + (data / "nse_daily_2023_2026").string() +
               " --history " + (data / "vix_daily").string() + " --option-model bs --to 2024-05-31 --from 2024-01-01";
    }
};

TEST_F(PaperSession, the_synthetic_day_trades_for_stated_reasons_and_ends_flat) {
    const auto run = paper("adx_trend.lua", "--json");
    ASSERT_EQ(run.code, 0) << run.err;
    const auto document = run.json();
    EXPECT_EQ(document["schema_version"], 1);
    EXPECT_EQ(document["mode"], "paper");
    EXPECT_GE(document["result"]["trades"], 1) << run.out;
    const auto trades = engine("trades --json --home " + home());
    ASSERT_EQ(trades.code, 0) << trades.err;
    for (const auto& trade : trades.json()["trades"]) {
        EXPECT_FALSE(trade["why"].get<std::string>().empty());
        EXPECT_FALSE(trade["exit"]["rule"].get<std::string>().empty()) << trade;
    }
    EXPECT_EQ(engine("positions --json --home " + home()).json()["positions"].size(), 0);
    EXPECT_EQ(engine("audit verify --home " + home()).code, 0);
}

TEST_F(PaperSession, the_same_run_twice_gives_the_same_journal_and_audit_and_verifies) {
    const auto first = paper("adx_trend.lua", "--json").json();
    const auto second = paper("adx_trend.lua", "--json").json();
    ASSERT_FALSE(first.is_discarded());
    EXPECT_EQ(first["journal"]["sha256"], second["journal"]["sha256"]);
    EXPECT_EQ(first["audit"], second["audit"]);
    const auto verified = engine("replay --verify --json " + first["journal"]["path"].get<std::string>());
    EXPECT_EQ(verified.code, 0) << verified.err;
    EXPECT_EQ(verified.json()["audit"]["head"], first["audit"]["head"]);
}

TEST_F(PaperSession, another_seed_is_another_day) {
    const auto first = paper("adx_trend.lua", "--json --feed synthetic:1").json();
    const auto second = paper("adx_trend.lua", "--json --feed synthetic:2").json();
    EXPECT_NE(first["journal"]["sha256"], second["journal"]["sha256"]);
}

TEST_F(PaperSession, a_changed_journal_does_not_verify) {
    const auto run = paper("adx_trend.lua", "--json").json();
    const std::string path = run["journal"]["path"];
    std::string bytes = read(path);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    std::ofstream(path, std::ios::binary) << bytes;
    const auto verified = engine("replay --verify " + path);
    EXPECT_EQ(verified.code, 1);
    EXPECT_NE(verified.error_line(), "") << verified.err;
}

TEST_F(PaperSession, five_months_of_recorded_bars_trade_alike_on_paper_in_backtest_and_in_replay) {
    if (data_folder().empty()) GTEST_SKIP() << "real market data is not here (TIDE_DATA)";
    const auto bars = (data_folder() / "idx_1m_2024").string();
    const auto run = paper("adx_trend.lua", "--json --feed replay:" + bars + " " + replay_inputs());
    ASSERT_EQ(run.code, 0) << run.err;
    const auto document = run.json();
    EXPECT_GE(document["result"]["trades"], 1);
    const auto again = paper("adx_trend.lua", "--json --feed replay:" + bars + " " + replay_inputs()).json();
    EXPECT_EQ(document["journal"]["sha256"], again["journal"]["sha256"]);
    EXPECT_EQ(document["audit"]["head"], again["audit"]["head"]);
    EXPECT_EQ(engine("replay --verify " + document["journal"]["path"].get<std::string>()).code, 0);
    const auto backtest = engine("backtest --json --script adx_trend.lua --data " + bars + " " + replay_inputs() + " --home " + home());
    ASSERT_EQ(backtest.code, 0) << backtest.err;
    EXPECT_EQ(backtest.json()["result"], document["result"]);
    // Every trade's exit is in the exit audit.
    const auto exits = engine("audit --kind exit --json --home " + home());
    EXPECT_GE(exits.json()["rows"].size(), document["result"]["trades"].get<size_t>());
    EXPECT_EQ(engine("audit verify --home " + home()).code, 0);
}

TEST_F(PaperSession, a_real_option_day_needs_no_model) {
    if (data_folder().empty()) GTEST_SKIP() << "real market data is not here (TIDE_DATA)";
    const auto day = (data_folder() / "banknifty_full_day_20221230").string();
    const auto run = paper("adx_trend.lua", "--json --vix realised --feed replay:" + day + " --history " + day);
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(run.json()["data"]["from"], "2022-12-30");
    EXPECT_EQ(run.out.find("priced by model"), std::string::npos);
}

}  // namespace
}  // namespace tide
