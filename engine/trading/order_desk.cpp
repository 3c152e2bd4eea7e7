#include "trading/order_desk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tide {
namespace {

constexpr int64_t kMessagesRememberedMax = 100;  // orders.messages_per_second reaches no further

Duration seconds_of(double s) { return Duration(static_cast<int64_t>(std::llround(s * 1e9))); }

bool waits_for_answer(OrderState state) {
    return state == OrderState::submitted || state == OrderState::pending_cancel ||
           state == OrderState::pending_replace;
}
bool working(OrderState state) { return state == OrderState::open || state == OrderState::partially_filled; }

std::optional<ReceiveTime> earlier(std::optional<ReceiveTime> a, std::optional<ReceiveTime> b) {
    if (!a || (b && *b < *a)) return b;
    return a;
}
Price further(Side side, Price a, Price b) { return (side == Side::buy) == (a > b) ? a : b; }
bool due(const std::optional<ReceiveTime>& time, ReceiveTime now) { return time && *time <= now; }

// 1, 2, 4, … s after the attempt of that number.
Duration backoff(int32_t attempts) { return seconds(int64_t(1) << std::clamp(attempts - 1, 0, 6)); }

}  // namespace

OrderDesk::OrderDesk(const OrderSettings& settings, const MarketPrices& prices, BrokerLink& broker,
                     DeskListener& listener, uint64_t seed)
    : settings_(settings),
      prices_(prices),
      broker_(broker),
      listener_(listener),
      seed_(seed),
      sent_(static_cast<size_t>(kMessagesRememberedMax)) {}

OrderDesk::Entry* OrderDesk::entry(OrderId id) {
    if (id.value() < first_id_ || id.value() >= next_id_) return nullptr;
    return &entries_[id.value() - first_id_];
}
const OrderDesk::Entry* OrderDesk::entry(OrderId id) const { return const_cast<OrderDesk*>(this)->entry(id); }

const Order* OrderDesk::find(OrderId id) const {
    const Entry* e = entry(id);
    return e == nullptr ? nullptr : &e->order;
}

size_t OrderDesk::queued() const {
    return static_cast<size_t>(std::count_if(live_.begin(), live_.end(), [&](OrderId id) { return !entry(id)->sent; }));
}
size_t OrderDesk::in_flight() const {
    return static_cast<size_t>(
        std::count_if(live_.begin(), live_.end(), [&](OrderId id) { return entry(id)->awaiting; }));
}

Quantity OrderDesk::exiting(PositionId position) const {
    Quantity sum;
    for (const OrderId id : live_) {
        const Order& order = entry(id)->order;
        if (order.purpose == OrderPurpose::exit && order.position == position) sum += order.remaining();
    }
    return sum;
}

int OrderDesk::exit_priority(PositionId position) const {
    int best = 0;
    for (const OrderId id : live_) {
        const Entry& e = *entry(id);
        if (e.order.purpose != OrderPurpose::exit || e.order.position != position) continue;
        if (best == 0 || e.priority < best) best = e.priority;
    }
    return best;
}

bool OrderDesk::entering(PositionId position) const {
    return std::any_of(live_.begin(), live_.end(), [&](OrderId id) {
        const Order& order = entry(id)->order;
        return order.purpose == OrderPurpose::entry && order.position == position;
    });
}

bool OrderDesk::mandatory(OrderId id) const {
    const Entry* e = entry(id);
    return e != nullptr && e->mandatory;
}

bool OrderDesk::blocked(InstrumentId instrument) const {
    if (std::find(contradicted_.begin(), contradicted_.end(), instrument) != contradicted_.end()) return true;
    return std::any_of(live_.begin(), live_.end(), [&](OrderId id) {
        const Order& order = entry(id)->order;
        return order.instrument == instrument && order.state == OrderState::unknown;
    });
}

void OrderDesk::start_day() {
    while (!entries_.empty() && !entries_.front().order.live()) {
        entries_.pop_front();
        ++first_id_;
    }
}

// ---- making orders

