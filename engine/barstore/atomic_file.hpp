#pragma once
#include <filesystem>
#include <string_view>

#include "core/result.hpp"

namespace tide {

// Replaces `file` as a whole: a temporary file beside it is written, forced to the disk and renamed over it. After a
// crash either the old or the new content is there. Makes the folder. Errors: io (disk full, permission), naming the
// file.
Result<void> write_file_atomically(const std::filesystem::path& file, std::string_view content);

}  // namespace tide
