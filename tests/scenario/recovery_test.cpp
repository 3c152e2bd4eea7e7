// What happened to a session, or to its store, does not lose anything.
#include <fcntl.h>
#include <signal.h>

#include <chrono>
#include <thread>

#include "engine_process.hpp"
#include "support/paths.hpp"
#include "support/trader.hpp"

namespace tide {
namespace {

namespace fs = std::filesystem;

class Recovery : public EngineTest {
  protected:
    // So that a day of many small losses goes on to its end.
    static constexpr const char* kCalm = "[risk]\nlosing_streak = 100\nday_loss_pct = 90\ndrawdown_pct = 90\n";
    static constexpr const char* kFeed = "synthetic:usual:11,strikes=3";
    std::vector<std::string> words(const std::string& speed, const std::string& broker) {
        return {engine_program(), "run",
                "--paper",        "--plain",
                "--script",       write("trader.lua", kTrader),
                "--feed",         kFeed,
                "--speed",        speed,
                "--home",         home(),
                "--broker",       broker,
                "--config",       write("calm.toml", kCalm)};
    }
    std::string command(const std::string& broker) {
        std::string line;
        const auto all = words("max", broker);
        for (size_t i = 1; i < all.size(); ++i) line += (i == 1 ? "" : " ") + all[i];
        return line;
    }
    // Runs a session and kills it when its journal has grown to `bytes`.
    void run_and_kill(const std::string& broker, uint64_t bytes) {
        auto all = words("max", broker);
        std::vector<char*> arguments;
        for (auto& word : all) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        process_ = ::fork();
        if (process_ == 0) {
            const int out = ::open((folder() / "engine.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
            ::dup2(out, 1);
            ::dup2(out, 2);
            ::execv(engine_program().c_str(), arguments.data());
            ::_exit(127);
        }
        while (journal_bytes() < bytes) {
            ASSERT_EQ(::waitpid(process_, nullptr, WNOHANG), 0) << read(folder() / "engine.log");
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
        process_ = -1;
    }
    std::vector<fs::path> journals() const {
        std::vector<fs::path> all;
        std::error_code ignored;
        for (const auto& entry : fs::directory_iterator(fs::path(home()) / "journals", ignored)) {
            if (entry.path().extension() == ".journal") all.push_back(entry.path());
        }
        return all;
    }
    uint64_t journal_bytes() const {
        std::error_code ignored;
        return journals().empty() ? 0 : fs::file_size(journals().front(), ignored);
    }
    nlohmann::json trades() const {
        auto all = engine("trades --json --limit 1000 --home " + home()).json()["trades"];
        for (auto& trade : all) trade.erase("session");
        return all;
    }
    fs::path store() const { return fs::path(home()) / "ledger.db"; }
};

TEST_F(Recovery, a_killed_session_goes_on_and_its_trades_are_those_of_one_that_was_not_killed) {
    run_and_kill("paper", 3'000'000);
    const auto went_on = engine(command("paper"));
    EXPECT_EQ(went_on.code, 0) << went_on.err;
    EXPECT_NE(went_on.out.find("was interrupted after event"), std::string::npos) << went_on.out;
    ASSERT_EQ(journals().size(), 1U);
    EXPECT_EQ(engine("replay --verify " + journals().front().string()).code, 0);
    EXPECT_EQ(engine("audit verify --home " + home()).code, 0);
    EXPECT_EQ(engine("recover --home " + home()).code, 0);  // nothing was missing
    const auto report = nlohmann::json::parse(
        read(fs::path(home()) / "reconciliations" / (journals().front().stem().string() + ".json")), nullptr, false);
    EXPECT_EQ(report["agreed"], true) << report.dump(2);
    EXPECT_EQ(report["occasion"], "day_end");
}

TEST_F(Recovery, a_torn_journal_is_cut_and_kept_and_the_session_goes_on) {
    run_and_kill("paper", 3'000'000);
    std::ofstream(journals().front(), std::ios::app | std::ios::binary) << std::string("\x40\0\0\0half a record", 17);
    const auto went_on = engine(command("paper"));
    EXPECT_EQ(went_on.code, 0) << went_on.err;
    EXPECT_NE(went_on.err.find("the last write was cut short"), std::string::npos) << went_on.err;
    EXPECT_EQ(read(journals().front().string() + ".cut-1").size(), 17U);
    EXPECT_EQ(engine("replay --verify " + journals().front().string()).code, 0);
}

TEST_F(Recovery, another_start_is_another_session_and_says_so) {
    run_and_kill("paper", 3'000'000);
    const auto other =
        paper(write("idle.lua",
                    "local S = strategy { name = \"idle\", version = \"1.0.0\", api = 1, needs = { "
                    "symbols = { \"NIFTY\" }, bars = { \"1m\" } } }\nfunction S.on_bar() end\nreturn S\n"),
              std::string("--feed ") + kFeed + " --config " + write("calm.toml", kCalm));
    EXPECT_EQ(other.code, 0) << other.err;
    EXPECT_NE(other.err.find("it ran other strategies"), std::string::npos) << other.err;
    EXPECT_EQ(journals().size(), 2U);
}

TEST_F(Recovery, a_damaged_store_is_set_aside_and_made_again) {
    ASSERT_EQ(engine(command("paper")).code, 0);
    const auto before = trades();
    ASSERT_FALSE(before.empty());
    const std::string whole = read(store());
    const auto recover = [this] { return engine("recover --home " + home()); };
    const auto damaged_files = [this] {
        size_t count = 0;
        for (const auto& entry : fs::directory_iterator(home()))
            count += entry.path().filename().string().find("ledger.db.damaged-") == 0;
        return count;
    };
    const auto expect_mended = [&](const char* what, size_t files) {
        const auto mended = recover();
        EXPECT_EQ(mended.code, 1) << what << mended.err;
        EXPECT_NE(mended.err.find("the store was damaged"), std::string::npos) << what << ": " << mended.err;
        EXPECT_EQ(trades(), before) << what;
        EXPECT_EQ(engine("audit verify --home " + home()).code, 0) << what;
        EXPECT_GE(damaged_files(), files) << what;
        EXPECT_EQ(recover().code, 0) << what;
    };
    {
        std::string flipped = whole;
        for (size_t page = 3; page * 4096 < flipped.size(); page += 2) flipped[page * 4096] ^= 0x55;
        std::ofstream(store(), std::ios::binary) << flipped;
        expect_mended("bits flipped", 1);
    }
    std::ofstream(store(), std::ios::binary | std::ios::trunc)
        << "not a database at all, but long enough to be a header";
    expect_mended("no database", 2);
    fs::resize_file(store(), fs::file_size(store()) / 2);
    expect_mended("truncated", 3);
    ASSERT_EQ(std::system(("python3 - <<'PY'\nimport sqlite3\nsqlite3.connect('" + store().string() +
                           "').execute('DROP TABLE fills').connection.commit()\nPY")
                              .c_str()),
              0);
    expect_mended("a table missing", 4);
}

TEST_F(Recovery, a_start_makes_a_damaged_store_again_before_it_adds_to_it) {
    ASSERT_EQ(engine(command("paper")).code, 0);
    const auto before = trades().size();
    fs::resize_file(store(), fs::file_size(store()) / 2);
    const auto next = engine(command("paper"));
    EXPECT_EQ(next.code, 0) << next.err;
    EXPECT_NE(next.err.find("the store was damaged"), std::string::npos) << next.err;
    const auto all = engine("trades --json --limit 1000 --session all --home " + home()).json()["trades"];
    EXPECT_EQ(all.size(), 2 * before);
    EXPECT_EQ(engine("audit verify --home " + home()).code, 0);
}

TEST_F(Recovery, a_difference_that_was_not_acknowledged_lets_no_session_start) {
    ASSERT_EQ(engine("health-check --home " + home()).code, 0);
    fs::create_directories(home());
    std::ofstream(fs::path(home()) / "BOOKS_DIFFER") << "left from yesterday\n";
    EXPECT_EQ(engine(command("paper")).code, 4);
    EXPECT_EQ(engine("recover --acknowledge --home " + home()).code, 2);  // no reason
    EXPECT_EQ(engine("recover --acknowledge --reason \"sold by hand\" --home " + home()).code, 0);
    EXPECT_FALSE(fs::exists(fs::path(home()) / "BOOKS_DIFFER"));
    EXPECT_NE(read(fs::path(home()) / "operator.log").find("sold by hand"), std::string::npos);
}

}  // namespace
}  // namespace tide
