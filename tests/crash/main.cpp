// Kills a running paper session (SIGKILL) at instants that a seed chooses: while it trades, starts, or recovers. Its
// exchange is a process of its own that lives on. Each kill is followed by the same start again; at each session's end
// every trade of the exchange must be in the store exactly once, and everything must verify.
//
//   crash_tests --kills 500 [--seed 1] [--speed 3000] [--keep]
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "support/paths.hpp"
#include "support/trader.hpp"

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

struct Options {
    int kills = 5;
    unsigned seed = 1;
    std::string speed = "3000";
    bool keep = false;
};

[[noreturn]] void fail(const std::string& what) {
    std::cerr << "crash test: " << what << "\n";
    std::exit(1);
}

std::string read(const fs::path& file) {
    std::ifstream in(file);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

class CrashTest {
  public:
    explicit CrashTest(const Options& options) : options_(options), dice_(options.seed) {
        folder_ = fs::temp_directory_path() / fmt::format("tide-crash-{}", ::getpid());
        home_ = folder_ / "home";
        fs::create_directories(home_);
        std::ofstream(folder_ / "trader.lua") << tide::kTrader;
        std::ofstream(folder_ / "crash.toml") << "[session]\nentry_from = \"09:20\"\n[watchdog]\nenabled = false\n"
                                                 "[risk]\nlosing_streak = 100\nday_loss_pct = 90\ndrawdown_pct = 90\n"
                                                 "[orders]\nduplicate_window_s = 0\n"
                                                 // A busy machine may give a script's process no time.
                                                 "[scripts]\ncallback_limit_ms = 5000\n";
    }
    ~CrashTest() {
        stop(exchange_);
        stop(engine_);
        std::error_code ignored;
        if (!options_.keep) fs::remove_all(folder_, ignored);
    }
    CrashTest(const CrashTest&) = delete;
    CrashTest& operator=(const CrashTest&) = delete;

    void run() {
        exchange_ = start({"paper-exchange", "--home", home_.string()}, "exchange.log");
        wait_for("the exchange", [this] { return fs::exists(home_ / "exchange.sock"); });
        while (kills_ < options_.kills) session(++sessions_);
        fmt::print(
            "{} kills ({} while starting or recovering) over {} sessions: {} trades at the exchange, each in the "
            "store once; {} fill(s) adopted from its books; all chains and replays verify\n",
            kills_, early_kills_, sessions_, trades_, adopted_);
    }

  private:
    pid_t start(std::vector<std::string> words, const std::string& log) {
        words.insert(words.begin(), tide::engine_program().string());
        std::vector<char*> arguments;
        for (auto& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        const std::string path = (folder_ / log).string();
        const pid_t child = ::fork();
        if (child != 0) return child;
        const int out = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        ::dup2(out, 1);
        ::dup2(out, 2);
        ::execv(tide::engine_program().c_str(), arguments.data());
        ::_exit(127);
    }
    static void stop(pid_t& process) {
        if (process <= 0) return;
        ::kill(process, SIGKILL);
        ::waitpid(process, nullptr, 0);
        process = -1;
    }
    template <class Condition>
    void wait_for(const char* what, const Condition& condition) {
        const auto until = Clock::now() + std::chrono::seconds(60);
        while (!condition()) {
            if (Clock::now() > until)
                fail(fmt::format("waited in vain for {}\n{}", what, read(folder_ / "engine.log")));
            std::this_thread::sleep_for(milliseconds(5));
        }
    }
    int64_t draw(int64_t below) { return static_cast<int64_t>(dice_() % static_cast<uint64_t>(below)); }

    fs::path journal() const {
        fs::path newest;
        std::error_code ignored;
        for (const auto& entry : fs::directory_iterator(home_ / "journals", ignored)) {
            if (entry.path().extension() == ".journal" && entry.path() > newest) newest = entry.path();
        }
        return newest;
    }
    uint64_t journal_bytes() const {
        std::error_code ignored;
        const fs::path file = journal();
        return file.empty() ? 0 : fs::file_size(file, ignored);
    }
    // None while it runs.
    std::optional<int> ended() {
        int code = 0;
        if (::waitpid(engine_, &code, WNOHANG) == 0) return std::nullopt;
        engine_ = -1;
        return WIFEXITED(code) ? WEXITSTATUS(code) : 128 + WTERMSIG(code);
    }
    // Lets the engine live until `until`; its exit code when it ends by itself.
    std::optional<int> live(Clock::time_point until) {
        while (Clock::now() < until) {
            if (auto code = ended()) return code;
            std::this_thread::sleep_for(milliseconds(1));
        }
        return ended();
    }
    std::optional<int> live_until_it_writes(uint64_t bytes) {
        const auto until = Clock::now() + std::chrono::seconds(60);
        while (journal_bytes() <= bytes) {
            if (auto code = ended()) return code;
            if (Clock::now() > until) fail("the engine does not go on\n" + read(folder_ / "engine.log"));
            std::this_thread::sleep_for(milliseconds(1));
        }
        return std::nullopt;
    }

    // One day, started again after each kill until it ends by itself.
    void session(int number) {
        const std::string feed = fmt::format("synthetic:usual:{},strikes=3", options_.seed * 1000 + number);
        bool wants_kills = true;
        for (int starts = 0;; ++starts) {
            if (starts > 400) fail("a session does not come to its end");
            const uint64_t before = journal_bytes();
            std::vector<std::string> words{
                "run",          "--paper", "--plain",      "--script",      (folder_ / "trader.lua").string(),
                "--feed",       feed,      "--broker",     "paper-process", "--speed",
                options_.speed, "--home",  home_.string(), "--config",      (folder_ / "crash.toml").string()};
            if (number % 2 == 0) words.emplace_back("--in-process");
            engine_ = start(words, "engine.log");
            std::optional<int> code;
            wants_kills = kills_ < options_.kills;
            if (!wants_kills) {
                code = live(Clock::now() + std::chrono::seconds(300));
                if (!code) fail("the last session does not end");
            } else if (draw(10) < 3) {
                code = live(Clock::now() + milliseconds(draw(400)));
                if (!code) ++early_kills_;
            } else {
                code = live_until_it_writes(before);
                if (!code) code = live(Clock::now() + std::chrono::microseconds(draw(900'000)));
            }
            if (code) {
                if (*code != 0) fail(fmt::format("the engine ended with {}\n{}", *code, read(folder_ / "engine.log")));
                return check();
            }
            stop(engine_);
            ++kills_;
            if (fs::exists(home_ / "BOOKS_DIFFER")) fail(read(home_ / "BOOKS_DIFFER"));
        }
    }

    nlohmann::json ask(const std::string& words, int expected = 0) {
        const fs::path out = folder_ / "answer";
        const std::string command = fmt::format("{} {} >{} 2>{}", tide::engine_program().string(), words, out.string(),
                                                (folder_ / "error").string());
        const int status = std::system(command.c_str());
        if (!WIFEXITED(status) || WEXITSTATUS(status) != expected)
            fail(fmt::format("'engine {}' ended with {}: {}{}", words, status, read(out), read(folder_ / "error")));
        return nlohmann::json::parse(read(out), nullptr, false);
    }

    // The exchange's own word: its trades are numbered 1, 2, 3, … in each session.
    void check() {
        const std::string home = " --home " + home_.string();
        const std::string name = journal().stem().string();
        const auto books = ask("paper-exchange --show --json" + home);
        if (books["flat"] != true) fail("the exchange holds something at the session's end: " + books.dump());
        const int64_t trades = books["trades"].get<int64_t>();
        const auto rows = ask("audit --kind fill --limit 100000 --json --session " + name + home)["rows"];
        std::set<int64_t> seen;
        for (const auto& row : rows) {
            const auto text = row["text"].get<std::string>();
            if (!seen.insert(std::atoll(text.c_str() + text.find(" id=") + 4)).second)
                fail("a fill is doubled: " + text);
        }
        if (static_cast<int64_t>(seen.size()) != trades || (trades > 0 && *seen.rbegin() != trades))
            fail(fmt::format("the exchange made {} trades, the store has {} of {}", trades, seen.size(), name));
        const auto compared = ask("audit --kind reconcile --limit 100000 --json --session " + name + home)["rows"];
        if (compared.empty() ||
            compared.back()["text"].get<std::string>().find("occasion=day_end what=agreed") == std::string::npos)
            fail("the day's last comparison does not agree: " + compared.dump());
        for (const auto& row : compared) {
            const auto text = row["text"].get<std::string>();
            if (text.find("action=halt") != std::string::npos) fail("a difference: " + text);
            adopted_ += text.find("what=missing_fill") != std::string::npos;
        }
        if (!ask("positions --json --session " + name + home)["positions"].empty())
            fail("the store has a position open");
        ask("replay --verify " + journal().string());
        ask("audit verify" + home);
        trades_ += trades;
    }

    Options options_;
    std::mt19937_64 dice_;
    fs::path folder_, home_;
    pid_t exchange_ = -1, engine_ = -1;
    int kills_ = 0, early_kills_ = 0, sessions_ = 0;
    int64_t trades_ = 0, adopted_ = 0;
};

}  // namespace

int main(int count, char** words) {
    Options options;
    for (int i = 1; i < count; ++i) {
        const std::string word = words[i];
        const bool has_value = i + 1 < count;
        if (word == "--kills" && has_value) {
            options.kills = std::atoi(words[++i]);
        } else if (word == "--seed" && has_value) {
            options.seed = static_cast<unsigned>(std::atoi(words[++i]));
        } else if (word == "--speed" && has_value) {
            options.speed = words[++i];
        } else if (word == "--keep") {
            options.keep = true;
        } else {
            std::cerr << "usage: crash_tests [--kills N] [--seed S] [--speed X] [--keep]\n";
            return 2;
        }
    }
    CrashTest(options).run();
    return 0;
}
