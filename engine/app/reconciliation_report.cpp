#include "app/reconciliation_report.hpp"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace tide {

void ReconciliationReport::record(const Record& record) {
    const auto* row = std::get_if<ReconcileRecord>(&record.body);
    if (row == nullptr) return;
    if (row->what != "agreed" && row->what != "differs") return rows_.push_back(*row);
    write(record.time, *row);
    rows_.clear();
}

void ReconciliationReport::write(ReceiveTime time, const ReconcileRecord& whole) const {
    auto differences = nlohmann::ordered_json::array();
    for (const auto& row : rows_) {
        differences.push_back({{"what", row.what},
                               {"of", row.subject},
                               {"values", row.values},
                               {"action", row.action},
                               {"text", row.text}});
    }
    const nlohmann::ordered_json document{{"schema_version", 1},
                                          {"session", session_},
                                          {"time", format_iso(time)},
                                          {"occasion", whole.occasion},
                                          {"agreed", whole.what == "agreed"},
                                          {"broker", whole.values},
                                          {"differences", differences}};
    std::error_code ignored;
    std::filesystem::create_directories(folder_, ignored);
    const auto file = folder_ / (session_ + ".json");
    const auto part = folder_ / (session_ + ".part");
    std::ofstream out(part);
    out << document.dump(2) << "\n";
    out.close();
    std::error_code failed;
    if (out) std::filesystem::rename(part, file, failed);
    // The audit has it all the same.
    if (!out || failed) fmt::print(stderr, "note: {} cannot be written\n", file.string());
}

}  // namespace tide
