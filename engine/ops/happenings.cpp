#include "ops/happenings.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/lines.hpp"

namespace tide {
namespace {

constexpr size_t kMaxTracebackLines = 8;
constexpr size_t kShownDigest = 12;

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return out;
}
std::vector<std::string> printable_lines(std::string_view text) {
    std::vector<std::string> lines;
    for (const std::string_view line : lines_of(text)) lines.push_back(printable(line));
    return lines;
}
std::string in_brackets(std::string_view text) { return text.empty() ? "" : fmt::format(" ({})", text); }
std::string joined(std::string_view first, std::string_view between, std::string_view second) {
    if (first.empty() || second.empty()) return std::string(first.empty() ? second : first);
    return fmt::format("{}{}{}", first, between, second);
}
std::string long_date(Date date) {
    static constexpr std::string_view kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                 "Thursday", "Friday", "Saturday"};
    static constexpr std::string_view kMonths[] = {"January",   "February", "March",    "April",
                                                   "May",       "June",     "July",     "August",
                                                   "September", "October",  "November", "December"};
    const auto ymd = civil(date);
    return fmt::format("{} {} {} {}", kDays[weekday_of(date).c_encoding()], unsigned(ymd.day()),
                       kMonths[unsigned(ymd.month()) - 1], int(ymd.year()));
}
// The part of a symbol that names the underlying: "NIFTY" of "NIFTY 2024-01-25 21700 CE".
std::string underlying_word(std::string_view symbol) { return std::string(symbol.substr(0, symbol.find(' '))); }

bool moved_enough(const std::optional<Price>& told, const std::optional<Price>& now, double percent) {
    if (told.has_value() != now.has_value()) return true;
    if (!told || told->units() == 0) return false;
    return std::fabs((*now - *told).to_double() / told->to_double()) * 100 >= percent;
}

}  // namespace

void HappeningTeller::tell(const Record& record, std::vector<Happening>& out) {
    std::visit([&](const auto& body) { on(record.time, body, out); }, record.body);
}

std::string HappeningTeller::quantity_text(InstrumentId instrument, Quantity quantity) const {
    const int64_t lot = options_.lot_size ? options_.lot_size(instrument) : 1;
    if (lot > 1 && quantity.units() % lot == 0) return fmt::format("{} x {}", quantity.units() / lot, lot);
    return format_indian(quantity.units());
}
std::string HappeningTeller::order_text(const OrderRecord& record, Quantity quantity) const {
    return fmt::format("{} {} {}", upper(name_of(record.order.side)), quantity_text(record.order.instrument, quantity),
                       display_symbol(record.instrument));
}

void HappeningTeller::on(ReceiveTime time, const SessionRecord& r, std::vector<Happening>& out) const {
    if (r.phase == "start") {
        // A digest is recognised by its beginning.
        const size_t digest = r.detail.find("sha256 ");
        const size_t end = digest == std::string::npos ? r.detail.size() : digest + 7 + kShownDigest;
        out.push_back({time, "START", Tone::plain, r.mode + " session", {}, r.detail.substr(0, end)});
    }
    if (r.phase == "end") out.push_back({time, "END", Tone::plain, r.mode + " session", {}, r.detail});
}

void HappeningTeller::on(ReceiveTime time, const DayRecord& r, std::vector<Happening>& out) {
    if (r.phase == "day") {
        refusals_.clear();
        notes_.clear();
        trades_today_ = 0;
        out.push_back({time, "", Tone::plain, long_date(r.date), {}, r.detail});
        return;
    }
    if (r.phase == "day_end") return tell_repeated_refusals(time, out);
    const auto say = [&](const char* label, const char* text) {
        out.push_back({time, label, Tone::plain, text, {}, r.detail});
        out.back().routine = true;
    };
    if (r.phase == "pre_open") say("PRE-OPEN", "the exchange collects orders");
    if (r.phase == "open") say("OPEN", "the market is open");
    if (r.phase == "entry_cutoff") say("CUTOFF", "no new entries from now on");
    if (r.phase == "square_off") say("SQUARE", "what is open is closed now");
    if (r.phase == "close" || r.phase == "closed") say("CLOSE", "the market is closed");
}

void HappeningTeller::tell_repeated_refusals(ReceiveTime time, std::vector<Happening>& out) {
    std::string repeated;
    for (const auto& [key, count] : refusals_) {
        if (count < 2) continue;
        repeated = joined(repeated, ", ", fmt::format("{} {} {} times", key.second, key.first, format_indian(count)));
    }
    if (!repeated.empty()) out.push_back({time, "REFUSED", Tone::quiet, "in all today:", {}, repeated});
    refusals_.clear();
}

