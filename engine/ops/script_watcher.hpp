#pragma once
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "net/file_descriptor.hpp"

namespace tide {

// Notices that script files may have changed, whatever way an editor writes them: in place, under another name that is
// moved over, in several writes, as the target of a link, deleted and made again. It looks at folders, so a file that
// is not there yet is noticed too. What it says is a hint: whoever hears it reads the files and compares.
class ScriptWatcher {
  public:
    // Errors: io (no inotify instance is left).
    static Result<ScriptWatcher> open();

    // From now on the folders of these files, and of every link on the way to them. False: some folder could not be
    // watched (a limit of the system), so that one has to look without being told.
    bool follow(const std::vector<std::filesystem::path>& files);
    // Readable when something has happened.
    int descriptor() const { return inotify_.get(); }
    // Takes what has happened; true when it may concern a script. Never waits.
    bool take();

  private:
    explicit ScriptWatcher(FileDescriptor inotify) : inotify_(std::move(inotify)) {}
    void collect(const std::filesystem::path& path, int links);
    bool concerns(int watch, std::string_view name) const;

    FileDescriptor inotify_;
    std::map<std::filesystem::path, std::set<std::string>> wanted_;  // folders, and the links in them that matter
    std::map<int, std::filesystem::path> watches_;
};

}  // namespace tide
