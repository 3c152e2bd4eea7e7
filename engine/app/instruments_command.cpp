#include <fmt/format.h>

#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/paths.hpp"
#include "app/wall_clock.hpp"
#include "barstore/master_file.hpp"
#include "market/instruments.hpp"
#include "market/master_check.hpp"
#include "ops/text_table.hpp"

// A broker's contract master: its contracts, a summary, and how it differs from the dated rules.
namespace tide {
namespace {

using nlohmann::json;
using Column = TableWriter::Column;

constexpr size_t kMostRows = 400;  // of a table for a person

std::string units_text(Quantity quantity) { return quantity.units() == 0 ? "" : std::to_string(quantity.units()); }
json units_json(Quantity quantity) { return quantity.units() == 0 ? json(nullptr) : json(quantity.units()); }
std::string price_text(Price price) { return price.positive() ? to_string(price) : ""; }
json price_json(Price price) { return price.positive() ? json(to_string(price)) : json(nullptr); }
std::string date_text(const std::optional<Date>& date) { return date ? format_date(*date) : ""; }

json contract_json(const ListedContract& row) {
    return {{"underlying", row.key.underlying},
            {"kind", name_of(row.key.kind)},
            {"expiry", row.key.expiry ? json(format_date(*row.key.expiry)) : json(nullptr)},
            {"strike", price_json(row.key.strike)},
            {"right", name_of(row.key.right)},
            {"lot", units_json(row.lot)},
            {"tick", price_json(row.tick)},
            {"freeze", units_json(row.freeze)},
            {"exchange", row.key.exchange},
            {"segment", row.segment},
            {"symbol", row.symbol},
            {"token", row.token},
            {"status", name_of(row.status)}};
}
json report_json(const MasterReport& report) {
    auto problems = json::array();
    for (const auto& problem : report.problems)
        problems.push_back({{"line", problem.line}, {"reason", problem.reason}});
    return {{"file", report.file},
            {"format", report.format},
            {"rows", report.rows},
            {"kept", report.kept},
            {"expired", report.expired},
            {"elsewhere", report.elsewhere},
            {"duplicates", report.duplicates},
            {"clashes", report.clashes},
            {"bad", report.bad},
            {"problems", problems}};
}

class MasterView {
  public:
    MasterView(const InstrumentsOptions& options, MasterFile file, Date on)
        : options_(options), file_(std::move(file)), on_(on) {}

    ExitCode print_contracts() const {
        std::vector<const ListedContract*> rows;
        for (const ListedContract& row : file_.master.rows()) {
            if (wanted(row)) rows.push_back(&row);
        }
        if (options_.json) {
            auto contracts = json::array();
            for (const auto* row : rows) contracts.push_back(contract_json(*row));
            print_json({{"contracts", contracts}});
            return ExitCode::done;
        }
        TableWriter table({{"underlying"},
                           {"kind"},
                           {"expiry"},
                           {"strike", Align::right},
                           {"right"},
                           {"lot", Align::right},
                           {"tick", Align::right},
                           {"freeze", Align::right},
                           {"segment"},
                           {"token", Align::right},
                           {"symbol"},
                           {"status"}});
        for (size_t i = 0; i < std::min(rows.size(), kMostRows); ++i) {
            const ListedContract& row = *rows[i];
            table.add_row({row.key.underlying, std::string(name_of(row.key.kind)), date_text(row.key.expiry),
                           price_text(row.key.strike), std::string(name_of(row.key.right)), units_text(row.lot),
                           price_text(row.tick), units_text(row.freeze), printable(row.segment), printable(row.token),
                           printable(row.symbol), std::string(name_of(row.status))});
        }
        fmt::print("{}", table.render(false));
        if (rows.size() > kMostRows) fmt::print("… {} more; narrow it down, or take --json\n", rows.size() - kMostRows);
        print_report();
        return ExitCode::done;
    }

