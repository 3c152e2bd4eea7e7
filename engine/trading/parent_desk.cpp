#include "trading/parent_desk.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tide {
namespace {

constexpr ReceiveTime kNever = ParentOrder::kNever;

bool reached_by(const ParentOrder& parent, Price last) {
    return parent.direction > 0 ? last >= *parent.trigger : last <= *parent.trigger;
}
Price percent_of(Price price, double pct) { return Price::from_double(price.to_double() * pct / 100.0); }

}  // namespace

const ParentOrder* ParentDesk::find(IntentId parent) const {
    const auto found = parents_.find(parent);
    return found == parents_.end() ? nullptr : &found->second;
}

ParentOrder* ParentDesk::owner_of(IntentId child) {
    const auto found = parent_of_.find(child);
    return found == parent_of_.end() ? nullptr : &parents_.at(found->second);
}
const ParentOrder* ParentDesk::parent_of(IntentId child) const {
    return const_cast<ParentDesk*>(this)->owner_of(child);
}

size_t ParentDesk::live_count(StrategyId strategy) const {
    return static_cast<size_t>(std::count_if(live_.begin(), live_.end(),
                                             [&](IntentId id) { return parents_.at(id).intent.strategy == strategy; }));
}

// ---- states

void ParentDesk::step(ParentOrder& parent, ParentEvent event, ReceiveTime now, std::string_view detail) {
    const ParentState from = parent.state;
    parent.state = transition(from, event);
    parent.updated = now;
    listener_.on_parent(parent, from, detail);
}

void ParentDesk::end(ParentOrder& parent, ParentEvent event, ReceiveTime now, std::string_view detail) {
    if (!parent.live()) return;
    want_child_gone(parent);
    std::erase(live_, parent.id());
    parent.reason = std::string(detail);
    step(parent, event, now, detail);
}

void ParentDesk::want_child_gone(ParentOrder& parent) {
    if (!parent.child.valid() || parent.child_leaves) return;
    parent.child_leaves = true;
    ParentWork work;
    work.kind = ParentWork::Kind::cancel_child;
    work.parent = parent.id();
    work.child = parent.child;
    wanted_.push_back(std::move(work));
}

void ParentDesk::accept(ParentOrder parent, Date today, const std::optional<EntryWindow>& window, ReceiveTime now) {
    const IntentId id = parent.id();
    TIDE_ASSERT(id.valid() && parent.quantity.units() > 0 && !parents_.contains(id));
    parent.accepted = parent.updated = now;
    ParentOrder& held = parents_.emplace(id, std::move(parent)).first->second;
    live_.push_back(id);
    listener_.on_parent(held, held.state, terms_text(held.intent.terms));
    give_window(held, today, window, now);
    look_ahead();
}

bool ParentDesk::cancel(IntentId id, ReceiveTime now, std::string_view reason) {
    const auto found = parents_.find(id);
    if (found == parents_.end() || !found->second.live()) return false;
    end(found->second, ParentEvent::cancel, now, reason);
    look_ahead();
    return true;
}

void ParentDesk::cancel_all(ReceiveTime now, std::string_view reason) {
    const std::vector<IntentId> ids = live_;
    for (const IntentId id : ids) cancel(id, now, reason);
}

void ParentDesk::cancel_of(StrategyId strategy, ReceiveTime now, std::string_view reason) {
    const std::vector<IntentId> ids = live_;
    for (const IntentId id : ids) {
        if (parents_.at(id).intent.strategy == strategy) cancel(id, now, reason);
    }
}

void ParentDesk::cancel_for(PositionId position, ReceiveTime now, std::string_view reason) {
    const std::vector<IntentId> ids = live_;
    for (const IntentId id : ids) {
        const ParentOrder& parent = parents_.at(id);
        if (parent.any_child && parent.position == position) cancel(id, now, reason);
    }
}

// ---- days

void ParentDesk::forget_final() {
    std::erase_if(parents_, [](const auto& entry) { return !entry.second.live(); });
    std::erase_if(parent_of_, [&](const auto& entry) { return !parents_.contains(entry.second); });
}

void ParentDesk::give_window(ParentOrder& parent, Date today, const std::optional<EntryWindow>& window,
                             ReceiveTime now) {
    const EntryTerms& terms = parent.intent.terms;
    const bool dated = terms.good_till == GoodTill::date;
    if (dated && terms.good_till_date < today) return end(parent, ParentEvent::expire, now, "its last day is over");
    if (!window || parent.from != kNever || now >= window->until) return;
    parent.from = window->from;
    parent.until = window->until;
    if (terms.good_till == GoodTill::time)
        parent.until = std::min(parent.until, at(today, minutes(terms.good_till_minute)));
}

