// Doubtful data through the whole program.

#include <algorithm>
#include <string>

#include "engine_process.hpp"
#include "support/paths.hpp"

namespace tide {
namespace {

class DataQualityRun : public EngineTest {
  protected:
    static std::string unzipped(const std::filesystem::path& file) {
        std::string text;
        FILE* in = popen(("zcat '" + file.string() + "'").c_str(), "r");
        std::array<char, 1 << 16> buffer;
        for (size_t n = 0; in != nullptr && (n = std::fread(buffer.data(), 1, buffer.size(), in)) > 0;)
            text.append(buffer.data(), n);
        if (in != nullptr) pclose(in);
        return text;
    }
    // The rows of one contract, received a day later than they were: the holiday becomes a trading day.
    std::string contract_a_day_later(const std::string& chain, const std::string& expiry, const std::string& strike) {
        std::istringstream lines(chain);
        std::string line, text;
        std::getline(lines, line);
        text = line + "\n";
        while (std::getline(lines, line)) {
            if (line.find("," + expiry + "," + strike + ",CE,") == std::string::npos) continue;
            const auto at = line.find("2025-08-27T");
            if (at != std::string::npos) line.replace(at, 10, "2025-08-28");
            text += line + "\n";
        }
        return write("chain/NIFTY_chain_2025-08-28.csv", text);
    }
    int64_t refusals(const std::string& code) const {
        const auto rows = engine("audit --kind risk --json --limit 100000 --home " + home());
        int64_t count = 0;
        for (size_t at = rows.out.find(code); at != std::string::npos; at = rows.out.find(code, at + 1)) ++count;
        return count;
    }
};

constexpr const char* kBuyer = R"lua(
local S = strategy { name = "buyer", version = "1.0.0", api = 1,
  needs = { symbols = { "NIFTY 2025-09-09 24700 CE" }, bars = { "1m" }, ticks = true } }
function S.on_tick(ctx, tick)
  ctx:enter { symbol = tick.symbol, lots = 1, why = "always" }
end
function S.on_link(ctx, event) ctx:log(event.kind, event.what, event.state, event.symbol or "feed") end
return S
)lua";

TEST_F(DataQualityRun, a_session_over_the_frozen_chain_refuses_entries_as_frozen) {
    const auto file = data_folder() / "chain_nse_20250829" / "NIFTY_chain_2025-08-27.csv.gz";
    if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is not there (set TIDE_DATA)";
    const auto data = contract_a_day_later(unzipped(file), "2025-09-09", "24700");
    const auto script = write("buyer.lua", kBuyer);
    const auto config = write("engine.toml", "[session]\nentry_from = \"09:15\"\n");
    const auto run = paper(script, "--feed replay:" + data + " --config " + config);
    ASSERT_EQ(run.code, 0) << run.err;
    // Seven ticks: 0, 65, 130, … s. Three repeats and 120 s are there at the fourth; before, the underlying is missing.
    EXPECT_EQ(refusals("code=data_frozen"), 4) << engine("audit --kind risk --home " + home()).out;
    EXPECT_EQ(refusals("code=no_underlying_price"), 3);
    const auto notes = engine("audit --kind note --json --home " + home()).out;
    EXPECT_NE(notes.find("quality frozen bad feed"), std::string::npos) << notes;
    EXPECT_NE(engine("audit --kind quality --home " + home()).out.find("frozen"), std::string::npos);
}

TEST_F(DataQualityRun, the_chain_of_a_holiday_is_not_traded) {
    const auto file = data_folder() / "chain_nse_20250829" / "NIFTY_chain_2025-08-27.csv.gz";
    if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is not there (set TIDE_DATA)";
    const auto run = paper(write("buyer.lua", kBuyer), "--feed replay:" + file.string());
    EXPECT_EQ(run.code, 2);
    EXPECT_NE(run.error_line().find("no trading day"), std::string::npos) << run.err;
}

constexpr const char* kWatcher = R"lua(
local S = strategy { name = "watcher", version = "1.0.0", api = 1, needs = { symbols = { "NIFTY" }, bars = { "1m" } } }
function S.on_link(ctx, event) ctx:log(event.kind, event.what, event.state, event.symbol or "feed") end
function S.on_bar(ctx, bar)
  local q = ctx:quality("NIFTY")
  local pct, mode = ctx:gap("NIFTY")
  if ctx.time == "09:16" then ctx:log("quality", q.ok, "gap", string.format("%.1f", pct), mode) end
end
return S
)lua";