    ExitCode print_summary() const {
        struct Line {
            std::map<int64_t, int64_t> lots;
            int64_t contracts = 0;
            Price lowest, highest;
        };
        std::map<std::tuple<std::string, std::string, std::string>, Line> lines;
        for (const ListedContract& row : file_.master.rows()) {
            if (!wanted(row)) continue;
            const bool derivative = row.key.expiry.has_value();
            Line& line = lines[{derivative ? row.key.underlying : "", std::string(name_of(row.key.kind)),
                                date_text(row.key.expiry)}];
            ++line.contracts;
            ++line.lots[row.lot.units()];
            if (line.contracts == 1 || row.key.strike < line.lowest) line.lowest = row.key.strike;
            if (row.key.strike > line.highest) line.highest = row.key.strike;
        }
        auto rows = json::array();
        TableWriter table(
            {{"underlying"}, {"kind"}, {"expiry"}, {"contracts", Align::right}, {"lot", Align::right}, {"strikes"}});
        for (const auto& [key, line] : lines) {
            const auto& [underlying, kind, expiry] = key;
            std::string lots;
            if (!underlying.empty()) {
                for (const auto& [lot, contracts] : line.lots)
                    lots += (lots.empty() ? "" : " ") + (lot == 0 ? "?" : std::to_string(lot));
            }
            const std::string strikes =
                line.highest.positive() ? to_string(line.lowest) + " to " + to_string(line.highest) : "";
            rows.push_back({{"underlying", underlying},
                            {"kind", kind},
                            {"expiry", expiry},
                            {"contracts", line.contracts},
                            {"lots", lots},
                            {"strikes", strikes}});
            table.add_row({underlying, kind, expiry, std::to_string(line.contracts), lots, strikes});
        }
        if (options_.json) {
            print_json({{"summary", rows}});
        } else {
            fmt::print("{}", table.render(false));
            print_report();
        }
        return ExitCode::done;
    }

    Result<ExitCode> print_check(const ContractRules& rules, const TradingCalendar& calendar) const {
        const auto differences = compare_with_rules(file_.master, rules, calendar, on_);
        if (!differences) return differences.error();
        auto rows = json::array();
        TableWriter table({{"underlying"}, {"kind"}, {"expiry"}, {"what"}, {"master"}, {"rules"}});
        for (const MasterDifference& one : *differences) {
            if (!options_.underlying.empty() && one.underlying != canonical_symbol(options_.underlying)) continue;
            const auto said = [](const std::string& text) { return text.empty() ? std::string("-") : text; };
            rows.push_back({{"underlying", one.underlying},
                            {"kind", name_of(one.kind)},
                            {"expiry", format_date(one.expiry)},
                            {"what", one.what},
                            {"master", one.master},
                            {"rules", one.rules}});
            table.add_row({one.underlying, std::string(name_of(one.kind)), format_date(one.expiry), one.what,
                           said(one.master), said(one.rules)});
        }
        const bool equal = rows.empty() && file_.report.clashes == 0;
        if (options_.json) {
            print_json({{"on", format_date(on_)}, {"differences", rows}});
        } else {
            if (!rows.empty()) fmt::print("{}", table.render(false));
            if (equal) fmt::print("the master and the dated rules agree on {}\n", format_date(on_));
            print_report();
        }
        return equal ? ExitCode::done : ExitCode::does_not_hold;
    }

  private:
    bool wanted(const ListedContract& row) const {
        if (!row.holds(on_)) return false;
        if (!options_.underlying.empty() && row.key.underlying != canonical_symbol(options_.underlying)) return false;
        if (!options_.expiry.empty() && row.key.expiry != parse_date(options_.expiry)) return false;
        return options_.strike.empty() || row.key.strike == parse_price(options_.strike);
    }
    void print_json(json document) const {
        document["schema_version"] = 1;
        document["master"] = report_json(file_.report);
        std::cout << document.dump(2) << "\n";
    }
    void print_report() const {
        const MasterReport& report = file_.report;
        fmt::print(stderr,
                   "{} ({}): {} rows, {} contracts kept, {} expired, {} of other segments or underlyings, {} repeated, "
                   "{} contradicting, {} bad\n",
                   report.file, report.format, report.rows, report.kept, report.expired, report.elsewhere,
                   report.duplicates, report.clashes, report.bad);
        for (const auto& problem : report.problems)
            fmt::print(stderr, "{}:{}: {}\n", report.file, problem.line, printable(problem.reason));
    }

    const InstrumentsOptions& options_;
    MasterFile file_;
    Date on_;
};

}  // namespace

Result<ExitCode> instruments_command(const InstrumentsOptions& options) {
    const Date on = options.on.empty() ? wall_date() : *parse_date(options.on);
    MasterOptions wanted;
    wanted.on = on;
    auto file = read_contract_master(options.master, wanted);
    if (!file) return file.error();
    MasterView view(options, std::move(*file), on);
    if (options.summary) return view.print_summary();
    if (!options.check) return view.print_contracts();
    auto paths = find_paths("");
    if (!paths) return paths.error();
    auto calendar = TradingCalendar::load(paths->calendars());
    if (!calendar) return calendar.error();
    auto rules = ContractRules::load(paths->contracts());
    if (!rules) return rules.error();
    return view.print_check(*rules, *calendar);
}

}  // namespace tide
