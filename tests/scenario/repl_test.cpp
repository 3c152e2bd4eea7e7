// `engine repl` as a person uses it: on a journal with known bars, on a running engine, in a terminal.
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>

#include <chrono>

#include "engine_process.hpp"
#include "support/paths.hpp"

namespace tide {
namespace {

using Clock = std::chrono::steady_clock;

// Enters once, at 10:15, and says why it does nothing at any other time.
constexpr const char* kOnce = R"(
local S = strategy { name = "once", version = "1.2.0", api = 1, params = { at = param.text("10:15") },
  needs = { symbols = { "RELIANCE" }, bars = { "1m", "5m" } } }
function S.on_bar(ctx, bar)
  if bar.tf ~= "5m" then return end
  ctx:state("RELIANCE", "close_seen", tostring(bar.close))
  if os.date("%H:%M") ~= ctx.params.at then return ctx:skip("not the time") end
  ctx:enter { symbol = "RELIANCE", lots = 1, stop_pct = 1.0, why = "it is the time" }
end
return S
)";

class Repl : public EngineTest {
  protected:
    // One day of minutes whose close is 1000 + minutes since the open / 100, so that what each bar must be is
    // arithmetic, and a calm VIX.
    std::string bars() const {
        std::string text = "ts_ist,open,high,low,close,volume,oi\n", vix = "ts_ist,open,high,low,close\n";
        for (int minute = 0; minute < 375; ++minute) {
            const int at = 9 * 60 + 15 + minute;
            char line[160];
            std::snprintf(line, sizeof line, "2024-01-25T%02d:%02d:00,%.2f,%.2f,%.2f,%.2f,%d,\n", at / 60, at % 60,
                          1000 + minute * 0.01, 1000.05 + minute * 0.01, 999.95 + minute * 0.01, 1000 + minute * 0.01,
                          1000 + minute);
            text += line;
            std::snprintf(line, sizeof line, "2024-01-25T%02d:%02d:00,14,14,14,14\n", at / 60, at % 60);
            vix += line;
        }
        write("data/INDIAVIX_1m.csv", vix);
        return std::filesystem::path(write("data/RELIANCE_1m.csv", text)).parent_path().string();
    }
    std::string journal() const {
        const auto run =
            engine("run --paper --json --speed max --script " + write("once.lua", kOnce) + " --feed replay:" + bars() +
                   " --home " + home() + " --config " + write("c.toml", "[risk]\nposition_size_pct = 25\n"));
        EXPECT_EQ(run.code, 0) << run.err;
        return run.json().value("journal", nlohmann::json::object()).value("path", "");
    }
    EngineOutput eval(const std::string& where, const std::string& code, const std::string& more = "--json") const {
        return engine("repl " + where + " " + more + " --eval '" + code + "'");
    }
    nlohmann::json value(const std::string& where, const std::string& code) const {
        const auto out = eval(where, code);
        EXPECT_EQ(out.code, 0) << code << "\n" << out.err;
        const auto document = out.json();
        return document.is_object() && !document["values"].empty() ? document["values"][0] : nlohmann::json();
    }
    void start(const std::string& speed) {
        const auto file = write("once.lua", kOnce);
        std::vector<std::string> words{engine_program(), "run", "--paper", "--plain",          "--script", file,
                                       "--speed",        speed, "--feed",  "replay:" + bars(), "--home",   home()};
        std::vector<char*> arguments;
        for (auto& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        process_ = ::fork();
        if (process_ == 0) {
            const int out = ::open((folder() / "engine.log").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
            ::dup2(out, 1);
            ::dup2(out, 2);
            ::execv(engine_program().c_str(), arguments.data());
            ::_exit(127);
        }
        const auto until = Clock::now() + std::chrono::seconds(60);
        while (eval("--home " + home(), "bars(\"RELIANCE\")").code != 0) {
            ASSERT_LT(Clock::now(), until) << read(folder() / "engine.log");
        }
    }
};

TEST_F(Repl, a_journal_is_seen_as_it_was_at_that_minute) {
    const std::string at = "--journal " + journal() + " --at 11:05";
    EXPECT_EQ(value(at, "status().time"), "2024-01-25T11:05:00+05:30");
    // The last minute closed by 11:05 is that of 11:04, the 109th after 09:15.
    const auto bars = value(at, "bars(\"RELIANCE\", \"1m\", 3)");
    ASSERT_EQ(bars.size(), 3U);
    EXPECT_EQ(bars[2]["time"], "2024-01-25T11:04:00+05:30");
    EXPECT_DOUBLE_EQ(bars[2]["close"], 1001.09);
    EXPECT_EQ(bars[2]["volume"], 1109);
    EXPECT_DOUBLE_EQ(bars[0]["open"], 1001.07);
    const auto five = value(at, "bars(\"RELIANCE\", \"5m\", 1)")[0];
    EXPECT_EQ(five["time"], "2024-01-25T11:00:00+05:30");
    EXPECT_DOUBLE_EQ(five["open"], 1001.05);
    EXPECT_DOUBLE_EQ(five["high"], 1001.14);
    EXPECT_EQ(five["volume"], 1105 + 1106 + 1107 + 1108 + 1109);
    // With a position the feed tells the path inside each minute: at 11:05:00 that minute's open has come.
    EXPECT_DOUBLE_EQ(value(at, "quote(\"RELIANCE\").last"), 1001.10);
    EXPECT_EQ(value(at, "script(\"once\").state.RELIANCE.close_seen"), "1001.09");
    EXPECT_EQ(value(at, "script(\"once\").params.at"), "10:15");
    EXPECT_EQ(value(at, "script(\"once\").skipping[1].why"), "not the time");
}

TEST_F(Repl, a_trade_and_its_absence_are_explained) {
    const std::string at = "--journal " + journal() + " --at 11:05";
    ASSERT_EQ(value(at, "#orders()"), 1);
    EXPECT_EQ(value(at, "orders()[1].state"), "filled");
    EXPECT_EQ(value(at, "positions()[1].instrument"), "RELIANCE");
    std::string whats;
    for (const auto& step : value(at, "why(orders()[1])")) whats += step["what"].get<std::string>() + ";";
    for (const char* what : {"script;", "cause;", "callback;", "intent 1;", "risk;", "order 1;", "fill 1;"}) {
        EXPECT_NE(whats.find(what), std::string::npos) << what << " in " << whats;
    }
    const auto reasons = value(at, "why_not(\"RELIANCE\", \"10:45\")");
    ASSERT_FALSE(reasons.empty());
    EXPECT_EQ(reasons[0]["what"], "skip");
    EXPECT_EQ(reasons[0]["who"], "once");
    EXPECT_TRUE(reasons[0]["text"].get<std::string>().starts_with("not the time"));
    const auto other = value(at, "why_not(\"NIFTY\", \"10:45\")");
    ASSERT_FALSE(other.empty());
    EXPECT_EQ(other[0]["code"], "not_followed");
    // From the second skip at 10:20 to 11:05, every five minutes: ten; before it the eleven of 09:20 to 10:10.
    const auto skips = value(at, "skips(\"RELIANCE\")");
    int64_t count = 0;
    for (const auto& run : skips) count += run["count"].get<int64_t>();
    EXPECT_EQ(count, 21);
}

TEST_F(Repl, what_cannot_be_is_told_in_one_line_with_its_exit_code) {
    const std::string file = journal();
    const auto expect = [&](const EngineOutput& out, int code, const char* part) {
        EXPECT_EQ(out.code, code) << out.err;
        EXPECT_NE(out.error_line().find(part), std::string::npos) << out.err;
        EXPECT_EQ(out.out, "");
    };
    expect(eval("--home " + home(), "1"), 3, "no engine runs in");
    expect(eval("--journal " + folder().string() + "/none.journal", "1"), 2, "none.journal");
    expect(eval("--journal " + write("bad.journal", "no journal"), "1"), 2, "bad.journal");
    expect(eval("--journal " + file + " --at noon", "1"), 2, "--at noon");
    expect(eval("--at 11:05", "1"), 2, "--journal");
    expect(eval("--journal " + file, "positons()"), 1, "did you mean 'positions'?");
    expect(eval("--journal " + file, "while true do end"), 1, "instruction budget");
    expect(eval("--journal " + file, "x ="), 1, "near '<eof>'");
}

TEST_F(Repl, a_running_engine_is_looked_into_and_its_end_is_told) {
    start("60");
    const std::string at = "--home " + home();
    EXPECT_EQ(value(at, "status().state"), "running");
    EXPECT_EQ(value(at, "scripts()[1].name"), "once");
    // Whatever minute it is: the closes follow from the times.
    for (const auto& bar : value(at, "bars(\"RELIANCE\", \"1m\", 5)")) {
        const std::string time = bar["time"];
        const int minute = std::stoi(time.substr(11, 2)) * 60 + std::stoi(time.substr(14, 2)) - 9 * 60 - 15;
        EXPECT_NEAR(bar["close"].get<double>(), 1000 + minute * 0.01, 1e-9) << time;
    }
    EXPECT_EQ(value(at, "risk().open_positions"), value(at, "#positions()"));
    EXPECT_EQ(eval(at, "bars(\"FOO\")").code, 1);
    EXPECT_EQ(eval(at, "while true do positions() end").code, 1);
    EXPECT_EQ(eval(at, "stop()").code, 1);
    // The session was not disturbed: it stops in order and its journal verifies.
    EXPECT_EQ(engine("stop --immediate --home " + home()).code, 0);
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = -1;
    EXPECT_EQ(WEXITSTATUS(status), 0) << read(folder() / "engine.log");
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(home()) / "journals")) {
        EXPECT_EQ(engine("replay --verify " + entry.path().string()).code, 0);
    }
    EXPECT_EQ(eval(at, "status()").code, 3);
}

// What a person at a terminal types and sees.
class Terminal {
  public:
    explicit Terminal(std::vector<std::string> words) {
        std::vector<char*> arguments;
        for (auto& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        winsize size{40, 120, 0, 0};
        process_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
        if (process_ == 0) {
            ::setenv("TERM", "xterm", 1);
            ::execv(engine_program().c_str(), arguments.data());
            ::_exit(127);
        }
    }
    ~Terminal() {
        if (process_ > 0) {
            ::kill(process_, SIGKILL);
            ::waitpid(process_, nullptr, 0);
        }
        ::close(terminal_);
    }
    void type(const std::string& keys) const { (void)!::write(terminal_, keys.data(), keys.size()); }
    // Reads until `text` has come since the last call.
    bool sees(const std::string& text) {
        const auto until = Clock::now() + std::chrono::seconds(30);
        for (;;) {
            const size_t found = screen_.find(text, from_);
            if (found != std::string::npos) {
                from_ = found + text.size();
                return true;
            }
            pollfd ready{terminal_, POLLIN, 0};
            std::array<char, 4096> bytes;
            if (Clock::now() > until || ::poll(&ready, 1, 1000) < 0) return false;
            if ((ready.revents & POLLIN) == 0 && (ready.revents & POLLHUP) != 0) return false;
            if (ready.revents == 0) continue;
            const ssize_t got = ::read(terminal_, bytes.data(), bytes.size());
            if (got <= 0) return false;
            screen_.append(bytes.data(), static_cast<size_t>(got));
        }
    }
    int wait() {
        int status = 0;
        const auto until = Clock::now() + std::chrono::seconds(30);
        while (::waitpid(process_, &status, WNOHANG) == 0) {
            if (Clock::now() > until) return -1;
            ::poll(nullptr, 0, 20);
        }
        process_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    const std::string& screen() const { return screen_; }

  private:
    int terminal_ = -1;
    pid_t process_ = -1;
    std::string screen_;
    size_t from_ = 0;
};

TEST_F(Repl, a_terminal_has_completion_history_and_ways_out) {
    const std::string file = journal();
    Terminal repl({engine_program(), "repl", "--journal", file, "--at", "11:05", "--home", home()});
    ASSERT_TRUE(repl.sees("tide> ")) << repl.screen();
    // Only at a prompt are keys passed on as they are.
    repl.type("stat\t().phase\r");
    ASSERT_TRUE(repl.sees("open")) << repl.screen();
    ASSERT_TRUE(repl.sees("tide> ")) << repl.screen();
    repl.type("for i = 1, 2 do\r");
    ASSERT_TRUE(repl.sees("  ... ")) << repl.screen();
    repl.type("print(i * 21) end\r");
    ASSERT_TRUE(repl.sees("\n42")) << repl.screen();
    ASSERT_TRUE(repl.sees("tide> ")) << repl.screen();
    repl.type("no such thing\x03");
    ASSERT_TRUE(repl.sees("^C")) << repl.screen();
    ASSERT_TRUE(repl.sees("tide> ")) << repl.screen();
    repl.type("6 * 111\r");
    ASSERT_TRUE(repl.sees("\n666")) << repl.screen();
    ASSERT_TRUE(repl.sees("tide> ")) << repl.screen();
    repl.type("\x1b[A\r");  // the line before again
    ASSERT_TRUE(repl.sees("\n666")) << repl.screen();
    ASSERT_TRUE(repl.sees("tide> ")) << repl.screen();
    repl.type("while true do end\r");
    ASSERT_TRUE(repl.sees("instruction budget")) << repl.screen();
    ASSERT_TRUE(repl.sees("tide> ")) << repl.screen();
    repl.type("\x04");
    EXPECT_EQ(repl.wait(), 0);
    const auto history = std::filesystem::path(home()) / "repl_history";
    EXPECT_NE(read(history).find("print(i"), std::string::npos) << read(history);
    EXPECT_EQ(std::filesystem::status(history).permissions() & std::filesystem::perms::mask,
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace
}  // namespace tide
