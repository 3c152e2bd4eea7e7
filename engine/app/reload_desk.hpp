#pragma once
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/pacing.hpp"
#include "app/saved_state_file.hpp"
#include "net/file_descriptor.hpp"
#include "ops/script_watcher.hpp"
#include "session/strategy_host.hpp"

namespace tide {

// A strategy of the running session, and where its file is.
struct ReloadSubject {
    StrategyId id;
    std::string declared;  // its own name
    std::filesystem::path file;
    ScriptBundle bundle;  // as the session was given it
};

struct ReloadDeskOptions {
    std::vector<ReloadSubject> subjects;
    std::vector<std::filesystem::path> module_folders;
    std::filesystem::path state_folder;
    bool watch = true;
    std::function<void()> ready;  // on the desk's thread: take() has something
};

// Beside the session, on a thread of its own: notices changed script files, reads them with all their modules, checks
// them in a sandbox, and makes of each an operator's word `reload` with the sources, or with why they cannot be used.
// Also writes what strategies saved to its files. The session's thread waits for none of it.
class ReloadDesk {
  public:
    explicit ReloadDesk(ReloadDeskOptions options);
    ~ReloadDesk();  // writes what there is to write
    ReloadDesk(const ReloadDesk&) = delete;
    ReloadDesk& operator=(const ReloadDesk&) = delete;

    // An operator asks: the sources are read, changed or not.
    void ask(OperatorCommand command);
    // Commands for the session, in order.
    std::vector<OperatorCommand> take();
    void keep(std::string strategy, SavedStateFile state);
    // What was kept is in its files when this returns, or is a note. From any thread.
    void write_states();
    // What went wrong and concerns no script, for a person; each once.
    std::vector<std::string> notes();

  private:
    struct Seen {
        std::string offered;  // digest of the sources that the session was given last
        std::string refused;  // and why they could not be used last
    };
    void work();
    void wait();
    void wake();
    void scan_for_changes();
    void answer(OperatorCommand command);
    Result<ScriptBundle> read(size_t subject);
    void follow_files();
    void hand_over(OperatorCommand command);

    ReloadDeskOptions options_;
    std::vector<Seen> seen_;  // by subject
    std::optional<ScriptWatcher> watcher_;
    FileDescriptor wake_;
    bool changed_ = false;    // since `changed_at_`
    bool must_look_ = false;  // not everything can be watched
    std::chrono::steady_clock::time_point changed_at_;

    std::mutex writing_;  // held while states are written: an older one never lands on a newer
    std::mutex mutex_;
    bool stop_ = false;
    std::vector<OperatorCommand> asked_, ready_;
    std::vector<std::pair<std::string, SavedStateFile>> states_;
    std::vector<std::string> notes_;
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace tide
