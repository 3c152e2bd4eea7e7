#pragma once
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "core/events.hpp"
#include "core/result.hpp"
#include "core/ring.hpp"
#include "market/prices.hpp"
#include "trading/broker_link.hpp"
#include "trading/intent.hpp"
#include "trading/order_settings.hpp"
#include "trading/order_state.hpp"

namespace tide {

// What happened on the desk, in order. Called inside the desk's own calls: do not call the desk back from here.
class DeskListener {
  public:
    virtual ~DeskListener() = default;
    // `order.state` is the new state; equal to `from` for a new order. A part fill that leaves the state as it is comes
    // as on_fill alone.
    virtual void on_order(const Order& order, OrderState from, std::string_view detail) = 0;
    // A confirmed execution, once per trade number. Charges are not filled in. `turnover_before`: the order's earlier
    // fills.
    virtual void on_fill(const Fill& fill, const Order& order, Money turnover_before) = 0;
    // The broker's books were read as often as `orders.book_reads` allows and do not say what became of the order.
    virtual void on_unclear(const Order& order, std::string_view text) = 0;
    // The broker said what cannot be: the instrument is blocked until resolve(). `order` may be unknown to us.
    virtual void on_contradiction(OrderId order, InstrumentId instrument, std::string_view text) = 0;
};

// One decision that the risk gate let pass, ready to become orders.
struct OrderRequest {
    IntentId intent;
    StrategyId strategy;
    PositionId position;
    GroupId group;
    InstrumentId instrument;
    Side side = Side::buy;
    OrderPurpose purpose = OrderPurpose::entry;
    Quantity quantity;
    std::optional<Price> limit;               // none: aggressive
    Price fallback_price;                     // of an aggressive exit when the instrument has no price at all
    std::optional<ReceiveTime> leave_before;  // of an entry: dropped if it still waits by then
    std::optional<ReceiveTime> rest_until;    // of an entry: cancelled then, not after orders.unfilled_after_s
    int priority = 5;                         // of an exit
    bool mandatory = false;                   // an exit that the engine or an operator decided: no script may cancel it
    std::string tag;
    std::string why;
};

OrderRequest entry_request(const Intent& intent, const Instrument& instrument, PositionId position);
// `fraction` of what is open, rounded down to lots, at least one lot; never more than what no live exit order covers.
// Zero quantity: everything is covered already.
class OrderDesk;
OrderRequest exit_request(const Position& position, const Instrument& instrument, double fraction,
                          const ExitReason& reason, IntentId intent, const OrderDesk& desk);

// The limit of a "market" order: `band_pct` beyond the touch (ask for a buy, bid for a sell), else beyond the last
// price, rounded to the tick away from the market, so that the band is never narrower than asked. At least one tick.
Price marketable_limit(Side side, const Quote* quote, Price fallback, double band_pct, Price tick);

// "018f…": a UUID of version 8 (RFC 9562), derived from the session's seed and the order's number.
std::string client_order_id(uint64_t seed, OrderId id);

// Owns every order from acceptance to its end. Deterministic: the same calls give the same messages. Work that is due
// (review wait, re-pricing, timeouts, retries, throttled messages) is done by on_time; next_due says when.
class OrderDesk {
  public:
    OrderDesk(const OrderSettings& settings, const MarketPrices& prices, BrokerLink& broker, DeskListener& listener,
              uint64_t seed);

    // Splits by the freeze quantity (exits also by the order limits), creates the orders and sends what may leave now.
    // An exit first cancels live entries of the same position and opposite entries on the same instrument. Gives the
    // ids, oldest first. Errors: halted when the queue is full.
    Result<std::vector<OrderId>> submit(const OrderRequest& request, ReceiveTime now);
    void on_update(const OrderUpdateEvent& update, ReceiveTime now);
    // A price changed: cancels entries whose underlying or the VIX moved too far. Cheap without live entries.
    void on_price(InstrumentId id, ReceiveTime now);
    // Does everything that is due at or before `now`, each stamped with its own time; so call it at each next_due.
    void on_time(ReceiveTime now);
    std::optional<ReceiveTime> next_due() const { return idle() ? std::nullopt : next_due_of_live(); }
    void start_day();  // forgets final orders of earlier days

    // False: no such live order.
    bool cancel(OrderId id, ReceiveTime now, std::string_view reason);
    void cancel_entries(ReceiveTime now, std::string_view reason);
    void cancel_entries_of(GroupId group, ReceiveTime now, std::string_view reason);
    void cancel_entries_of(StrategyId strategy, ReceiveTime now, std::string_view reason);
    // Entries and exits. `emergency` (kill switch): every cancel leaves at once (orders.kill_bypasses_throttle).
    void cancel_all(ReceiveTime now, std::string_view reason, bool emergency);
    // The kill switch is over: a cancel that it asked for and that is sent again keeps to the throttle.
    void end_emergency();
    // An operator looked at the broker's books: the order, if its outcome is unknown, is not there, and its instrument
    // may trade again. False: there is nothing to resolve.
    bool resolve(OrderId id, ReceiveTime now);
    // A trade of this order with this number has been booked.
    bool knows_trade(OrderId order, FillId fill) const;
    // The broker's books have not shown a live order that they should: they are asked about it.
    // False: they are being asked already, or it has not left.
    bool look_up(OrderId id, ReceiveTime now);
    // The broker has seen orders of ours up to this number that we know nothing of: the numbers are not used again.
    void take_numbers(OrderId up_to);
    // Cancels an order at the broker that is none of the desk's; its end is not the desk's matter either. False: the
    // throttle holds it back, nothing was sent.
    bool cancel_foreign(const Order& order, ReceiveTime now);