TEST_F(DataQualityRun, a_usual_day_has_nothing_to_say_and_a_dead_feed_has) {
    const auto script = write("watcher.lua", kWatcher);
    const auto usual = paper(script, "--feed synthetic:7");
    ASSERT_EQ(usual.code, 0) << usual.err;
    // The synthetic market misses one second in fifty, which is told; nothing else is.
    std::istringstream told(engine("audit --kind quality --json --home " + home()).out);
    for (std::string line; std::getline(told, line);) {
        const bool missing = line.find("what=missing") != std::string::npos;
        EXPECT_TRUE(missing || line.find("of=") == std::string::npos) << line;
    }
    const auto dead = paper(script, "--feed synthetic:dead_feed:7");
    ASSERT_EQ(dead.code, 0) << dead.err;
    const auto rows = engine("audit --kind quality --home " + home()).out;
    EXPECT_NE(rows.find("NIFTY"), std::string::npos) << rows;
    const auto notes = engine("audit --kind note --home " + home() + " --limit 100000").out;
    EXPECT_NE(notes.find("quality stale bad NIFTY"), std::string::npos) << notes;
    EXPECT_NE(notes.find("feed synthetic down feed"), std::string::npos) << notes;
}

TEST_F(DataQualityRun, a_backup_bridges_a_dead_feed_and_the_journal_replays_the_switch) {
    const auto script = write("watcher.lua", kWatcher);
    const auto run = paper(script, "--feed synthetic:dead_feed:7 --feed synthetic:7");
    ASSERT_EQ(run.code, 0) << run.err;
    const auto notes = engine("audit --kind note --home " + home() + " --limit 100000").out;
    EXPECT_NE(notes.find("feed feeds degraded feed"), std::string::npos) << notes;
    EXPECT_NE(notes.find("feed feeds up feed"), std::string::npos) << notes;
    EXPECT_EQ(notes.find("quality stale bad NIFTY"), std::string::npos) << notes;
    for (const auto& entry : std::filesystem::directory_iterator(folder() / "home" / "journals")) {
        const auto replay = engine("replay " + entry.path().string() + " --verify");
        EXPECT_EQ(replay.code, 0) << replay.err;
    }
}

TEST_F(DataQualityRun, an_opening_gap_is_gap_mode_for_three_minutes) {
    const auto run = paper(write("watcher.lua", kWatcher), "--feed synthetic:gap_up:7");
    ASSERT_EQ(run.code, 0) << run.err;
    const auto rows = engine("audit --kind quality --home " + home()).out;
    EXPECT_NE(rows.find("gap_mode"), std::string::npos) << rows;
    const auto notes = engine("audit --kind note --home " + home() + " --limit 100000").out;
    EXPECT_NE(notes.find("gap gap_mode bad NIFTY"), std::string::npos) << notes;
    EXPECT_NE(notes.find("gap gap_mode good NIFTY"), std::string::npos) << notes;
    EXPECT_NE(notes.find("gap 2.4 true"), std::string::npos) << notes;  // the scenario opens 2.4 % higher
}

TEST_F(DataQualityRun, two_feeds_need_a_mode_that_is_known) {
    const auto run = paper("adx_trend.lua", "--feed synthetic:7 --feed synthetic:8 --feed-mode both");
    EXPECT_EQ(run.code, 2);
    EXPECT_NE(run.error_line().find("--feed-mode"), std::string::npos) << run.err;
}

}  // namespace
}  // namespace tide
