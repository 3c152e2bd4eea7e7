#pragma once
#include <array>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "exchange.hpp"
#include "message.hpp"
#include "scenario.hpp"
#include "session/session.hpp"
#include "slow_filter.hpp"

namespace tide::simulation {

// The rules, once more: from the records, the messages and the market alone, without asking the engine's own gate. The
// first broken one is kept.
class Checker final : public Recorder {
  public:
    Checker(const Scenario& scenario, const Exchange& exchange);
    // The Session whose records come from now on.
    void attach(const Session& session) { session_ = &session; }

    // The event that the Session is about to handle (nothing of its own is due any more).
    void before(const Event& event);
    void record(const Record& record) override;
    // A message leaves. `now` is the Session's time.
    void on_message(MessageKind kind, const Order& order, Price limit, ReceiveTime now);
    void after();
    void at_end();
    // Another process has taken over from the journal.
    void after_crash();

    bool failed() const { return !failure_.empty(); }
    const std::string& failure() const { return failure_; }
    uint64_t failed_at() const { return failed_at_; }
    const std::deque<std::string>& last_records() const { return last_records_; }
    uint64_t fills() const { return fills_.size(); }
    uint64_t entries() const { return entries_; }
    const std::map<std::string, uint64_t>& halts() const { return halts_; }

  private:
    struct KnownQuote {
        Price last, bid, ask;
        bool has_bid = false, has_ask = false;
        ReceiveTime time;
    };
    struct KnownOrder {
        Order order;
        bool sent = false;
        bool mandatory = false;  // an exit that the engine or an operator decided
        Price furthest;          // limit that was ever sent
        bool cancel_sent = false;
    };
    struct KnownGroup {
        std::vector<IntentLeg> legs;
        std::string state = "waiting";
        std::map<InstrumentId, Quantity> bought_in;  // by fills of entries
        std::optional<ReceiveTime> unwinding_since;
        Money result;  // of its trades
    };
    struct Sample {
        ReceiveTime time;
        double value;
    };

    void fail(std::string what);
    void check(bool holds, const char* what) {
        if (!holds && failure_.empty()) fail(what);
    }
    void see_tick(const TickEvent& tick, ReceiveTime now);
    void on_command(const CommandEvent& command);
    void on_feed(const FeedStatusEvent& status);
    void on_service(const ServiceStatusEvent& status);
    void on_line(const FeedStatusEvent& status);
    void end_outage(ReceiveTime since);
    void on_kill();
    void note_emergency();
    void on_setting(std::string_view argument);
    void look_at_index(Price last);
    void pass_time();
    void price(InstrumentId id, Price last, ReceiveTime now);
    void on_order(const OrderRecord& row);
    void on_fill(const FillRecord& row);
    void check_chain(const Record& row);
    void check_charges(const FillRecord& row);
    void on_parent(const ParentRecord& row);
    void check_held(const Intent& intent, ReceiveTime now);
    void check_child(const Intent& intent);
    void check_whole(const Order& order);
    void check_nothing_held();
    void check_ended_parents();
    const Position* own_position(const Intent& intent) const;
    void check_entry(const Intent& intent, ReceiveTime now);
    void check_entry_quotes(const Intent& intent, ReceiveTime now);
    void check_entry_orders(const Intent& intent, ReceiveTime now);
    void check_not_twice(const Intent& intent, ReceiveTime now);
    void check_entry_counts(const Intent& intent);
    void check_entry_size(const Intent& intent);
    void check_market_is_calm(ReceiveTime now);
    void check_losses();
    void check_cancel(const Intent& intent);
    // checker_groups.cpp
    void on_group(const GroupRecord& row);
    void on_group_fill(const Fill& fill, const Order& order);
    void check_group_entry(const Intent& intent, ReceiveTime now);
    void check_leg_release(const Intent& leg, ReceiveTime now);
    void check_sold_leg_leaves(const Order& order);
    void check_hedge_leaves(const Order& order);
    void check_groups();
    void check_groups_at_end();
    void check_intent_quantity(const Order& order);
    void check_new_order(const Order& order);
    void check_entry_may_leave(ReceiveTime now);
    void check_limit(const Order& order, Price limit, ReceiveTime now);
    void check_rate(MessageKind kind, OrderId order, ReceiveTime now);
    void check_books();
    void check_stops();
    void check_flat_where_due();
    void check_positions();
    void check_wrong_fills();
    bool wants_manual(const Intent& intent) const;
    void on_halt(const HaltRecord& row);
    bool in_entry_window(ReceiveTime now) const;
    bool due_flat() const;
    bool halted() const {
        return killed_ || paused_ || stopping_ || feed_down_ || line_down_ || !engine_halts_.empty() ||
               out_of_service();
    }
    bool out_of_service() const {
        return session_closing_ || session_over_ || exchange_halted_ || outage_day_ || now_ < quiet_until_ ||
               now_ < index_halt_until_;
    }
    const Instrument& option(InstrumentId id) const { return scenario_.options[id.value() - kFirstOption]; }
    const KnownQuote& quote(InstrumentId id) const { return quotes_[id.value()]; }
    Money own_equity() const;

