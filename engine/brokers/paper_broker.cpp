#include "brokers/paper_broker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tide {
namespace {

Duration seconds_of(double s) { return Duration(static_cast<int64_t>(std::llround(s * 1e9))); }

// One draw of splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
uint64_t draw(uint64_t seed, uint64_t number) {
    uint64_t x = seed + number * 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

Price percent_of(Price price, double pct) {
    return scale(price, static_cast<int64_t>(std::llround(pct * 10'000)), 1'000'000);
}

bool within_limit(Side side, Price price, Price limit) { return side == Side::buy ? price <= limit : price >= limit; }

}  // namespace

void PaperSettings::register_in(SettingsRegistry& registry) {
    registry.add("paper.latency_ms", latency_ms, 0, 60'000, "ms", "from the order desk to the exchange");
    registry.add("paper.slippage_min_pct", slippage_min_pct, 0, 10, "%", "beyond the touch, of a liquid contract");
    registry.add("paper.slippage_max_pct", slippage_max_pct, 0, 10, "%",
                 "beyond the touch, of a thin contract and where open interest is not known");
    registry.add("paper.half_spread_pct", half_spread_pct, 0, 10, "%",
                 "half the spread around the last price where there is no quote; at least one tick");
    registry.add("paper.oi_refused_below", oi_refused_below, 0, 1'000'000, "units",
                 "an entry into an option with less open interest is refused");
    registry.add("paper.oi_thin", oi_thin, 0, 10'000'000, "units", "at this open interest slippage is largest");
    registry.add("paper.oi_liquid", oi_liquid, 1, 100'000'000, "units",
                 "above this open interest slippage is smallest and fills come at once");
    registry.add("paper.delay_min_ms", delay_min_ms, 0, 600'000, "ms",
                 "shortest wait of a fill that does not come at once");
    registry.add("paper.delay_max_ms", delay_max_ms, 0, 600'000, "ms",
                 "longest wait of a fill that does not come at once");
    registry.add("paper.partial_above_oi_pct", partial_above_oi_pct, 0.1, 100, "% of open interest",
                 "most that trades against one quote");
    registry.add("paper.impact_above_lots", impact_above_lots, 1, 100'000, "lots", "larger orders slip more");
    registry.add("paper.impact_pct", impact_pct, 0, 10, "%", "more slippage for each further such number of lots");
    registry.add("paper.band_pct", band_pct, 1, 100, "%", "the exchange takes limits this far from the last price");
    registry.add("paper.stale_quote_s", stale_quote_s, 1, 86'400, "s", "nothing is filled against an older quote");
    registry.add("paper.seed", seed, 0, 1'000'000'000, "", "of the random delays");
}

PaperBroker::PaperBroker(const PaperSettings& settings) : settings_(settings) {}

// ---- what comes in

void PaperBroker::send(Message message) {
    message.number = next_message_++;
    const auto at = std::upper_bound(inbound_.begin(), inbound_.end(), message.due,
                                     [](ReceiveTime due, const Message& m) { return due < m.due; });
    inbound_.insert(at, std::move(message));
}

void PaperBroker::submit(const Order& order) {
    if (order.id.value() < kFirstWatchdogOrder) newest_order_ = std::max(newest_order_, order.id);
    send({now_ + milliseconds(settings_.latency_ms), 0, Arrival::submit, order, order.limit});
}
void PaperBroker::cancel(const Order& order) {
    send({now_ + milliseconds(settings_.latency_ms), 0, Arrival::cancel, order, order.limit});
}
void PaperBroker::replace(const Order& order, Price limit) {
    send({now_ + milliseconds(settings_.latency_ms), 0, Arrival::replace, order, limit});
}

void PaperBroker::ask(const Order& order) {
    send({now_ + milliseconds(settings_.latency_ms), 0, Arrival::ask, order, order.limit});
}

void PaperBroker::ask_books() { send({now_ + milliseconds(settings_.latency_ms), 0, Arrival::ask_books, {}, {}}); }

void PaperBroker::on_event(const Event& event) {
    if (is_market_event(event)) ++market_events_;
    if (!inbound_.empty()) settle(event.received);
    prices_.release_due(event.received);
    for (const HeldTick& held : prices_.released()) match_on_price(held.tick.instrument, event.received);
    prices_.on_event(event);
    if (const auto* day = std::get_if<TradingDayEvent>(&event.payload)) on_day(*day, event.received);
    if (resting_.empty()) return;
    if (const auto* tick = std::get_if<TickEvent>(&event.payload)) {
        match_on_price(tick->instrument, event.received);
    } else if (const auto* bar = std::get_if<BarEvent>(&event.payload); bar != nullptr && !bar->bar.is_history()) {
        match_on_price(bar->bar.instrument, event.received);
    } else if (std::get_if<DayEndEvent>(&event.payload) != nullptr) {
        expire_all(event.received);
    }
}

void PaperBroker::on_day(const TradingDayEvent& day, ReceiveTime now) {
    auto slot = std::find_if(days_.begin(), days_.end(), [&](const Day& d) { return d.calendar == day.calendar; });
    if (slot == days_.end()) {
        days_.emplace_back();
        slot = days_.end() - 1;
    }
    // What was left of the day before is gone; a second calendar's day on the same date ends nothing.
    if (slot->date != day.date && slot->date != Date{}) expire_all(now);
    if (slot->date != day.date) {
        ended_.clear();
        trades_.clear();
    }
    *slot = {std::string(day.calendar), day.date, day.session_count, day.sessions};
}

void PaperBroker::expire_all(ReceiveTime now) {
    for (const Resting& order : resting_) {
        OrderUpdateEvent update;
        update.order = order.id;
        update.broker_order = order.broker_order;
        update.kind = OrderUpdateKind::expired;
        update.quantity = order.remaining;
        end(order, OrderUpdateKind::expired);
        answer(now, update, "end of day");
    }
    resting_.clear();
}

// ---- what goes out

void PaperBroker::answer(ReceiveTime due, const OrderUpdateEvent& update, std::string reason) {
    answer({due, next_message_++, update, std::move(reason)});
}

void PaperBroker::answer(Answer out) {
    const auto at = std::upper_bound(outbound_.begin(), outbound_.end(), out, [](const Answer& a, const Answer& b) {
        if (a.due != b.due) return a.due < b.due;
        if (a.update.order != b.update.order) return a.update.order < b.update.order;
        return a.number < b.number;
    });
    outbound_.insert(at, std::move(out));
}

bool PaperBroker::pop_due(ReceiveTime until, Event& out) {
    // One step at a time: what the caller does upon an answer may reach the exchange before what is due after it.
    while (!inbound_.empty() && inbound_.front().due <= until &&
           (outbound_.empty() || inbound_.front().due <= outbound_.front().due)) {
        settle(inbound_.front().due);
    }
    if (outbound_.empty() || outbound_.front().due > until) return false;
    Answer next = std::move(outbound_.front());
    outbound_.erase(outbound_.begin());
    last_reason_ = std::move(next.books ? *next.books : next.reason);
    next.update.reason = last_reason_;
    out.received = next.due;
    out.exchange = as_exchange_time(next.due);
    out.payload = next.update;
    if (next.books) out.payload = BrokerBooksEvent{BooksOccasion::asked, last_reason_};
    return true;
}

// Everything that reaches the exchange up to `until`, in order; what that causes may itself be due.
void PaperBroker::settle(ReceiveTime until) {
    while (!inbound_.empty() && inbound_.front().due <= until) {
        const Message message = std::move(inbound_.front());
        inbound_.erase(inbound_.begin());
        arrive(message);
    }
}

// Orders that have arrived or are on their way; positions by its own fills.
Result<ExchangeBooks> PaperBroker::books() {
    ExchangeBooks books;
    books.now = now_;
    books.market_events = market_events_;
    books.newest_order = newest_order_;
    books.trades = next_fill_ - 1;
    const auto of = [](const Instrument& i) { return i.underlying.valid() ? i.underlying : i.id; };
    const auto add = [&](OrderId id, InstrumentId instrument, Side side, Quantity remaining, Price limit) {
        const Instrument* found = prices_.instruments().find(instrument);
        books.orders.push_back({id, instrument, found == nullptr ? instrument : of(*found),
                                found == nullptr ? "" : found->symbol, side, remaining, limit});
    };
    for (const Resting& r : resting_) add(r.id, r.instrument, r.side, r.remaining, r.limit);
    for (const Message& m : inbound_) {
        if (m.kind == Arrival::submit)
            add(m.order.id, m.order.instrument, m.order.side, m.order.remaining(), m.order.limit);
    }
    for (const auto& [id, net] : holdings_) {
        if (net.units() == 0) continue;
        const Instrument& instrument = prices_.instruments().get(id);
        BookPosition position{
            id, of(instrument), instrument.symbol, net, {}, {}, {}, instrument.tick, instrument.lot, instrument.freeze};
        if (const auto quote = prices_.quote(id, now_)) {
            position.last = quote->last;
            if (quote->has_bid()) position.bid = quote->bid;
            if (quote->has_ask()) position.ask = quote->ask;
        }
        books.positions.push_back(position);
    }
    return books;
}

bool PaperBroker::idle_and_flat() const {
    return resting_.empty() && inbound_.empty() &&
           std::all_of(holdings_.begin(), holdings_.end(), [](const auto& h) { return h.second.units() == 0; });
}

// ---- the exchange

void PaperBroker::arrive(const Message& message) {
    switch (message.kind) {
        case Arrival::submit:
            return arrive_submit(message);
        case Arrival::cancel:
            return arrive_cancel(message);
        case Arrival::replace:
            return arrive_replace(message);
        case Arrival::ask:
            return arrive_ask(message);
        case Arrival::ask_books:
            return arrive_ask_books(message);
        case Arrival::wake:
            break;
    }
    Resting* order = find(message.order.id);
    if (order != nullptr && match(*order, message.due)) resting_.erase(resting_.begin() + (order - resting_.data()));
}

PaperBroker::Resting* PaperBroker::find(OrderId id) {
    const auto it = std::find_if(resting_.begin(), resting_.end(), [&](const Resting& r) { return r.id == id; });
    return it == resting_.end() ? nullptr : &*it;
}

bool PaperBroker::open_at(const Instrument& instrument, ReceiveTime now) const {
    for (const Day& day : days_) {
        if (day.calendar != instrument.calendar) continue;
        const Duration t = now - at(day.date, Duration(0));
        for (size_t i = 0; i < day.session_count; ++i) {
            if (t >= day.sessions[i].open && t < day.sessions[i].close) return true;
        }
        return false;
    }
    return true;  // no calendar was given: the feed's quotes say when there is a market
}

std::string PaperBroker::limit_refusal(const Instrument& instrument, Price limit, ReceiveTime now) const {
    if (!limit.positive()) return "limit price is not positive";
    if (!on_tick(limit, instrument.tick))
        return fmt::format("limit {} is not a multiple of the tick {}", to_string(limit), to_string(instrument.tick));
    const auto last = prices_.last(instrument.id, now);
    if (!last) return {};
    const Price band = percent_of(*last, settings_.band_pct);
    if (limit > *last + band || limit < *last - band) {
        return fmt::format("limit {} is outside the price band of {} % around {}", to_string(limit), settings_.band_pct,
                           to_string(*last));
    }
    return {};
}

std::string PaperBroker::refusal(const Order& order, ReceiveTime now) const {
    const Instrument* instrument = prices_.instruments().find(order.instrument);
    if (instrument == nullptr) return "unknown instrument";
    if (!instrument->tradable()) return "instrument is not tradable";
    if (!open_at(*instrument, now)) return "market is closed";
    if (instrument->expiry && *instrument->expiry < ist_date(now)) return "contract has expired";
    const int64_t units = order.quantity.units();
    if (units <= 0 || units % instrument->lot.units() != 0) {
        return fmt::format("quantity {} is not a multiple of the lot {}", units, instrument->lot.units());
    }
    if (instrument->freeze.units() > 0 && order.quantity > instrument->freeze) {
        return fmt::format("quantity {} is above the freeze quantity {}", units, instrument->freeze.units());
    }
    const auto quote = prices_.quote(order.instrument, now);
    const bool thin = instrument->is_option() && quote && quote->has_oi() && quote->oi < settings_.oi_refused_below;
    if (thin && order.purpose == OrderPurpose::entry) {
        return fmt::format("open interest {} is below {}", quote->oi, settings_.oi_refused_below);
    }
    return limit_refusal(*instrument, order.limit, now);
}

// Open interest says how quickly a counterparty is found. Unknown open interest counts as liquid here (and as thin for
// slippage): most recorded option bars carry none, and a made-up wait would only add noise.
Duration PaperBroker::delay_of(OrderId id, const std::optional<Quote>& quote) const {
    if (!quote || !quote->has_oi() || quote->oi > settings_.oi_liquid) return Duration(0);
    const int64_t span = std::max<int64_t>(0, settings_.delay_max_ms - settings_.delay_min_ms);
    const uint64_t random = draw(static_cast<uint64_t>(settings_.seed), id.value());
    return milliseconds(settings_.delay_min_ms + static_cast<int64_t>(random % static_cast<uint64_t>(span + 1)));
}

void PaperBroker::arrive_submit(const Message& message) {
    const Order& order = message.order;
    const ReceiveTime now = message.due;
    OrderUpdateEvent update;
    update.order = order.id;
    if (std::string why = refusal(order, now); !why.empty()) {
        update.kind = OrderUpdateKind::rejected;
        ended_.push_back({order.id, {}, OrderUpdateKind::rejected});
        answer(now, update, std::move(why));
        return;
    }
    const Instrument& instrument = prices_.instruments().get(order.instrument);
    Resting resting;
    resting.id = order.id;
    resting.instrument = order.instrument;
    resting.underlying = instrument.underlying;
    resting.side = order.side;
    resting.exit = order.purpose == OrderPurpose::exit;
    resting.quantity = resting.remaining = order.quantity;
    resting.limit = order.limit;
    resting.broker_order = BrokerOrderId(next_broker_order_++);
    resting.fillable_from = now + delay_of(order.id, prices_.quote(order.instrument, now));
    update.kind = OrderUpdateKind::acknowledged;
    update.broker_order = resting.broker_order;
    update.quantity = order.quantity;
    update.price = order.limit;
    answer(now, update, "");
    if (resting.fillable_from > now) send({resting.fillable_from, 0, Arrival::wake, order, order.limit});
    if (!match(resting, now)) resting_.push_back(resting);
}

void PaperBroker::arrive_cancel(const Message& message) {
    OrderUpdateEvent update;
    update.order = message.order.id;
    const Resting* order = find(message.order.id);
    if (order == nullptr) {
        update.kind = OrderUpdateKind::cancel_rejected;
        answer(message.due, update, "no such open order");
        return;
    }
    update.kind = OrderUpdateKind::cancelled;
    update.broker_order = order->broker_order;
    update.quantity = order->remaining;
    end(*order, OrderUpdateKind::cancelled);
    resting_.erase(resting_.begin() + (order - resting_.data()));
    answer(message.due, update, "cancelled");
}

void PaperBroker::arrive_replace(const Message& message) {
    OrderUpdateEvent update;
    update.order = message.order.id;
    update.kind = OrderUpdateKind::replace_rejected;
    Resting* order = find(message.order.id);
    std::string why = "no such open order";
    if (order != nullptr) why = limit_refusal(prices_.instruments().get(order->instrument), message.limit, message.due);
    if (!why.empty()) {
        answer(message.due, update, std::move(why));
        return;
    }
    order->limit = message.limit;
    update.kind = OrderUpdateKind::replaced;
    update.broker_order = order->broker_order;
    update.quantity = order->remaining;
    update.price = message.limit;
    answer(message.due, update, "");
    if (match(*order, message.due)) resting_.erase(resting_.begin() + (order - resting_.data()));
}

void PaperBroker::end(const Resting& order, OrderUpdateKind how) {
    ended_.push_back({order.id, order.broker_order, how});
}

// The trade book's rows of the order, then the order book's. An order that was traded whole has none but trades.
void PaperBroker::arrive_ask(const Message& message) {
    const OrderId id = message.order.id;
    OrderUpdateEvent row;
    row.order = id;
    row.kind = OrderUpdateKind::absent;
    row.flags = kUpdateFromBook;
    for (const Trade& trade : trades_) {
        if (trade.row.order != id) continue;
        answer(message.due, trade.row, "");
        row.quantity += trade.row.quantity;
        row.kind = OrderUpdateKind::filled;
    }
    if (const Resting* order = find(id)) {
        row.kind = OrderUpdateKind::acknowledged;
        row.broker_order = order->broker_order;
        row.price = order->limit;
    }
    for (const Ended& order : ended_) {
        if (order.id != id) continue;
        row.kind = order.how;
        row.broker_order = order.broker_order;
    }
    if (row.kind != OrderUpdateKind::filled) answer(message.due, row, "order book");
}

void PaperBroker::arrive_ask_books(const Message& message) {
    BrokerBooks books;
    for (const Resting& r : resting_)
        books.orders.push_back({r.id, r.broker_order, r.instrument, r.side, r.remaining, r.limit});
    for (const Trade& t : trades_) {
        books.trades.push_back({t.row.fill, t.row.order, t.row.broker_order, t.instrument, t.side, t.row.quantity,
                                t.row.price, t.row.flags});
    }
    for (const auto& [id, net] : holdings_) {
        if (net.units() != 0) books.positions.push_back({id, net});
    }
    books.traded_value = traded_value_;
    books.newest_order = newest_order_;
    Answer out{message.due, next_message_++, {}, {}};
    out.update.order = OrderId(UINT64_MAX);  // after all that was said at the same moment
    out.books = to_text(books);
    answer(std::move(out));
}

// A new price of an instrument is new for its own orders, and for those whose price the model derives from it.
void PaperBroker::match_on_price(InstrumentId id, ReceiveTime now) {
    for (size_t i = 0; i < resting_.size();) {
        Resting& order = resting_[i];
        bool concerned = order.instrument == id;
        if (!concerned && order.underlying == id && prices_.has_option_model()) {
            const auto quote = prices_.quote(order.instrument, now);
            concerned = quote && quote->model();
        }
        if (concerned && match(order, now)) {
            resting_.erase(resting_.begin() + static_cast<std::ptrdiff_t>(i));
        } else {
            ++i;
        }
    }
}

// Percent beyond the touch: smallest above `oi_liquid`, largest at `oi_thin` and below, linear between; more for orders
// above `impact_above_lots`. Shares and futures are liquid; an option without open interest data is not known to be.
double PaperBroker::slippage_pct(const Instrument& instrument, const Quote& quote, Quantity quantity) const {
    double pct = settings_.slippage_min_pct;
    if (instrument.is_option()) {
        double thinness = 1;
        if (quote.has_oi()) {
            const auto span = static_cast<double>(std::max<int64_t>(1, settings_.oi_liquid - settings_.oi_thin));
            thinness = std::clamp(static_cast<double>(settings_.oi_liquid - quote.oi) / span, 0.0, 1.0);
        }
        pct += (settings_.slippage_max_pct - settings_.slippage_min_pct) * thinness;
    }
    const double lots = static_cast<double>(quantity.units()) / static_cast<double>(instrument.lot.units());
    const auto step = static_cast<double>(settings_.impact_above_lots);
    if (lots > step) pct += settings_.impact_pct * (lots - step) / step;
    return pct;
}

// Touch plus slippage, on the tick that is worse for us, never beyond the limit. None: the touch itself is beyond it.
std::optional<Price> PaperBroker::fill_price(const Resting& order, const Instrument& instrument, const Quote& quote,
                                             Quantity quantity) const {
    const bool buy = order.side == Side::buy;
    const bool quoted = buy ? quote.has_ask() : quote.has_bid();
    const Price half_spread = std::max(percent_of(quote.last, settings_.half_spread_pct), instrument.tick);
    Price touch = buy ? quote.ask : quote.bid;
    if (!quoted)
        touch = buy ? round_up_to_tick(quote.last + half_spread, instrument.tick)
                    : std::max(round_down_to_tick(quote.last - half_spread, instrument.tick), instrument.tick);
    if (!touch.positive() || !within_limit(order.side, touch, order.limit)) return std::nullopt;
    const Price slip = percent_of(touch, slippage_pct(instrument, quote, quantity));
    if (buy) return std::min(round_up_to_tick(touch + slip, instrument.tick), order.limit);
    return std::max(round_down_to_tick(touch - slip, instrument.tick), order.limit);
}

Quantity& PaperBroker::taken_of(const Instrument& instrument, const Quote& quote) {
    auto it = std::find_if(taken_.begin(), taken_.end(), [&](const Taken& t) { return t.instrument == instrument.id; });
    if (it == taken_.end()) it = taken_.insert(taken_.end(), {instrument.id, quote.time, Quantity(0)});
    if (it->quote != quote.time) *it = {instrument.id, quote.time, Quantity(0)};
    return it->quantity;
}

bool PaperBroker::match(Resting& order, ReceiveTime now) {
    if (now < order.fillable_from) return false;
    const Instrument& instrument = prices_.instruments().get(order.instrument);
    const auto quote = prices_.quote(order.instrument, now);
    if (!quote || now - quote->time > seconds_of(settings_.stale_quote_s) || !open_at(instrument, now)) return false;
    Quantity quantity = order.remaining;
    const bool bounded = instrument.is_option() && quote->has_oi();
    if (bounded) {
        const auto share =
            static_cast<int64_t>(static_cast<double>(quote->oi) * settings_.partial_above_oi_pct / 100.0);
        const int64_t lots = std::max<int64_t>(1, share / instrument.lot.units());
        const Quantity left = Quantity(lots * instrument.lot.units()) - taken_of(instrument, *quote);
        if (left.units() <= 0) return false;
        quantity = std::min(quantity, left);
    }
    const auto price = fill_price(order, instrument, *quote, order.quantity);
    if (!price) return false;
    order.remaining -= quantity;
    if (bounded) taken_of(instrument, *quote) += quantity;
    holdings_[order.instrument] += order.side == Side::buy ? quantity : -quantity;
    traded_value_ += order.side == Side::sell ? *price * quantity : -(*price * quantity);
    OrderUpdateEvent update;
    update.order = order.id;
    update.broker_order = order.broker_order;
    update.kind = OrderUpdateKind::filled;
    update.quantity = quantity;
    update.price = *price;
    update.fill = FillId(next_fill_++);
    if (quote->model()) update.flags |= kUpdateModelPrice;
    const bool quoted = order.side == Side::buy ? quote->has_ask() : quote->has_bid();
    if (!quoted) update.flags |= kUpdateLastPrice;
    answer(now, update, "");
    update.flags |= kUpdateFromBook;
    trades_.push_back({update, order.instrument, order.side});
    return order.remaining.units() == 0;
}

}  // namespace tide