void HappeningTeller::on(ReceiveTime time, const ScriptRecord& r, std::vector<Happening>& out) const {
    if (r.status == "loaded") {
        const std::string name = joined(r.name, " ", r.version);
        out.push_back(
            {time, "SCRIPT", Tone::plain, name + " loaded", {}, "sha256 " + r.sha256.substr(0, kShownDigest)});
        return;
    }
    std::vector<std::string> lines = printable_lines(r.detail);
    const bool calm = r.status == "staged" || r.status == "reloaded" || r.status == "restarted";
    Happening fault{time, calm ? "SCRIPT" : "SCRIPT!", calm ? Tone::plain : Tone::loud,
                    joined(r.name, " ", calm ? joined(r.version, " ", r.status) : r.status)};
    if (!lines.empty()) {
        fault.detail = lines.front();
        lines.erase(lines.begin());
    }
    if (lines.size() > kMaxTracebackLines) {
        lines.resize(kMaxTracebackLines);
        lines.emplace_back("…");
    }
    fault.more = std::move(lines);
    out.push_back(std::move(fault));
}

void HappeningTeller::on(ReceiveTime time, const RiskRecord& r, std::vector<Happening>& out) {
    if (r.passed) return;
    if (++refusals_[{r.code, underlying_word(r.instrument)}] > 1) return;
    out.push_back({time,
                   "REFUSED",
                   Tone::caution,
                   joined(display_symbol(r.instrument), "  ", r.code),
                   {},
                   r.text + in_brackets(r.values)});
}

// An entry that is held, and how it ended; its orders tell the rest.
void HappeningTeller::on(ReceiveTime time, const ParentRecord& r, std::vector<Happening>& out) const {
    const ParentOrder& parent = r.parent;
    const bool accepted = parent.live() && !parent.any_child && parent.accepted == time && !parent.reached &&
                          parent.updated == time && r.from == parent.state &&
                          r.detail == terms_text(parent.intent.terms);
    if (!accepted && parent.live()) return;
    const Tone tone = parent.state == ParentState::refused ? Tone::caution : Tone::plain;
    out.push_back({time,
                   "HELD",
                   tone,
                   fmt::format("{} {} {} {}", upper(name_of(parent.intent.side)),
                               quantity_text(parent.intent.instrument, parent.quantity), display_symbol(r.instrument),
                               name_of(parent.state)),
                   {},
                   r.detail});
}

void HappeningTeller::on(ReceiveTime time, const OrderRecord& r, std::vector<Happening>& out) const {
    const Order& order = r.order;
    if (order.state == r.from) return;
    if (order.state == OrderState::unknown) {
        out.push_back({time,
                       "ORDER?",
                       Tone::loud,
                       order_text(r, order.quantity),
                       {},
                       joined("no answer from the broker", ": ", r.detail)});
    }
    if (order.state == OrderState::in_review) {
        out.push_back({time, "REVIEW", Tone::caution, order_text(r, order.quantity), {}, r.detail});
    }
    if (!is_final(order.state) || order.state == OrderState::refused) return;
    if (order.filled.units() == 0) {
        const Tone tone = order.state == OrderState::rejected ? Tone::bad : Tone::plain;
        out.push_back({time,
                       "ORDER",
                       tone,
                       order_text(r, order.quantity) + " " + std::string(name_of(order.state)),
                       {},
                       order.state_reason});
        return;
    }
    // An average of several fills may have any digits: to the paisa.
    const Money average = round_to_paisa(scale(order.filled_value, 1, order.filled.units()));
    std::string text = fmt::format("{} @ {}", order_text(r, order.filled), format_indian(average));
    if (order.remaining().units() > 0) {
        text += fmt::format(", {} {}", quantity_text(order.instrument, order.remaining()), name_of(order.state));
    }
    if (order.purpose == OrderPurpose::entry) {
        out.push_back({time, "ENTRY", Tone::good, text, {}, order.why});
    } else if (open_.contains(order.position)) {
        out.push_back({time, "PART", Tone::plain, text, {}, order.why});
    }
}

void HappeningTeller::on(ReceiveTime time, const PositionRecord& r, std::vector<Happening>& out) {
    const Position& p = r.position;
    if (!p.open()) {
        open_.erase(p.id);
        return;
    }
    const bool is_new = !open_.contains(p.id);
    Levels& told = open_[p.id];
    if (is_new) told = {p.levels.stop, p.levels.target};
    const auto tell_level = [&](const char* label, std::optional<Price>& before, const std::optional<Price>& now) {
        if (!moved_enough(before, now, options_.material_stop_move_pct)) return;
        const std::string from = before ? format_indian(*before) + " → " : "";
        const std::string on = p.levels.on_premium ? " on the premium" : "";
        out.push_back(
            {time,
             label,
             Tone::plain,
             fmt::format("{}  {}{}{}", display_symbol(r.instrument), from, now ? format_indian(*now) : "none", on),
             {},
             r.detail});
        before = now;
    };
    if (r.what == "stop") tell_level("STOP", told.stop, p.levels.stop);
    if (r.what == "target") tell_level("TARGET", told.target, p.levels.target);
}

