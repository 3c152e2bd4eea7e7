#pragma once
#include <fcntl.h>
#include <signal.h>

#include <chrono>

#include "engine_process.hpp"
#include "support/paths.hpp"

// An engine that runs beside the test, with its operator.
namespace tide {

using Clock = std::chrono::steady_clock;
inline constexpr auto kPatience = std::chrono::seconds(60);

// Buys the call at the money as soon as it may, and keeps it.
inline constexpr const char* kKeeper = R"(
local S = strategy { name = "keeper", version = "1.0.0", api = 1,
  needs = { symbols = { "NIFTY" }, bars = { "1m" }, chain = { strikes = 5 } } }
function S.on_bar(ctx, bar)
  if #ctx:positions() == 0 then
    ctx:enter { leg = ctx:chain("NIFTY", { min_days = 4 }):atm("CE"), lots = 1, stop_pct = 1.9, why = "to have one" }
  end
end
return S
)";
inline constexpr const char* kIdle = R"(
local S = strategy { name = "idle", version = "1.0.0", api = 1, needs = { symbols = { "NIFTY" }, bars = { "1m" } } }
function S.on_bar(ctx, bar) end
return S
)";

class Control : public EngineTest {
  protected:
    // `run --paper` beside this process.
    void start(const char* script, const std::string& speed, std::vector<std::string> more = {}) {
        const auto file = write("strategy.lua", script);
        const auto config = write("control.toml", settings_);
        std::vector<std::string> words{engine_program(), "run", "--paper", "--plain", "--script", file,
                                       "--speed",        speed, "--home",  home(),    "--config", config};
        words.insert(words.end(), more.begin(), more.end());
        std::vector<char*> arguments;
        for (auto& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        const auto log = (folder() / "engine.log").string();
        process_ = ::fork();
        if (process_ == 0) {
            const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
            ::dup2(out, 1);
            ::dup2(out, 2);
            ::execv(engine_program().c_str(), arguments.data());
            ::_exit(127);
        }
        wait_for("the engine to run", [this] { return status()["running"] == true; });
    }
    // Of sessions that are started from now on.
    void set(const std::string& settings) { settings_ = settings; }
    std::string log() const { return read(folder() / "engine.log"); }
    // Asks again until it is so; each question takes a process of its own, so this does not spin.
    template <class Condition>
    void wait_for(const char* what, const Condition& condition) {
        const auto until = Clock::now() + kPatience;
        while (!condition()) ASSERT_LT(Clock::now(), until) << "waited in vain for " << what << "\n" << log();
    }
    // While the store is being made there is no answer yet.
    nlohmann::json status() const {
        auto answer = engine("status --json --home " + home()).json();
        return answer.is_object() ? answer : nlohmann::json{{"running", false}};
    }
    bool holds_position() const {
        const auto open = engine("positions --json --home " + home()).json();
        return open.is_object() && open.contains("positions") && !open["positions"].empty();
    }
    void wait_for_position() {
        wait_for("a position", [this] { return holds_position(); });
    }
    int wait_for_end() {
        int code = 0;
        ::waitpid(process_, &code, 0);
        process_ = -1;
        return WIFEXITED(code) ? WEXITSTATUS(code) : 128 + WTERMSIG(code);
    }
    nlohmann::json incident() const {
        if (!std::filesystem::exists(std::filesystem::path(home()) / "incidents")) return {};
        for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(home()) / "incidents")) {
            if (entry.path().extension() == ".json") return nlohmann::json::parse(read(entry.path()), nullptr, false);
        }
        return {};
    }
    EngineOutput say(const std::string& words) const { return engine(words + " --home " + home()); }
    std::string journal() const {
        for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(home()) / "journals"))
            return entry.path().string();
        return "";
    }
    // What every kill switch leaves behind.
    void expect_killed_and_flat() {
        EXPECT_EQ(wait_for_end(), 4) << log();
        EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(home()) / "EMERGENCY_STOP"));
        const auto report = incident();
        EXPECT_EQ(report["flat"], true) << report.dump(2);
        EXPECT_EQ(report["carried_out_by"], "engine");
        EXPECT_FALSE(report["actions"].empty());
        EXPECT_EQ(engine("positions --json --home " + home()).json()["positions"].size(), 0);
        EXPECT_EQ(engine("replay --verify " + journal()).code, 0);
        EXPECT_EQ(paper(write("idle.lua", kIdle)).code, 4);  // latched
    }

  private:
    // A machine that is merely slow must not cost a script its process.
    std::string settings_ =
        "[session]\nentry_from = \"09:20\"\n[watchdog]\nhang_s = 1\n[risk]\nexit_retry_s = 0.1\n"
        "[scripts]\ncallback_limit_ms = 3000\n";
};

}  // namespace tide
