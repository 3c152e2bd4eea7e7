#include "ops/row_json.hpp"

#include "ops/store_output.hpp"

namespace tide {
namespace {

Json price_json(const std::optional<Price>& price) { return price ? Json(to_string(*price)) : Json(nullptr); }

}  // namespace

nlohmann::ordered_json order_json(const OrderRow& row) {
    return {{"session", row.session_id},
            {"id", row.id},
            {"client_id", row.client_id},
            {"broker_order", row.broker_order == 0 ? Json(nullptr) : Json(row.broker_order)},
            {"intent", row.intent},
            {"position", row.position},
            {"instrument", row.instrument},
            {"side", row.side},
            {"purpose", row.purpose},
            {"style", row.style},
            {"state", row.state},
            {"quantity", row.quantity},
            {"filled", row.filled},
            {"limit", row.limit.positive() ? Json(to_string(row.limit)) : Json(nullptr)},
            {"average", price_json(row.average)},
            {"reprices", row.reprices},
            {"created", format_iso(row.created)},
            {"updated", format_iso(row.updated)},
            {"tag", row.tag},
            {"why", row.why},
            {"state_reason", row.state_reason},
            {"group", row.group == 0 ? Json(nullptr) : Json(row.group)}};
}

nlohmann::ordered_json position_json(const PositionRow& row) {
    return {{"session", row.session_id},
            {"id", row.id},
            {"strategy", row.strategy},
            {"script_version", row.script_version},
            {"instrument", row.instrument},
            {"side", row.side},
            {"quantity", row.quantity},
            {"opened_quantity", row.opened_quantity},
            {"entry", to_string(row.entry)},
            {"last", row.last.positive() ? Json(to_string(row.last)) : Json(nullptr)},
            {"stop", price_json(row.stop)},
            {"target", price_json(row.target)},
            {"levels_on", row.levels_on_premium ? "premium" : "underlying"},
            {"gross", to_string(row.gross)},
            {"charges", to_string(row.charges)},
            {"net", to_string(row.net)},
            {"opened", format_iso(row.opened)},
            {"closed", time_json(row.closed)},
            {"tag", row.tag},
            {"why", row.why},
            {"model_priced", row.model_priced},
            {"group", row.group == 0 ? Json(nullptr) : Json(row.group)}};
}

}  // namespace tide