    // The line to the broker is gone: nothing leaves.
    void line_down() { line_down_ = true; }
    // It is back. What is live is compared with the broker's books before any new order or change leaves.
    void line_up(ReceiveTime now);
    bool comparing() const { return line_down_ || comparing_ > 0; }
    // An order whose outcome the broker's books do not tell.
    bool unclear() const;

    const Order* find(OrderId id) const;
    // The number of the newest order; 0 before the first. Orders of earlier days that have ended are not found.
    OrderId newest() const { return OrderId(next_id_ - 1); }
    // Live orders, oldest first.
    const std::vector<OrderId>& live() const { return live_; }
    bool idle() const { return live_.empty(); }
    // An unknown outcome or a contradiction on it.
    bool blocked(InstrumentId instrument) const;
    size_t queued() const;     // waiting to leave
    size_t in_flight() const;  // messages without an answer
    // Units that live exit orders of a position will still close, and the best (lowest) priority among them; 0 = none.
    Quantity exiting(PositionId position) const;
    int exit_priority(PositionId position) const;
    // A live order may still open (more of) the position.
    bool entering(PositionId position) const;
    // An exit that the engine or an operator decided.
    bool mandatory(OrderId id) const;

  private:
    enum class Message : uint8_t { none, submit, cancel, replace };
    struct Booked {  // a trade, by the exchange's number
        FillId id;
        Quantity quantity;
        Price price;
    };
    struct Entry {
        Order order;
        int priority = 5;
        Message wanted = Message::none;  // waiting to leave
        bool sent = false;               // ever handed to the broker
        bool awaiting = false;           // a message without an answer
        bool emergency = false;
        bool mandatory = false;
        bool cancel_wanted = false;  // until final
        Price fallback_price;
        double vix_at_creation = 0;  // 0 = unknown
        Price underlying_at_creation;
        std::optional<ReceiveTime> rest_until;
        std::optional<ReceiveTime> review_until, answer_due, reprice_due, expire_due, cancel_retry_due;
        std::string cancel_reason;
        std::optional<ReceiveTime> ask_due;  // the broker's books are read again; none: nobody asks
        int32_t asked = 0;                   // readings since the question came up
        int32_t absent = 0;                  // of them, those that did not have the order
        bool unclear = false;
        bool comparing = false;  // after a reconnect
        std::vector<Booked> fills;
        std::vector<BrokerOrderId> broker_orders;  // every number it had: a broker gives a new one with a change
    };

    Entry* entry(OrderId id);
    const Entry* entry(OrderId id) const;
    Entry& create(const OrderRequest& request, Quantity quantity, ReceiveTime now);
    ReceiveTime expiry_of(const Entry& e, ReceiveTime now) const;
    Price aggressive_limit(const Order& order, Price fallback, double band_pct, ReceiveTime now) const;
    Quantity chunk_of(const OrderRequest& request, const Instrument& instrument, ReceiveTime now) const;
    bool change_state(Entry& e, OrderEvent event, ReceiveTime now, std::string_view detail);
    bool book_fill(Entry& e, const OrderUpdateEvent& update, ReceiveTime now);
    void after_update(Entry& e, const OrderUpdateEvent& update, ReceiveTime now);
    void work_again(Entry& e, ReceiveTime now);
    void finish(Entry& e);
    void want_cancel(Entry& e, ReceiveTime now, std::string_view reason);
    void retry_cancel(Entry& e, ReceiveTime now);
    // Every live order that `wanted(order)` picks is cancelled; messages leave when the caller pumps.
    template <class Predicate>
    void cancel_where(Predicate wanted, ReceiveTime now, std::string_view reason);
    void make_way_for(const OrderRequest& exit, ReceiveTime now);
    // order_desk_books.cpp: an unknown outcome is resolved by asking, never by sending again
    void begin_asking(Entry& e, ReceiveTime now);
    void end_asking(Entry& e);
    void ask(Entry& e, ReceiveTime now);
    bool conclusive(Entry& e, const OrderUpdateEvent& answer);
    void note_broker_order(Entry& e, BrokerOrderId number);
    void contradict(OrderId order, InstrumentId instrument, std::string_view text);
    std::optional<ReceiveTime> due_of(const Entry& e) const;
    std::optional<ReceiveTime> next_due_of_live() const;
    void run_due(Entry& e, ReceiveTime now);
    void reprice(Entry& e, ReceiveTime now);
    std::optional<Price> next_limit(const Entry& e, ReceiveTime now) const;
    void pump(ReceiveTime now);
    const Entry* next_to_send() const;
    bool held_back_by_flight(const Entry& e) const;
    std::optional<ReceiveTime> throttled_until() const;
    void send(Entry& e, ReceiveTime now);

    const OrderSettings& settings_;
    const MarketPrices& prices_;
    BrokerLink& broker_;
    DeskListener& listener_;
    uint64_t seed_;
    std::deque<Entry> entries_;  // today's, ids dense
    uint64_t first_id_ = 1;
    uint64_t next_id_ = 1;
    std::vector<OrderId> live_;
    std::vector<InstrumentId> contradicted_;
    size_t comparing_ = 0;  // orders that have still to be compared with the books
    bool line_down_ = false;
    Ring<ReceiveTime> sent_;  // times of the last messages
};

}  // namespace tide
