#include "trading/records.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace tide {
namespace {

constexpr std::array<std::string_view, std::variant_size_v<RecordBody>> kKinds{
    "session", "day",     "script", "intent", "risk",   "order",   "fill", "position",  "trade",  "exit", "skip",
    "halt",    "command", "state",  "note",   "equity", "quality", "plot", "reconcile", "parent", "group"};

// Builds "kind key=value …". Texts are always quoted, so that no value can be taken for another key; absent values are
// left out, since missing is not zero. Writes into the string's own memory, which grows in steps and is cut at the end.
class Line {
  public:
    Line(std::string& out, std::string_view kind) : out_(out), used_(out.size()) { append(kind); }
    ~Line() { out_.resize(used_); }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    Line& text(std::string_view key, std::string_view value) {
        start(key);
        append('"');
        size_t done = 0;
        for (size_t i = 0; i < value.size(); ++i) {
            if (!kEscaped[static_cast<unsigned char>(value[i])]) continue;
            append(value.substr(done, i - done));
            append_escape(value[i]);
            done = i + 1;
        }
        append(value.substr(done));
        append('"');
        return *this;
    }
    Line& word(std::string_view key, std::string_view value) {
        start(key);
        append(value);
        return *this;
    }
    template <class Integer>
    Line& number(std::string_view key, Integer value) {
        start(key);
        append_integer(value);
        return *this;
    }
    Line& real(std::string_view key, double value) {
        start(key);
        append(fmt::format("{}", value));  // shortest text that reads back as the same double
        return *this;
    }
    Line& flag(std::string_view key, bool value) { return word(key, value ? "1" : "0"); }
    template <class Tag, class Rep>
    Line& id(std::string_view key, StrongId<Tag, Rep> value) {
        return number(key, value.value());
    }
    Line& time(std::string_view key, ReceiveTime value) { return number(key, value.time_since_epoch().count()); }
    Line& quantity(std::string_view key, Quantity value) { return number(key, value.units()); }
    Line& price(std::string_view key, Price value) { return decimal(key, value.units()); }
    Line& price_if_any(std::string_view key, Price value) { return value.positive() ? price(key, value) : *this; }
    Line& price_if_any(std::string_view key, const std::optional<Price>& value) {
        return value ? price(key, *value) : *this;
    }
    Line& money(std::string_view key, Money value) { return decimal(key, value.units()); }

  private:
    static constexpr std::array<bool, 256> kEscaped = [] {
        std::array<bool, 256> escaped{};
        for (size_t byte = 0; byte < 0x20; ++byte) escaped[byte] = true;
        escaped['"'] = escaped['\\'] = escaped[0x7f] = true;
        return escaped;
    }();
    // Room for `count` more bytes; gives where they go.
    char* grow(size_t count) {
        if (used_ + count > out_.size()) out_.resize(std::max(used_ + count, out_.size() + kStep));
        return out_.data() + used_;
    }
    void append(char c) {
        *grow(1) = c;
        ++used_;
    }
    void append(std::string_view text) {
        if (text.empty()) return;
        std::memcpy(grow(text.size()), text.data(), text.size());
        used_ += text.size();
    }
    void start(std::string_view key) {
        char* to = grow(key.size() + 2);
        *to = ' ';
        std::memcpy(to + 1, key.data(), key.size());
        to[key.size() + 1] = '=';
        used_ += key.size() + 2;
    }
    template <class Integer>
    void append_integer(Integer value) {
        constexpr size_t kDigitsMax = 20;
        char* to = grow(kDigitsMax);
        used_ += static_cast<size_t>(std::to_chars(to, to + kDigitsMax, value).ptr - to);
    }
    // 1/10000 rupees with four decimals, always: exact and of one form.
    Line& decimal(std::string_view key, int64_t units) {
        start(key);
        const uint64_t size = units < 0 ? 0 - static_cast<uint64_t>(units) : static_cast<uint64_t>(units);
        if (units < 0) append('-');
        append_integer(size / kUnitsPerRupee);
        const auto fraction = static_cast<unsigned>(size % kUnitsPerRupee);
        char* to = grow(5);
        to[0] = '.';
        to[1] = static_cast<char>('0' + fraction / 1000);
        to[2] = static_cast<char>('0' + fraction / 100 % 10);
        to[3] = static_cast<char>('0' + fraction / 10 % 10);
        to[4] = static_cast<char>('0' + fraction % 10);
        used_ += 5;
        return *this;
    }
    void append_escape(char c) {
        if (c == '"' || c == '\\') {
            append('\\');
            append(c);
        } else if (c == '\n') {
            append("\\n");
        } else {
            append(fmt::format("\\x{:02x}", static_cast<unsigned char>(c)));
        }
    }

