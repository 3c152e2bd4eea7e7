#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "ops/control_snapshot.hpp"
#include "ops/row_json.hpp"
#include "ops/text_table.hpp"

// The views of a running session, as documents and as text.
namespace tide {
namespace {

using Json = nlohmann::ordered_json;

Json status_json(const ControlSnapshot& s) {
    Json halts = Json::array();
    for (const auto& halt : s.halts) {
        halts.push_back(
            {{"kind", halt.kind}, {"since", format_iso(halt.since)}, {"values", halt.values}, {"text", halt.text}});
    }
    Json strategies = Json::array();
    for (const auto& strategy : s.strategies) {
        strategies.push_back(
            {{"script", strategy.version}, {"active", strategy.active}, {"process", strategy.process}});
    }
    return {{"running", true},
            {"state", state_of(s)},
            {"session", s.session_id},
            {"mode", s.mode},
            {"feed", s.feed},
            {"time", format_iso(s.now)},
            {"phase", s.phase},
            {"entries_allowed", !entries_halted(s)},
            {"manual_mode", s.manual_mode},
            {"limited_mode", s.limited_mode},
            {"size_factor", s.size_factor},
            {"halts", halts},
            {"strategies", strategies},
            {"open_positions", s.positions.size()},
            {"live_orders", s.live_orders},
            {"day_net", to_string(s.day_net)}};
}

Json balance_json(const ControlSnapshot& s) {
    return {{"start", to_string(s.start)},
            {"equity", to_string(s.equity)},
            {"cash", to_string(s.cash)},
            {"margin_used", to_string(s.margin_used)},
            {"available", to_string(s.cash)},
            {"day_start", to_string(s.day_start)},
            {"day_peak", to_string(s.day_peak)},
            {"day_gross", to_string(s.day_gross)},
            {"day_charges", to_string(s.day_charges)},
            {"day_net", to_string(s.day_net)}};
}

double percent_of(Money part, Money whole) {
    return whole.units() == 0 ? 0 : static_cast<double>(part.units()) / static_cast<double>(whole.units()) * 100;
}

Json risk_json(const ControlSnapshot& s) {
    Json limits = Json::object();
    for (const auto& [key, value] : s.settings) limits[key] = value;
    return {{"open_positions", s.positions.size()},
            {"max_positions", s.max_positions},
            {"day_loss_pct", percent_of(s.day_start - s.equity, s.day_start)},
            {"drawdown_pct", percent_of(s.day_peak - s.equity, s.day_peak)},
            {"margin_pct", percent_of(s.margin_used, s.equity)},
            {"losing_streak", s.losing_streak},
            {"vix", s.vix ? Json(*s.vix) : Json(nullptr)},
            {"size_factor", s.size_factor},
            {"limited_mode", s.limited_mode},
            {"limits", limits}};
}

std::string lines_of(const Json& document) {
    std::string out;
    for (const auto& [key, value] : document.items()) {
        if (value.is_structured() || key == "schema_version") continue;
        out += fmt::format("{:<16}{}\n", key, value.is_string() ? value.get<std::string>() : value.dump());
    }
    return out;
}

// What the engine watches of it, each on what it looks at.
std::string stop_text(const PositionRow& row, const ControlSnapshot::Levels& more) {
    std::string text = row.stop ? format_indian(*row.stop) : "";
    if (row.stop && row.levels_on_premium) text += " on the premium";
    if (more.trail_pct) text += fmt::format("{}trails by {} %", text.empty() ? "" : ", ", *more.trail_pct);
    if (more.premium_stop)
        text += fmt::format("{}{} on the premium", text.empty() ? "" : ", ", format_indian(*more.premium_stop));
    return text;
}
std::string target_text(const PositionRow& row, const ControlSnapshot::Levels& more) {
    std::string text = row.target ? format_indian(*row.target) : "";
    if (row.target && row.levels_on_premium) text += " on the premium";
    if (more.premium_target)
        text += fmt::format("{}{} on the premium", text.empty() ? "" : ", ", format_indian(*more.premium_target));
    return text;
}

std::string positions_text(const ControlSnapshot& s) {
    if (s.positions.empty()) return "No open positions.\n";
    TableWriter table({{"position", Align::right},
                       {"side"},
                       {"instrument"},
                       {"open", Align::right},
                       {"entry", Align::right},
                       {"last", Align::right},
                       {"stop", Align::right},
                       {"target", Align::right},
                       {"net", Align::right},
                       {"group", Align::right}});
    for (size_t i = 0; i < s.positions.size(); ++i) {
        const PositionRow& row = s.positions[i];
        table.add_row({std::to_string(row.id), row.side, display_symbol(row.instrument), format_indian(row.quantity),
                       format_indian(row.entry), format_indian(row.last), stop_text(row, s.levels[i]),
                       target_text(row, s.levels[i]), format_indian_signed(row.net),
                       row.group == 0 ? "" : std::to_string(row.group)});
    }
    return table.render(false);
}

Json open_position_json(const PositionRow& row, const ControlSnapshot::Levels& more) {
    const auto level = [](const std::optional<Price>& price) {
        return price ? Json(to_string(*price)) : Json(nullptr);
    };
    Json document = position_json(row);
    document["premium_stop"] = level(more.premium_stop);
    document["premium_target"] = level(more.premium_target);
    document["trail_pct"] = more.trail_pct ? Json(*more.trail_pct) : Json(nullptr);
    return document;
}

Json held_json(const ControlSnapshot::Held& row) {
    return {{"entry", row.intent},
            {"intent", row.intent},
            {"strategy", row.strategy},
            {"side", row.side},
            {"instrument", row.instrument},
            {"state", row.state},
            {"quantity", row.quantity},
            {"filled", row.filled},
            {"trigger", row.trigger ? Json(to_string(*row.trigger)) : Json(nullptr)},
            {"terms", row.terms},
            {"tag", row.tag},
            {"why", row.why},
            {"accepted", format_iso(row.accepted)},
            {"until", row.until ? Json(format_iso(*row.until)) : Json(nullptr)}};
}

std::string held_text(const ControlSnapshot& s) {
    if (s.held.empty()) return "";
    TableWriter table({{"entry", Align::right},
                       {"strategy"},
                       {"side"},
                       {"instrument"},
                       {"quantity", Align::right},
                       {"filled", Align::right},
                       {"trigger", Align::right},
                       {"state"},
                       {"terms"}});
    for (const auto& row : s.held) {
        table.add_row({std::to_string(row.intent), row.strategy, row.side, display_symbol(row.instrument),
                       format_indian(row.quantity), format_indian(row.filled),
                       row.trigger ? format_indian(*row.trigger) : "", row.state,
                       fit_to_width(printable(row.terms), 60)});
    }
    return "Entries that the engine holds:\n" + table.render(false);
}

std::string orders_text(const ControlSnapshot& s) {
    if (s.orders.empty()) return held_text(s) + "No orders today.\n";
    TableWriter table({{"order", Align::right},
                       {"time"},
                       {"side"},
                       {"instrument"},
                       {"quantity", Align::right},
                       {"filled", Align::right},
                       {"limit", Align::right},
                       {"state"},
                       {"why"}});
    for (const OrderRow& row : s.orders) {
        table.add_row({std::to_string(row.id), format_time_of_day(ist_since_midnight(row.created)), row.side,
                       display_symbol(row.instrument), format_indian(row.quantity), format_indian(row.filled),
                       format_indian(row.limit), row.state, fit_to_width(printable(row.why), 40)});
    }
    return held_text(s) + table.render(false);
}

Json document_of(const ControlSnapshot& snapshot, ControlView view) {
    Json document{{"schema_version", 1}};
    if (view == ControlView::status) document.update(status_json(snapshot));
    if (view == ControlView::balance) document.update(balance_json(snapshot));
    if (view == ControlView::risk) document.update(risk_json(snapshot));
    if (view == ControlView::positions) {
        document["positions"] = Json::array();
        for (size_t i = 0; i < snapshot.positions.size(); ++i)
            document["positions"].push_back(open_position_json(snapshot.positions[i], snapshot.levels[i]));
    }
    if (view == ControlView::orders) {
        document["orders"] = Json::array();
        for (const auto& row : snapshot.orders) document["orders"].push_back(order_json(row));
        document["held"] = Json::array();
        for (const auto& row : snapshot.held) document["held"].push_back(held_json(row));
    }
    return document;
}

}  // namespace

std::string view_json(const ControlSnapshot& snapshot, ControlView view) {
    return document_of(snapshot, view).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string view_text(const ControlSnapshot& snapshot, ControlView view) {
    if (view == ControlView::positions) return positions_text(snapshot);
    if (view == ControlView::orders) return orders_text(snapshot);
    const Json document = document_of(snapshot, view);
    std::string out = lines_of(document);
    if (view == ControlView::risk) {
        out += "limits that 'engine set' may change:\n";
        for (const auto& [key, value] : snapshot.settings) out += fmt::format("  {:<34}{}\n", key, value);
    }
    for (const auto& halt : snapshot.halts) {
        if (view != ControlView::status) break;
        out += fmt::format("halt            {} since {}: {} {}\n", halt.kind,
                           format_time_of_day(ist_since_midnight(halt.since)), printable(halt.text),
                           printable(halt.values));
    }
    return out;
}

}  // namespace tide
