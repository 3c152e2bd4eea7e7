#include "ops/store_commands.hpp"

#include <fmt/format.h>

#include <ostream>

#include "ops/row_json.hpp"
#include "ops/store_output.hpp"
#include "ops/text_table.hpp"

namespace tide {
namespace {

// The time alone where the date has just been said.
std::string shown_end(ReceiveTime start, const std::optional<ReceiveTime>& end) {
    if (!end) return "";
    return ist_date(start) == ist_date(*end) ? format_time_of_day(ist_since_midnight(*end)) : shown_time(*end);
}
std::string price_or_blank(const std::optional<Price>& price) {
    return price && price->positive() ? format_indian(*price) : "";
}
std::string model_mark(bool model) { return model ? "*" : ""; }

// Where rows of several sessions are shown together, each says which it is from.
class SessionColumn {
  public:
    explicit SessionColumn(const std::string& filter) : shown_(filter == "all") {}
    std::vector<TableWriter::Column> add_to(std::vector<TableWriter::Column> columns) const {
        if (shown_) columns.insert(columns.begin(), {"session"});
        return columns;
    }
    void add_row(TableWriter& table, const std::string& session, std::vector<TableWriter::Cell> cells) const {
        if (shown_) cells.insert(cells.begin(), TableWriter::Cell(session));
        table.add_row(std::move(cells));
    }