// The window of today is over. One that stands for longer waits for the next day; its child does not.
void ParentDesk::window_over(ParentOrder& parent, ReceiveTime now) {
    const EntryTerms& terms = parent.intent.terms;
    const bool stays = terms.good_till == GoodTill::date && terms.good_till_date > ist_date(now);
    if (!stays) return end(parent, ParentEvent::expire, now, "its time is over");
    parent.from = parent.until = kNever;
    want_child_gone(parent);
    step(parent, ParentEvent::park, now, "waits for the next day's entry window");
}

// ---- prices

void ParentDesk::on_price(InstrumentId id, Price last, ReceiveTime now) {
    bool changed = false;
    for (const IntentId live : live_) {
        ParentOrder& parent = parents_.at(live);
        if (parent.watched != id || parent.reached || !parent.intent.terms.triggered()) continue;
        if (now < parent.from || now >= parent.until) continue;
        follow(parent, last);
        if (!parent.trigger || !reached_by(parent, last)) continue;
        parent.reached = changed = true;
    }
    if (changed) look_ahead();
}

// A trailing trigger keeps its distance behind the best price, and never gives way.
void ParentDesk::follow(ParentOrder& parent, Price last) {
    const EntryTerms& terms = parent.intent.terms;
    if (!terms.trail && !terms.trail_pct) return;
    const bool better = !parent.best || (parent.direction > 0 ? last < *parent.best : last > *parent.best);
    if (!better) return;
    parent.best = last;
    const Price behind = terms.trail ? *terms.trail : percent_of(last, *terms.trail_pct);
    const Price level = last + behind * parent.direction;
    if (parent.trigger) {
        const Price nearer = parent.direction > 0 ? *parent.trigger - level : level - *parent.trigger;
        if (!nearer.positive() || nearer < percent_of(last, parent.trail_step_pct)) return;
    }
    parent.trigger = level;
    listener_.on_parent(parent, parent.state,
                        fmt::format("the trigger follows {} to {}", to_string(last), to_string(level)));
}

// ---- children

std::optional<ParentWork> ParentDesk::next_work(ReceiveTime now) {
    while (wanted_.empty()) {
        if (next_due_ > now) return std::nullopt;
        std::optional<ParentWork> work;
        const std::vector<IntentId> ids = live_;
        for (size_t i = 0; i < ids.size() && !work; ++i) {
            ParentOrder& parent = parents_.at(ids[i]);
            if (parent.live()) work = work_of(parent, now);
        }
        look_ahead();
        if (work) return work;
        TIDE_ASSERT(!wanted_.empty() || next_due_ > now);
    }
    ParentWork work = std::move(wanted_.front());
    wanted_.pop_front();
    return work;
}

std::optional<ParentWork> ParentDesk::work_of(ParentOrder& parent, ReceiveTime now) {
    if (now >= parent.until) {
        window_over(parent, now);
        return std::nullopt;
    }
    if (due_of(parent) > now) return std::nullopt;
    if (parent.child.valid()) {  // its next slice is due: what the one before has left goes with it
        want_child_gone(parent);
        return std::nullopt;
    }
    if (parent.sliced()) return slice_of(parent, now);
    ParentWork work;
    work.parent = parent.id();
    work.lots = parent.rest().units() / parent.lot.units();
    work.why = parent.trigger ? fmt::format("trigger {} reached", to_string(*parent.trigger)) : "its time has come";
    if (work.lots == 0) {
        end(parent, ParentEvent::cancel, now, "less than a lot is left");
        return std::nullopt;
    }
    if (const int64_t shown = parent.intent.terms.display_lots; shown > 0 && work.lots > shown) {
        work.lots = shown;
        work.why += ", a part is shown";
    }
    return work;
}

std::optional<ParentWork> ParentDesk::slice_of(ParentOrder& parent, ReceiveTime now) {
    if (parent.next_slice == 0) parent.begun = now;
    while (parent.next_slice < parent.plan.size() && parent.slice_due() <= now) ++parent.next_slice;
    const size_t slice = parent.next_slice;
    ParentWork work;
    work.parent = parent.id();
    work.lots = std::min(parent.plan[slice - 1] - parent.filled.units() / parent.lot.units(),
                         parent.rest().units() / parent.lot.units());
    work.why = fmt::format("slice {} of {}", slice, parent.plan.size());
    if (work.lots > 0) return work;
    return std::nullopt;  // nothing falls on it
}

void ParentDesk::released(IntentId id, IntentId child, Quantity quantity, PositionId position, ReceiveTime now,
                          std::string_view detail) {
    ParentOrder& parent = parents_.at(id);
    TIDE_ASSERT(parent.live() && !parent.child.valid() && quantity <= parent.rest());
    parent.child = child;
    parent.child_quantity = quantity;
    parent.child_ended = parent.child_filled = Quantity();
    parent.child_leaves = false;
    parent.any_child = true;
    parent.position = position;
    parent_of_[child] = id;
    step(parent, ParentEvent::release, now, detail);
    look_ahead();
}