    static constexpr size_t kStep = 512;
    std::string& out_;
    size_t used_;
};

void add_reason(Line& line, const ExitReason& reason) {
    line.number("priority", reason.priority).text("rule", reason.rule).text("values", reason.values);
    line.text("text", reason.text);
}

void add_position(Line& line, const Position& p) {
    line.id("id", p.id).id("strategy", p.strategy).text("strategy_name", p.strategy_name);
    line.text("script", p.script_version).word("side", name_of(p.side)).number("direction", p.underlying_direction);
    line.quantity("quantity", p.quantity).quantity("opened_quantity", p.opened_quantity);
    line.money("entry_value", p.entry_value).price("entry_price", p.entry_price);
    line.money("exit_value", p.exit_value).price_if_any("exit_price", p.exit_price);
    line.price_if_any("underlying_entry", p.underlying_entry).price_if_any("best_underlying", p.best_underlying);
    line.price_if_any("last_price", p.last_price).price_if_any("last_underlying", p.last_underlying);
    line.money("realised", p.realised_gross).money("charges", p.charges).time("opened_ns", p.opened);
    if (p.closed) line.time("closed_ns", *p.closed);
    line.price_if_any("stop", p.levels.stop).price_if_any("target", p.levels.target);
    line.price_if_any("premium_stop", p.levels.premium_stop).price_if_any("premium_target", p.levels.premium_target);
    if (p.levels.trail_pct) line.real("trail_pct", *p.levels.trail_pct);
    line.flag("on_premium", p.levels.on_premium).text("stop_rule", p.levels.stop_rule);
    if (p.group.valid()) line.id("group", p.group);
    line.flag("half_taken", p.half_taken)
        .flag("model", p.model_priced)
        .flag("surplus", p.surplus)
        .text("tag", p.tag)
        .text("why", p.why);
}

// What an entry says beside one order and levels on the underlying.
void add_held(Line& line, const Intent& i) {
    line.price_if_any("premium_stop", i.premium.stop).price_if_any("premium_target", i.premium.target);
    if (i.premium.stop_pct) line.real("premium_stop_pct", *i.premium.stop_pct);
    if (i.premium.target_pct) line.real("premium_target_pct", *i.premium.target_pct);
    if (i.trail_stop_pct) line.real("trail_stop_pct", *i.trail_stop_pct);
    if (i.cover) line.flag("cover", true);
    if (i.terms.held()) line.text("terms", terms_text(i.terms));
    if (i.parent.valid()) line.id("parent", i.parent);
    if (i.position.valid()) line.id("position", i.position);
}

void write(std::string& out, const SessionRecord& r) {
    Line(out, "session")
        .text("session", r.session_id)
        .word("phase", r.phase)
        .word("mode", r.mode)
        .text("detail", r.detail);
}
void write(std::string& out, const DayRecord& r) {
    Line(out, "day").word("date", format_date(r.date)).word("phase", r.phase).text("detail", r.detail);
}
void write(std::string& out, const ScriptRecord& r) {
    Line(out, "script")
        .id("strategy", r.strategy)
        .text("name", r.name)
        .text("version", r.version)
        .word("sha256", r.sha256)
        .word("status", r.status)
        .text("detail", r.detail);
}
void write(std::string& out, const IntentRecord& r) {
    const Intent& i = r.intent;
    Line line(out, "intent");
    line.id("id", i.id).word("kind", name_of(i.kind)).id("strategy", i.strategy).time("decided_ns", i.decided);
    line.number("decision_bar_ns", i.decision_bar.time_since_epoch().count()).text("instrument", r.instrument);
    if (i.kind == IntentKind::enter) {
        line.word("side", name_of(i.side)).number("lots", i.lots).price_if_any("limit", i.limit);
        line.price_if_any("stop", i.stop).price_if_any("target", i.target);
        if (i.stop_pct) line.real("stop_pct", *i.stop_pct);
        if (i.target_pct) line.real("target_pct", *i.target_pct);
        add_held(line, i);
        if (i.group.valid()) line.id("group", i.group);
    } else if (i.kind == IntentKind::enter_group) {
        line.text("legs", r.legs);
        if (i.timeout_s) line.real("timeout_s", *i.timeout_s);
        if (i.max_loss) line.money("max_loss", *i.max_loss);
    } else if (i.kind == IntentKind::exit_group) {
        line.id("group", i.group);
        add_reason(line, i.reason);
    } else if (i.kind == IntentKind::cancel) {
        line.id("order", i.order);
        if (i.parent.valid()) line.id("parent", i.parent);
    } else {
        line.id("position", i.position);
        if (i.kind == IntentKind::exit) line.real("fraction", i.fraction);
        if (i.trail_stop_pct) line.real("trail_stop_pct", *i.trail_stop_pct);
        if (i.kind == IntentKind::set_stop || i.kind == IntentKind::set_target) line.price("level", i.level);
        add_reason(line, i.reason);
    }
    line.text("tag", i.tag).text("why", i.why).text("script", r.script).text("callback", r.callback);
    line.number("event", r.cause_event).text("cause", r.cause);
}
void write(std::string& out, const RiskRecord& r) {
    Line(out, "risk")
        .id("intent", r.intent)
        .id("order", r.order)
        .id("strategy", r.strategy)
        .text("instrument", r.instrument)
        .flag("passed", r.passed)
        .word("code", r.code)
        .text("values", r.values)
        .text("text", r.text);
}
void write(std::string& out, const OrderRecord& r) {
    const Order& o = r.order;
    Line line(out, "order");
    line.id("id", o.id).id("intent", o.intent).id("strategy", o.strategy).id("position", o.position);
    if (o.group.valid()) line.id("group", o.group);
    line.text("instrument", r.instrument).word("side", name_of(o.side)).word("purpose", name_of(o.purpose));
    line.word("style", o.style == PriceStyle::passive ? "passive" : "aggressive");
    line.word("from", name_of(r.from)).word("state", name_of(o.state)).quantity("quantity", o.quantity);
    line.quantity("filled", o.filled).price("limit", o.limit).money("filled_value", o.filled_value);
    line.id("broker_order", o.broker_order).word("client_id", o.client_id).time("created_ns", o.created);
    line.number("reprices", o.reprices).number("cancel_attempts", o.cancel_attempts).text("tag", o.tag);
    line.text("why", o.why).text("reason", o.state_reason).text("detail", r.detail);
}
void write(std::string& out, const ParentRecord& r) {
    const ParentOrder& p = r.parent;
    Line line(out, "parent");
    line.id("intent", p.id()).id("strategy", p.intent.strategy).text("instrument", r.instrument);
    line.word("side", name_of(p.intent.side)).word("from", name_of(r.from)).word("state", name_of(p.state));
    line.quantity("quantity", p.quantity).quantity("filled", p.filled).price_if_any("trigger", p.trigger);
    line.flag("reached", p.reached).id("child", p.child).id("position", p.position);
    if (p.sliced()) line.number("slice", p.next_slice).word("profile", p.profile);
    if (p.until != ParentOrder::kNever) line.time("from_ns", p.from).time("until_ns", p.until);
    line.text("terms", terms_text(p.intent.terms)).word("code", p.code.empty() ? "ok" : p.code);
    line.text("tag", p.intent.tag).text("detail", r.detail);
}
void write(std::string& out, const FillRecord& r) {
    const Fill& f = r.fill;
    Line line(out, "fill");
    line.id("id", f.id).id("order", f.order).id("position", f.position).id("strategy", f.strategy);
    line.text("instrument", r.instrument).word("side", name_of(f.side)).quantity("quantity", f.quantity);
    line.price("price", f.price).flag("model", (f.flags & kFillModelPrice) != 0);
    line.flag("last_price", (f.flags & kFillLastPrice) != 0).time("time_ns", f.time);
    line.price_if_any("bid", r.bid).price_if_any("ask", r.ask).price_if_any("underlying", r.underlying);
    line.money("realised", r.realised);
    line.money("charges", f.charges).money("brokerage", r.brokerage).money("stt", r.stt).money("exchange", r.exchange);
    line.money("ipft", r.ipft).money("sebi", r.sebi).money("stamp", r.stamp).money("gst", r.gst);
}
void write(std::string& out, const PositionRecord& r) {
    Line line(out, "position");
    line.word("what", r.what).text("instrument", r.instrument);
    add_position(line, r.position);
    line.text("detail", r.detail);
}
void write(std::string& out, const TradeRecord& r) {
    Line line(out, "trade");
    line.number("number", r.number).text("instrument", r.instrument).text("underlying", r.underlying);
    add_position(line, r.position);
    line.money("gross", r.position.gross()).money("net", r.position.net()).text("lots", r.lot_text);
    add_reason(line, r.exit);
}
void write(std::string& out, const ExitRecord& r) {
    Line line(out, "exit");
    line.id("position", r.position).id("strategy", r.strategy).text("instrument", r.instrument);
    line.real("fraction", r.fraction).word("decided_by", r.decided_by).text("script", r.script);
    line.price_if_any("underlying", r.underlying).price_if_any("price", r.price);
    add_reason(line, r.reason);
    line.number("event", r.cause_event).text("cause", r.cause);
}
void write(std::string& out, const SkipRecord& r) {
    Line(out, "skip")
        .id("strategy", r.strategy)
        .text("symbol", r.symbol)
        .text("why", r.why)
        .time("first_ns", r.first)
        .time("last_ns", r.last)
        .number("count", r.count);
}
void write(std::string& out, const HaltRecord& r) {
    Line(out, "halt").word("halt", r.kind).flag("active", r.active).text("values", r.values).text("text", r.text);
}
void write(std::string& out, const CommandRecord& r) {
    Line(out, "command")
        .word("command", r.command)
        .text("operator", r.operator_name)
        .text("argument", r.argument)
        .text("reason", r.reason)
        .word("code", r.code)
        .text("outcome", r.outcome);
}
void write(std::string& out, const CategoryRecord& r) {
    Line(out, "state")
        .id("strategy", r.strategy)
        .text("symbol", r.symbol)
        .text("name", r.name)
        .text("from", r.from)
        .text("to", r.to)
        .text("values", r.values);
}
void write(std::string& out, const NoteRecord& r) {
    Line(out, "note").word("level", r.level).text("source", r.source).text("text", r.text);
}
void write(std::string& out, const PlotRecord& r) {
    Line line(out, "plot");
    line.id("strategy", r.strategy).text("symbol", r.symbol).text("name", r.name).flag("mark", r.mark);
    if (r.value) line.real("value", *r.value);
}
void write(std::string& out, const QualityRecord& r) {
    Line(out, "quality")
        .text("of", r.subject)
        .word("what", r.what)
        .flag("bad", r.bad)
        .text("values", r.values)
        .text("text", r.text);
}
void write(std::string& out, const ReconcileRecord& r) {
    Line(out, "reconcile")
        .word("occasion", r.occasion)
        .word("what", r.what)
        .text("of", r.subject)
        .text("values", r.values)
        .word("action", r.action)
        .text("text", r.text);
}
void write(std::string& out, const GroupRecord& r) {
    Line line(out, "group");
    line.id("id", r.group).id("strategy", r.strategy).text("strategy_name", r.strategy_name);
    line.text("underlying", r.underlying).word("from", r.from).word("state", r.state).text("rule", r.rule);
    line.text("text", r.text).text("legs", r.legs);
    if (r.loss_limit) line.money("loss_limit", *r.loss_limit);
}
void write(std::string& out, const EquityRecord& r) {
    Line(out, "equity")
        .money("equity", r.equity)
        .money("gross", r.gross)
        .money("charges", r.charges)
        .money("net", r.net)
        .text("detail", r.detail);
}

// previous hash || row || time: the fixed head of what a row's hash covers.
std::array<char, 48> chain_prefix(const Sha256Digest& previous, uint64_t row, ReceiveTime time) {
    std::array<char, 48> prefix;
    std::memcpy(prefix.data(), previous.data(), previous.size());
    const auto nanos = static_cast<uint64_t>(time.time_since_epoch().count());
    for (size_t i = 0; i < 8; ++i) {
        prefix[32 + i] = static_cast<char>((row >> (8 * i)) & 0xff);
        prefix[40 + i] = static_cast<char>((nanos >> (8 * i)) & 0xff);
    }
    return prefix;
}

}  // namespace

std::string_view kind_of(const RecordBody& body) { return kKinds[body.index()]; }
std::span<const std::string_view> record_kinds() { return kKinds; }

void append_canonical_text(std::string& out, const RecordBody& body) {
    std::visit([&](const auto& record) { write(out, record); }, body);
}
std::string canonical_text(const RecordBody& body) {
    std::string out;
    append_canonical_text(out, body);
    return out;
}

void AuditChain::link(Record& record) {
    record.row = ++rows_;
    record.text.clear();
    append_canonical_text(record.text, record.body);
    const auto prefix = chain_prefix(head_, record.row, record.time);
    head_ = hasher_.update({prefix.data(), prefix.size()}).update(record.text).finish();
    record.hash = head_;
}

Sha256Digest AuditChain::hash_of(const Sha256Digest& previous, uint64_t row, ReceiveTime time, std::string_view text) {
    const auto prefix = chain_prefix(previous, row, time);
    return Sha256().update({prefix.data(), prefix.size()}).update(text).finish();
}

}  // namespace tide
