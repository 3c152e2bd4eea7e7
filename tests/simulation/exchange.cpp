#include "exchange.hpp"

#include <algorithm>

namespace tide::simulation {
namespace {

constexpr Duration kBooksEvery = seconds(30);
constexpr Duration kBookLagMax = seconds(10);
constexpr Duration kBooksReach = minutes(3);  // orders that ended longer ago are not told again

template <class Item>
void insert_by_due(std::vector<Item>& items, Item item) {
    const auto place = std::upper_bound(items.begin(), items.end(), item.due,
                                        [](ReceiveTime due, const Item& other) { return due < other.due; });
    items.insert(place, std::move(item));
}

}  // namespace

Exchange::Exchange(const Scenario& scenario, const Market& market)
    : scenario_(scenario),
      market_(market),
      dice_(Dice(scenario.seed).fork(3)),
      line_dice_(Dice(scenario.seed).fork(13)),
      line_(scenario),
      honest_from_(at(kTradingDay, scenario.honest_from)),
      close_(at(kTradingDay, scenario.hours.close)) {
    insert_by_due(requests_, Request{at(kTradingDay, scenario.hours.open) + kBooksEvery, next_number_++,
                                     Kind::read_books, OrderId(), Price()});
}

bool Exchange::faulty(Fault fault, int64_t permille, ReceiveTime now) {
    // Thrown in any case, so that switching a fault off moves no other throw.
    const bool thrown = dice_.chance(permille);
    return thrown && scenario_.has(fault) && !honest(now);
}

// ---- messages from the engine

void Exchange::send(Kind kind, const Order& order, Price limit) {
    ++messages_;
    ReceiveTime due = now_ + milliseconds(dice_.between(5, 200));
    const bool lost = faulty(Fault::request_lost, 150, now_);
    if (faulty(Fault::request_late, 150, now_)) {
        due += milliseconds(dice_.between(500, 9'000));
    } else {
        due = std::max(due, last_request_due_);
        last_request_due_ = due;
    }
    if (lost || !taken_by_line(kind, order)) {
        if (kind == Kind::submit) orders_.at(order.id).state = State::never_came;
        return;
    }
    insert_by_due(requests_, Request{due, next_number_++, kind, order.id, limit});
}

// What is written to a mute line arrives all the same, or not: nobody can say. A gateway's error (5xx) says as little.
bool Exchange::taken_by_line(Kind kind, const Order& order) {
    if (line_.mute(now_)) return line_dice_.chance(300);
    const auto status = line_.http_status(now_);
    if (!status) return true;
    answer_with_status(*status, kind, order);
    return *status >= 500 && line_dice_.chance(500);
}

void Exchange::answer_with_status(int status, Kind kind, const Order& order) {
    OrderUpdateEvent answer;
    answer.order = order.id;
    answer.reason = status == 403 ? "HTTP 403" : status == 429 ? "HTTP 429" : "HTTP 5xx";
    answer.kind = status >= 500          ? OrderUpdateKind::unknown_outcome
                  : kind == Kind::submit ? OrderUpdateKind::rejected
                  : kind == Kind::cancel ? OrderUpdateKind::cancel_rejected
                                         : OrderUpdateKind::replace_rejected;
    queue_reply(answer, now_ + milliseconds(line_dice_.between(5, 300)));
}

void Exchange::know(const Order& order) {
    if (orders_.contains(order.id)) return;
    Resting& mine = orders_[order.id];
    mine.id = order.id;
    mine.instrument = order.instrument;
    mine.side = order.side;
    mine.quantity = mine.remaining = order.quantity;
    mine.limit = order.limit;
    mine.changed = now_;
    mine.state = State::never_came;
}

void Exchange::submit(const Order& order) {
    know(order);
    orders_.at(order.id).state = State::on_its_way;
    send(Kind::submit, order, order.limit);
}
void Exchange::cancel(const Order& order) {
    know(order);
    send(Kind::cancel, order, order.limit);
}
void Exchange::replace(const Order& order, Price limit) {
    know(order);
    send(Kind::replace, order, limit);
}

// A question is no order message: it has no part in their order.
void Exchange::ask(const Order& order) {
    know(order);
    const ReceiveTime due = now_ + milliseconds(dice_.between(5, 200));
    if (!faulty(Fault::request_lost, 150, now_) && !line_.books_from(now_))
        insert_by_due(requests_, Request{due, next_number_++, Kind::ask, order.id, Price()});
}

BrokerBooks Exchange::books() const {
    BrokerBooks books;
    std::map<InstrumentId, Quantity> held;
    Money traded;
    for (const auto& [id, order] : orders_) {
        if (order.state != State::never_came) books.newest_order = std::max(books.newest_order, id);
        if (order.state == State::working)
            books.orders.push_back({id, order.number, order.instrument, order.side, order.remaining, order.limit});
    }
    for (const Trade& trade : trades_) {
        books.trades.push_back({trade.id, trade.order, orders_.at(trade.order).number, trade.instrument, trade.side,
                                trade.quantity, trade.price, 0});
        held[trade.instrument] += trade.side == Side::buy ? trade.quantity : -trade.quantity;
        traded += trade.side == Side::sell ? trade.price * trade.quantity : -(trade.price * trade.quantity);
    }
    for (const auto& [id, net] : held) {
        if (net.units() != 0) books.positions.push_back({id, net});
    }
    books.traded_value = traded;
    return books;
}

// ---- time

std::optional<ReceiveTime> Exchange::next_due() const {
    std::optional<ReceiveTime> first;
    if (!requests_.empty()) first = requests_.front().due;
    if (!replies_.empty() && (!first || replies_.front().due < *first)) first = replies_.front().due;
    return first;
}

std::optional<OrderUpdateEvent> Exchange::run(ReceiveTime time) {
    if (!requests_.empty() && requests_.front().due <= time) {
        const Request request = requests_.front();
        requests_.erase(requests_.begin());
        arrive(request);
        return std::nullopt;
    }
    if (replies_.empty() || replies_.front().due > time) return std::nullopt;
    const OrderUpdateEvent update = replies_.front().update;
    replies_.erase(replies_.begin());
    if (line_.mute(time)) {  // few are told again when the line is back
        if (line_dice_.chance(250)) queue_reply(update, *line_.books_from(time) + milliseconds(1));
        return std::nullopt;
    }
    if (update.kind == OrderUpdateKind::filled) trades_[update.fill.value() - 1].told = true;
    return update;
}

void Exchange::on_market(ReceiveTime now) {
    for (auto& [id, order] : orders_) {
        if (order.state == State::working) match(order, now);
    }
}

void Exchange::close_market(ReceiveTime now) {
    for (auto& [id, order] : orders_) {
        if (order.state != State::working) continue;
        order.state = State::expired;
        order.changed = now;
        reply(update_of(order, OrderUpdateKind::expired, "end of day"), now, false);
    }
    read_books(now);
}

// ---- the exchange

OrderUpdateEvent Exchange::update_of(const Resting& order, OrderUpdateKind kind, const char* reason) const {
    OrderUpdateEvent update;
    update.order = order.id;
    update.broker_order = order.number;
    update.kind = kind;
    update.quantity = order.remaining;
    update.price = order.limit;
    update.reason = reason;
    return update;
}

void Exchange::arrive(const Request& request) {
    if (request.kind == Kind::read_books) {
        read_books(request.due);
        if (request.due < close_) {
            insert_by_due(requests_,
                          Request{request.due + kBooksEvery, next_number_++, Kind::read_books, OrderId(), Price()});
        }
        return;
    }
    Resting& order = orders_.at(request.order);
    if (request.kind == Kind::submit) return arrive_submit(order, request.due);
    if (request.kind == Kind::ask) return arrive_ask(order, request.due);
    if (request.kind == Kind::cancel) return arrive_cancel(order, request.due);
    arrive_replace(order, request.limit, request.due);
}

void Exchange::arrive_submit(Resting& order, ReceiveTime now) {
    order.changed = now;
    if (now >= close_ || faulty(Fault::reject, 200, now)) {
        order.state = State::rejected;
        return reply(update_of(order, OrderUpdateKind::rejected, "refused by the exchange"), now, true);
    }
    order.state = State::working;
    order.number = BrokerOrderId(next_broker_order_++);
    reply(update_of(order, OrderUpdateKind::acknowledged, ""), now, true);
    match(order, now);
}

void Exchange::arrive_cancel(Resting& order, ReceiveTime now) {
    if (order.state != State::working || faulty(Fault::cancel_rejected, 300, now)) {
        return reply(update_of(order, OrderUpdateKind::cancel_rejected, "too late or unknown"), now, true);
    }
    order.state = State::cancelled;
    order.changed = now;
    reply(update_of(order, OrderUpdateKind::cancelled, "cancelled"), now, true);
}

void Exchange::arrive_replace(Resting& order, Price limit, ReceiveTime now) {
    if (order.state != State::working || faulty(Fault::replace_rejected, 300, now)) {
        return reply(update_of(order, OrderUpdateKind::replace_rejected, "cannot be changed"), now, true);
    }
    order.limit = limit;
    order.changed = now;
    reply(update_of(order, OrderUpdateKind::replaced, ""), now, true);
    match(order, now);
}

// The trade book and the order book may each lag behind what happened: a trade is missing, or the order itself.
void Exchange::arrive_ask(const Resting& order, ReceiveTime now) {
    const bool fresh = now - order.changed < kBookLagMax;
    const bool order_book_lags = faulty(Fault::book_lag, 500, now) && fresh;
    const bool trade_book_lags = faulty(Fault::book_lag, 500, now) && fresh;
    const bool lost = faulty(Fault::reply_lost, 100, now);
    const ReceiveTime due = now + milliseconds(dice_.between(5, 400));
    if (lost) return;
    OrderUpdateEvent row = update_of(order, OrderUpdateKind::absent, "order book");
    row.flags = kUpdateFromBook;
    row.quantity = Quantity();
    for (const Trade& trade : trades_) {
        if (trade.order != order.id) continue;
        row.quantity += trade.quantity;
        if (trade_book_lags) continue;
        OrderUpdateEvent fill = update_of(order, OrderUpdateKind::filled, "");
        fill.flags = kUpdateFromBook;
        fill.quantity = trade.quantity;
        fill.price = trade.price;
        fill.fill = trade.id;
        queue_reply(fill, due);
    }
    if (!order_book_lags) {
        if (order.state == State::working || order.state == State::done) row.kind = OrderUpdateKind::acknowledged;
        if (order.state == State::cancelled) row.kind = OrderUpdateKind::cancelled;
        if (order.state == State::rejected) row.kind = OrderUpdateKind::rejected;
        if (order.state == State::expired) row.kind = OrderUpdateKind::expired;
    } else {
        row.quantity = Quantity();
    }
    queue_reply(row, due);
}

// What a broker's link does after a reconnect, and now and then: the order book and the trade book are read, and what
// they say is told again.
void Exchange::read_books(ReceiveTime now) {
    if (line_.books_from(now)) return;
    for (const auto& [id, order] : orders_) {
        if (order.state != State::working && now - order.changed > kBooksReach) continue;
        for (const Trade& trade : trades_) {
            if (trade.order != id) continue;
            OrderUpdateEvent fill = update_of(order, OrderUpdateKind::filled, "");
            fill.quantity = trade.quantity;
            fill.price = trade.price;
            fill.fill = trade.id;
            queue_reply(fill, now);
        }
        switch (order.state) {
            case State::working:
                queue_reply(update_of(order, OrderUpdateKind::acknowledged, ""), now);
                break;
            case State::cancelled:
                queue_reply(update_of(order, OrderUpdateKind::cancelled, "cancelled"), now);
                break;
            case State::expired:
                queue_reply(update_of(order, OrderUpdateKind::expired, "end of day"), now);
                break;
            case State::rejected:
                queue_reply(update_of(order, OrderUpdateKind::rejected, "refused"), now);
                break;
            case State::never_came:
                // The book is only proof once no message can be on its way any more.
                if (now - order.changed > seconds(15)) {
                    queue_reply(update_of(order, OrderUpdateKind::rejected, "not in the order book"), now);
                }
                break;
            case State::on_its_way:
            case State::done:
                break;
        }
    }
}

void Exchange::match(Resting& order, ReceiveTime now) {
    const TrueQuote& quote = market_.quote(order.instrument);
    if (now >= close_ || quote.one_sided || market_.halted(now)) return;
    const bool buy = order.side == Side::buy;
    const Price touch = buy ? quote.ask : quote.bid;
    if (buy ? touch > order.limit : touch < order.limit) return;
    const Instrument& option = scenario_.options[order.instrument.value() - kFirstOption];
    Quantity quantity = order.remaining;
    if (const int64_t lots = quantity.units() / option.lot.units(); lots > 1 && faulty(Fault::partial_fill, 600, now)) {
        quantity = Quantity(option.lot.units() * dice_.between(1, lots - 1));
    }
    order.remaining -= quantity;
    order.changed = now;
    if (order.remaining.units() == 0) order.state = State::done;
    const Price price = traded_at(order, touch, now);
    trades_.push_back(
        Trade{FillId(trades_.size() + 1), order.id, order.instrument, order.side, quantity, price, false});
    OrderUpdateEvent fill = update_of(order, OrderUpdateKind::filled, "");
    fill.quantity = quantity;
    fill.price = price;
    fill.fill = trades_.back().id;
    reply(fill, now, false);
}

// At the touch, or, where the exchange errs, up to 5 % beyond the limit.
Price Exchange::traded_at(const Resting& order, Price touch, ReceiveTime now) {
    if (!scenario_.has(Fault::wrong_price) || honest(now) || !line_dice_.chance(30)) return touch;
    const Price tick = scenario_.options[order.instrument.value() - kFirstOption].tick;
    const Price off = tick * line_dice_.between(1, 1 + order.limit.units() / tick.units() / 20);
    return order.side == Side::buy ? order.limit + off : std::max(order.limit - off, tick);
}

// ---- words to the engine

void Exchange::queue_reply(const OrderUpdateEvent& update, ReceiveTime due) {
    insert_by_due(replies_, Reply{due, next_number_++, update});
}

void Exchange::reply(OrderUpdateEvent update, ReceiveTime now, bool may_be_unknown) {
    const bool burst_begins = faulty(Fault::burst, 60, now);
    const bool lost = faulty(Fault::reply_lost, 150, now);
    const bool late = faulty(Fault::reply_late, 150, now);
    const bool overtakes = faulty(Fault::reply_reordered, 400, now);
    const bool doubled = faulty(Fault::reply_doubled, 200, now);
    const bool unknown = faulty(Fault::unknown_outcome, 150, now) && may_be_unknown;
    ReceiveTime due = now + milliseconds(dice_.between(5, 150));
    if (unknown) {
        OrderUpdateEvent shrug = update;
        shrug.kind = OrderUpdateKind::unknown_outcome;
        shrug.reason = "no answer from the exchange";
        queue_reply(shrug, due);
    }
    if (burst_begins) burst_until_ = std::min(now + seconds(dice_.between(1, 20)), honest_from_);
    if (overtakes || late || unknown) {
        due = now + milliseconds(dice_.between(5, late || unknown ? 30'000 : 4'000));
    } else {
        due = std::max(due, last_reply_due_);
        last_reply_due_ = due;
    }
    due = std::max(due, burst_until_);
    if (!honest(now)) due = std::min(due, std::max(now, honest_from_));
    if (!lost) queue_reply(update, due);
    if (doubled) queue_reply(update, due + milliseconds(dice_.between(0, 20'000)));
}

// ---- what it knows

Quantity Exchange::net(InstrumentId id) const {
    Quantity sum;
    for (const Trade& trade : trades_) {
        if (trade.instrument == id) sum += Quantity(sign_of(trade.side) * trade.quantity.units());
    }
    return sum;
}

size_t Exchange::resting() const {
    return static_cast<size_t>(std::count_if(orders_.begin(), orders_.end(),
                                             [](const auto& item) { return item.second.state == State::working; }));
}

Quantity Exchange::committed(OrderId id) const {
    const auto found = orders_.find(id);
    if (found == orders_.end()) return Quantity();
    const Resting& order = found->second;
    const bool live = order.state == State::working || order.state == State::on_its_way;
    return live ? order.quantity : order.quantity - order.remaining;
}

}  // namespace tide::simulation