void ParentDesk::unsent(IntentId child, ReceiveTime now, std::string_view why) {
    ParentOrder* parent = owner_of(child);
    if (parent == nullptr || parent->child != child) return;
    child_over(*parent, now, why);
    look_ahead();
}

void ParentDesk::refused(IntentId id, std::string_view code, std::string_view text, ReceiveTime now) {
    ParentOrder& parent = parents_.at(id);
    parent.code = std::string(code);
    const bool goes_on = parent.sliced() && parent.next_slice < parent.plan.size();
    if (!goes_on) end(parent, ParentEvent::refuse, now, text);
    look_ahead();
}

void ParentDesk::on_order(const Order& order, OrderState from, ReceiveTime now) {
    ParentOrder* parent = owner_of(order.intent);
    if (parent == nullptr || order.live() || is_final(from) || parent->child != order.intent) return;
    parent->child_ended += order.quantity;
    if (parent->child_ended < parent->child_quantity) return;
    child_over(*parent, now, order.state_reason.empty() ? name_of(order.state) : order.state_reason);
    look_ahead();
}

// An iceberg shows its next part when this one is filled, a schedule waits for its next slice; anything else ends with
// a child that was not filled.
void ParentDesk::child_over(ParentOrder& parent, ReceiveTime now, std::string_view why) {
    const bool filled = parent.child_filled >= parent.child_quantity;
    parent.child = IntentId();
    if (!parent.live()) return;
    if (parent.from == kNever) return;  // parked
    if (parent.sliced()) {
        if (parent.next_slice < parent.plan.size()) return;
        return end(parent, ParentEvent::expire, now, fmt::format("the last slice ended: {}", why));
    }
    if (!filled) end(parent, ParentEvent::cancel, now, fmt::format("its order ended: {}", why));
}

void ParentDesk::on_fill(const Fill& fill, IntentId child, ReceiveTime now) {
    ParentOrder* parent = owner_of(child);
    if (parent == nullptr) return;
    const bool first = parent->filled.units() == 0;
    parent->filled += fill.quantity;
    parent->position = fill.position;
    if (parent->child == child) parent->child_filled += fill.quantity;
    Quantity unwanted;
    if (parent->filled > parent->quantity) unwanted = std::min(fill.quantity, parent->filled - parent->quantity);
    if (parent->lost) unwanted = fill.quantity;
    if (unwanted.units() > 0) {
        ParentWork work;
        work.kind = ParentWork::Kind::close;
        work.parent = parent->id();
        work.position = fill.position;
        work.units = unwanted;
        work.why = parent->lost ? "oco" : "parent_overfill";
        wanted_.push_back(std::move(work));
    }
    if (first && !parent->lost) lose_siblings(*parent, now);
    // A fill that overtook the end of its order: what leaves now is too much.
    if (parent->child != child && parent->child.valid() &&
        parent->filled + parent->child_quantity - parent->child_filled > parent->quantity) {
        want_child_gone(*parent);
    }
    if (parent->live() && parent->filled >= parent->quantity) {
        if (parent->child == child && parent->child_filled >= parent->child_quantity) parent->child_leaves = true;
        end(*parent, ParentEvent::fill_rest, now, "all of it is filled");
    }
    look_ahead();
}

void ParentDesk::lose_siblings(const ParentOrder& winner, ReceiveTime now) {
    if (winner.intent.terms.oco.empty()) return;
    const std::vector<IntentId> ids = live_;
    for (const IntentId id : ids) {
        ParentOrder& other = parents_.at(id);
        const bool sibling = id != winner.id() && other.intent.strategy == winner.intent.strategy &&
                             other.intent.terms.oco == winner.intent.terms.oco;
        if (!sibling || other.filled.units() > 0) continue;
        other.lost = true;
        end(other, ParentEvent::cancel, now,
            fmt::format("oco {}: {} was filled", winner.intent.terms.oco, winner.id().value()));
    }
}

// ---- due work

ReceiveTime ParentDesk::due_of(const ParentOrder& parent) const {
    if (parent.from == kNever) return kNever;
    if (parent.intent.terms.triggered() && !parent.reached) return parent.until;
    const bool more_slices = parent.sliced() && parent.next_slice < parent.plan.size();
    if (parent.child.valid()) {
        const bool next = more_slices && !parent.child_leaves;
        return next ? std::min(parent.until, parent.slice_due()) : parent.until;
    }
    if (parent.sliced() && !more_slices) return parent.until;
    return std::min(parent.until, std::max(parent.from, parent.slice_due()));
}

void ParentDesk::look_ahead() {
    next_due_ = kNever;
    for (const IntentId id : live_) next_due_ = std::min(next_due_, due_of(parents_.at(id)));
}

}  // namespace tide
