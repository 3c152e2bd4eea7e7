#include "ops/script_watcher.hpp"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tide {
namespace fs = std::filesystem;
namespace {

constexpr uint32_t kSigns =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr int kLinksMax = 40;  // as the kernel follows (path_resolution(7))

}  // namespace

Result<ScriptWatcher> ScriptWatcher::open() {
    FileDescriptor inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (inotify.valid()) return ScriptWatcher(std::move(inotify));
    return make_error(ErrorCode::io, fmt::format("script files cannot be watched: {}", std::strerror(errno)));
}

// The folder of `path`, and of each link among its parts and of what that leads to.
void ScriptWatcher::collect(const fs::path& path, int links) {
    std::error_code error;
    const fs::path whole = fs::absolute(path, error).lexically_normal();
    if (error || links > kLinksMax) return;
    fs::path so_far;
    for (auto part = whole.begin(); part != whole.end(); ++part) {
        const fs::path folder = so_far;
        so_far /= *part;
        if (!fs::is_symlink(so_far, error)) continue;
        wanted_[folder].insert(part->string());
        fs::path target = fs::read_symlink(so_far, error);
        if (error) return;
        if (target.is_relative()) target = folder / target;
        while (++part != whole.end()) target /= *part;
        return collect(target, links + 1);
    }
    wanted_[whole.parent_path()];
}

bool ScriptWatcher::follow(const std::vector<fs::path>& files) {
    wanted_.clear();
    for (const fs::path& file : files) collect(file, 0);
    for (auto watch = watches_.begin(); watch != watches_.end();) {
        const bool kept = wanted_.contains(watch->second);
        if (!kept) ::inotify_rm_watch(inotify_.get(), watch->first);
        watch = kept ? std::next(watch) : watches_.erase(watch);
    }
    bool all = true;
    for (const auto& [folder, links] : wanted_) {
        // A folder that was moved away and made again has another watch under the same name.
        const int watch = ::inotify_add_watch(inotify_.get(), folder.c_str(), kSigns);
        if (watch >= 0) {
            std::erase_if(watches_, [&](const auto& each) { return each.second == folder && each.first != watch; });
            watches_[watch] = folder;
        } else {
            all = false;
        }
    }
    return all;
}

bool ScriptWatcher::concerns(int watch, std::string_view name) const {
    if (name.ends_with(".lua")) return true;
    const auto found = watches_.find(watch);
    if (found == watches_.end()) return false;
    const auto links = wanted_.find(found->second);
    return links != wanted_.end() && links->second.contains(std::string(name));
}

bool ScriptWatcher::take() {
    alignas(inotify_event) char bytes[16 * 1024];
    bool concerned = false;
    for (;;) {
        const ssize_t count = ::read(inotify_.get(), bytes, sizeof bytes);
        if (count <= 0) return concerned;
        for (const char* at = bytes; at < bytes + count;) {
            inotify_event event;
            std::memcpy(&event, at, sizeof event);
            const char* const name = at + sizeof event;
            const bool whole_folder = (event.mask & (IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0;
            const bool dropped_by_us = (event.mask & IN_IGNORED) != 0 && !watches_.contains(event.wd);
            if (!dropped_by_us) {
                concerned = concerned || whole_folder ||
                            concerns(event.wd, event.len > 0 ? std::string_view(name) : std::string_view());
            }
            if ((event.mask & IN_IGNORED) != 0) watches_.erase(event.wd);
            at = name + event.len;
        }
    }
}

}  // namespace tide
