#include "ops/incident_report.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "net/file_descriptor.hpp"
#include "ops/row_json.hpp"
#include "ops/text_table.hpp"

namespace tide {
namespace {

using Json = nlohmann::ordered_json;
constexpr size_t kActionsMax = 5000;

std::string clock_text(ReceiveTime time) {
    const Duration t = ist_since_midnight(time);
    const auto ms = std::chrono::duration_cast<milliseconds>(t).count() % 1000;
    return fmt::format("{}.{:03d}", format_time_of_day(std::chrono::floor<seconds>(t)), ms);
}

// Text of scripts and brokers must not break a table or hide a line.
std::string cell(std::string_view text) {
    std::string safe = printable(text);
    for (char& c : safe) {
        if (c == '|') c = '/';
    }
    return safe;
}

bool is_live(const OrderRow& o) {
    return o.state != "filled" && o.state != "cancelled" && o.state != "rejected" && o.state != "expired" &&
           o.state != "refused";
}

std::string order_line(const OrderRecord& r) {
    std::string line =
        fmt::format("order {} {} {} {} {}: {} -> {}, {} of {} filled", r.order.id.value(), name_of(r.order.purpose),
                    name_of(r.order.side), r.order.quantity.units(), r.instrument, name_of(r.from),
                    name_of(r.order.state), r.order.filled.units(), r.order.quantity.units());
    if (!r.detail.empty()) line += " (" + r.detail + ")";
    return line;
}

std::string seconds_text(int64_t ms) { return fmt::format("{:.3f} s", static_cast<double>(ms) / 1000); }

// What was done when, against the time it may take.
std::string steps_markdown(const Incident& i) {
    if (i.steps.empty()) return "";
    std::string out =
        "## Step by step\n\n| step | since the trigger | on the wall | limit | |\n|---|---|---|---|---|\n";
    for (const auto& s : i.steps) {
        const auto time = [](std::optional<int64_t> ms) { return ms ? seconds_text(*ms) : std::string("-"); };
        out += fmt::format("| {} | {} | {} | {} s | {}{} |\n", name_of(s.step), time(s.session_ms), time(s.wall_ms),
                           limit_ms_of(s.step) / 1000,
                           !s.done       ? "NOT DONE: "
                           : s.in_time() ? ""
                                         : "LATE: ",
                           cell(s.text));
    }
    for (const auto& o : i.cancels) {
        out += fmt::format("\n- order {} in {}: cancel asked for after {} ({}), {}", o.order, cell(o.instrument),
                           seconds_text(o.asked_ms), cell(o.reason),
                           o.ended_ms ? fmt::format("{} after {}", o.outcome, seconds_text(*o.ended_ms))
                                      : std::string("not confirmed"));
    }
    for (const auto& p : i.closes) {
        const std::string which =
            p.position > 0 ? fmt::format("position {} in {}", p.position, cell(p.instrument)) : cell(p.instrument);
        const std::string result = p.gross && p.net
                                       ? fmt::format(", gross {}, net {}", to_string(*p.gross), to_string(*p.net))
                                       : std::string();
        out += fmt::format("\n- {}: closed at {} after {}{}, {} exit order(s)", which, to_string(p.exit_price),
                           seconds_text(p.session_ms), result, p.tries);
    }
    return out + (i.cancels.empty() && i.closes.empty() ? "\n" : "\n\n");
}

std::string markdown_of(const Incident& i) {
    const bool killed = i.kind == IncidentKind::kill_switch;
    std::string out = fmt::format("# {}: {}\n\n", killed ? "Kill switch" : "Long outage",
                                  i.flat ? "everything is closed" : "NOT everything is closed");
    out += fmt::format("- session: {}\n- carried out by: the {}\n- trigger: {}\n", i.session_id, i.carried_out_by,
                       i.trigger);
    if (!i.operator_name.empty()) out += "- who: " + cell(i.operator_name) + "\n";
    out += "- why: " + cell(i.reason.empty() ? "no reason given" : i.reason) + "\n";
    if (!i.values.empty()) out += "- values: " + cell(i.values) + "\n";
    out +=
        fmt::format("- began: {}\n- ended: {} ({:.3f} s)\n- result: {}\n- day's net result: {}\n\n",
                    format_iso(i.began), format_iso(i.ended), std::chrono::duration<double>(i.ended - i.began).count(),
                    cell(i.result), i.day_net ? to_string(*i.day_net) : "see the recovered store");
    out += steps_markdown(i);
    out += fmt::format("## Positions at that moment ({})\n\n", i.before.positions.size());
    if (!i.before.positions.empty())
        out += "| position | instrument | side | quantity | entry | last | net |\n|---|---|---|---|---|---|---|\n";
    for (const auto& p : i.before.positions) {
        out += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", p.id, cell(p.instrument), p.side, p.quantity,
                           to_string(p.entry), to_string(p.last), to_string(p.net));
    }
    std::string orders;
    size_t live = 0;
    for (const auto& o : i.before.orders) {
        if (!is_live(o)) continue;
        ++live;
        orders += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", o.id, cell(o.instrument), o.side, o.quantity,
                              o.filled, to_string(o.limit), o.state);
    }
    out += fmt::format("\n## Live orders at that moment ({})\n\n", live);
    if (live > 0)
        out += "| order | instrument | side | quantity | filled | limit | state |\n|---|---|---|---|---|---|---|\n" +
               orders;
    out += "\n## What was done\n\n";
    for (const auto& action : i.actions) out += fmt::format("- {} {}\n", clock_text(action.time), cell(action.what));
    if (i.actions_cut) out += fmt::format("- more than {} actions: the rest is in the audit trail\n", kActionsMax);
    out += "\n## What to do next\n\n";
    if (!i.flat) out += "1. Close what is left at the broker by hand, and write down what was done.\n";
    out +=
        "1. Find the cause: this report, `engine audit --session …`, the log.\n"
        "2. Compare positions and orders with the broker's books.\n"
        "3. `engine health-check --full` must pass.\n";
    if (!killed) return out + "4. The day is over; the next one begins with an hour of limited mode.\n";
    out +=
        "4. `engine resume --confirm-safe --reason \"…\"`; sessions then start in limited mode.\n"
        "5. After an hour without trouble: `engine mode normal`.\n";
    return out;
}