Price OrderDesk::aggressive_limit(const Order& order, Price fallback, double band_pct, ReceiveTime now) const {
    const Instrument& instrument = prices_.instruments().get(order.instrument);
    const auto quote = prices_.quote(order.instrument, now);
    const Price limit = marketable_limit(order.side, quote ? &*quote : nullptr, fallback, band_pct, instrument.tick);
    if (order.purpose == OrderPurpose::exit || !quote) return limit;
    // An entry is never chased further from the last price than its limit could have been set.
    const auto far_e6 = static_cast<int64_t>(std::llround(settings_.limit_from_last_pct * 10'000));
    const Price far = scale(quote->last, far_e6, 1'000'000);
    if (order.side == Side::buy) return std::min(limit, round_down_to_tick(quote->last + far, instrument.tick));
    return std::max(limit, round_up_to_tick(quote->last - far, instrument.tick));
}

// Units of one order: the freeze quantity, in lots. An exit also keeps each of its orders within the limits for one
// order, so that a position that has grown beyond them can still be closed.
Quantity OrderDesk::chunk_of(const OrderRequest& request, const Instrument& instrument, ReceiveTime now) const {
    const int64_t lot = instrument.lot.units();
    int64_t lots = std::max<int64_t>(1, (request.quantity.units() + lot - 1) / lot);
    if (instrument.freeze.units() > 0) lots = std::min(lots, std::max<int64_t>(1, instrument.freeze.units() / lot));
    if (request.purpose == OrderPurpose::exit) {
        lots = std::min(lots, settings_.max_lots);
        const auto last = prices_.last(request.instrument, now);
        const Money lot_value = (last ? *last : request.fallback_price) * instrument.lot;
        if (lot_value > Money()) {
            lots = std::min(lots, std::max<int64_t>(1, settings_.max_value.units() / lot_value.units()));
        }
    }
    return Quantity(lots * lot);
}

// Of an entry that is not filled.
ReceiveTime OrderDesk::expiry_of(const Entry& e, ReceiveTime now) const {
    return e.rest_until ? *e.rest_until : now + seconds_of(settings_.unfilled_after_s);
}

OrderDesk::Entry& OrderDesk::create(const OrderRequest& request, Quantity quantity, ReceiveTime now) {
    const Instrument& instrument = prices_.instruments().get(request.instrument);
    Entry e;
    e.priority = request.priority;
    e.mandatory = request.mandatory;
    e.fallback_price = request.fallback_price;
    e.vix_at_creation = prices_.vix().known() ? prices_.vix().level : 0;
    e.underlying_at_creation = prices_.underlying_last(instrument).value_or(Price());
    Order& order = e.order;
    order.id = OrderId(next_id_++);
    order.intent = request.intent;
    order.strategy = request.strategy;
    order.position = request.position;
    order.group = request.group;
    order.instrument = request.instrument;
    order.side = request.side;
    order.purpose = request.purpose;
    order.style = request.limit ? PriceStyle::passive : PriceStyle::aggressive;
    order.quantity = quantity;
    order.limit =
        request.limit ? *request.limit : aggressive_limit(order, e.fallback_price, settings_.protection_band_pct, now);
    if (!e.fallback_price.positive()) e.fallback_price = order.limit;
    order.furthest_limit = order.limit;
    e.rest_until = request.rest_until;
    if (request.purpose == OrderPurpose::entry) e.expire_due = earlier(request.leave_before, expiry_of(e, now));
    order.created = order.updated = now;
    order.client_id = client_order_id(seed_, order.id);
    order.tag = request.tag;
    order.why = request.why;
    live_.push_back(order.id);
    entries_.push_back(std::move(e));
    return entries_.back();
}

Result<std::vector<OrderId>> OrderDesk::submit(const OrderRequest& request, ReceiveTime now) {
    TIDE_ASSERT(request.quantity.units() > 0);
    const Instrument& instrument = prices_.instruments().get(request.instrument);
    const Quantity chunk = chunk_of(request, instrument, now);
    const int64_t count = (request.quantity.units() + chunk.units() - 1) / chunk.units();
    const bool is_exit = request.purpose == OrderPurpose::exit;
    if (!is_exit && queued() + static_cast<size_t>(count) > static_cast<size_t>(settings_.max_queue)) {
        return make_error(ErrorCode::halted,
                          fmt::format("the order queue is full ({} waiting, {} more asked for)", queued(), count));
    }
    if (is_exit) make_way_for(request, now);
    const bool review = !is_exit && request.quantity.units() > settings_.review_lots * instrument.lot.units();
    std::vector<OrderId> ids;
    ids.reserve(static_cast<size_t>(count));
    for (Quantity left = request.quantity; left.units() > 0; left -= std::min(left, chunk)) {
        Entry& e = create(request, std::min(left, chunk), now);
        ids.push_back(e.order.id);
        listener_.on_order(e.order, OrderState::created,
                           count > 1 ? "split by the freeze quantity or order limits" : "");
        if (review) {
            e.review_until = now + seconds_of(settings_.review_wait_s);
            change_state(e, OrderEvent::hold, now, "large order: waits in the review queue");
        } else {
            e.wanted = Message::submit;
        }
    }
    pump(now);
    return ids;
}

// An exit must not meet our own entry, nor leave one behind that would open again what it closes.
void OrderDesk::make_way_for(const OrderRequest& exit, ReceiveTime now) {
    cancel_where(
        [&](const Order& order) {
            if (order.purpose != OrderPurpose::entry) return false;
            return order.position == exit.position ||
                   (order.instrument == exit.instrument && order.side == opposite(exit.side));
        },
        now, "an exit takes its place");
}

// ---- states

bool OrderDesk::change_state(Entry& e, OrderEvent event, ReceiveTime now, std::string_view detail) {
    const Transition step = transition(e.order.state, event);
    if (step.kind == TransitionKind::contradiction) {
        contradict(
            e.order.id, e.order.instrument,
            fmt::format("{} says {} in state {}", e.sent ? "the broker" : "a message for an order that never left",
                        name_of(event), name_of(e.order.state)));
        return false;
    }
    if (step.kind != TransitionKind::move) return step.kind == TransitionKind::stay;
    const OrderState from = e.order.state;
    e.order.state = settled(step.next, e.order.filled.units() > 0);
    e.order.updated = now;
    e.order.state_reason = std::string(detail);
    e.awaiting = waits_for_answer(e.order.state);
    if (!e.awaiting) e.answer_due.reset();
    if (!e.order.live()) finish(e);
    listener_.on_order(e.order, from, detail);
    if (e.order.state == OrderState::unknown) {
        begin_asking(e, now);
    } else if (from == OrderState::unknown && !e.comparing) {
        end_asking(e);
    }
    return true;
}

void OrderDesk::finish(Entry& e) {
    e.wanted = Message::none;
    e.cancel_wanted = false;
    e.review_until = e.answer_due = e.reprice_due = e.expire_due = e.cancel_retry_due = std::nullopt;
    end_asking(e);
    std::erase(live_, e.order.id);
}

void OrderDesk::contradict(OrderId order, InstrumentId instrument, std::string_view text) {
    if (instrument.valid() &&
        std::find(contradicted_.begin(), contradicted_.end(), instrument) == contradicted_.end()) {
        contradicted_.push_back(instrument);
    }
    listener_.on_contradiction(order, instrument, text);
}

// Books an execution once. A new trade number means that money has moved, so it is booked even where it contradicts
// what we know of the order: the books follow the exchange, and the contradiction is reported. False: not a usable
// fill.
bool OrderDesk::book_fill(Entry& e, const OrderUpdateEvent& update, ReceiveTime now) {
    if (!update.fill.valid() || update.quantity.units() <= 0 || !update.price.positive()) {
        contradict(e.order.id, e.order.instrument, "a fill without trade number, quantity or price");
        return false;
    }
    const auto known =
        std::find_if(e.fills.begin(), e.fills.end(), [&](const Booked& b) { return b.id == update.fill; });
    if (known != e.fills.end()) {
        if (known->quantity != update.quantity || known->price != update.price) {
            contradict(e.order.id, e.order.instrument,
                       fmt::format("trade {} is told as {} at {} and as {} at {}", update.fill.value(),
                                   known->quantity.units(), to_string(known->price), update.quantity.units(),
                                   to_string(update.price)));
        }
        return false;
    }
    e.fills.push_back({update.fill, update.quantity, update.price});
    const Money before = e.order.filled_value;
    e.order.filled += update.quantity;
    e.order.filled_value += update.price * update.quantity;
    e.order.updated = now;
    Fill fill;
    fill.id = update.fill;
    fill.order = e.order.id;
    fill.position = e.order.position;
    fill.strategy = e.order.strategy;
    fill.instrument = e.order.instrument;
    fill.side = e.order.side;
    if ((update.flags & kUpdateModelPrice) != 0) fill.flags |= kFillModelPrice;
    if ((update.flags & kUpdateLastPrice) != 0) fill.flags |= kFillLastPrice;
    fill.quantity = update.quantity;
    fill.price = update.price;
    fill.time = now;
    listener_.on_fill(fill, e.order, before);
    return true;
}

void OrderDesk::on_update(const OrderUpdateEvent& update, ReceiveTime now) {
    Entry* e = entry(update.order);
    if (e == nullptr || !e->sent) {
        contradict(update.order, e == nullptr ? InstrumentId() : e->order.instrument,
                   "the broker speaks of an order that we did not send");
        return;
    }
    const OrderEvent event = event_of(update.kind, e->order.quantity, e->order.filled, update.quantity,
                                      e->order.broker_order.valid() || update.broker_order.valid());
    if (update.kind == OrderUpdateKind::filled && !book_fill(*e, update, now)) return;
    note_broker_order(*e, update.broker_order);
    if ((update.flags & kUpdateFromBook) != 0 && update.kind != OrderUpdateKind::filled && !conclusive(*e, update)) {
        pump(now);
        return;
    }
    if (update.kind == OrderUpdateKind::replaced && e->order.live() && update.price.positive()) {
        e->order.limit = update.price;
    }
    std::string_view detail = update.reason;
    if (update.kind == OrderUpdateKind::cancelled && e->cancel_wanted) detail = e->cancel_reason;
    const bool known = change_state(*e, event, now, detail);
    if (known && event == OrderEvent::overfill) {
        contradict(e->order.id, e->order.instrument,
                   fmt::format("filled {} of {}", e->order.filled.units(), e->order.quantity.units()));
    }
    if (e->order.live()) after_update(*e, update, now);
    pump(now);
}

void OrderDesk::after_update(Entry& e, const OrderUpdateEvent& update, ReceiveTime now) {
    if (update.kind == OrderUpdateKind::cancel_rejected && e.cancel_wanted) {
        e.cancel_retry_due = now + backoff(e.order.cancel_attempts);
    }
    if (working(e.order.state) && e.cancel_wanted && e.wanted != Message::cancel && !e.cancel_retry_due) {
        e.wanted = Message::cancel;
    }
    if (working(e.order.state)) work_again(e, now);
}

// A cancel that was asked for stops re-pricing and expiry. An order that works on after it was given up needs them
// again: an exit would rest at a limit of long ago and yet count as running.
void OrderDesk::work_again(Entry& e, ReceiveTime now) {
    if (e.cancel_wanted) return;
    if (e.order.style == PriceStyle::aggressive && !e.reprice_due) {
        e.reprice_due = now + seconds_of(settings_.reprice_after_s);
    }
    if (e.order.purpose == OrderPurpose::entry && !e.expire_due) e.expire_due = expiry_of(e, now);
}

// ---- cancelling

void OrderDesk::want_cancel(Entry& e, ReceiveTime now, std::string_view reason) {
    if (!e.order.live() || (e.cancel_wanted && !e.emergency)) return;
    if (!e.sent) {
        change_state(e, OrderEvent::request_cancel, now, reason);
        return;
    }
    const bool first = !e.cancel_wanted;
    e.cancel_wanted = true;
    if (first) {
        e.cancel_reason = std::string(reason);
        e.wanted = Message::cancel;
    }
    e.reprice_due.reset();
    e.expire_due.reset();
}

void OrderDesk::retry_cancel(Entry& e, ReceiveTime now) {
    e.cancel_retry_due.reset();
    if (e.order.cancel_attempts < settings_.max_cancel_attempts) {
        e.wanted = Message::cancel;
        return;
    }
    e.cancel_wanted = false;
    if (e.order.state == OrderState::pending_cancel) {
        change_state(e, OrderEvent::timeout, now, "no answer to the cancel, retries used up");
    } else {
        listener_.on_order(e.order, e.order.state, "the cancel was not carried out, retries used up");
        if (working(e.order.state)) work_again(e, now);
    }
}

template <class Predicate>
void OrderDesk::cancel_where(Predicate wanted, ReceiveTime now, std::string_view reason) {
    for (size_t i = 0; i < live_.size();) {
        const OrderId id = live_[i];
        Entry& e = *entry(id);
        if (wanted(e.order)) want_cancel(e, now, reason);
        if (i < live_.size() && live_[i] == id) ++i;
    }
}

bool OrderDesk::cancel(OrderId id, ReceiveTime now, std::string_view reason) {
    Entry* e = entry(id);
    if (e == nullptr || !e->order.live()) return false;
    want_cancel(*e, now, reason);
    pump(now);
    return true;
}

void OrderDesk::cancel_entries(ReceiveTime now, std::string_view reason) {
    cancel_where([](const Order& order) { return order.purpose == OrderPurpose::entry; }, now, reason);
    pump(now);
}

void OrderDesk::cancel_entries_of(GroupId group, ReceiveTime now, std::string_view reason) {
    cancel_where([&](const Order& order) { return order.purpose == OrderPurpose::entry && order.group == group; }, now,
                 reason);
    pump(now);
}

void OrderDesk::cancel_entries_of(StrategyId strategy, ReceiveTime now, std::string_view reason) {
    cancel_where([&](const Order& order) { return order.purpose == OrderPurpose::entry && order.strategy == strategy; },
                 now, reason);
    pump(now);
}

void OrderDesk::cancel_all(ReceiveTime now, std::string_view reason, bool emergency) {
    if (emergency) {
        for (const OrderId id : live_) entry(id)->emergency = true;
    }
    cancel_where([](const Order&) { return true; }, now, reason);
    pump(now);
}

void OrderDesk::end_emergency() {
    for (const OrderId id : live_) entry(id)->emergency = false;
}

void OrderDesk::on_price(InstrumentId id, ReceiveTime now) {
    if (live_.empty()) return;
    const Instrument& changed = prices_.instruments().get(id);
    const bool is_vix = changed.kind == InstrumentKind::volatility_index;
    const auto last = is_vix ? std::nullopt : prices_.last(id, now);
    if (!is_vix && !last) return;
    cancel_where(
        [&](const Order& order) {
            const Entry& e = *entry(order.id);
            if (order.purpose != OrderPurpose::entry || e.cancel_wanted) return false;
            if (is_vix) {
                return e.vix_at_creation > 0 && prices_.vix().level - e.vix_at_creation >= settings_.cancel_on_vix_jump;
            }
            const Instrument& instrument = prices_.instruments().get(order.instrument);
            const InstrumentId underlying = instrument.underlying.valid() ? instrument.underlying : instrument.id;
            if (underlying != id || !e.underlying_at_creation.positive()) return false;
            const double then = e.underlying_at_creation.to_double();
            return std::fabs(last->to_double() - then) >= then * settings_.cancel_on_underlying_pct / 100.0;
        },
        now,
        is_vix ? "the VIX has jumped since the order was made" : "the underlying has moved since the order was made");
    pump(now);
}

// ---- due work

std::optional<ReceiveTime> OrderDesk::due_of(const Entry& e) const {
    return earlier(earlier(earlier(e.review_until, e.answer_due), earlier(e.reprice_due, e.expire_due)),
                   earlier(e.cancel_retry_due, e.ask_due));
}

std::optional<ReceiveTime> OrderDesk::next_due_of_live() const {
    std::optional<ReceiveTime> first;
    for (const OrderId id : live_) first = earlier(first, due_of(*entry(id)));
    if (const Entry* waiting = next_to_send(); waiting && !line_down_ && !held_back_by_flight(*waiting)) {
        first = earlier(first, throttled_until());
    }
    return first;
}

void OrderDesk::on_time(ReceiveTime now) {
    while (true) {
        const auto first = next_due();
        if (!first || *first > now) return;
        for (size_t i = 0; i < live_.size();) {
            const OrderId id = live_[i];
            if (due(due_of(*entry(id)), *first)) run_due(*entry(id), *first);
            if (i < live_.size() && live_[i] == id) ++i;
        }
        pump(*first);
    }
}

void OrderDesk::run_due(Entry& e, ReceiveTime now) {
    if (due(e.review_until, now)) {
        e.review_until.reset();
        e.wanted = Message::submit;
    }
    if (due(e.answer_due, now)) {
        e.answer_due.reset();
        change_state(e, OrderEvent::timeout, now, "no answer in time");
    }
    if (due(e.ask_due, now)) ask(e, now);
    if (due(e.cancel_retry_due, now)) retry_cancel(e, now);
    if (due(e.expire_due, now)) {
        e.expire_due.reset();
        want_cancel(e, now, e.sent ? "not filled in time" : "it could not leave in time");
    }
    if (due(e.reprice_due, now)) reprice(e, now);
}

void OrderDesk::reprice(Entry& e, ReceiveTime now) {
    e.reprice_due = now + seconds_of(settings_.reprice_after_s);
    if (!working(e.order.state) || e.wanted != Message::none) return;
    if (e.order.purpose == OrderPurpose::entry && e.order.reprices >= settings_.max_reprices) {
        want_cancel(e, now, "given up after re-pricing");
        return;
    }
    if (!next_limit(e, now)) return;
    e.wanted = Message::replace;
}

// The limit of the next re-pricing, against the quote of this moment. None: it is no nearer to the market.
std::optional<Price> OrderDesk::next_limit(const Entry& e, ReceiveTime now) const {
    const auto step = std::min<int64_t>(e.order.reprices + 1, settings_.max_reprices);
    const double band = settings_.protection_band_pct + static_cast<double>(step) * settings_.reprice_step_pct;
    const Price limit = aggressive_limit(e.order, e.fallback_price, band, now);
    const bool nearer = e.order.side == Side::buy ? limit > e.order.limit : limit < e.order.limit;
    return nearer ? std::optional(limit) : std::nullopt;
}

// ---- messages to the broker

std::optional<ReceiveTime> OrderDesk::throttled_until() const {
    const auto n = static_cast<size_t>(std::min(settings_.messages_per_second, kMessagesRememberedMax));
    if (sent_.size() < n) return std::nullopt;
    return sent_[n - 1] + seconds(1);
}

// "Exits are never refused by entry limits": only an entry waits for answers to come in.
bool OrderDesk::held_back_by_flight(const Entry& e) const {
    return e.order.purpose == OrderPurpose::entry && e.wanted != Message::cancel &&
           in_flight() >= static_cast<size_t>(settings_.max_in_flight);
}

// Emergency cancels, cancels, exits, then entries; the older order first within each.
const OrderDesk::Entry* OrderDesk::next_to_send() const {
    const Entry* best = nullptr;
    int best_rank = 0;
    for (const OrderId id : live_) {
        const Entry& e = *entry(id);
        if (e.wanted == Message::none || (e.wanted != Message::cancel && comparing_ > 0)) continue;
        int rank = e.order.purpose == OrderPurpose::exit ? 2 : 4;
        if (e.wanted == Message::cancel) rank = e.emergency ? 0 : 1;
        if (e.wanted == Message::replace) ++rank;
        if (best == nullptr || rank < best_rank) {
            best = &e;
            best_rank = rank;
        }
    }
    return best;
}

void OrderDesk::pump(ReceiveTime now) {
    if (line_down_) return;
    while (const Entry* waiting = next_to_send()) {
        Entry& e = *entry(waiting->order.id);
        const bool bypass = e.emergency && e.wanted == Message::cancel && settings_.kill_bypasses_throttle;
        if (!bypass) {
            if (held_back_by_flight(e)) return;
            const auto until = throttled_until();
            if (until && now < *until) return;
        }
        send(e, now);
    }
}

void OrderDesk::send(Entry& e, ReceiveTime now) {
    const Message message = std::exchange(e.wanted, Message::none);
    // A change may have waited for the throttle; the market and the order have not.
    const auto limit = message == Message::replace ? next_limit(e, now) : std::nullopt;
    if (message == Message::replace && (!limit || !working(e.order.state))) return;
    sent_.push(now);
    if (message == Message::submit) {
        // It may have waited, if only for another event of the same moment.
        const bool anew = now != e.order.created || prices_.quote(e.order.instrument, now);
        if (e.order.style == PriceStyle::aggressive && anew) {
            e.order.limit = aggressive_limit(e.order, e.fallback_price, settings_.protection_band_pct, now);
            e.order.furthest_limit = e.order.limit;
        }
        e.sent = true;
        change_state(e, OrderEvent::submit, now, "");
        e.answer_due = now + seconds_of(settings_.answer_timeout_s);
        if (e.order.style == PriceStyle::aggressive) e.reprice_due = now + seconds_of(settings_.reprice_after_s);
        if (e.order.purpose == OrderPurpose::entry) e.expire_due = expiry_of(e, now);
        broker_.submit(e.order);
    } else if (message == Message::cancel) {
        ++e.order.cancel_attempts;
        change_state(e, OrderEvent::request_cancel, now, e.cancel_reason);
        e.answer_due.reset();  // the retries below stand for it
        e.cancel_retry_due = now + backoff(e.order.cancel_attempts);
        broker_.cancel(e.order);
    } else {
        ++e.order.reprices;
        e.order.furthest_limit = further(e.order.side, e.order.furthest_limit, limit.value_or(Price()));
        change_state(e, OrderEvent::request_replace, now,
                     fmt::format("limit {} -> {}", to_string(e.order.limit), to_string(*limit)));
        e.answer_due = now + seconds_of(settings_.answer_timeout_s);
        broker_.replace(e.order, *limit);
    }
}

}  // namespace tide
