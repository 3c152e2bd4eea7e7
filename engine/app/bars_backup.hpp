#pragma once
#include <filesystem>
#include <string>

#include "app/paths.hpp"

namespace tide {

struct BarsBackup {
    std::filesystem::path folder;
    size_t files = 0;
    uint64_t bytes = 0;
};
// A dated copy of the store of bars with a manifest of checksums, all or nothing; `out`: the folder, else one in
// <home>/backups. Errors: not_found (no bars), usage (the folder is there already), io.
Result<BarsBackup> back_up_bars(const Paths& paths, const std::string& out);

}  // namespace tide
