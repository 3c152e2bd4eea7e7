// Scripts in worker processes, as a session runs them.
#include <poll.h>
#include <signal.h>

#include <algorithm>

#include "engine_process.hpp"
#include "support/paths.hpp"

namespace tide {
namespace {

class WorkerSession : public EngineTest {
  protected:
    // A machine full of other tests may let a worker wait for its turn.
    std::string patient() const {
        std::string text = read(source_dir() / "config" / "engine.toml");
        const std::string setting = "callback_limit_ms = 50 ";
        const size_t at = text.find(setting);
        EXPECT_NE(at, std::string::npos);
        text.replace(at, setting.size(), "callback_limit_ms = 9999 ");
        return "--config " + write("engine.toml", text);
    }
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

TEST_F(WorkerSession, a_session_whose_workers_and_their_zygotes_are_killed_goes_on_and_its_replay_verifies) {
    const std::string arguments =
        "run --script adx_trend.lua --paper --speed 3600 --plain --json --home " + home() + " " + patient();
    const auto out = folder() / "session", notes = folder() / "notes";
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const std::string command = std::string("exec ") + engine_program().string() + " " + arguments + " >" +
                                    out.string() + " 2>" + notes.string() + " </dev/null";
        ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
        ::_exit(127);
    }
    // A day takes some seconds. All of its processes are killed twice on the way, but the oldest at first and the
    // second oldest then: the zygote, and the one that stood by since the first time.
    int killed = 0;
    int status = 0;
    for (int i = 0; i < 600 && ::waitpid(child, &status, WNOHANG) == 0; ++i) {
        ::poll(nullptr, 0, 50);
        if (i != 40 && i != 60) continue;
        auto processes = children_of(child);
        std::sort(processes.begin(), processes.end());
        const size_t spared = i == 40 ? 0 : 1;
        for (size_t p = 0; p < processes.size(); ++p)
            killed += p != spared && ::kill(processes[p], SIGKILL) == 0 ? 1 : 0;
    }
    ASSERT_TRUE(WIFEXITED(status));
    ASSERT_GE(killed, 2);
    EXPECT_NE(read(notes).find("note: the process that st"), std::string::npos) << read(notes);
    const auto document = nlohmann::json::parse(read(out), nullptr, false);
    ASSERT_FALSE(document.is_discarded()) << read(out);
    const auto verified = engine("replay --verify --json " + document["journal"]["path"].get<std::string>());
    EXPECT_EQ(verified.code, 0) << verified.err;
    EXPECT_EQ(verified.json()["audit"]["head"], document["audit"]["head"]);
    const auto audit = engine("audit --kind script --home " + home());
    EXPECT_NE(audit.out.find("stopped"), std::string::npos) << audit.out;
}

}  // namespace
}  // namespace tide
