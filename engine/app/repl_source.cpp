#include "app/repl_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "app/build_id.hpp"
#include "app/control_client.hpp"
#include "app/store_data.hpp"
#include "bindings/lua_host.hpp"
#include "ops/control_snapshot.hpp"
#include "ops/session_view.hpp"

namespace tide {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kAnswerTimeout_s = 6;  // more than the engine allows itself
constexpr std::string_view kAmounts[] = {
    "available", "average",      "cash",           "charges", "day_charges", "day_gross", "day_net", "day_peak",
    "day_start", "entry",        "equity",         "exit",    "gross",       "last",      "limit",   "margin_used",
    "net",       "premium_stop", "premium_target", "start",   "stop",        "target",    "trigger"};

std::optional<double> amount_of(std::string_view name, const Json& value) {
    if (!value.is_string() || !std::binary_search(std::begin(kAmounts), std::end(kAmounts), name)) return std::nullopt;
    const auto& text = value.get_ref<const std::string&>();
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// Of rows: all are of one session; and long names of things are looked at last.
constexpr std::string_view kSessionOfRow = "session";
constexpr std::string_view kLast[] = {"client_id", "broker_order", "script_version"};

// `shape`: the names of the record before, shared by the rows of a list.
ReplValue value_of(const Json& json, ReplValue::Names& shape);

ReplValue record_of(const Json& json, ReplValue::Names& shape, bool is_row) {
    ReplValue record;
    record.kind = ReplValue::Kind::record;
    std::vector<std::string> names;
    ReplValue::Names inner;
    const auto add = [&](const std::string& name, const Json& value) {
        names.push_back(name);
        const auto amount = amount_of(name, value);
        record.items.push_back(amount ? ReplValue::of(*amount) : value_of(value, inner));
    };
    const auto is_last = [&](const std::string& name) {
        return std::find(std::begin(kLast), std::end(kLast), name) != std::end(kLast);
    };
    for (const auto& [name, value] : json.items()) {
        if (name != "schema_version" && !(is_row && (name == kSessionOfRow || is_last(name)))) add(name, value);
    }
    for (const auto& [name, value] : json.items()) {
        if (is_row && is_last(name)) add(name, value);
    }
    if (!shape || *shape != names) shape = std::make_shared<const std::vector<std::string>>(std::move(names));
    record.names = shape;
    return record;
}

ReplValue value_of(const Json& json, ReplValue::Names& shape) {
    if (json.is_boolean()) return ReplValue::of(json.get<bool>());
    if (json.is_number()) return ReplValue::of(json.get<double>());
    if (json.is_string()) return ReplValue::of(json.get<std::string>());
    if (json.is_object()) return record_of(json, shape, false);
    ReplValue list;
    if (!json.is_array()) return list;
    list.kind = ReplValue::Kind::list;
    ReplValue::Names row;
    for (const Json& item : json) {
        list.items.push_back(item.is_object() ? record_of(item, row, true) : value_of(item, row));
    }
    return list;
}

std::string text_at(const Json& json, const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}
ReceiveTime time_at(const Json& json, const char* key) {
    const auto time = parse_timestamp(text_at(json, key));
    return time ? as_receive_time(*time) : ReceiveTime();
}

void add_script(const Json& script, StoreViewContext& context) {
    for (const Json& run : script.value("skipping", Json::array())) {
        context.running_skips.push_back({text_at(script, "name"), text_at(run, "symbol"), text_at(run, "why"),
                                         time_at(run, "first"), time_at(run, "last"), run.value("count", int64_t{0})});
    }
    if (!script.value("active", false)) return;
    for (const Json& symbol : script.value("symbols", Json::array())) {
        if (symbol.is_string()) context.followed.push_back(symbol.get<std::string>());
    }
}

// The days that a journal trades through; every event is read for it.
Result<std::vector<Date>> days_of(const std::string& journal) {
    auto reader = JournalReader::open(journal);
    if (!reader) return reader.error();
    std::vector<Date> days;
    JournalRecord record;
    for (;;) {
        auto more = reader->next(record);
        if (!more && !(reader->damage() && reader->damage()->torn_tail)) return more.error();
        if (!more || !*more) return days;
        const auto* day = record.is_output() ? nullptr : std::get_if<TradingDayEvent>(&record.event.payload);
        if (day != nullptr && !day->history) days.push_back(day->date);
    }
}

Result<ReceiveTime> moment_in(const std::string& journal, const std::string& text) {
    if (text.empty()) return ReceiveTime::max();
    if (const auto moment = parse_timestamp(text)) return as_receive_time(*moment);
    const auto time = parse_time_of_day(text);
    if (!time) {
        return make_error(ErrorCode::usage, fmt::format("--at {}: give 11:05 or 2024-01-25T11:05:00", text));
    }
    const auto days = days_of(journal);
    if (!days) return days.error();
    if (days->empty())
        return make_error(ErrorCode::usage, fmt::format("--at {}: {} has no trading day", text, journal));
    if (days->size() > 1) {
        return make_error(ErrorCode::usage,
                          fmt::format("--at {}: {} holds {} days, {} to {}; give the date as well, as in --at {}T{}",
                                      text, journal, days->size(), format_date(days->front()),
                                      format_date(days->back()), format_date(days->back()), text));
    }
    return at(days->front(), *time);
}

}  // namespace

Result<ReplValue> repl_value_of_json(std::string_view text) {
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded()) return make_error(ErrorCode::input, "the answer is no JSON document");
    ReplValue::Names shape;
    return value_of(json, shape);
}