  private:
    bool shown_;
};

// An empty result says of what, so that it is not taken for an answer about something else.
int write_table(const TableWriter& table, const char* nothing, const RowFilter& filter, const OutputStyle& style,
                std::ostream& out) {
    if (!table.empty()) {
        out << table.render(style.colour, style.width);
        return 0;
    }
    const std::string where = filter.session.empty()    ? "the last session"
                              : filter.session == "all" ? "any session"
                                                        : "session " + filter.session;
    const bool narrowed = filter.from || filter.to;
    out << fmt::format("No {} in {}{}.\n", nothing, where, narrowed ? " at that time" : "");
    return 0;
}

Json trade_json(const TradeRow& row) {
    return {{"session", row.session_id},
            {"number", row.number},
            {"position", row.position},
            {"strategy", row.strategy},
            {"script_version", row.script_version},
            {"instrument", row.instrument},
            {"underlying", row.underlying},
            {"side", row.side},
            {"quantity", row.quantity},
            {"lots", row.lot_text},
            {"opened", format_iso(row.opened)},
            {"closed", time_json(row.closed)},
            {"entry", to_string(row.entry)},
            {"exit", to_string(row.exit)},
            {"gross", to_string(row.gross)},
            {"charges", to_string(row.charges)},
            {"net", to_string(row.net)},
            {"exit_rule", row.exit_rule},
            {"exit_priority", row.exit_priority},
            {"exit_values", row.exit_values},
            {"exit_text", row.exit_text},
            {"tag", row.tag},
            {"why", row.why},
            {"model_priced", row.model_priced}};
}

}  // namespace

Result<int> run_sessions_command(const LedgerReader& ledger, const OutputStyle& style, std::ostream& out) {
    const auto rows = ledger.sessions();
    if (!rows) return rows.error();
    if (style.json) {
        Json json = document(ledger);
        json["sessions"] = Json::array();
        for (const SessionRow& row : *rows) {
            json["sessions"].push_back({{"number", row.number},
                                        {"session", row.session_id},
                                        {"mode", row.mode},
                                        {"started", time_json(row.started)},
                                        {"ended", time_json(row.ended)},
                                        {"trades", row.trades},
                                        {"net", to_string(row.net)},
                                        {"audit", {{"rows", row.audit_rows}, {"head", row.audit_head}}}});
        }
        return write_json(json, out);
    }
    TableWriter table({{"#", Align::right},
                       {"session"},
                       {"mode", Align::left, 0, 1},
                       {"started"},
                       {"ended", Align::left, 0, 2},
                       {"trades", Align::right},
                       {"net", Align::right},
                       {"audit rows", Align::right, 0, 3}});
    for (const SessionRow& row : *rows) {
        table.add_row({std::to_string(row.number), row.session_id, row.mode,
                       row.started ? shown_time(*row.started) : "", row.ended ? shown_time(*row.ended) : "not ended",
                       format_indian(row.trades), amount_cell(row.net),
                       format_indian(static_cast<int64_t>(row.audit_rows))});
    }
    if (table.empty()) out << "No sessions yet.\n";
    if (!table.empty()) out << table.render(style.colour, style.width);
    return 0;
}

Result<int> run_trades_command(const LedgerReader& ledger, const RowFilter& filter, const OutputStyle& style,
                               std::ostream& out) {
    const auto rows = ledger.trades(filter);
    if (!rows) return rows.error();
    Money gross, charges, net;
    bool any_model = false;
    for (const TradeRow& row : *rows) {
        gross += row.gross;
        charges += row.charges;
        net += row.net;
        any_model = any_model || row.model_priced;
    }
    if (style.json) {
        Json json = document(ledger);
        json["trades"] = Json::array();
        for (const TradeRow& row : *rows) json["trades"].push_back(trade_json(row));
        json["total"] = {{"trades", rows->size()},
                         {"gross", to_string(gross)},
                         {"charges", to_string(charges)},
                         {"net", to_string(net)}};
        return write_json(json, out);
    }
    const SessionColumn session(filter.session);
    TableWriter table(session.add_to({{"#", Align::right},
                                      {"opened"},
                                      {"closed", Align::left, 0, 2},
                                      {"instrument"},
                                      {"lots", Align::right},
                                      {"entry", Align::right},
                                      {"exit", Align::right},
                                      {"gross", Align::right, 0, 3},
                                      {"charges", Align::right, 0, 4},
                                      {"net", Align::right},
                                      {"exit rule", Align::left, 24, 1}}));
    for (const TradeRow& row : *rows) {
        session.add_row(table, row.session_id,
                        {std::to_string(row.number) + model_mark(row.model_priced), shown_time(row.opened),
                         shown_end(row.opened, row.closed), display_symbol(row.instrument), row.lot_text,
                         format_indian(row.entry), format_indian(row.exit), amount_cell(row.gross),
                         format_indian(row.charges), amount_cell(row.net), row.exit_rule});
    }
    if (!table.empty()) {
        table.add_rule();
        session.add_row(table, "",
                        {"", "", "", fmt::format("{} trades", rows->size()), "", "", "", amount_cell(gross),
                         format_indian(charges), amount_cell(net), ""});
    }
    const int code = write_table(table, "trades", filter, style, out);
    if (any_model) out << "* priced by model, not by quotes\n";
    return code;
}

Result<int> run_orders_command(const LedgerReader& ledger, const RowFilter& filter, const OutputStyle& style,
                               std::ostream& out) {
    const auto rows = ledger.orders(filter);
    if (!rows) return rows.error();
    if (style.json) {
        Json json = document(ledger);
        json["orders"] = Json::array();
        for (const OrderRow& row : *rows) json["orders"].push_back(order_json(row));
        return write_json(json, out);
    }
    const SessionColumn session(filter.session);
    TableWriter table(session.add_to({{"order", Align::right},
                                      {"created"},
                                      {"purpose", Align::left, 0, 3},
                                      {"side"},
                                      {"instrument"},
                                      {"quantity", Align::right},
                                      {"filled", Align::right},
                                      {"limit", Align::right, 0, 2},
                                      {"average", Align::right},
                                      {"state"},
                                      {"reason", Align::left, 48, 4}}));
    for (const OrderRow& row : *rows) {
        session.add_row(
            table, row.session_id,
            {std::to_string(row.id), shown_time(row.created), row.purpose, row.side, display_symbol(row.instrument),
             format_indian(row.quantity), format_indian(row.filled), price_or_blank(row.limit),
             price_or_blank(row.average), row.state, row.state_reason.empty() ? row.why : row.state_reason});
    }
    return write_table(table, "orders", filter, style, out);
}

Result<int> run_positions_command(const LedgerReader& ledger, const PositionFilter& filter, const OutputStyle& style,
                                  std::ostream& out) {
    const auto rows = ledger.positions(filter);
    if (!rows) return rows.error();
    if (style.json) {
        Json json = document(ledger);
        json["positions"] = Json::array();
        for (const PositionRow& row : *rows) json["positions"].push_back(position_json(row));
        return write_json(json, out);
    }
    const SessionColumn session(filter.session);
    TableWriter table(session.add_to({{"position", Align::right},
                                      {"opened"},
                                      {"side"},
                                      {"instrument"},
                                      {"open", Align::right},
                                      {"of", Align::right, 0, 4},
                                      {"entry", Align::right},
                                      {"last", Align::right},
                                      {"stop", Align::right},
                                      {"target", Align::right, 0, 1},
                                      {"gross", Align::right, 0, 2},
                                      {"charges", Align::right, 0, 3},
                                      {"net", Align::right}}));
    for (const PositionRow& row : *rows) {
        session.add_row(
            table, row.session_id,
            {std::to_string(row.id) + model_mark(row.model_priced), shown_time(row.opened), row.side,
             display_symbol(row.instrument), format_indian(row.quantity), format_indian(row.opened_quantity),
             format_indian(row.entry), price_or_blank(row.last), price_or_blank(row.stop), price_or_blank(row.target),
             amount_cell(row.gross), format_indian(row.charges), amount_cell(row.net)});
    }
    return write_table(table, filter.open_only ? "open positions" : "positions", filter, style, out);
}

Result<int> run_audit_command(const LedgerReader& ledger, const AuditFilter& filter, const OutputStyle& style,
                              std::ostream& out) {
    const auto rows = ledger.audit(filter);
    if (!rows) return rows.error();
    if (style.json) {
        Json json = document(ledger);
        json["rows"] = Json::array();
        for (const AuditRow& row : *rows) {
            json["rows"].push_back({{"session", row.session_id},
                                    {"row", row.row},
                                    {"event", row.event_sequence},
                                    {"time", format_iso(row.time)},
                                    {"kind", row.kind},
                                    {"text", row.text},
                                    {"hash", row.hash}});
        }
        return write_json(json, out);
    }
    const SessionColumn session(filter.session);
    TableWriter table(session.add_to({{"row", Align::right}, {"time"}, {"what"}}));
    for (const AuditRow& row : *rows) {
        session.add_row(
            table, row.session_id,
            {std::to_string(row.row), shown_time(row.time), with_clock_times(row.text, ist_date(row.time))});
    }
    return write_table(table, "audit rows", filter, style, out);
}

}  // namespace tide
