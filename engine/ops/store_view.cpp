#include "ops/store_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>

#include "ops/store_commands.hpp"
#include "ops/store_output.hpp"
#include "ops/why_lines.hpp"
#include "ops/why_not.hpp"
#include "session/operator_argument.hpp"
#include "trading/record_text.hpp"

namespace tide {
namespace {

constexpr int64_t kTradesMax = 500;

Error usage(std::string text) { return make_error(ErrorCode::usage, std::move(text)); }

std::string to_text(Json rows, const char* name) {
    Json document{{"schema_version", 1}};
    document[name] = std::move(rows);
    return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<uint64_t> whole_of(std::string_view text, std::string_view what) {
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number == 0 || number > uint64_t(INT64_MAX)) {
        return usage(fmt::format("'{}' is no {}", text, what));
    }
    return number;
}

// "11:05", "11:05:30" on the day of `now`, "2024-01-25" or "2024-01-25T11:05:00".
Result<ReceiveTime> moment_of(std::string_view text, ReceiveTime now) {
    if (const auto time = parse_time_of_day(text)) return at(ist_date(now), *time);
    if (const auto date = parse_date(text)) return at(*date, {});
    if (const auto moment = parse_timestamp(text)) return as_receive_time(*moment);
    return usage(fmt::format("'{}' is no time; give 11:05 or 2024-01-25T11:05:00", text));
}

class StoreView {
  public:
    StoreView(const LedgerReader& ledger, const StoreViewContext& context, const OperatorArgument& argument)
        : ledger_(ledger), context_(context), argument_(argument) {}

    Result<std::string> trades() const {
        RowFilter filter;
        filter.session = context_.session_id;
        filter.limit = kTradesMax;
        if (const auto given = argument_.find("n")) {
            const auto count = whole_of(*given, "count");
            if (!count) return count.error();
            filter.limit = std::min(kTradesMax, static_cast<int64_t>(*count));
        }
        std::ostringstream out;
        if (auto done = run_trades_command(ledger_, filter, {true, false, 0}, out); !done) return done.error();
        return out.str();
    }

    Result<std::string> skips() const {
        const auto from = moment("from", ReceiveTime(Duration(0)));
        if (!from) return from.error();
        const auto to = moment("to", ReceiveTime::max());
        if (!to) return to.error();
        const std::string symbol = text("symbol");
        std::vector<RunningSkip> runs;
        const auto keep = [&](RunningSkip run) {
            if ((symbol.empty() || run.symbol == symbol) && run.first <= *to && run.last >= *from)
                runs.push_back(std::move(run));
            return runs.size() < kStoreViewRowsMax;
        };
        auto names = strategy_names();
        if (!names) return names.error();
        AuditFilter filter;
        filter.session = context_.session_id;
        filter.kind = "skip";
        const auto done = ledger_.each_audit_row(filter, [&](const AuditRow& row) {
            const auto record = parse_record_text(row.text);
            return !record || keep(skip_of(*record, *names));
        });
        if (!done) return done.error();
        for (const RunningSkip& run : context_.running_skips) (void)keep(run);
        std::stable_sort(runs.begin(), runs.end(), [](auto& a, auto& b) { return a.first < b.first; });
        Json rows = Json::array();
        for (const RunningSkip& run : runs) {
            rows.push_back({{"first", format_iso(run.first)},
                            {"last", format_iso(run.last)},
                            {"count", run.count},
                            {"symbol", run.symbol},
                            {"strategy", run.strategy},
                            {"why", run.why}});
        }
        return to_text(std::move(rows), "skips");
    }

    Result<std::string> why() const {
        const auto subject = parse_why_subject(text("subject"));
        if (!subject) return subject.error();
        const auto steps = why_steps(ledger_, context_.session_id, *subject);
        if (!steps) return steps.error();
        Json rows = Json::array();
        for (const WhyStep& step : *steps) {
            for (const WhyLine& line : why_lines(step)) {
                if (rows.size() == kStoreViewRowsMax) break;
                rows.push_back({{"time", format_iso(step.row.time)},
                                {"what", line.what},
                                {"text", line.text},
                                {"event", step.row.event_sequence}});
            }
        }
        return to_text(std::move(rows), "steps");
    }

