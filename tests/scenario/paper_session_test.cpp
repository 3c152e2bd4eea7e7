// The main job from end to end: market data in, a strategy's orders out, and again as something a person can read.
#include "engine_process.hpp"
#include "support/paths.hpp"

namespace tide {
namespace {

class PaperSession : public EngineTest {
  protected:
    // January 2024 would do for determinism; five months is what the product promises.
    std::string replay_inputs() const {
        const auto data = data_folder();
        return "--history " + (data / "nifty_daily").string() + " --history " +
               (data / "nse_daily_2023_2026").string() + " --history " + (data / "vix_daily").string() +
               " --option-model bs --to 2024-05-31 --from 2024-01-01";
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
    const auto listed = trades.json();
    EXPECT_EQ(listed["trades"].size(), document["result"]["trades"]);
    for (const auto& trade : listed["trades"]) {
        EXPECT_FALSE(trade["why"].get<std::string>().empty());
        EXPECT_FALSE(trade["exit_rule"].get<std::string>().empty()) << trade;
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
    const auto backtest =
        engine("backtest --json --script adx_trend.lua --data " + bars + " " + replay_inputs() + " --home " + home());
    ASSERT_EQ(backtest.code, 0) << backtest.err;
    EXPECT_EQ(backtest.json()["result"], document["result"]);
    // Every trade's exit is in the exit audit.
    const auto exits = engine("audit --kind exit --json --home " + home());
    EXPECT_GE(exits.json()["rows"].size(), document["result"]["trades"].get<size_t>());
    EXPECT_EQ(engine("audit verify --home " + home()).code, 0);
}

TEST_F(PaperSession, the_store_is_completed_from_the_journal) {
    const auto run = paper("adx_trend.lua", "--json").json();
    std::filesystem::remove(std::filesystem::path(home()) / "ledger.db");
    EXPECT_EQ(engine("recover --home " + home()).code, 1);  // something was missing
    EXPECT_EQ(engine("recover --home " + home()).code, 0);
    const auto verified = engine("audit verify --json --home " + home());
    EXPECT_EQ(verified.code, 0);
    EXPECT_NE(verified.out.find(run["audit"]["head"].get<std::string>()), std::string::npos) << verified.out;
    EXPECT_EQ(engine("trades --json --home " + home()).json()["trades"].size(), run["result"]["trades"]);
}

TEST_F(PaperSession, a_session_killed_in_the_middle_keeps_its_journal_and_is_recovered) {
    const std::string command = engine_program().string() +
                                " run --script adx_trend.lua --paper --plain --speed 3000 --home " + home() +
                                " >/dev/null 2>&1 & pid=$!; sleep 2; kill -9 $pid; wait $pid 2>/dev/null; true";
    ASSERT_EQ(std::system(("bash -c '" + command + "'").c_str()), 0);
    const auto recovered = engine("recover --json --home " + home());
    ASSERT_FALSE(recovered.json().is_discarded()) << recovered.err;
    ASSERT_EQ(recovered.json()["sessions"].size(), 1);
    EXPECT_EQ(recovered.json()["sessions"][0]["interrupted"], true);
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

// Buys the call at the money at 10:30 and sells it at 12:00: what it pays and gets must lie in the recorded minutes.
TEST_F(PaperSession, fills_on_a_real_option_day_lie_in_the_recorded_minutes) {
    if (data_folder().empty()) GTEST_SKIP() << "real market data is not here (TIDE_DATA)";
    const auto day = (data_folder() / "banknifty_full_day_20221230").string();
    const auto script = write("noon.lua", R"(
local S = strategy { name = "noon", version = "1.0.0", api = 1,
  needs = { symbols = { "BANKNIFTY" }, bars = { "1m" }, chain = { strikes = 5 } } }
function S.on_bar(ctx, bar)
  if ctx.time == "10:30" then
    ctx:enter { leg = ctx:chain("BANKNIFTY", { min_days = 4 }):atm("CE"), lots = 1, stop_pct = 1.5, why = "half past ten" }
  elseif ctx.time == "12:00" then
    for _, position in ipairs(ctx:positions()) do ctx:exit(position, { rule = "noon", reason = "it is noon" }) end
  end
end
return S
)");
    const auto run = paper(script, "--json --vix realised --feed replay:" + day + " --history " + day);
    ASSERT_EQ(run.code, 0) << run.err << run.out;
    const auto listed = engine("trades --json --home " + home()).json();
    ASSERT_EQ(listed["trades"].size(), 1) << run.out;
    const auto trade = listed["trades"][0];
    EXPECT_EQ(trade["exit_rule"], "noon");
    EXPECT_EQ(trade["instrument"], "BANKNIFTY 2023-01-05 43300 CE");
    // Of that contract the file has 323.70 to 331.25 for the minute from 10:30 and 243.65 to 257.30 for the one from
    // 12:00; half a modelled spread (0.25 %) and the slippage (0.1 % of a liquid contract) lie beside them.
    const double entry = std::stod(trade["entry"].get<std::string>());
    const double exit = std::stod(trade["exit"].get<std::string>());
    EXPECT_GT(entry, 323.70 * 0.996);
    EXPECT_LT(entry, 331.25 * 1.004);
    EXPECT_GT(exit, 243.65 * 0.996);
    EXPECT_LT(exit, 257.30 * 1.004);
}

}  // namespace
}  // namespace tide
