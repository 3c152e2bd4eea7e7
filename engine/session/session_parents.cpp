#include <fmt/format.h>

#include <algorithm>

#include "core/lines.hpp"
#include "session/carried_entries.hpp"
#include "session/session.hpp"
#include "trading/margin.hpp"

// Entries that the engine holds: from acceptance to child orders, and stops that trail.
namespace tide {
namespace {

// It stands for a later day, or waits for its first one, and nothing of it is at work.
bool stays(const ParentOrder& parent) {
    const EntryTerms& terms = parent.intent.terms;
    const bool later = terms.good_till == GoodTill::date || (terms.after_market && parent.from == ParentOrder::kNever);
    return later && !parent.child.valid() && parent.filled.units() == 0;
}

}  // namespace

void Session::hold(const Intent& intent) {
    const Instrument& instrument = book().get(intent.instrument);
    const EntryTerms& terms = intent.terms;
    ParentOrder parent;
    parent.intent = intent;
    parent.lot = instrument.lot;
    parent.quantity = Quantity(intent.lots * instrument.lot.units());
    const bool on_underlying = terms.trigger_on == TriggerOn::underlying && instrument.underlying.valid();
    parent.watched = on_underlying ? instrument.underlying : instrument.id;
    parent.direction =
        on_underlying ? underlying_direction(instrument, intent.side) : static_cast<int>(sign_of(intent.side));
    parent.trigger = terms.trigger;
    parent.trail_step_pct = config_.orders.trail_step_pct;
    if (terms.algo != SliceAlgo::none) parent.plan = slice_plan(intent.lots, slice_weights(intent, parent.profile));
    gate_.note_accepted(intent, now_);
    const auto window = gate_.entry_window(instrument, risk_context());
    parents_.accept(std::move(parent), ist_date(now_), window, now_);
    queue_parent_call(*parents_.find(intent.id));
    // A trail begins at the price of this moment.
    const ParentOrder& held = *parents_.find(intent.id);
    if (const auto last = terms.triggered() ? market_.prices().last(held.watched, now_) : std::nullopt)
        parents_.on_price(held.watched, *last, now_);
    work_parents();
}

// What traded in the minutes of each slice, on the days that the session knows 1-minute bars of: of the instrument, or
// of its underlying where it has none.
std::vector<int64_t> Session::slice_weights(const Intent& intent, std::string_view& profile) const {
    const EntryTerms& terms = intent.terms;
    std::vector<int64_t> weights(static_cast<size_t>(terms.slices), 0);
    profile = "equal";
    if (terms.algo != SliceAlgo::vwap) return weights;
    const auto slice = Duration(static_cast<int64_t>(terms.over_min / static_cast<double>(terms.slices) * 60e9));
    const Duration begin = ist_since_midnight(now_);
    const Instrument& instrument = book().get(intent.instrument);
    for (const InstrumentId id : {instrument.id, instrument.underlying}) {
        const Ring<Bar>* bars = id.valid() ? market_.series().find(id, Timeframe::m1) : nullptr;
        for (size_t i = 0; bars != nullptr && i < bars->size(); ++i) {
            const Bar& bar = (*bars)[i];
            const Duration since = ist_since_midnight(bar.start) - begin;
            if (!bar.has_volume() || since < Duration(0) || since / slice >= terms.slices) continue;
            weights[static_cast<size_t>(since / slice)] += bar.volume;
            profile = "volume";
        }
        if (profile == "volume") break;
    }
    return weights;
}

// An option that has only a model's price moves with its underlying.
void Session::follow_triggers(InstrumentId moved) {
    const bool by_model = market_.prices().has_option_model();
    for (const IntentId id : parents_.live()) {
        const ParentOrder& parent = *parents_.find(id);
        if (!parent.intent.terms.triggered() || parent.reached) continue;
        const bool follows = by_model && book().get(parent.watched).underlying == moved;
        if (parent.watched != moved && !follows) continue;
        if (const auto last = market_.prices().last(parent.watched, now_))
            parents_.on_price(parent.watched, *last, now_);
    }
    if (parents_.due(now_)) work_parents();
}

void Session::work_parents() {
    while (const auto work = parents_.next_work(now_)) {
        switch (work->kind) {
            case ParentWork::Kind::release:
                release(*work);
                break;
            case ParentWork::Kind::cancel_child: {
                const std::vector<OrderId> live = desk_.live();
                const ParentOrder* parent = parents_.find(work->parent);
                const std::string& reason = parent == nullptr ? work->why : parent->reason;
                for (const OrderId id : live) {
                    if (const Order* order = desk_.find(id); order != nullptr && order->intent == work->child)
                        desk_.cancel(id, now_, reason.empty() ? "its entry goes on without it" : reason);
                }
                break;
            }
            case ParentWork::Kind::close:
                if (const Position* position = portfolio_.find(work->position); position != nullptr) {
                    const double part = static_cast<double>(work->units.units()) /
                                        static_cast<double>(std::max<int64_t>(1, position->quantity.units()));
                    engine_exit(work->position, {1, work->why, "", "more was filled than its entry wanted"}, "engine",
                                std::min(1.0, part));
                }
                break;
        }
    }
}

// Through the risk gate, as if it were asked for now.
void Session::release(const ParentWork& work) {
    const ParentOrder& parent = *parents_.find(work.parent);
    const ScriptRunner* owner = runner(parent.intent.strategy);
    Intent child = parent.intent;
    child.id = reserve_intent_id();
    child.parent = parent.id();
    child.terms = {};
    child.lots = work.lots;
    child.decided = now_;
    child.decision_bar = {};
    child.why = work.why;
    if (parent.position.valid() && portfolio_.find(parent.position) != nullptr) child.position = parent.position;
    const RiskVerdict verdict = judge(child, child.instrument, owner == nullptr ? "" : owner->version_text(),
                                      fmt::format("entry {}: {}", parent.id().value(), work.why));
    if (!verdict.passed()) return parents_.refused(work.parent, name_of(verdict.code), verdict.text, now_);
    enter(child, owner);
}

void Session::start_parents_day() {
    parents_.start_day(ist_date(now_), now_, [&](const ParentOrder& parent) {
        return gate_.entry_window(book().get(parent.intent.instrument), risk_context());
    });
}

void Session::cancel_entries(std::string_view reason) {
    parents_.cancel_all(now_, reason);
    desk_.cancel_entries(now_, reason);
    work_parents();
}

void Session::cancel_everything(std::string_view reason, bool emergency) {
    parents_.cancel_all(now_, reason);
    desk_.cancel_all(now_, reason, emergency);
    work_parents();
}

void Session::trail_stops(InstrumentId id) {
    for (size_t i = 0; i < portfolio_.open().size(); ++i) {
        const Position& position = portfolio_.open()[i];
        if (position.underlying != id || !position.levels.trail_pct) continue;
        const auto level = portfolio_.trailing_stop(position);
        if (!level) continue;
        const double step = position.best_underlying.to_double() * config_.orders.trail_step_pct / 100;
        const auto& stop = position.levels.stop;
        if (stop && std::abs((*level - *stop).to_double()) < step) continue;
        const bool done = portfolio_.set_stop(position.id, *level, false, "trail");
        TIDE_ASSERT(done);
        record(PositionRecord{
            position, symbol_of(position.instrument), "stop",
            fmt::format("follows {} by {} %", to_string(position.best_underlying), *position.levels.trail_pct)});
        queue_position_call(position, "stop");
    }
}

void Session::set_trail(const Intent& intent) {
    const bool done = portfolio_.set_trail(intent.position, *intent.trail_stop_pct);
    TIDE_ASSERT(done);
    const Position& position = *portfolio_.find(intent.position);
    if (const auto level = portfolio_.trailing_stop(position))
        portfolio_.set_stop(intent.position, *level, false, intent.reason.rule);
    record(PositionRecord{position, symbol_of(position.instrument), "stop", intent.reason.text});
    queue_position_call(position, "stop");
}

// ---- from one session to the next

std::string Session::carried_entries(StrategyId strategy) const {
    std::string lines;
    for (const IntentId id : parents_.live()) {
        const ParentOrder& parent = *parents_.find(id);
        if (parent.intent.strategy != strategy || !stays(parent)) continue;
        lines += carried_line(parent, symbol_of(parent.intent.instrument)) + "\n";
    }
    return lines;
}

// What has no date of its own ends with the session, and so does what is at work: the broker is not asked any more.
void Session::end_parents() {
    const std::vector<IntentId> ids = parents_.live();
    for (const IntentId id : ids) {
        if (!stays(*parents_.find(id))) parents_.cancel(id, now_, "session_end");
    }
}

// They are asked for again, and judged again, by what holds now.
void Session::take_up_carried(const ScriptEvent& held) {
    const ScriptRunner* owner = runner(held.strategy);
    if (held.strategy.valid() && (owner == nullptr || !owner->active())) {
        record(NoteRecord{"warning", "engine", "entries of an earlier session are dropped: their script does not run"});
        return;
    }
    for (const std::string_view line : lines_of(held.text)) {
        if (line.empty()) continue;
        auto entry = parse_carried_line(line);
        const InstrumentId instrument = entry ? find_instrument(entry->symbol) : InstrumentId();
        if (!entry || !instrument.valid()) {
            record(NoteRecord{
                "warning", "engine",
                entry ? fmt::format("an entry of an earlier session is dropped: no data for {}", entry->symbol)
                      : fmt::format("an entry of an earlier session is dropped: {}", entry.error().message)});
            continue;
        }
        entry->intent.id = reserve_intent_id();
        entry->intent.instrument = instrument;
        process(std::move(entry->intent), owner);
    }
}

void Session::on_parent(const ParentOrder& parent, ParentState from, std::string_view detail) {
    ++carried_revision_;
    record(ParentRecord{parent, from, symbol_of(parent.intent.instrument), std::string(detail)});
    if (parent.state != from) queue_parent_call(parent);
}

void Session::queue_parent_call(const ParentOrder& parent) {
    OrderMessage message;
    message.intent = message.parent = parent.id().value();
    const std::string symbol = symbol_of(parent.intent.instrument);
    message.symbol = symbol;
    message.side = name_of(parent.intent.side);
    message.state = name_of(parent.state);
    message.code = parent.live() ? std::string_view() : std::string_view(parent.code);
    message.tag = parent.intent.tag;
    message.quantity = static_cast<double>(parent.quantity.units());
    message.filled = static_cast<double>(parent.filled.units());
    if (parent.intent.limit) message.limit = parent.intent.limit->to_double();
    queue_order_call(parent.intent.strategy, message, parent.reason);
}

}  // namespace tide