    Result<std::string> why_not_then() const {
        const auto when = moment("at", context_.now);
        if (!when) return when.error();
        if (*when > context_.now + kWhyNotWindow) {
            return usage(fmt::format("{} has not come yet: it is {}", text("at"), format_iso(context_.now)));
        }
        const auto reasons = why_not(ledger_, context_, text("symbol"), *when);
        if (!reasons) return reasons.error();
        Json rows = Json::array();
        for (const WhyNotReason& reason : *reasons) {
            rows.push_back({{"time", format_iso(reason.time)},
                            {"what", reason.what},
                            {"who", reason.who},
                            {"code", reason.code},
                            {"text", reason.text}});
        }
        return to_text(std::move(rows), "reasons");
    }

  private:
    std::string text(std::string_view key) const { return std::string(argument_.find(key).value_or("")); }
    Result<ReceiveTime> moment(std::string_view key, ReceiveTime otherwise) const {
        const auto given = argument_.find(key);
        return given ? moment_of(*given, context_.now) : Result<ReceiveTime>(otherwise);
    }
    using Names = std::map<int64_t, std::string>;
    Result<Names> strategy_names() const {
        Names names;
        AuditFilter filter;
        filter.session = context_.session_id;
        filter.kind = "script";
        const auto done = ledger_.each_audit_row(filter, [&](const AuditRow& row) {
            const auto record = parse_record_text(row.text);
            const std::string* name = record ? record->find("name") : nullptr;
            if (name != nullptr) names[record->whole("strategy").value_or(0)] = *name;
            return true;
        });
        if (!done) return done.error();
        return names;
    }
    static RunningSkip skip_of(const RecordText& record, const Names& names) {
        const auto field = [&](const char* key) {
            const std::string* found = record.find(key);
            return found == nullptr ? std::string() : *found;
        };
        const auto time = [&](const char* key) { return ReceiveTime(Duration(record.whole(key).value_or(0))); };
        const auto name = names.find(record.whole("strategy").value_or(0));
        return {name == names.end() ? field("strategy") : name->second,
                field("symbol"),
                field("why"),
                time("first_ns"),
                time("last_ns"),
                record.whole("count").value_or(0)};
    }

    const LedgerReader& ledger_;
    const StoreViewContext& context_;
    const OperatorArgument& argument_;
};

struct ViewKind {
    std::string_view name;
    std::vector<std::string_view> keys;
    Result<std::string> (StoreView::*make)() const;
};
const std::vector<ViewKind>& view_kinds() {
    static const std::vector<ViewKind> kinds{{"trades", {"n"}, &StoreView::trades},
                                             {"skips", {"symbol", "from", "to"}, &StoreView::skips},
                                             {"why", {"subject"}, &StoreView::why},
                                             {"why_not", {"symbol", "at"}, &StoreView::why_not_then}};
    return kinds;
}
const ViewKind* find_kind(std::string_view name) {
    const auto& kinds = view_kinds();
    const auto found =
        std::find_if(kinds.begin(), kinds.end(), [&](const ViewKind& kind) { return kind.name == name; });
    return found == kinds.end() ? nullptr : &*found;
}

}  // namespace

bool is_store_view(std::string_view view) { return find_kind(view) != nullptr; }

Result<std::string> store_view(const LedgerReader& ledger, const StoreViewContext& context, std::string_view view,
                               std::string_view argument) {
    const ViewKind* kind = find_kind(view);
    if (kind == nullptr) return usage(fmt::format("there is no view '{}'", view));
    const auto pairs = OperatorArgument::parse(argument);
    if (!pairs) return pairs.error();
    for (const auto& [key, value] : pairs->pairs()) {
        if (std::find(kind->keys.begin(), kind->keys.end(), key) == kind->keys.end()) {
            return usage(fmt::format("{} has no '{}'; it takes {}", view, key, fmt::join(kind->keys, ", ")));
        }
    }
    return (StoreView(ledger, context, *pairs).*kind->make)();
}

}  // namespace tide
