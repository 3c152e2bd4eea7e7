#include "app/reload_desk.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "app/exit_code.hpp"
#include "app/script_files.hpp"
#include "bindings/script_bundle.hpp"
#include "core/assert.hpp"
#include "session/operator_argument.hpp"

namespace tide {
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
namespace {

constexpr auto kDebounce = std::chrono::milliseconds(50);
constexpr auto kLookEvery = std::chrono::seconds(2);  // where not everything can be watched
constexpr std::string_view kWhy = "the file changed";

int milliseconds_until(Clock::time_point at) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(at - Clock::now());
    return static_cast<int>(std::max<int64_t>(0, left.count()));
}

}  // namespace

ReloadDesk::ReloadDesk(ReloadDeskOptions options)
    : options_(std::move(options)), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    TIDE_ASSERT(wake_.valid());
    for (const auto& subject : options_.subjects) seen_.push_back({bundle_sha256(subject.bundle), ""});
    if (options_.watch) {
        auto watcher = ScriptWatcher::open();
        if (watcher) watcher_ = std::move(*watcher);
        if (!watcher) notes_.push_back(watcher.error().message + "; 'engine reload' works");
    }
    follow_files();
    thread_ = std::thread([this] { work(); });
}

ReloadDesk::~ReloadDesk() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    wake();
    thread_.join();
}

void ReloadDesk::wake() {
    const uint64_t one = 1;
    const ssize_t written = ::write(wake_.get(), &one, sizeof one);
    static_cast<void>(written);  // full: it is awake anyway
}

void ReloadDesk::ask(OperatorCommand command) {
    {
        const std::lock_guard lock(mutex_);
        asked_.push_back(std::move(command));
    }
    wake();
}

std::vector<OperatorCommand> ReloadDesk::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(ready_, {});
}

void ReloadDesk::keep(std::string strategy, SavedStateFile state) {
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(states_, [&](const auto& waiting) { return waiting.first == strategy; });
        states_.emplace_back(std::move(strategy), std::move(state));
    }
    wake();
}

std::vector<std::string> ReloadDesk::notes() {
    const std::lock_guard lock(mutex_);
    return std::exchange(notes_, {});
}

void ReloadDesk::hand_over(OperatorCommand command) {
    {
        const std::lock_guard lock(mutex_);
        ready_.push_back(std::move(command));
    }
    if (options_.ready) options_.ready();
}

// ---- the thread

void ReloadDesk::work() {
    for (;;) {
        std::vector<OperatorCommand> asked;
        bool stop = false;
        {
            const std::lock_guard lock(mutex_);
            asked.swap(asked_);
            stop = stop_;
        }
        write_states();
        if (stop) return;
        for (auto& command : asked) answer(std::move(command));
        const bool settled = changed_ && Clock::now() - changed_at_ >= kDebounce;
        if (settled || (must_look_ && Clock::now() - changed_at_ >= kLookEvery)) scan_for_changes();
        wait();
    }
}

void ReloadDesk::wait() {
    pollfd sources[2] = {{wake_.get(), POLLIN, 0}, {watcher_ ? watcher_->descriptor() : -1, POLLIN, 0}};
    const int timeout = changed_     ? milliseconds_until(changed_at_ + kDebounce)
                        : must_look_ ? milliseconds_until(changed_at_ + kLookEvery)
                                     : -1;
    ::poll(sources, 2, timeout);
    uint64_t count = 0;
    const ssize_t drained = ::read(wake_.get(), &count, sizeof count);
    static_cast<void>(drained);
    if (!watcher_ || !watcher_->take()) return;
    changed_ = true;
    changed_at_ = Clock::now();
}

void ReloadDesk::write_states() {
    const std::lock_guard alone(writing_);
    std::vector<std::pair<std::string, SavedStateFile>> states;
    {
        const std::lock_guard lock(mutex_);
        states.swap(states_);
    }
    for (const auto& [strategy, state] : states) {
        const auto written = write_saved_state(options_.state_folder, strategy, state);
        if (written) continue;
        const std::lock_guard lock(mutex_);
        notes_.push_back(fmt::format("the state of {} is not kept: {}", strategy, written.error().message));
    }
}

Result<ScriptBundle> ReloadDesk::read(size_t subject) {
    ReloadSubject& of = options_.subjects[subject];
    auto bundle = load_bundle(of.file, options_.module_folders);
    if (!bundle) return bundle.error();
    // Values from the command line are the session's to judge: a parameter may have another range now.
    if (auto checked = check_script(*bundle); !checked) return checked.error();
    bundle->parameters = of.bundle.parameters;
    bundle->strategy = of.id;
    of.bundle.modules = bundle->modules;  // whose files are watched from now on
    return bundle;
}

// Unchanged contents are no change, and the same mistake is told once.
void ReloadDesk::scan_for_changes() {
    changed_ = false;
    changed_at_ = Clock::now();
    follow_files();
    for (size_t i = 0; i < options_.subjects.size(); ++i) {
        auto bundle = read(i);
        Seen& seen = seen_[i];
        OperatorCommand command{CommandKind::reload, "engine",
                                fmt::format("script={}", options_.subjects[i].bundle.name), std::string(kWhy), 0};
        if (!bundle) {
            const std::string why = bundle.error().message;
            if (seen.refused == why) continue;
            seen.refused = why;
            command.argument += ";refused=yes";
            command.reason = one_line(why);
            hand_over(std::move(command));
            continue;
        }
        seen.refused.clear();
        const std::string digest = bundle_sha256(*bundle);
        if (digest == seen.offered) continue;
        seen.offered = digest;
        command.scripts.push_back(std::move(*bundle));
        hand_over(std::move(command));
    }
    follow_files();
}

// Refused scripts are answered one by one; whoever asked hears of them rather than of the others.
void ReloadDesk::answer(OperatorCommand command) {
    const auto argument = OperatorArgument::parse(command.argument);
    const auto name = argument ? argument->find("script") : std::nullopt;
    std::vector<OperatorCommand> refused;
    for (size_t i = 0; i < options_.subjects.size(); ++i) {
        const ReloadSubject& subject = options_.subjects[i];
        if (!argument || (name && *name != subject.bundle.name && *name != subject.declared)) continue;
        auto bundle = read(i);
        if (bundle) {
            seen_[i] = {bundle_sha256(*bundle), ""};
            command.scripts.push_back(std::move(*bundle));
            continue;
        }
        refused.push_back({CommandKind::reload, command.operator_name,
                           fmt::format("script={};refused=yes", subject.bundle.name), one_line(bundle.error().message),
                           0});
    }
    if (!refused.empty()) refused.back().ticket = std::exchange(command.ticket, 0);
    if (refused.empty() || !command.scripts.empty()) hand_over(std::move(command));
    for (auto& each : refused) hand_over(std::move(each));
    follow_files();
}

void ReloadDesk::follow_files() {
    if (!watcher_) return;
    std::vector<fs::path> files;
    for (const auto& subject : options_.subjects) {
        files.push_back(subject.file);
        std::vector<fs::path> folders = options_.module_folders;
        folders.push_back(subject.file.parent_path());
        for (const fs::path& folder : folders) {
            files.push_back(folder / "any.lua");  // where a module could be put
            for (const ScriptSource& module : subject.bundle.modules) {
                std::error_code ignored;
                const fs::path file = folder / (module.name + ".lua");
                if (fs::exists(file, ignored)) files.push_back(file);
            }
        }
    }
    must_look_ = !watcher_->follow(files);
}

}  // namespace tide