Json steps_json(const Incident& i) {
    Json steps = Json::array();
    const auto time = [](std::optional<int64_t> ms) { return ms ? Json(*ms) : Json(nullptr); };
    for (const auto& s : i.steps) {
        steps.push_back({{"step", name_of(s.step)},
                         {"session_ms", time(s.session_ms)},
                         {"wall_ms", time(s.wall_ms)},
                         {"limit_ms", limit_ms_of(s.step)},
                         {"done", s.done},
                         {"in_time", s.in_time()},
                         {"text", s.text}});
    }
    return steps;
}

Json cancels_json(const Incident& i) {
    Json cancels = Json::array();
    for (const auto& o : i.cancels) {
        cancels.push_back({{"order", o.order},
                           {"instrument", o.instrument},
                           {"reason", o.reason},
                           {"outcome", o.outcome},
                           {"asked_ms", o.asked_ms},
                           {"ended_ms", o.ended_ms ? Json(*o.ended_ms) : Json(nullptr)}});
    }
    return cancels;
}

Json closes_json(const Incident& i) {
    Json closes = Json::array();
    for (const auto& p : i.closes) {
        closes.push_back({{"position", p.position},
                          {"instrument", p.instrument},
                          {"exit_price", to_string(p.exit_price)},
                          {"gross", p.gross ? Json(to_string(*p.gross)) : Json(nullptr)},
                          {"net", p.net ? Json(to_string(*p.net)) : Json(nullptr)},
                          {"tries", p.tries},
                          {"session_ms", p.session_ms},
                          {"wall_ms", p.wall_ms}});
    }
    return closes;
}

std::string json_of(const Incident& i) {
    Json positions = Json::array();
    for (const auto& row : i.before.positions) positions.push_back(position_json(row));
    Json orders = Json::array();
    for (const auto& row : i.before.orders) orders.push_back(order_json(row));
    Json actions = Json::array();
    for (const auto& action : i.actions) actions.push_back({{"time", format_iso(action.time)}, {"what", action.what}});
    const Json document{{"schema_version", 1},
                        {"kind", i.kind == IncidentKind::kill_switch ? "kill_switch" : "long_outage"},
                        {"session", i.session_id},
                        {"carried_out_by", i.carried_out_by},
                        {"trigger", i.trigger},
                        {"operator", i.operator_name},
                        {"reason", i.reason},
                        {"values", i.values},
                        {"began", format_iso(i.began)},
                        {"ended", format_iso(i.ended)},
                        {"duration_ms", std::chrono::duration_cast<milliseconds>(i.ended - i.began).count()},
                        {"flat", i.flat},
                        {"verified_with_broker", i.verified ? Json(*i.verified) : Json(nullptr)},
                        {"result", i.result},
                        {"day_net", i.day_net ? Json(to_string(*i.day_net)) : Json(nullptr)},
                        {"steps", steps_json(i)},
                        {"cancels", cancels_json(i)},
                        {"closes", closes_json(i)},
                        {"positions_before", positions},
                        {"orders_before", orders},
                        {"actions", actions},
                        {"actions_cut", i.actions_cut}};
    return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<void> write_whole(const std::filesystem::path& path, const std::string& text) {
    const std::string part = path.string() + ".part";
    FileDescriptor file(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    bool done = file.valid();
    for (size_t at = 0; done && at < text.size();) {
        const ssize_t written = ::write(file.get(), text.data() + at, text.size() - at);
        done = written > 0;
        if (done) at += static_cast<size_t>(written);
    }
    if (done && ::fsync(file.get()) == 0 && ::rename(part.c_str(), path.c_str()) == 0) return {};
    return make_error(ErrorCode::io, fmt::format("{} cannot be written: {}", path.string(), std::strerror(errno)));
}

}  // namespace

Result<std::filesystem::path> write_incident(const Incident& incident, const std::filesystem::path& folder,
                                             const std::string& name) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return make_error(ErrorCode::io, fmt::format("{}: {}", folder.string(), error.message()));
    const auto page = folder / (name + ".md");
    if (auto done = write_whole(folder / (name + ".json"), json_of(incident)); !done) return done.error();
    if (auto done = write_whole(page, markdown_of(incident)); !done) return done.error();
    return page;
}