void HappeningTeller::on(ReceiveTime time, const TradeRecord& r, std::vector<Happening>& out) {
    const Position& p = r.position;
    ++trades_today_;
    const std::string text = fmt::format("{} {} {} @ {}", upper(name_of(opposite(p.side))), r.lot_text,
                                         display_symbol(r.instrument), format_indian(p.exit_price));
    out.push_back({time, "EXIT", tone_of(p.net()), text, p.net(), joined(r.exit.rule, ": ", r.exit.text)});
}

void HappeningTeller::on(ReceiveTime time, const HaltRecord& r, std::vector<Happening>& out) const {
    const bool kill = r.kind == "kill_switch";
    const std::string why = r.text + in_brackets(r.values);
    if (!r.active) {
        out.push_back({time, "RESUMED", Tone::plain, r.kind + " is over", {}, why});
    } else {
        out.push_back({time, kill ? "KILL" : "HALT", kill ? Tone::loud : Tone::bad, r.kind, {}, why});
    }
}

void HappeningTeller::on(ReceiveTime time, const CommandRecord& r, std::vector<Happening>& out) const {
    const std::string what = joined(r.command, " ", r.argument);
    out.push_back(
        {time, "OPERATOR", Tone::plain, joined(r.operator_name, ": ", what), {}, joined(r.reason, " — ", r.outcome)});
}

void HappeningTeller::on(ReceiveTime time, const CategoryRecord& r, std::vector<Happening>& out) const {
    const std::string from = r.from.empty() ? "" : r.from + " → ";
    out.push_back({time, "STATE", Tone::plain, fmt::format("{} {} {}{}", r.symbol, r.name, from, r.to), {}, r.values});
}

void HappeningTeller::on(ReceiveTime time, const QualityRecord& r, std::vector<Happening>& out) const {
    const std::string what = fmt::format("{} {}", r.subject, r.what);
    out.push_back({time, r.bad ? "DATA" : "DATA OK", r.bad ? Tone::caution : Tone::plain, what, {}, r.text});
}

void HappeningTeller::on(ReceiveTime time, const ReconcileRecord& r, std::vector<Happening>& out) const {
    if (r.action == "again") return;  // not yet sure
    const bool agreed = r.what == "agreed";
    const Tone tone = agreed ? Tone::quiet : r.action == "halt" ? Tone::loud : Tone::caution;
    const std::string what = r.subject.empty() ? r.what : fmt::format("{} {}", r.subject, r.what);
    out.push_back({time, "BOOKS", tone, what, {}, r.text});
}

// Becoming whole and being unwound are news; the steps between are in the store.
void HappeningTeller::on(ReceiveTime time, const GroupRecord& r, std::vector<Happening>& out) const {
    const bool unwound = r.state == "unwinding";
    if (!unwound && r.state != "whole") return;
    const std::string what = fmt::format("group {} {}", r.group.value(), r.state);
    out.push_back({time, "GROUP", unwound ? Tone::caution : Tone::plain, what, {}, joined(r.rule, ": ", r.text)});
    out.back().more.push_back(r.legs);
}

void HappeningTeller::on(ReceiveTime time, const NoteRecord& r, std::vector<Happening>& out) {
    if (r.level == "debug") return;
    std::vector<std::string> lines = printable_lines(r.text);
    if (lines.empty()) return;
    const std::string first = joined(r.source, ": ", lines.front());
    lines.erase(lines.begin());
    if (r.level == "error") {
        out.push_back({time, "ERROR", Tone::loud, "", {}, first, lines});
    } else if (r.level == "warning") {
        out.push_back({time, "WARNING", Tone::caution, "", {}, first, lines});
    } else if (const int count = ++notes_[r.source]; count <= options_.notes_per_day) {
        out.push_back({time, "NOTE", Tone::quiet, "", {}, first, lines});
        if (count == options_.notes_per_day) {
            out.back().more.push_back("further notes of " + r.source + " today are in the store only");
        }
    }
}

void HappeningTeller::on(ReceiveTime time, const EquityRecord& r, std::vector<Happening>& out) const {
    if (r.detail == "session") return;  // the end of the session is summed up elsewhere
    const std::string count = trades_today_ == 1 ? "1 trade" : format_indian(trades_today_) + " trades";
    out.push_back({time, "DAY", Tone::plain, count, r.net,
                   fmt::format("{} gross, {} charges, equity {}", format_indian_signed(r.gross),
                               format_indian(r.charges), format_indian(r.equity))});
    out.back().routine = trades_today_ == 0;
}

}  // namespace tide
