#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "app/exit_code.hpp"
#include "core/result.hpp"

// `engine data …` over the home's bar store and its journals.
namespace tide {

// What any of these commands may be asked; each takes what its help names.
struct StoreDataOptions {
    std::vector<std::string> paths;    // files, folders, journals
    std::vector<std::string> symbols;  // empty: all
    std::string timeframe;             // empty: all
    std::string home, config_file, out, journal;
    std::string from, to, as_of;  // dates
    std::string what;             // of a backup
    std::string scenario;
    int64_t days = 1;
    uint64_t seed = 0;
    bool lenient = false, replace = false, all = false, dry_run = false, confirm = false, ticks = false, json = false;
};
Result<ExitCode> data_import_command(const StoreDataOptions& options);
Result<ExitCode> data_export_command(const StoreDataOptions& options);
Result<ExitCode> data_validate_command(const StoreDataOptions& options);
Result<ExitCode> data_gaps_command(const StoreDataOptions& options);
Result<ExitCode> data_stats_command(const StoreDataOptions& options);
Result<ExitCode> data_cleanup_command(const StoreDataOptions& options);
Result<ExitCode> data_backup_command(const StoreDataOptions& options);
Result<ExitCode> data_restore_command(const StoreDataOptions& options);
Result<ExitCode> data_rebuild_command(const StoreDataOptions& options);
Result<ExitCode> data_synth_command(const StoreDataOptions& options);

}  // namespace tide
