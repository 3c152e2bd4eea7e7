#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace tide {

// Replaces `file` as a whole: a temporary file beside it is written, forced to the disk and renamed over it. After a
// crash either the old or the new content is there. Makes the folder. Errors: io (disk full, permission), naming the
// file.
Result<void> write_file_atomically(const std::filesystem::path& file, std::string_view content);

// Its parts, for whoever replaces several files as one (file_transaction.hpp). A file that could not be written whole
// is removed again.
Result<void> write_and_sync(const std::filesystem::path& file, std::string_view content);
Result<void> make_folder(const std::filesystem::path& folder);
// Renames and removals inside a folder are durable only once the folder itself is.
Result<void> sync_folder(const std::filesystem::path& folder);

// The whole content. Errors: not_found (also for a folder), io.
Result<std::string> read_whole_file(const std::filesystem::path& file);

}  // namespace tide
