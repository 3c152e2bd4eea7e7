#include <cmath>
#include <nlohmann/json.hpp>

#include "ops/run_statistics.hpp"

namespace tide {
namespace {

using Json = nlohmann::ordered_json;

// Six decimals are more than any reader needs and keep 1.51 from being 1.5100000000000002.
Json rounded(double value) {
    if (!std::isfinite(value)) return nullptr;
    return std::round(value * 1e6) / 1e6;
}
Json rounded(const std::optional<double>& value) { return value ? rounded(*value) : Json(nullptr); }

Json script_json(const RunDocument::Script& script) {
    return {{"name", script.name}, {"version", script.version}, {"sha256", script.sha256}};
}
Json halt_json(const HaltNote& halt) {
    Json json{{"kind", halt.kind}, {"since", format_iso(halt.since)}};
    json["until"] = halt.until ? Json(format_iso(*halt.until)) : Json(nullptr);
    json["values"] = halt.values;
    json["text"] = halt.text;
    return json;
}
Json result_json(const RunResult& result) {
    return {{"trades", result.trades},
            {"wins", result.wins},
            {"gross_pnl", to_string(result.gross)},
            {"charges", to_string(result.charges)},
            {"net_pnl", to_string(result.net)},
            {"return_pct", rounded(result.return_pct)},
            {"max_drawdown_pct", rounded(result.max_drawdown_pct)},
            {"sharpe", rounded(result.sharpe)},
            {"profit_factor", rounded(result.profit_factor)},
            {"win_rate_pct", rounded(result.win_rate_pct)}};
}
Json orders_json(const OrderCounts& orders) {
    return {{"intents", orders.intents}, {"refused", orders.refused},     {"sent", orders.sent},
            {"filled", orders.filled},   {"cancelled", orders.cancelled}, {"rejected", orders.rejected},
            {"expired", orders.expired}};
}
Json risk_json(const RunStatistics& statistics) {
    Json halts = Json::array();
    for (const HaltNote& halt : statistics.halts()) halts.push_back(halt_json(halt));
    Json json{{"halts", std::move(halts)}};
    json["kill_switch"] = statistics.kill_switch() ? halt_json(*statistics.kill_switch()) : Json(nullptr);
    return json;
}

}  // namespace

std::string to_json(const RunDocument& document, const RunStatistics& statistics) {
    Json json{{"schema_version", 1}, {"mode", document.mode}};
    json["script"] = document.scripts.empty() ? Json(nullptr) : script_json(document.scripts.front());
    if (document.scripts.size() > 1) {
        for (const auto& script : document.scripts) json["scripts"].push_back(script_json(script));
    }
    json["data"] = {{"from", document.from},  {"to", document.to},       {"symbols", document.symbols},
                    {"bars", document.bars},  {"ticks", document.ticks}, {"rejected_rows", document.rejected_rows},
                    {"flags", document.flags}};
    json["result"] = result_json(statistics.result());
    json["orders"] = orders_json(statistics.orders());
    json["risk"] = risk_json(statistics);
    const double rate = document.wall_seconds > 0 ? static_cast<double>(document.events) / document.wall_seconds : 0;
    json["engine"] = {{"events", document.events},
                      {"wall_seconds", rounded(document.wall_seconds)},
                      {"events_per_second", std::llround(rate)},
                      {"peak_rss_mb", document.peak_rss_mb}};
    if (document.journal_path.empty()) {
        json["journal"] = nullptr;
    } else {
        json["journal"] = {{"path", document.journal_path}, {"sha256", document.journal_sha256}};
    }
    json["audit"] = {{"rows", statistics.audit_rows()}, {"head", to_hex(statistics.audit_head())}};
    // Texts from scripts may hold anything; what is not UTF-8 is replaced rather than thrown about.
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tide
