#include "barstore/file_transaction.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>

#include "barstore/atomic_file.hpp"
#include "core/assert.hpp"
#include "core/digest.hpp"

namespace tide {
namespace fs = std::filesystem;
namespace {

// One line of the list: "put\tSTAGED\tFILE", "remove\tFILE", "rename\tFROM\tTO". File names of the store hold no tabs
// or line ends (bar_store.hpp, folder_name_of).
struct Change {
    enum class Kind : uint8_t { put, remove, rename } kind = Kind::put;
    std::string first, second;
};

std::string line_of(const Change& change) {
    switch (change.kind) {
        case Change::Kind::put:
            return fmt::format("put\t{}\t{}\n", change.first, change.second);
        case Change::Kind::remove:
            return fmt::format("remove\t{}\t\n", change.first);
        case Change::Kind::rename:
            break;
    }
    return fmt::format("rename\t{}\t{}\n", change.first, change.second);
}

bool stays_inside(const fs::path& path) {
    if (path.empty() || path.is_absolute()) return false;
    for (const auto& part : path) {
        if (part == "..") return false;
    }
    return true;
}

std::string list_text(const std::vector<Change>& changes) {
    std::string text;
    for (const Change& change : changes) text += line_of(change);
    return text + fmt::format("end\t{:08x}\n", crc32c(text));
}

bool read_change(std::string_view line, Change& change) {
    const size_t tab = line.find('\t');
    const size_t second = tab == std::string_view::npos ? tab : line.find('\t', tab + 1);
    if (second == std::string_view::npos) return false;
    const std::string_view kind = line.substr(0, tab);
    change.first = line.substr(tab + 1, second - tab - 1);
    change.second = line.substr(second + 1);
    if (kind == "put") {
        change.kind = Change::Kind::put;
    } else if (kind == "remove") {
        change.kind = Change::Kind::remove;
    } else if (kind == "rename") {
        change.kind = Change::Kind::rename;
    } else {
        return false;
    }
    return stays_inside(change.first) && (change.kind == Change::Kind::remove || stays_inside(change.second));
}

// The changes of a whole list; false when it is not one.
bool read_list(std::string_view text, std::vector<Change>& changes) {
    const size_t end = text.rfind("end\t");
    if (end == std::string_view::npos || text.substr(end) != fmt::format("end\t{:08x}\n", crc32c(text.substr(0, end))))
        return false;
    for (std::string_view rest = text.substr(0, end); !rest.empty();) {
        const size_t length = rest.find('\n');
        Change change;
        if (length == std::string_view::npos || !read_change(rest.substr(0, length), change)) return false;
        changes.push_back(std::move(change));
        rest.remove_prefix(length + 1);
    }
    return true;
}

fs::path staging_of(const fs::path& root) { return root / ".transaction"; }
fs::path list_of(const fs::path& root) { return staging_of(root) / "commit"; }

Result<void> move_file(const fs::path& from, const fs::path& to) {
    std::error_code error;
    fs::rename(from, to, error);
    if (!error) return {};
    return make_error(ErrorCode::io, fmt::format("{}: cannot be moved to {}: {}; it is tried again at the next opening",
                                                 from.string(), to.string(), error.message()));
}

// Does the changes of a list, some of which may have been done already.
Result<void> carry_out(const fs::path& root, const std::vector<Change>& changes,
                       const FileTransaction::StepHook& hook) {
    std::set<fs::path> folders;
    std::error_code error;
    for (const Change& change : changes) {
        if (hook) hook("change");
        const fs::path first = root / change.first, second = root / change.second;
        switch (change.kind) {
            case Change::Kind::put: {
                const fs::path staged = staging_of(root) / change.first;
                if (!fs::exists(staged, error)) continue;
                if (auto made = make_folder(second.parent_path()); !made) return made;
                if (auto moved = move_file(staged, second); !moved) return moved;
                folders.insert(second.parent_path());
                folders.insert(second.parent_path().parent_path());
                break;
            }
            case Change::Kind::remove:
                fs::remove(first, error);
                if (error)
                    return make_error(ErrorCode::io,
                                      fmt::format("{}: cannot be removed: {}", first.string(), error.message()));
                folders.insert(first.parent_path());
                break;
            case Change::Kind::rename:
                // Where the new name is there it is done: what now has the old name came later in the list.
                if (fs::exists(second, error) || !fs::exists(first, error)) continue;
                if (auto moved = move_file(first, second); !moved) return moved;
                folders.insert(first.parent_path());
                break;
        }
    }
    if (hook) hook("sync");
    for (const auto& folder : folders) {
        if (!fs::exists(folder, error)) continue;
        if (auto synced = sync_folder(folder); !synced) return synced;
    }
    // Without the list nothing is left to do; only then may the rest of the folder go.
    if (hook) hook("forget");
    fs::remove(list_of(root), error);
    fs::remove_all(staging_of(root), error);
    if (error)
        return make_error(ErrorCode::io,
                          fmt::format("{}: cannot be removed: {}", staging_of(root).string(), error.message()));
    return {};
}

}  // namespace

struct FileTransaction::Parts {
    ~Parts() {
        std::error_code ignored;
        if (!committed) fs::remove_all(staging_of(root), ignored);
        if (lock >= 0) ::close(lock);
    }
    fs::path root;
    StepHook hook;
    int lock = -1;
    bool committed = false;  // the list is durable
    std::vector<Change> changes;
};

FileTransaction::FileTransaction(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
FileTransaction::FileTransaction(FileTransaction&&) noexcept = default;
FileTransaction& FileTransaction::operator=(FileTransaction&&) noexcept = default;
FileTransaction::~FileTransaction() = default;

bool FileTransaction::unfinished(const fs::path& root) {
    std::error_code ignored;
    return fs::exists(list_of(root), ignored);
}

Result<FileTransaction> FileTransaction::begin(const fs::path& root, StepHook hook) {
    auto parts = std::make_unique<Parts>();
    parts->root = root;
    parts->hook = std::move(hook);
    if (auto made = make_folder(root); !made) return made.error();
    const fs::path lock = root / ".lock";
    parts->lock = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (parts->lock < 0 || ::flock(parts->lock, LOCK_EX) != 0) {
        parts->committed = true;  // what is there is not ours to remove
        return make_error(ErrorCode::io, fmt::format("{}: cannot be locked: {}", lock.string(), std::strerror(errno)));
    }
    std::vector<Change> left;
    if (unfinished(root)) {
        parts->committed = true;  // until it is done
        const auto text = read_whole_file(list_of(root));
        if (!text) return text.error();
        if (!read_list(*text, left)) {
            return make_error(ErrorCode::corrupt, fmt::format("{}: not a list of changes; look at the folder beside it "
                                                              "and remove it",
                                                              list_of(root).string()));
        }
        if (auto done = carry_out(root, left, parts->hook); !done) return done.error();
        parts->committed = false;
    }
    std::error_code error;
    fs::remove_all(staging_of(root), error);
    return FileTransaction(std::move(parts));
}

Result<void> FileTransaction::put(const fs::path& file, std::string_view content) {
    TIDE_ASSERT(stays_inside(file));
    const std::string staged = fmt::format("{}", parts_->changes.size());
    if (auto made = make_folder(staging_of(parts_->root)); !made) return made;
    if (parts_->hook) parts_->hook("stage");
    if (auto written = write_and_sync(staging_of(parts_->root) / staged, content); !written) return written;
    parts_->changes.push_back({Change::Kind::put, staged, file.string()});
    return {};
}

void FileTransaction::remove(const fs::path& file) {
    TIDE_ASSERT(stays_inside(file));
    parts_->changes.push_back({Change::Kind::remove, file.string(), {}});
}

void FileTransaction::rename(const fs::path& from, const fs::path& to) {
    TIDE_ASSERT(stays_inside(from) && stays_inside(to));
    parts_->changes.push_back({Change::Kind::rename, from.string(), to.string()});
}

bool FileTransaction::empty() const { return parts_->changes.empty(); }

Result<void> FileTransaction::commit() {
    if (empty()) return {};
    if (parts_->hook) parts_->hook("list");
    if (auto written = write_file_atomically(list_of(parts_->root), list_text(parts_->changes)); !written) {
        std::error_code ignored;
        fs::remove(list_of(parts_->root), ignored);
        return written;
    }
    if (auto synced = sync_folder(parts_->root); !synced) return synced;
    parts_->committed = true;
    if (auto done = carry_out(parts_->root, parts_->changes, parts_->hook); !done) return done;
    parts_->changes.clear();
    return {};
}

}  // namespace tide
