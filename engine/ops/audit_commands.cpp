#include "ops/audit_commands.hpp"

#include <fmt/format.h>

#include <ostream>

#include "ops/store_output.hpp"
#include "ops/why_lines.hpp"

namespace tide {
namespace {

Json verdict_json(const AuditVerdict::Session& checked) {
    Json one{{"session", checked.session_id}, {"holds", checked.holds()}, {"rows", checked.rows}};
    one["head"] = checked.bad_row ? Json(nullptr) : Json(checked.head);
    one["bad_row"] = checked.bad_row ? Json(*checked.bad_row) : Json(nullptr);
    one["problem"] = checked.problem.empty() ? Json(nullptr) : Json(checked.problem);
    one["anchors"] = checked.anchors;
    one["differences"] = checked.differences;
    one["difference_count"] = checked.difference_count;
    return one;
}

void print_verdict(const AuditVerdict::Session& checked, const OutputStyle& style, std::ostream& out) {
    if (checked.bad_row) {
        out << in_tone("BROKEN", Tone::loud, style.colour)
            << fmt::format("  {}  at row {}: {}\n", checked.session_id, *checked.bad_row, checked.problem);
        return;
    }
    const std::string of_anchors =
        checked.anchors == 0 ? "" : fmt::format(", {} anchor{}", checked.anchors, checked.anchors == 1 ? "" : "s");
    const std::string rows = format_indian(static_cast<int64_t>(checked.rows));
    if (checked.difference_count == 0) {
        out << in_tone("holds", Tone::good, style.colour)
            << fmt::format("   {}  {} rows, head {}{}\n", checked.session_id, rows, checked.head, of_anchors);
        return;
    }
    out << in_tone("DIFFERS", Tone::loud, style.colour)
        << fmt::format(" {}  {} rows hold, {} row{} made from them do not:\n", checked.session_id, rows,
                       checked.difference_count, checked.difference_count == 1 ? "" : "s");
    for (const std::string& difference : checked.differences) out << "         " << printable(difference) << "\n";
}

Json row_json(const AuditRow& row) {
    return {{"session", row.session_id},
            {"row", row.row},
            {"event", row.event_sequence},
            {"time", format_iso(row.time)},
            {"kind", row.kind},
            {"text", row.text},
            {"hash", row.hash}};
}

}  // namespace

Result<int> run_audit_verify_command(const LedgerReader& ledger, const std::string& session,
                                     const std::vector<AuditAnchor>& anchors, const OutputStyle& style,
                                     std::ostream& out) {
    const auto verdict = ledger.verify_audit(session, anchors);
    if (!verdict) return verdict.error();
    const int code = verdict->holds() ? 0 : 1;
    if (style.json) {
        Json json = document(ledger);
        json["holds"] = verdict->holds();
        json["sessions"] = Json::array();
        for (const auto& checked : verdict->sessions) json["sessions"].push_back(verdict_json(checked));
        json["problems"] = verdict->problems;
        write_json(json, out);
        return code;
    }
    for (const auto& checked : verdict->sessions) print_verdict(checked, style, out);
    for (const std::string& problem : verdict->problems) {
        out << in_tone("BROKEN", Tone::loud, style.colour) << "  " << problem << "\n";
    }
    if (verdict->sessions.empty() && verdict->problems.empty()) out << "No sessions yet.\n";
    return code;
}

Result<int> run_audit_export_command(const LedgerReader& ledger, const AuditFilter& filter, bool json,
                                     std::ostream& out) {
    bool first = true;
    // Written with the first row, so that a filter that is refused leaves no half document behind.
    const std::string header =
        json ? fmt::format("{{\n  \"schema_version\": 1,\n  \"ledger\": {},\n  \"rows\": [", Json(ledger.path()).dump())
             : "session,row,event,time,kind,text,hash\n";
    const auto take = [&](const AuditRow& row) {
        if (first) out << header;
        if (json) {
            out << (first ? "\n    " : ",\n    ") << row_json(row).dump(-1, ' ', false, Json::error_handler_t::replace);
        } else {
            out << fmt::format("{},{},{},{},{},{},{}\n", csv_field(row.session_id), row.row, row.event_sequence,
                               format_iso(row.time), row.kind, csv_field(row.text), row.hash);
        }
        first = false;
        return static_cast<bool>(out);
    };
    if (auto done = ledger.each_audit_row(filter, take); !done) return done.error();
    if (first) out << header;
    if (json) out << (first ? "]\n}\n" : "\n  ]\n}\n");
    return 0;
}

Result<int> run_audit_why_command(const LedgerReader& ledger, const std::string& session, const std::string& text,
                                  const OutputStyle& style, std::ostream& out) {
    const auto subject = parse_why_subject(text);
    if (!subject) return subject.error();
    const auto steps = why_steps(ledger, session, *subject);
    if (!steps) return steps.error();
    if (style.json) {
        Json json = document(ledger);
        json[subject->kind] = subject->number;
        json["steps"] = Json::array();
        for (const WhyStep& step : *steps) json["steps"].push_back(row_json(step.row));
        return write_json(json, out);
    }
    out << fmt::format("{} {} of session {}\n", subject->kind, subject->number, steps->front().row.session_id);
    for (const WhyStep& step : *steps) {
        const std::string time = shown_time(step.row.time);
        for (const WhyLine& line : why_lines(step)) {
            out << fmt::format("  {}  {:<10}  {}\n", time, line.what, printable(line.text));
        }
    }
    return 0;
}

}  // namespace tide