Result<ReplValue> ViewSource::ask(std::string_view view, std::string_view argument) {
    if (interrupted_ != nullptr && *interrupted_) return make_error(ErrorCode::usage, "interrupted");
    auto json = document(view, std::string(argument));
    if (!json) return json.error();
    return repl_value_of_json(*json);
}

Result<std::string> ViewSource::document(std::string_view view, const std::string& argument) {
    if (const auto control = parse_control_view(view)) return control_view(*control, argument);
    const auto about = context();
    if (!about) return about.error();
    const auto ledger = store();
    if (!ledger) return ledger.error();
    return store_view(**ledger, *about, view, argument);
}

Result<StoreViewContext> ViewSource::context() {
    const auto status = control_view(ControlView::status, "");
    if (!status) return status.error();
    const auto scripts = control_view(ControlView::scripts, "");
    if (!scripts) return scripts.error();
    const Json now = Json::parse(*status, nullptr, false);
    const Json rows = Json::parse(*scripts, nullptr, false);
    StoreViewContext context;
    context.session_id = text_at(now, "session");
    context.now = time_at(now, "time");
    for (const Json& script : rows.value("scripts", Json::array())) add_script(script, context);
    return context;
}

Result<std::string> LiveSource::control_view(ControlView view, const std::string& argument) {
    ControlRequest request;
    request.view = view;
    request.argument = argument;
    auto answer = ask_engine(paths_, request, kAnswerTimeout_s);
    if (!answer) return answer.error();
    if (!answer->ok()) return make_error(error_code_of(answer->code), answer->text);
    return std::move(answer->data);
}

Result<const LedgerReader*> LiveSource::store() {
    if (!ledger_) {
        auto opened = LedgerReader::open(paths_.ledger().string());
        if (!opened) return opened.error();
        ledger_.emplace(std::move(*opened));
    }
    return &*ledger_;
}

Result<std::unique_ptr<JournalSource>> JournalSource::open(const std::string& journal, const std::string& moment) {
    const auto until = moment_in(journal, moment);
    if (!until) return until.error();
    if (auto fit = LuaHost::self_test(); !fit) return fit.error();
    std::unique_ptr<JournalSource> source(new JournalSource());
    auto done = source->replay(journal, *until);
    if (done) return source;
    Error error = done.error();
    if (error.message.find(journal) == std::string::npos) error.message = journal + ": " + error.message;
    return error;
}

Result<void> JournalSource::replay(const std::string& journal, ReceiveTime until) {
    auto reader = JournalReader::open(journal);
    if (!reader) return reader.error();
    journal_ = journal;
    session_id_ = std::filesystem::path(journal).stem().string();
    if (reader->header().build_id != build_id()) {
        fmt::print(stderr, "note: {} was written by build {}, this is {}; results may differ\n", journal,
                   reader->header().build_id, build_id());
    }
    reader_.emplace(std::move(*reader));
    std::string folder = (std::filesystem::temp_directory_path() / "tide-repl-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) {
        return make_error(ErrorCode::io, fmt::format("no folder can be made in {}", folder));
    }
    folder_ = folder;
    LedgerOptions options;
    options.session_id = session_id_;
    options.mode = "replay";
    options.own_thread = false;
    const std::string store = (folder_ / "ledger.db").string();
    auto ledger = Ledger::open(store, options);
    if (!ledger) return ledger.error();
    records_ = std::move(*ledger);
    replay_ = std::make_unique<JournalReplay>(*reader_, false, records_.get());
    WorkProgress progress("replaying");
    if (auto ran = replay_->run(progress.report(), until); !ran) {
        if (replay_->events() > 0 || ran.error().code != ErrorCode::corrupt || until == ReceiveTime::max()) return ran;
        return make_error(ErrorCode::usage, fmt::format("{} is before the journal begins", format_iso(until)));
    }
    if (auto written = records_->flush(); !written) return written;
    auto opened = LedgerReader::open(store);
    if (!opened) return opened.error();
    ledger_.emplace(std::move(*opened));
    return {};
}

JournalSource::~JournalSource() {
    ledger_.reset();
    replay_.reset();
    records_.reset();
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

Result<std::string> JournalSource::control_view(ControlView view, const std::string& argument) {
    if (!is_asked_of_session(view)) return view_json(snapshot_of(session(), session_id_, "journal " + journal_), view);
    const auto query = parse_session_query(view, argument);
    if (!query) return query.error();
    const auto document = session_view(session(), *query);
    if (!document) return document.error();
    return (*document)();
}

Result<const LedgerReader*> JournalSource::store() { return &*ledger_; }

}  // namespace tide