void IncidentRecorder::record(const Record& record) {
    if (const auto* command = std::get_if<CommandRecord>(&record.body);
        command != nullptr && command->command == "kill_switch") {
        command_ = *command;
    }
    if (const auto* halt = std::get_if<HaltRecord>(&record.body); halt != nullptr && halt->active) {
        const bool kill = halt->kind == "kill_switch" && (!happened_ || incident_.kind != IncidentKind::kill_switch);
        if (kill || (halt->kind == "long_outage" && !happened_)) return begin(record, *halt);
        breaker_ = halt->kind;
        if (happened_) add(record.time, fmt::format("halt {}: {} {}", halt->kind, halt->text, halt->values));
    }
    if (const auto* order = std::get_if<OrderRecord>(&record.body)) {
        newest_order_ = std::max(newest_order_, order->order.id.value());
    }
    if (!happened_) return;
    timeline_.record(record);
    if (const auto* order = std::get_if<OrderRecord>(&record.body)) {
        add(record.time, order_line(*order));
    } else if (const auto* fill = std::get_if<FillRecord>(&record.body)) {
        add(record.time,
            fmt::format("fill of order {}: {} {} {} at {}", fill->fill.order.value(), name_of(fill->fill.side),
                        fill->fill.quantity.units(), fill->instrument, to_string(fill->fill.price)));
    } else if (const auto* trade = std::get_if<TradeRecord>(&record.body)) {
        add(record.time,
            fmt::format("position {} closed: {} at {}, net {}", trade->position.id.value(), trade->instrument,
                        to_string(trade->position.exit_price), to_string(trade->position.net())));
    } else if (const auto* note = std::get_if<NoteRecord>(&record.body); note != nullptr && note->level == "error") {
        add(record.time, note->text);
    }
}

void IncidentRecorder::begin(const Record& record, const HaltRecord& halt) {
    happened_ = true;
    const bool killed = halt.kind == "kill_switch";
    incident_.kind = killed ? IncidentKind::kill_switch : IncidentKind::long_outage;
    incident_.before = snapshot_();
    incident_.session_id = incident_.before.session_id;
    incident_.carried_out_by = "engine";
    incident_.began = record.time;
    incident_.values = halt.values;
    incident_.reason = halt.text;
    // An operator's kill is recorded in the same moment; a breaker's follows the breaker's own halt.
    const bool by_command = halt.values.rfind("by=", 0) == 0 && !command_.command.empty();
    incident_.trigger = by_command ? "command" : killed ? breaker_ : halt.kind;
    if (by_command) incident_.operator_name = command_.operator_name;
    std::set<uint64_t> live, open;
    for (const auto& o : incident_.before.orders) {
        if (is_live(o)) live.insert(o.id);
    }
    for (const auto& p : incident_.before.positions) open.insert(p.id);
    timeline_.begin(record.time, newest_order_, std::move(live), std::move(open));
    add(record.time, killed ? "kill switch latched: entries end, all orders are cancelled, all positions are closed"
                            : "a long outage has ended: entries end for the day, all positions are closed");
}

void IncidentRecorder::add(ReceiveTime time, std::string what) {
    if (incident_.actions.size() < kActionsMax) {
        incident_.actions.push_back({time, std::move(what)});
    } else {
        incident_.actions_cut = true;
    }
}

Incident IncidentRecorder::finish(const ControlSnapshot& end) const {
    Incident incident = incident_;
    incident.ended = end.now;
    if (incident.kind == IncidentKind::kill_switch) {
        incident.steps = timeline_.steps();
        incident.cancels = timeline_.orders();
        incident.closes = timeline_.positions();
        incident.verified = timeline_.verified();
    }
    incident.flat = end.positions.empty() && end.live_orders == 0 && incident.verified.value_or(true);
    incident.day_net = end.day_net;
    if (!incident.verified.value_or(true)) {
        incident.result = "the broker's books differ from ours: look at the broker's terminal, close what is there";
    } else if (incident.flat) {
        incident.result = incident.verified
                              ? "all orders are ended and all positions closed, and the broker's books say so"
                              : "all orders are ended and all positions closed, by the broker's answers";
    } else {
        incident.result = fmt::format("{} position(s) and {} order(s) are left", end.positions.size(), end.live_orders);
    }
    return incident;
}

}  // namespace tide
