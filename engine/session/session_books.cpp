#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "session/session.hpp"

// The broker's books against ours: after an interruption, after a reconnect, at the day's end, when an operator asks.
// What explains itself is adopted, an order that is none of ours is cancelled, and the rest halts entries until an
// operator has looked (docs/decisions/recovery.md).
namespace tide {
namespace {

constexpr uint64_t kNumbersTakenMax = 100'000;  // more orders than a day has: the broker's number is no order of ours

bool of_watchdog(OrderId id) { return id.value() >= kFirstWatchdogOrder; }
bool working(OrderState state) { return state == OrderState::open || state == OrderState::partially_filled; }

}  // namespace

void Session::note_books(std::string_view what, std::string subject, std::string values, std::string_view action,
                         std::string text) {
    record(ReconcileRecord{std::string(books_occasion_), std::string(what), std::move(subject), std::move(values),
                           std::string(action), std::move(text)});
}

void Session::want_books(std::string_view occasion) {
    books_occasion_ = occasion;
    books_wanted_ = true;
    books_readings_ = 0;
}

void Session::on(const BrokerBooksEvent& event) {
    const auto books = parse_broker_books(event.text);
    if (!books) {  // whoever drives asks again
        record(NoteRecord{"error", "broker", books.error().message});
        return;
    }
    if (event.occasion == BooksOccasion::interrupted) return begin_recovery(*books);
    if (books_occasion_.empty()) books_occasion_ = kAsked;
    compare(*books);
}

// The first word after an interruption. What was waiting to be opened was decided in a market that is gone.
void Session::begin_recovery(const BrokerBooks& books) {
    want_books(kRecovery);
    raise_halt(HaltKind::recovering, "", "the engine was interrupted: the broker's books are compared first");
    const uint64_t ours = desk_.newest().value();
    const uint64_t theirs = books.newest_order.value();
    if (theirs > ours && theirs - ours <= kNumbersTakenMax) {
        note_books("orders_lost", fmt::format("orders {} to {}", ours + 1, theirs),
                   fmt::format("ours={} broker={}", ours, theirs), "adopted",
                   "the broker has orders that the journal does not: their numbers are not used again");
        desk_.take_numbers(books.newest_order);
    }
    cancel_entries("interrupted");
}

void Session::compare(const BrokerBooks& books) {
    books_wanted_ = false;
    adopt_trades(books);
    std::vector<ReconcileRecord> found;
    const bool cancelled = cancel_orphans(books, found);
    look_up_missing_orders(books);
    const auto short_of = compare_positions(books, found);
    compare_funds(books, found);
    const bool sure = found.empty() || ++books_readings_ >= config_.reconcile.readings;
    if (!sure || cancelled) {  // whether a cancel came through shows the next reading
        const auto wait = Duration(static_cast<int64_t>(config_.reconcile.interval_s * 1e9));
        books_again_ = timers_.add(now_ + wait, TimerKind::books, {}, "");
        if (books_again_) return;
    }
    no_exit_ = short_of;
    conclude_comparison(books, std::move(found));
}

// ---- trades

void Session::adopt_trades(const BrokerBooks& books) {
    for (const auto& trade : books.trades) {
        if (of_watchdog(trade.order)) {
            adopt_watchdog_fill(trade);
        } else if (const Order* order = desk_.find(trade.order); order != nullptr &&
                                                                 order->instrument == trade.instrument &&
                                                                 !desk_.knows_trade(trade.order, trade.fill)) {
            adopt_missing_fill(trade);
        }
    }
}

void Session::adopt_missing_fill(const BrokerBooks::Trade& trade) {
    note_books(
        "missing_fill", fmt::format("order {}", trade.order.value()),
        fmt::format("fill={} quantity={} price={}", trade.fill.value(), trade.quantity.units(), to_string(trade.price)),
        "adopted", fmt::format("a trade in {} that had not been told", symbol_of(trade.instrument)));
    OrderUpdateEvent update;
    update.order = trade.order;
    update.broker_order = trade.broker_order;
    update.kind = OrderUpdateKind::filled;
    update.flags = static_cast<uint16_t>(trade.flags | kUpdateFromBook);
    update.quantity = trade.quantity;
    update.price = trade.price;
    update.fill = trade.fill;
    update.reason = "trade book";
    desk_.on_update(update, now_);
}

// A watchdog closes what the exchange's books show. Its fills close our positions, the oldest first; what is left over
// is a difference that the comparison of positions finds. Afterwards the session goes on in limited mode.
void Session::adopt_watchdog_fill(const BrokerBooks::Trade& trade) {
    if (std::find(watchdog_fills_.begin(), watchdog_fills_.end(), trade.fill) != watchdog_fills_.end()) return;
    watchdog_fills_.push_back(trade.fill);
    Quantity left = trade.quantity;
    std::vector<PositionId> held;
    for (const Position& position : portfolio_.open()) {
        if (position.instrument == trade.instrument && position.side == opposite(trade.side))
            held.push_back(position.id);
    }
    for (const PositionId id : held) {
        const Position* position = portfolio_.find(id);
        if (left.units() <= 0 || position == nullptr || !position->open()) continue;
        Order order;
        order.id = trade.order;
        order.strategy = position->strategy;
        order.position = id;
        order.instrument = trade.instrument;
        order.side = trade.side;
        order.purpose = OrderPurpose::exit;
        order.tag = "watchdog";
        order.quantity = order.filled = std::min(left, position->quantity);
        order.limit = order.furthest_limit = trade.price;  // what it was sent with, its own report says
        Fill fill;
        fill.id = trade.fill;
        fill.order = trade.order;
        fill.position = id;
        fill.strategy = position->strategy;
        fill.instrument = trade.instrument;
        fill.side = trade.side;
        fill.quantity = std::min(left, position->quantity);
        fill.price = trade.price;
        fill.time = now_;
        left -= fill.quantity;
        Money& turnover = watchdog_turnover_[trade.order];
        note_books("watchdog_fill", symbol_of(trade.instrument),
                   fmt::format("fill={} quantity={} price={} position={}", trade.fill.value(), fill.quantity.units(),
                               to_string(trade.price), id.value()),
                   "adopted", "the watchdog closed it while the engine was down");
        exit_reasons_[id] = {1, "watchdog", "", "closed by the watchdog while the engine was down"};
        on_fill(fill, order, turnover);
        turnover += fill.price * fill.quantity;
    }
    if (halts_.mode(now_) == TradingMode::limited) return;
    halts_.begin_limited(now_);
    record(
        NoteRecord{"warning", "engine", "limited mode: a watchdog has closed positions; 'engine mode normal' ends it"});
}

// ---- orders

// Documented rule: an order at the broker that is none of ours, or that we know to have ended, is cancelled. One that
// stays all the same is an operator's matter. True: cancels have just left.
bool Session::cancel_orphans(const BrokerBooks& books, std::vector<ReconcileRecord>& found) {
    bool cancelled = false;
    for (const auto& row : books.orders) {
        const Order* ours = desk_.find(row.order);
        if (of_watchdog(row.order) || (ours != nullptr && ours->live())) continue;
        int& tried = orphans_[row.order];
        const bool tried_enough = tried >= config_.reconcile.readings;
        const std::string text = fmt::format("an order in {} that we do not have", symbol_of(row.instrument));
        ReconcileRecord record_of{std::string(books_occasion_),
                                  "orphan_order",
                                  fmt::format("order {}", row.order.value()),
                                  fmt::format("side={} remaining={} limit={}", name_of(row.side), row.remaining.units(),
                                              to_string(row.limit)),
                                  tried_enough ? "halt" : "cancelled",
                                  text};
        if (tried_enough) {
            found.push_back(std::move(record_of));
            continue;
        }
        Order order;
        order.id = row.order;
        order.broker_order = row.broker_order;
        order.instrument = row.instrument;
        order.side = row.side;
        order.quantity = row.remaining;
        order.limit = row.limit;
        cancelled = true;
        if (!desk_.cancel_foreign(order, now_)) continue;  // with the next reading
        if (++tried == 1) record(std::move(record_of));
    }
    return cancelled;
}

// What becomes of an orphan is no order's story: only that it is gone matters, and the next reading shows that.
bool Session::of_orphan(const OrderUpdateEvent& update) {
    if (!orphans_.contains(update.order)) return false;
    // It has made a position that is none of ours.
    if (update.kind == OrderUpdateKind::filled) want_books(books_occasion_);
    return true;
}

// The desk asks until the books are clear about it.
void Session::look_up_missing_orders(const BrokerBooks& books) {
    for (const OrderId id : std::vector<OrderId>(desk_.live())) {
        const Order& order = *desk_.find(id);
        if (!working(order.state)) continue;  // with a message under way the book may say either
        const bool there =
            std::any_of(books.orders.begin(), books.orders.end(), [&](const auto& row) { return row.order == id; });
        if (there || !desk_.look_up(id, now_)) continue;
        note_books(
            "order_missing", fmt::format("order {}", id.value()),
            fmt::format("state={} remaining={}", name_of(order.state), order.remaining().units()), "asked",
            fmt::format("the broker has no such order in {}: it is asked about it", symbol_of(order.instrument)));
    }
}

// ---- positions and funds

// Gives the instruments that the broker holds less of than we think: an exit there would open something.
std::vector<InstrumentId> Session::compare_positions(const BrokerBooks& books, std::vector<ReconcileRecord>& found) {
    std::vector<InstrumentId> short_of;
    std::map<InstrumentId, Quantity> theirs;
    std::set<InstrumentId> all;
    for (const auto& row : books.positions) {
        theirs[row.instrument] += row.net;
        all.insert(row.instrument);
    }
    for (const Position& position : portfolio_.open()) all.insert(position.instrument);
    for (const InstrumentId id : all) {
        const int64_t ours = portfolio_.net_quantity(id).units();
        const auto row = theirs.find(id);
        const int64_t broker = row == theirs.end() ? 0 : row->second.units();
        if (ours == broker) continue;
        const char* what = ours == 0 ? "orphan_position" : broker == 0 ? "position_missing" : "size_mismatch";
        const std::string symbol =
            book().find(id) == nullptr ? fmt::format("instrument {}", id.value()) : symbol_of(id);
        found.push_back({std::string(books_occasion_), what, symbol, fmt::format("ours={} broker={}", ours, broker),
                         "halt", fmt::format("we hold {} and the broker {}", ours, broker)});
        const bool too_little = ours > 0 ? broker < ours : ours < 0 && broker > ours;
        if (too_little) short_of.push_back(id);
    }
    return short_of;
}

void Session::compare_funds(const BrokerBooks& books, std::vector<ReconcileRecord>& found) {
    if (!books.traded_value) return;
    const Money difference = *books.traded_value - traded_value_;
    if (std::abs(difference.units()) <= config_.reconcile.funds_tolerance.units()) return;
    found.push_back({std::string(books_occasion_), "funds_mismatch", "funds",
                     fmt::format("ours={} broker={}", to_string(traded_value_), to_string(*books.traded_value)), "halt",
                     fmt::format("sold less bought differs by {}", to_string(difference))});
}

// ---- what comes of it

void Session::conclude_comparison(const BrokerBooks& books, std::vector<ReconcileRecord> found) {
    for (const auto& row : found) record(row);
    const std::string counts = fmt::format("orders={} trades={} positions={}", books.orders.size(), books.trades.size(),
                                           books.positions.size());
    if (!found.empty()) {
        note_books("differs", "", counts, "halt", "the broker's books differ from ours");
        const ReconcileRecord& first = found.front();
        raise_halt(HaltKind::books_differ, fmt::format("what={} of=\"{}\" {}", first.what, first.subject, first.values),
                   fmt::format("{}: {}; look at the broker's terminal, then 'engine recover --acknowledge'",
                               first.subject, first.text));
        cancel_entries("books_differ");
    } else {
        note_books("agreed", "", counts, "none", "the broker's books and ours say the same");
    }
    clear_halt(HaltKind::recovering, "", "the broker's books have been compared");
}

Session::CommandOutcome Session::reconcile(const CommandEvent& command) {
    if (halts_.active(HaltKind::recovering)) return {"ok", "the broker's books are being compared already"};
    const auto argument = OperatorArgument::parse(command.argument);
    if (!argument) return {"usage", argument.error().message};
    want_books(argument->find("end") == "yes" ? kDayEnd : kAsked);
    return {"ok", "the broker's books are read and compared (engine audit --kind reconcile)"};
}

Session::CommandOutcome Session::acknowledge(const CommandEvent& command) {
    if (halts_.active(HaltKind::recovering)) return {"halted", "the broker's books have not been compared yet"};
    if (!halts_.active(HaltKind::books_differ)) return {"ok", "there is nothing to acknowledge"};
    no_exit_.clear();
    clear_halt(HaltKind::books_differ, "", std::string(command.reason));
    const Halt* halt = halts_.first();
    if (halt == nullptr) return {"ok", "acknowledged: entries are possible again"};
    return {"ok", fmt::format("acknowledged; still halted: {}", name_of(halt->kind))};
}

}  // namespace tide
