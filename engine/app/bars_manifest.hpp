#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"

namespace tide {

// One file of a backup of bars.
struct BackupFile {
    std::string path;  // relative to the store's root
    uint64_t bytes = 0;
    std::string sha256;
};

// The list of checksums that stands beside backed-up bars: JSON, schema_version 1, what "bars", created, files.
std::string bars_manifest_text(const std::vector<BackupFile>& files, ReceiveTime now);
// Its files; sizes are not read back. Errors: corrupt, naming `where`.
Result<std::vector<BackupFile>> parse_bars_manifest(std::string_view text, const std::string& where);
// What anything that is wrong with a backup's files is told as: corrupt, "WHERE: WHY; restore from another backup".
Error not_a_backup(const std::string& where, const std::string& why);

}  // namespace tide
