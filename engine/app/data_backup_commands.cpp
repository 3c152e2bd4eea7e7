#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/bars_backup.hpp"
#include "app/bars_manifest.hpp"
#include "app/store_data.hpp"
#include "app/wall_clock.hpp"
#include "barstore/atomic_file.hpp"
#include "barstore/json_bars.hpp"
#include "barstore/price_text.hpp"
#include "core/digest.hpp"

// A dated copy of the store with a manifest of checksums, and the way back.
namespace tide {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::json;
constexpr const char* kManifest = "manifest.json";

// "20261121T043000Z": sortable, one a second.
std::string stamp_text(ReceiveTime now) {
    std::string text = utc_text(as_exchange_time(std::chrono::floor<seconds>(now)));
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

// Copies into `folder`, which is nobody's yet.
Result<std::vector<BackupFile>> copy_store(const BarStore& store, const std::vector<StoredFile>& files,
                                           const fs::path& folder) {
    WorkProgress progress("backup");
    const ProgressReport report = progress.report();
    std::vector<BackupFile> copied;
    for (const auto& file : files) {
        const auto content = read_whole_file(store.root() / file.path);
        if (!content) return content.error();
        if (auto made = make_folder((folder / file.path).parent_path()); !made) return made.error();
        if (auto written = write_and_sync(folder / file.path, *content); !written) return written.error();
        copied.push_back({file.path.string(), content->size(), to_hex(sha256(*content))});
        report(static_cast<double>(copied.size()) / static_cast<double>(files.size()));
    }
    return copied;
}

Result<std::vector<BackupFile>> read_manifest(const fs::path& folder) {
    const fs::path manifest = folder / kManifest;
    const auto text = read_whole_file(manifest);
    if (!text) {
        return make_error(text.error().code, fmt::format("{}: not a backup: no {} there", folder.string(), kManifest));
    }
    return parse_bars_manifest(*text, manifest.string());
}

// The backed-up files, each as the manifest says it and a sound file of the store.
Result<std::vector<BarStore::RawFile>> read_backup(const fs::path& folder) {
    const auto files = read_manifest(folder);
    if (!files) return files.error();
    WorkProgress progress("restoring");
    const ProgressReport report = progress.report();
    // As the store itself would list and read it: nothing with another name or content gets in.
    const auto backup = BarStore::open(folder);
    if (!backup) return backup.error();
    const auto listed = backup->list();
    if (!listed) return listed.error();
    std::vector<BarStore::RawFile> contents;
    for (const auto& file : *files) {
        const auto known = std::find_if(listed->begin(), listed->end(),
                                        [&](const StoredFile& one) { return one.present && one.path == file.path; });
        if (known == listed->end())
            return not_a_backup((folder / file.path).string(), "missing, or not a name of the store");
        auto content = read_whole_file(folder / file.path);
        if (!content) return content.error();
        if (to_hex(sha256(*content)) != file.sha256)
            return not_a_backup((folder / file.path).string(), "not the content that was backed up (sha256)");
        contents.push_back({file.path, std::move(*content)});
        report(static_cast<double>(contents.size()) / static_cast<double>(files->size()));
    }
    return contents;
}

}  // namespace

Result<BarsBackup> back_up_bars(const Paths& paths, const std::string& out) {
    const auto store = BarStore::open(paths.bars());
    if (!store) return store.error();
    auto files = store->list();
    if (!files) return files.error();
    std::erase_if(*files, [](const StoredFile& file) { return !file.present; });
    if (files->empty())
        return make_error(ErrorCode::not_found, fmt::format("{}: no bars to back up", store->root().string()));
    const ReceiveTime now = wall_clock_now();
    const fs::path target = out.empty() ? paths.backups() / ("bars-" + stamp_text(now)) : fs::path(out);
    std::error_code error;
    if (fs::exists(target, error))
        return make_error(ErrorCode::usage, fmt::format("{} is there already; give another --out", target.string()));
    // Under another name until it is whole.
    const fs::path partial = target.string() + ".partial";
    fs::remove_all(partial, error);
    if (auto made = make_folder(partial); !made) return made.error();
    const auto copied = copy_store(*store, *files, partial);
    Result<void> written = copied ? write_file_atomically(partial / kManifest, bars_manifest_text(*copied, now))
                                  : Result<void>(copied.error());
    if (written) {
        fs::rename(partial, target, error);
        if (error)
            written =
                make_error(ErrorCode::io, fmt::format("{}: cannot be made: {}", target.string(), error.message()));
    }
    if (!written) {
        fs::remove_all(partial, error);
        return written.error();
    }
    uint64_t bytes = 0;
    for (const auto& file : *copied) bytes += file.bytes;
    return BarsBackup{target, copied->size(), bytes};
}

Result<ExitCode> data_backup_command(const StoreDataOptions& options) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    const auto made = back_up_bars(*paths, options.out);
    if (!made) return made.error();
    if (options.json) {
        std::cout << Json{{"schema_version", 1},
                          {"backup", made->folder.string()},
                          {"files", made->files},
                          {"bytes", made->bytes}}
                         .dump(2)
                  << "\n";
    } else {
        fmt::print("{}: {} files, {} bytes\n", made->folder.string(), made->files, made->bytes);
    }
    return ExitCode::done;
}

Result<ExitCode> data_restore_command(const StoreDataOptions& options) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    const auto contents = read_backup(options.paths.front());
    if (!contents) return contents.error();
    auto store = BarStore::open(paths->bars());
    if (!store) return store.error();
    std::vector<BarStore::RawFile> changed;
    for (const auto& file : *contents) {
        std::error_code ignored;
        const fs::path there = store->root() / file.path;
        if (fs::exists(there, ignored)) {
            const auto old = read_whole_file(there);
            if (old && *old == file.content) continue;
            if (!options.replace) {
                return make_error(ErrorCode::input,
                                  fmt::format("{} is there and differs from the backup; nothing was restored, say "
                                              "--replace to overwrite what differs",
                                              there.string()));
            }
        }
        changed.push_back(file);
    }
    if (auto done = store->put_files(changed); !done) return done.error();
    if (options.json) {
        std::cout << Json{{"schema_version", 1},
                          {"store", store->root().string()},
                          {"verified", contents->size()},
                          {"restored", changed.size()}}
                         .dump(2)
                  << "\n";
    } else {
        fmt::print("{} files verified, {} restored, {} were the same\n", contents->size(), changed.size(),
                   contents->size() - changed.size());
    }
    return ExitCode::done;
}

}  // namespace tide
