#include "ops/session_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "ops/text_table.hpp"

namespace tide {
namespace {

std::string first_line(std::string_view text) { return printable(text.substr(0, text.find('\n'))); }
std::string shown_time(ReceiveTime time) {
    return format_date(ist_date(time)) + " " + format_time_of_day(ist_since_midnight(time)).substr(0, 5);
}
TableWriter::Cell amount_cell(Money amount) { return {format_indian_signed(amount), tone_of(amount)}; }
std::string number_or_dash(const std::optional<double>& value, const char* unit) {
    return value ? fmt::format("{:.2f}{}", *value, unit) : "-";
}
std::string plural(int64_t count, std::string_view one) {
    return fmt::format("{} {}{}", format_indian(count), one, count == 1 ? "" : "s");
}

}  // namespace

void SessionSummary::record(const Record& record) {
    statistics_.record(record);
    if (const auto* trade = std::get_if<TradeRecord>(&record.body)) {
        on_trade(*trade);
    } else if (const auto* risk = std::get_if<RiskRecord>(&record.body)) {
        if (!risk->passed) ++refusals_[risk->code];
    } else if (const auto* skip = std::get_if<SkipRecord>(&record.body)) {
        skips_[skip->why] += skip->count;
    } else if (const auto* script = std::get_if<ScriptRecord>(&record.body)) {
        const bool fault = script->status != "loaded" && script->status != "staged" && script->status != "reloaded";
        if (fault) faults_.push_back({record.time, script->name, script->status, script->detail});
    }
}

void SessionSummary::on_trade(const TradeRecord& record) {
    const Position& p = record.position;
    Trade trade;
    trade.number = record.number;
    trade.opened = p.opened;
    trade.closed = p.closed.value_or(p.opened);
    trade.instrument = record.instrument;
    trade.lots = record.lot_text;
    trade.rule = record.exit.rule;
    trade.side = p.side;
    trade.entry = p.entry_price;
    trade.exit = p.exit_price;
    trade.gross = p.gross();
    trade.charges = p.charges;
    trade.net = p.net();
    trade.model_priced = p.model_priced;
    trades_.push_back(std::move(trade));
}

void SessionSummary::add_flag(std::string flag) {
    if (std::find(flags_.begin(), flags_.end(), flag) == flags_.end()) flags_.push_back(std::move(flag));
}

void SessionSummary::print(std::ostream& out, const SummaryStyle& style) const {
    print_trades(out, style);
    print_totals(out, style);
    print_counts(out, "Refused by the risk gate", refusals_, style.max_reasons);
    print_counts(out, "Why the script did not trade", skips_, style.max_reasons);
    print_trouble(out, style);
    if (flags_.empty()) return;
    out << "\nKnow about these numbers\n";
    for (const std::string& flag : flags_) out << "  " << printable(flag) << "\n";
}

void SessionSummary::print_trades(std::ostream& out, const SummaryStyle& style) const {
    out << "\n";
    if (trades_.empty()) {
        out << "No trades.\n";
        return;
    }
    const size_t first = trades_.size() > style.max_trades ? trades_.size() - style.max_trades : 0;
    if (first > 0) {
        out << fmt::format("The last {} of {} trades ('engine trades' lists what the store has)\n", style.max_trades,
                           format_indian(static_cast<int64_t>(trades_.size())));
    }
    const Date day = ist_date(trades_[first].opened);
    const bool one_day =
        std::all_of(trades_.begin() + static_cast<ptrdiff_t>(first), trades_.end(),
                    [&](const Trade& t) { return ist_date(t.opened) == day && ist_date(t.closed) == day; });
    if (one_day) out << "Trades of " << format_date(day) << "\n";
    TableWriter table({{"#", Align::right},
                       {"opened"},
                       {"closed", Align::left, 0, 3},
                       {"instrument"},
                       {"lots", Align::right, 0, 2},
                       {"entry", Align::right},
                       {"exit", Align::right},
                       {"gross", Align::right, 0, 4},
                       {"charges", Align::right, 0, 5},
                       {"net", Align::right},
                       {"exit rule", Align::left, 20, 1}});
    bool any_model = false;
    for (size_t i = first; i < trades_.size(); ++i) {
        const Trade& t = trades_[i];
        any_model = any_model || t.model_priced;
        const bool same_day = ist_date(t.opened) == ist_date(t.closed);
        const std::string side = t.side == Side::sell ? "short " : "";
        table.add_row({std::to_string(t.number) + (t.model_priced ? "*" : ""),
                       one_day ? shown_time(t.opened).substr(11) : shown_time(t.opened),
                       same_day ? shown_time(t.closed).substr(11) : shown_time(t.closed),
                       side + display_symbol(t.instrument), t.lots, format_indian(t.entry), format_indian(t.exit),
                       amount_cell(t.gross), format_indian(t.charges), amount_cell(t.net), t.rule});
    }
    const RunResult result = statistics_.result();
    table.add_rule();
    table.add_row({"", "", "", plural(result.trades, "trade"), "", "", "", amount_cell(result.gross),
                   format_indian(result.charges), amount_cell(result.net), ""});
    out << table.render(style.colour, style.width);
    if (any_model) out << "* priced by model, not by quotes\n";
}

void SessionSummary::print_totals(std::ostream& out, const SummaryStyle& style) const {
    const RunResult r = statistics_.result();
    const OrderCounts& o = statistics_.orders();
    const auto amount = [&](Money money) { return in_tone(format_indian_signed(money), tone_of(money), style.colour); };
    out << fmt::format("\nNet       {} = {} gross - {} charges\n", amount(r.net), format_indian_signed(r.gross),
                       format_indian(r.charges));
    out << fmt::format("Equity    {} ({:+.2f}%), largest drawdown {:.2f}%\n", format_indian(statistics_.equity()),
                       r.return_pct, r.max_drawdown_pct);
    if (r.trades > 0) {
        out << fmt::format("Trades    {} won of {} ({}), profit factor {}, Sharpe {}\n", r.wins, r.trades,
                           number_or_dash(r.win_rate_pct, "%"), number_or_dash(r.profit_factor, ""),
                           number_or_dash(r.sharpe, ""));
    }
    out << fmt::format("Orders    {} wanted, {} refused, {} sent", o.intents, o.refused, o.sent);
    const char* between = ": ";
    for (const auto& [count, what] : {std::pair{o.filled, "filled"}, std::pair{o.cancelled, "cancelled"},
                                      std::pair{o.rejected, "rejected"}, std::pair{o.expired, "expired"}}) {
        if (count == 0) continue;
        out << fmt::format("{}{} {}", between, count, what);
        between = ", ";
    }
    out << "\n";
}

void SessionSummary::print_counts(std::ostream& out, const char* title, const Counts& counts, size_t limit) {
    if (counts.empty()) return;
    std::vector<std::pair<int64_t, std::string_view>> most;
    size_t widest = 0;
    for (const auto& [reason, count] : counts) most.emplace_back(count, reason);
    std::stable_sort(most.begin(), most.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    const size_t shown = std::min(limit, most.size());
    for (size_t i = 0; i < shown; ++i) widest = std::max(widest, format_indian(most[i].first).size());
    out << "\n" << title << "\n";
    for (size_t i = 0; i < shown; ++i) {
        out << fmt::format("  {:>{}}  {}\n", format_indian(most[i].first), widest,
                           fit_to_width(printable(most[i].second), 100));
    }
    if (most.size() > shown) out << fmt::format("  and {} other reasons\n", most.size() - shown);
}

void SessionSummary::print_trouble(std::ostream& out, const SummaryStyle& style) const {
    const auto& kill_switch = statistics_.kill_switch();
    if (kill_switch || !statistics_.halts().empty()) out << "\nHalts\n";
    const auto halt_line = [&](const HaltNote& halt, Tone tone) {
        const std::string until = halt.until ? " to " + shown_time(*halt.until) : "";
        const std::string values = halt.values.empty() ? "" : " (" + halt.values + ")";
        out << fmt::format("  {}{}  {}  {}{}\n", shown_time(halt.since), until, in_tone(halt.kind, tone, style.colour),
                           printable(halt.text), printable(values));
    };
    if (kill_switch) halt_line(*kill_switch, Tone::loud);
    for (const HaltNote& halt : statistics_.halts()) halt_line(halt, Tone::bad);
    if (faults_.empty()) return;
    out << "\nScript faults\n";
    const size_t shown = std::min(style.max_reasons, faults_.size());
    for (size_t i = 0; i < shown; ++i) {
        const Fault& fault = faults_[i];
        out << fmt::format("  {}  {} {}: {}\n", shown_time(fault.time), fault.script,
                           in_tone(fault.status, Tone::loud, style.colour), first_line(fault.message));
    }
    if (faults_.size() > shown) out << fmt::format("  and {} more\n", faults_.size() - shown);
}

}  // namespace tide
