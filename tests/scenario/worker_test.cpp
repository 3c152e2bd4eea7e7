// Scripts in worker processes, as a session runs them.
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <functional>

#include "engine_process.hpp"
#include "support/paths.hpp"

namespace tide {
namespace {

// Waits while `goes_on`; a session of some seconds may take minutes on a machine full of other tests.
void wait_while(const std::function<bool()>& goes_on) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(10);
    while (goes_on() && std::chrono::steady_clock::now() < deadline) ::poll(nullptr, 0, 20);
}

class WorkerSession : public EngineTest {
  protected:
    // A machine full of other tests may let a worker wait for its turn.
    std::string patient(const std::string& limit_ms = "9999") const {
        std::string text = read(source_dir() / "config" / "engine.toml");
        const std::pair<std::string, std::string> changes[] = {
            {"callback_limit_ms = 50 ", "callback_limit_ms = " + limit_ms + " "},
            {"load_limit_ms = 500 ", "load_limit_ms = 9999 "}};
        for (const auto& [setting, value] : changes) {
            const size_t at = text.find(setting);
            EXPECT_NE(at, std::string::npos);
            text.replace(at, setting.size(), value);
        }
        return "--config " + write("engine.toml", text);
    }
    // A day of some seconds.
    void start_session(const std::string& more) {
        const std::string command = "exec " + engine_program().string() +
                                    " run --script adx_trend.lua --paper --speed 3600 --plain --json --home " + home() +
                                    " " + more + " >" + out().string() + " 2>" + notes().string() + " </dev/null";
        process_ = ::fork();
        ASSERT_GE(process_, 0);
        if (process_ != 0) return;
        ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
        ::_exit(127);
    }
    int wait_for_end() {
        int status = 0;
        wait_while([this, &status] {
            if (::waitpid(process_, &status, WNOHANG) == 0) return true;
            process_ = -1;
            return false;
        });
        EXPECT_EQ(process_, -1) << "it has not ended";
        return status;
    }
    // The replay is held to what the session printed at its end.
    void verify() {
        const auto document = nlohmann::json::parse(read(out()), nullptr, false);
        ASSERT_FALSE(document.is_discarded()) << read(out()) << read(notes());
        const auto verified = engine("replay --verify --json " + document["journal"]["path"].get<std::string>());
        EXPECT_EQ(verified.code, 0) << verified.err;
        EXPECT_EQ(verified.json()["audit"]["head"], document["audit"]["head"]);
    }
    std::filesystem::path out() const { return folder() / "session"; }
    std::filesystem::path notes() const { return folder() / "notes"; }
};

TEST_F(WorkerSession, workers_and_the_engines_own_process_give_one_journal_and_one_audit) {
    for (const char* script : {"adx_trend.lua", "opening_range_breakout.lua"}) {
        const auto worker = paper(script, "--json").json();
        const auto own = paper(script, "--json --in-process").json();
        ASSERT_FALSE(worker.is_discarded() || own.is_discarded()) << script;
        EXPECT_EQ(worker["journal"]["sha256"], own["journal"]["sha256"]) << script;
        EXPECT_EQ(worker["audit"], own["audit"]) << script;
        EXPECT_GE(worker["orders"]["intents"], 1) << script;
        const auto verified = engine("replay --verify " + worker["journal"]["path"].get<std::string>());
        EXPECT_EQ(verified.code, 0) << verified.err;
    }
}

// The children of a process whose name is the engine's: its zygote and its workers.
std::vector<pid_t> children_of(pid_t parent) {
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        std::ifstream file(entry.path() / "stat");
        std::string text;
        if (!std::getline(file, text)) continue;
        std::istringstream rest(text.substr(text.rfind(") ") + 2));
        char state = 0;
        pid_t its_parent = 0;
        if (rest >> state >> its_parent && its_parent == parent) found.push_back(std::stoi(entry.path().filename()));
    }
    return found;
}

TEST_F(WorkerSession, a_script_whose_process_stands_still_is_quarantined_at_once_and_the_replay_verifies) {
    start_session(patient("200"));
    // The zygote, its stand-by, the strategy's process and the spare one: all but the engine stand still.
    wait_while([this] { return children_of(process_).size() < 4; });
    ::poll(nullptr, 0, 500);
    const auto processes = children_of(process_);
    for (const pid_t process : processes) ::kill(process, SIGSTOP);
    const int status = wait_for_end();
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 5) << "a script was quarantined";
    const auto audit = engine("audit --kind script --home " + home());
    EXPECT_NE(audit.out.find("quarantined"), std::string::npos) << audit.out;
    EXPECT_NE(audit.out.find("its process was made to stand still"), std::string::npos) << audit.out;
    EXPECT_EQ(audit.out.find("restarted"), std::string::npos) << audit.out;
    verify();
}

// Both that start scripts' processes, and with them all others, within a second: the strategy is started again by a
// process that the engine has started meanwhile.
TEST_F(WorkerSession, a_session_whose_processes_are_all_killed_at_once_starts_new_ones) {
    start_session(patient());
    wait_while([this] { return children_of(process_).size() < 4; });
    ::poll(nullptr, 0, 500);
    for (const pid_t process : children_of(process_)) EXPECT_EQ(::kill(process, SIGKILL), 0);
    const int status = wait_for_end();
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0) << read(notes());
    EXPECT_NE(read(notes()).find("another one is started"), std::string::npos) << read(notes());
    const auto audit = engine("audit --kind script --home " + home());
    EXPECT_NE(audit.out.find("restarted"), std::string::npos) << audit.out;
    EXPECT_EQ(audit.out.find("quarantined"), std::string::npos) << audit.out;
    verify();
}

TEST_F(WorkerSession, a_session_whose_workers_and_their_zygotes_are_killed_goes_on_and_its_replay_verifies) {
    start_session(patient());
    // A day takes some seconds. All of its processes are killed twice on the way, but the oldest at first and the
    // second oldest then: the zygote, and the one that stood by since the first time.
    int killed = 0;
    for (const int wait_ms : {2000, 1000}) {
        ::poll(nullptr, 0, wait_ms);
        auto processes = children_of(process_);
        std::sort(processes.begin(), processes.end());
        const size_t spared = killed == 0 ? 0 : 1;
        for (size_t p = 0; p < processes.size(); ++p)
            killed += p != spared && ::kill(processes[p], SIGKILL) == 0 ? 1 : 0;
    }
    const int status = wait_for_end();
    ASSERT_TRUE(WIFEXITED(status));
    ASSERT_GE(killed, 2);
    EXPECT_NE(read(notes()).find("note: the process that st"), std::string::npos) << read(notes());
    verify();
    const auto audit = engine("audit --kind script --home " + home());
    EXPECT_NE(audit.out.find("stopped"), std::string::npos) << audit.out;
}

}  // namespace
}  // namespace tide
