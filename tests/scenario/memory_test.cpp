// A whole paper day in one process: memory grows with what is kept, never with the number of ticks seen.
#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <vector>

#include "engine_process.hpp"
#include "support/paths.hpp"

namespace tide {
namespace {

// Looks at every tick, bar and chain, and trades.
constexpr const char* kBusy = R"(
local S = strategy { name = "busy", version = "1.0.0", api = 1,
  needs = { symbols = { "NIFTY", "BANKNIFTY" }, bars = { "1m", "5m" }, ticks = true, chain = { strikes = 5 } } }
local ema
local seen = 0
function S.on_start(ctx) ema = ctx:indicator("NIFTY", "1m", "ema", 9) end
function S.on_tick(ctx, tick) seen = seen + 1 end
function S.on_bar(ctx, bar)
  if bar.tf ~= "5m" or bar.symbol ~= "NIFTY" then return end
  local open = ctx:positions()
  if #open > 0 then
    ctx:exit(open[1].id, { rule = "turn", reason = "five minutes on", priority = 4 })
  else
    ctx:enter { leg = ctx:chain("NIFTY", { min_days = 4 }):atm("CE"), lots = 1, stop_pct = 1.9, why = "five minutes on" }
  end
end
return S
)";

class Memory : public EngineTest {
  protected:
    struct Sample {
        int64_t journal_bytes = 0;  // how far the day has come
        int64_t own_kb = 0;         // resident, without what is a file's
    };
    void start(const std::string& feed) {
        const std::string script = write("busy.lua", kBusy), log = (folder() / "engine.log").string();
        // Losses do not end the trading.
        const std::string config = write("memory.toml",
                                         "[risk]\nlosing_streak = 100\nday_loss_warn_pct = 80\nday_loss_pct = 90\n"
                                         "drawdown_pct = 90\nequity_floor_pct = 1\n");
        std::vector<std::string> words{engine_program(), "run",      "--paper", "--plain", "--in-process", "--script",
                                       script,           "--feed",   feed,      "--speed", "max",          "--home",
                                       home(),           "--config", config};
        std::vector<char*> arguments;
        for (auto& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        process_ = ::fork();
        if (process_ != 0) return;
        const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        ::dup2(out, 1);
        ::dup2(out, 2);
        ::execv(engine_program().c_str(), arguments.data());
        ::_exit(127);
    }
    int64_t journal_bytes() const {
        std::error_code ignored;
        int64_t bytes = 0;
        for (const auto& file : std::filesystem::directory_iterator(home() + "/journals", ignored)) {
            if (file.path().extension() == ".journal") bytes += static_cast<int64_t>(file.file_size(ignored));
        }
        return bytes;
    }
    int64_t own_kb() const {
        std::ifstream status("/proc/" + std::to_string(process_) + "/status");
        for (std::string line; std::getline(status, line);) {
            if (line.rfind("RssAnon:", 0) == 0) return std::atoll(line.c_str() + 8);
        }
        return 0;
    }
    // How far a day went, and the most memory it took near its end: what the end itself takes (reports, the store's
    // backup) is not of the session.
    struct Day {
        int64_t journal_bytes = 0, late_kb = 0;
    };
    Day run_day(const std::string& feed) {
        std::filesystem::remove_all(home());
        start(feed);
        std::vector<Sample> samples;
        int status = 0;
        while (::waitpid(process_, &status, WNOHANG) == 0) {
            if (const int64_t kb = own_kb(); kb > 0) samples.push_back({journal_bytes(), kb});
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        process_ = -1;
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << read(folder() / "engine.log");
        Day day{journal_bytes(), 0};
        for (const Sample& sample : samples) {
            const bool late = sample.journal_bytes >= day.journal_bytes * 8 / 10;
            const bool over = sample.journal_bytes > day.journal_bytes * 97 / 100;
            if (late && !over) day.late_kb = std::max(day.late_kb, sample.own_kb);
        }
        return day;
    }
};

// From 9:15 to 15:30 at full speed, with one tick a second of each index and with fifty: the same bars, positions and
// chains are kept of both.
TEST_F(Memory, of_a_whole_paper_day_does_not_grow_with_its_ticks) {
    const Day quiet = run_day("synthetic:usual:7,rate=1");
    const Day busy = run_day("synthetic:usual:7,rate=50");
    std::printf("journals of %lld and %lld kB; resident near the end of the day %lld and %lld kB\n",
                static_cast<long long>(quiet.journal_bytes / 1024), static_cast<long long>(busy.journal_bytes / 1024),
                static_cast<long long>(quiet.late_kb), static_cast<long long>(busy.late_kb));
    ASSERT_GT(quiet.late_kb, 0) << "the day was over before it could be watched";
    ASSERT_GT(busy.late_kb, 0) << "the day was over before it could be watched";
    // A tick is 100 bytes of the journal: six bytes kept of each of two million more would be more than this.
    ASSERT_GT(busy.journal_bytes - quiet.journal_bytes, 200'000'000);
    EXPECT_LT(busy.late_kb - quiet.late_kb, 12'000);
}

}  // namespace
}  // namespace tide
