#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/time.hpp"

namespace tide {

// What a strategy's on_save gave last, between two sessions: <home>/state/<strategy>.state.
struct SavedStateFile {
    std::string version;  // of the strategy
    ReceiveTime at;       // in session time
    std::string bytes;
};
std::string to_text(const SavedStateFile& state);
// Errors: corrupt.
Result<SavedStateFile> parse_saved_state(std::string_view text);

// Nothing where there is no file. Errors: io, corrupt; both name the file and what to do.
Result<std::optional<SavedStateFile>> read_saved_state(const std::filesystem::path& folder,
                                                       const std::string& strategy);
// The old file stays until the new one is whole and on the disk. Errors: io.
Result<void> write_saved_state(const std::filesystem::path& folder, const std::string& strategy,
                               const SavedStateFile& state);

}  // namespace tide