    const Scenario& scenario_;
    SessionConfig limits_;  // as an operator has set them since
    const Exchange& exchange_;
    const Session* session_ = nullptr;
    uint64_t event_ = 0;
    ReceiveTime now_;
    std::string failure_;
    uint64_t failed_at_ = 0;
    std::deque<std::string> last_records_;

    std::array<KnownQuote, kFirstOption + kOptionCount> quotes_{};
    SlowFilter filter_;
    std::array<int64_t, kFirstOption + kOptionCount> units_{};
    std::array<Price, kFirstOption + kOptionCount> marks_{};
    // Several positions on the instrument, each marked at its own last fill until the next price.
    std::array<bool, kFirstOption + kOptionCount> own_marks_{};
    std::array<std::deque<Sample>, kFirstOption> paths_;  // underlyings and VIX, of the last ten minutes
    std::map<OrderId, KnownOrder> orders_;
    std::map<IntentId, Intent> intents_;  // entries that passed
    std::map<IntentId, std::vector<OrderId>> orders_of_;
    std::map<IntentId, Intent> held_;                     // entries that the engine holds or held
    std::map<IntentId, std::vector<IntentId>> children_;  // of them
    std::map<IntentId, ParentRecord> parents_;            // as last heard of
    std::map<IntentId, ReceiveTime> ended_parents_;       // that may have left an order
    std::set<FillId> fills_;
    std::map<PositionId, Price> stops_;
    std::map<GroupId, KnownGroup> groups_;
    std::deque<ReceiveTime> sent_;                 // the messages of the last second
    std::set<OrderId> emergency_;                  // live when the kill switch acted
    std::set<PositionId> late_;                    // opened by orders that were over
    bool wrong_fill_ = false;                      // beyond its limit, in this event
    std::map<std::string, uint64_t> halts_;        // how often each was raised
    std::map<std::string, ReceiveTime> accepted_;  // what an entry was, when it was last accepted
    std::set<std::string> engine_halts_;
    std::optional<Intent> asked_;
    Money cash_, charges_;
    Money peak_;
    int64_t losing_streak_ = 0;
    uint64_t entries_ = 0;
    bool exit_is_script_s_ = false;  // the exit whose orders come next
    bool killed_ = false, paused_ = false, stopping_ = false, feed_down_ = false, limited_ = false;
    bool flatten_asked_ = false;  // an operator's stop
    bool manual_ = false;
    int64_t positions_max_ = 0;  // the highest limit that held today
    bool line_down_ = false;     // to the broker
    ReceiveTime line_down_since_;
    int index_level_ = 0;  // of the market's limits, reached today
    ReceiveTime index_halt_until_;
    // Of the feed, the broker's session and the exchange, by their own words.
    ReceiveTime feed_down_since_, quiet_until_;
    std::optional<ReceiveTime> session_until_, exchange_opens_;
    bool session_closing_ = false, session_over_ = false, exchange_halted_ = false, outage_day_ = false;
    std::optional<ReceiveTime> must_be_flat_since_;
    Sha256Digest head_{};
    uint64_t rows_ = 0;
};

}  // namespace tide::simulation
