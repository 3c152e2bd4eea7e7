#include "app/bars_manifest.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace tide {
namespace {

using Json = nlohmann::json;
constexpr int kManifestVersion = 1;

}  // namespace

std::string bars_manifest_text(const std::vector<BackupFile>& files, ReceiveTime now) {
    auto list = Json::array();
    for (const auto& file : files)
        list.push_back({{"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}});
    return Json{{"schema_version", kManifestVersion},
                {"what", "bars"},
                {"created", format_iso(std::chrono::floor<seconds>(now))},
                {"files", list}}
               .dump(2) +
           "\n";
}

Error not_a_backup(const std::string& where, const std::string& why) {
    return make_error(ErrorCode::corrupt, fmt::format("{}: {}; restore from another backup", where, why));
}

Result<std::vector<BackupFile>> parse_bars_manifest(std::string_view text, const std::string& where) {
    const Json document = Json::parse(text, nullptr, false);
    if (!document.is_object() || document.value("schema_version", Json()) != kManifestVersion ||
        document.value("what", Json()) != "bars" || !document.value("files", Json()).is_array()) {
        return not_a_backup(where, "not a list of backed-up bars of version 1");
    }
    std::vector<BackupFile> files;
    for (const auto& one : document["files"]) {
        const bool sound =
            one.is_object() && one.value("path", Json()).is_string() && one.value("sha256", Json()).is_string();
        if (!sound) return not_a_backup(where, "a file without path or sha256");
        files.push_back({one["path"], 0, one["sha256"]});
    }
    return files;
}

}  // namespace tide
