#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace tide {

// Files of one folder tree changed as one: after a crash, at whatever point, either all changes are there or none.
//
// New contents are written and forced to the disk under <root>/.transaction first; then the list of changes, with its
// checksum, becomes durable as <root>/.transaction/commit: from here on they will happen, if not now then by finish()
// at the next opening. A write-ahead log of renames, as databases keep one of pages. One transaction at a time: the
// holder has a lock on <root>/.lock.
class FileTransaction {
  public:
    // Called before each step that a crash could fall on, with its name; for tests, null otherwise.
    using StepHook = std::function<void(std::string_view step)>;

    // Waits for another holder of the lock; finishes or discards what an interrupted one left. Makes the folder.
    // Errors: io.
    static Result<FileTransaction> begin(const std::filesystem::path& root, StepHook hook = {});
    FileTransaction(FileTransaction&&) noexcept;
    FileTransaction& operator=(FileTransaction&&) noexcept;
    ~FileTransaction();  // without commit(): nothing happened

    // Paths are relative to the root. `put` writes the content aside; the others are only noted.
    Result<void> put(const std::filesystem::path& file, std::string_view content);
    void remove(const std::filesystem::path& file);
    void rename(const std::filesystem::path& from, const std::filesystem::path& to);  // `to` must not exist
    bool empty() const;
    // Errors: io; then nothing happened, unless the message says that it will be finished later.
    Result<void> commit();

    // Whether an interrupted transaction waits to be finished: begin() does it.
    static bool unfinished(const std::filesystem::path& root);

  private:
    struct Parts;
    explicit FileTransaction(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace tide
