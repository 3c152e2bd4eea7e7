#include "ops/report_commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "ops/store_output.hpp"
#include "ops/tax_report.hpp"

namespace tide {
namespace {

constexpr const char* kDisclaimers[] = {
    "Not tax advice; a chartered accountant must confirm it.",
    "Computed from this engine's own fills; the broker's contract notes and the exchange's STT are what counts.",
    ("Turnover is the sum of absolute profits and losses of closed trades, first in first out, contract by contract; "
     "slices of one order against one other are one trade. Premium of options sold is not added again."),
    "Profit is before charges; charges fall on the day of their fill, also those of positions still open.",
    "Open positions are listed at cost; whether they are marked or carried is an accounting choice.",
    ("Futures and options only. Trades in shares are not in it: same-day ones are speculative, others are capital "
     "gains."),
};

Json pnl_json(const PnlRow& row) {
    Json json{{"key", row.key},
              {"trades", row.trades},
              {"wins", row.wins},
              {"realised", to_string(row.realised)},
              {"charges", to_string(row.charges)},
              {"net", to_string(row.net())}};
    if (row.mark) {
        json["marked_net"] = to_string(*row.mark);
    } else {
        json["unrealised"] = to_string(row.unrealised);
    }
    return json;
}

const char* title_of(PnlBy by) {
    switch (by) {
        case PnlBy::day:
            return "day";
        case PnlBy::month:
            return "month";
        case PnlBy::strategy:
            return "strategy";
        case PnlBy::symbol:
            break;
    }
    return "symbol";
}

PnlRow total_of(const std::vector<PnlRow>& rows) {
    PnlRow total;
    total.key = "total";
    for (const PnlRow& row : rows) {
        total.trades += row.trades;
        total.wins += row.wins;
        total.realised += row.realised;
        total.charges += row.charges;
        total.unrealised += row.unrealised;
        if (row.mark) total.mark = total.mark.value_or(Money()) + *row.mark;
    }
    return total;
}

void print_pnl(const std::vector<PnlRow>& rows, PnlBy by, const OutputStyle& style, std::ostream& out) {
    const bool by_time = by == PnlBy::day || by == PnlBy::month;
    TableWriter table({{title_of(by)},
                       {"trades", Align::right},
                       {"won", Align::right, 0, 2},
                       {"realised", Align::right},
                       {"charges", Align::right, 0, 1},
                       {"net", Align::right},
                       {by_time ? "marked" : "unrealised", Align::right}});
    const auto add = [&](const PnlRow& row, const std::string& key) {
        const TableWriter::Cell last =
            by_time ? (row.mark ? amount_cell(*row.mark) : TableWriter::Cell("")) : amount_cell(row.unrealised);
        table.add_row({key, format_indian(row.trades), format_indian(row.wins), amount_cell(row.realised),
                       format_indian(row.charges), amount_cell(row.net()), last});
    };
    for (const PnlRow& row : rows) {
        add(row, by == PnlBy::symbol ? display_symbol(row.key) : row.key.empty() ? "(operator)" : printable(row.key));
    }
    table.add_rule();
    add(total_of(rows), "total");
    out << table.render(style.colour, style.width);
}

std::string csv_of(const std::vector<PnlRow>& rows, PnlBy by) {
    std::string csv = fmt::format("{},trades,won,realised,charges,net,unrealised,marked_net\n", title_of(by));
    for (const PnlRow& row : rows) {
        const bool by_time = by == PnlBy::day || by == PnlBy::month;
        csv += fmt::format("{},{},{},{},{},{},{},{}\n", csv_field(row.key), row.trades, row.wins,
                           to_string(row.realised), to_string(row.charges), to_string(row.net()),
                           by_time ? "" : to_string(row.unrealised), row.mark ? to_string(*row.mark) : "");
    }
    return csv;
}

Json trade_json(const ClosedTrade& trade) {
    return {{"account", trade.account},
            {"instrument", trade.instrument},
            {"direction", trade.was_short ? "short" : "long"},
            {"quantity", trade.quantity},
            {"opened", format_iso(trade.opened)},
            {"closed", format_iso(trade.closed)},
            {"bought", to_string(trade.bought)},
            {"sold", to_string(trade.sold)},
            {"profit", to_string(trade.profit())}};
}

Json tax_json(const LedgerReader& ledger, const TaxReport& report, const std::string& year) {
    Json json = document(ledger);
    json["financial_year"] = year;
    json["paper"] = report.paper;
    json["turnover"] = to_string(report.turnover);
    json["profit"] = to_string(report.profit);
    Json heads;
    for (size_t i = 0; i < kChargeItemCount; ++i) {
        const auto item = static_cast<ChargeItem>(i);
        heads[std::string(name_of(item))] = to_string(report.charges.of(item));
    }
    heads["total"] = to_string(report.charges.total());
    json["charges"] = std::move(heads);
    json["net"] = to_string(report.profit - report.charges.total());
    json["periods"] = Json::array();
    Money sum;
    for (const auto& period : report.periods) {
        sum += period.profit - period.charges;
        json["periods"].push_back({{"from", format_date(period.from)},
                                   {"to", format_date(period.to)},
                                   {"profit", to_string(period.profit)},
                                   {"charges", to_string(period.charges)},
                                   {"net", to_string(period.profit - period.charges)},
                                   {"net_so_far", to_string(sum)}});
    }
    json["trades"] = Json::array();
    for (const ClosedTrade& trade : report.trades) json["trades"].push_back(trade_json(trade));
    json["open"] = Json::array();
    for (const OpenLot& lot : report.open) {
        json["open"].push_back({{"account", lot.account},
                                {"instrument", lot.instrument},
                                {"side", lot.side},
                                {"quantity", lot.quantity},
                                {"opened", format_iso(lot.opened)},
                                {"value", to_string(lot.value)}});
    }
    json["fills_in_shares_left_out"] = report.trades_in_shares;
    json["notes"] = Json::array();
    for (const char* note : kDisclaimers) json["notes"].push_back(note);
    return json;
}

void print_heads(const TaxReport& report, const OutputStyle& style, std::ostream& out) {
    TableWriter table({{"head"}, {"rupees", Align::right}});
    table.add_row({"trades closed", format_indian(static_cast<int64_t>(report.trades.size()))});
    table.add_row({"turnover (absolute profits)", format_indian(report.turnover)});
    table.add_row({"profit before charges", amount_cell(report.profit)});
    for (size_t i = 0; i < kChargeItemCount; ++i) {
        const auto item = static_cast<ChargeItem>(i);
        table.add_row({"  " + std::string(name_of(item)), format_indian(report.charges.of(item))});
    }
    table.add_row({"charges", format_indian(report.charges.total())});
    table.add_rule();
    table.add_row({"net", amount_cell(report.profit - report.charges.total())});
    out << table.render(style.colour, style.width) << "\n";
}

void print_periods(const TaxReport& report, const OutputStyle& style, std::ostream& out) {
    TableWriter table({{"advance tax"},
                       {"profit", Align::right},
                       {"charges", Align::right},
                       {"net", Align::right},
                       {"net so far", Align::right}});
    Money sum;
    for (const auto& period : report.periods) {
        sum += period.profit - period.charges;
        table.add_row({format_date(period.from) + " to " + format_date(period.to), amount_cell(period.profit),
                       format_indian(period.charges), amount_cell(period.profit - period.charges), amount_cell(sum)});
    }
    out << table.render(style.colour, style.width) << "\n";
}

void print_tax(const TaxReport& report, const std::string& year, const OutputStyle& style, std::ostream& out) {
    out << fmt::format("Futures and options, financial year {}{}\n\n", year,
                       report.paper ? " (paper trades: no money, no tax)" : "");
    print_heads(report, style, out);
    print_periods(report, style, out);
    if (report.open.empty()) {
        out << fmt::format("Nothing open at the end of {}.\n\n", format_date(report.periods.back().to));
    } else {
        TableWriter table(
            {{"open at the end"}, {"side"}, {"quantity", Align::right}, {"opened"}, {"at cost", Align::right}});
        for (const OpenLot& lot : report.open) {
            table.add_row({display_symbol(lot.instrument), lot.side, format_indian(lot.quantity),
                           shown_time(lot.opened), format_indian(lot.value)});
        }
        out << table.render(style.colour, style.width) << "\n";
    }
    for (const char* note : kDisclaimers) out << "- " << note << "\n";
}

std::string csv_of(const TaxReport& report) {
    std::string csv = "account,instrument,direction,quantity,opened,closed,bought,sold,profit\n";
    for (const ClosedTrade& trade : report.trades) {
        csv += fmt::format("{},{},{},{},{},{},{},{},{}\n", csv_field(trade.account), csv_field(trade.instrument),
                           trade.was_short ? "short" : "long", trade.quantity, format_iso(trade.opened),
                           format_iso(trade.closed), to_string(trade.bought), to_string(trade.sold),
                           to_string(trade.profit()));
    }
    return csv;
}

}  // namespace

Result<int> run_pnl_command(const LedgerReader& ledger, const RowFilter& filter, PnlBy by, ReportForm form,
                            const OutputStyle& style, std::ostream& out) {
    const auto rows = ledger.pnl(filter, by);
    if (!rows) return rows.error();
    if (form == ReportForm::csv) {
        out << csv_of(*rows, by);
    } else if (form == ReportForm::json) {
        Json json = document(ledger);
        json["by"] = title_of(by);
        json["rows"] = Json::array();
        for (const PnlRow& row : *rows) json["rows"].push_back(pnl_json(row));
        json["total"] = pnl_json(total_of(*rows));
        return write_json(json, out);
    } else if (rows->empty()) {
        out << "Nothing was traded in that time.\n";
    } else {
        print_pnl(*rows, by, style, out);
    }
    return 0;
}

Result<int> run_tax_command(const LedgerReader& ledger, const std::string& year, ReportForm form,
                            const OutputStyle& style, std::ostream& out) {
    const auto first_year = parse_financial_year(year);
    if (!first_year) return first_year.error();
    RowFilter all;
    all.session = "all";
    auto fills = ledger.fills(all);
    if (!fills) return fills.error();
    std::stable_sort(fills->begin(), fills->end(), [](const FillRow& a, const FillRow& b) { return a.time < b.time; });
    const TaxReport report = make_tax_report(*fills, *first_year);
    if (form == ReportForm::csv) {
        out << csv_of(report);
    } else if (form == ReportForm::json) {
        return write_json(tax_json(ledger, report, year), out);
    } else {
        print_tax(report, year, style, out);
    }
    return 0;
}

}  // namespace tide
