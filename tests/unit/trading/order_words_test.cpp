#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>

#include "desk_fixture.hpp"

// What every word of a broker does to an order in every state: where it stands then, what is booked, what is reported,
// what is recorded. Written by hand from trading-rules "Order safety": a position changes only on a confirmed fill;
// money that has moved is booked even where it contradicts; a repeated or late word does nothing.
namespace tide {
namespace {

using namespace tide::testing;

constexpr int64_t kOrdered = 130, kLot = 65;

// "." nothing happens. Else: the next state where it changes, then "b" a fill is booked, "!" a contradiction is
// reported (and the instrument blocked), "*" the change is recorded.
struct Row {
    const char* state;
    const char* cells;  // of the words below
};
constexpr const char* kWords[] = {
    "acknowledged", "rejected",         "part",    "rest",           "too_much", "cancelled", "cancel_rejected",
    "replaced",     "replace_rejected", "expired", "unknown_outcome"};
constexpr Row kRows[] = {
    {"created", "! ! ! ! ! ! ! ! ! ! !"},
    {"in_review", "! ! ! ! ! ! ! ! ! ! !"},
    {"submitted",
     "open:* rejected:* partially_filled:b* filled:b* filled:b!* cancelled:* unknown:* open:* . expired:* unknown:*"},
    {"open", ". rejected:* partially_filled:b* filled:b* filled:b!* cancelled:* . . . expired:* ."},
    {"partially_filled", ". ! b filled:b* filled:b!* cancelled:* . . . expired:* ."},
    {"pending_cancel", ". rejected:* b filled:b* filled:b!* cancelled:* open:* . . expired:* unknown:*"},
    {"pending_replace", ". rejected:* b filled:b* filled:b!* cancelled:* . open:* open:* expired:* unknown:*"},
    {"unknown", "open:* rejected:* partially_filled:b* filled:b* filled:b!* cancelled:* . open:* . expired:* ."},
    {"filled", ". ! b! b! b! ! . . . ! ."},
    {"cancelled", ". ! b filled:b* filled:b!* . . . . . ."},
    {"rejected", ". . b! b! b! ! . ! . ! ."},
    {"expired", ". ! b filled:b* filled:b!* . . . . . ."},
};

class Desk {
  public:
    explicit Desk(std::string_view state) {
        market_.tick(now_, last_tick(kNifty, 24'500));
        market_.tick(now_, last_tick(kVix, 14));
        market_.tick(now_, quote_tick(kCall, 100, 99, 101));
        if (state == "created") settings_.max_in_flight = 0;
        if (state == "in_review") settings_.review_lots = 1;
        OrderRequest request;
        request.position = PositionId(1);
        request.instrument = kCall;
        request.quantity = Quantity(kOrdered);
        id_ = desk_.submit(request, now_)->front();
        bring_to(state);
    }
    const Order& order() const { return *desk_.find(id_); }
    void say(std::string_view word) {
        static const std::map<std::string_view, OrderUpdateKind> kKinds{
            {"acknowledged", OrderUpdateKind::acknowledged},
            {"rejected", OrderUpdateKind::rejected},
            {"part", OrderUpdateKind::filled},
            {"rest", OrderUpdateKind::filled},
            {"too_much", OrderUpdateKind::filled},
            {"cancelled", OrderUpdateKind::cancelled},
            {"cancel_rejected", OrderUpdateKind::cancel_rejected},
            {"replaced", OrderUpdateKind::replaced},
            {"replace_rejected", OrderUpdateKind::replace_rejected},
            {"expired", OrderUpdateKind::expired},
            {"unknown_outcome", OrderUpdateKind::unknown_outcome}};
        OrderUpdateEvent event;
        event.order = id_;
        event.kind = kKinds.at(word);
        if (word == "acknowledged") event.broker_order = BrokerOrderId(2'024'110'901);
        if (event.kind == OrderUpdateKind::filled) {
            const int64_t rest = std::max<int64_t>(1, order().remaining().units());
            event.quantity = Quantity(word == "part" ? 30 : word == "rest" ? rest : rest + kLot);
            event.price = rupees(101);
            event.fill = FillId(++trades_);
        }
        desk_.on_update(event, now_);
    }
    // In the notation of the table.
    std::string effect_of(std::string_view word) {
        const OrderState before = order().state;
        const size_t fills = log_.fills.size(), rows = log_.states.size(), reports = log_.contradictions.size();
        say(word);
        std::string marks;
        if (log_.fills.size() == fills + 1) marks += 'b';
        if (log_.contradictions.size() == reports + 1) marks += '!';
        if (log_.states.size() == rows + 1) marks += '*';
        EXPECT_LE(log_.fills.size(), fills + 1);
        EXPECT_LE(log_.states.size(), rows + 1);
        EXPECT_LE(log_.contradictions.size(), reports + 1);
        if (log_.contradictions.size() > reports) {
            EXPECT_TRUE(desk_.blocked(kCall));
        }
        if (order().state != before) return std::string(name_of(order().state)) + ":" + marks;
        return marks.empty() ? "." : marks;
    }

  private:
    void pass(Duration time) {
        now_ += time;
        desk_.on_time(now_);
    }
    void bring_to(std::string_view state) {
        if (state == "created" || state == "in_review" || state == "submitted") return;
        if (state == "unknown") return pass(seconds(5));
        if (state == "rejected") return say("rejected");
        say("acknowledged");
        if (state == "partially_filled") say("part");
        if (state == "filled") say("rest");
        if (state == "cancelled" || state == "expired") say(state);
        if (state == "pending_cancel") desk_.cancel(id_, now_, "test");
        if (state == "pending_replace") {
            market_.tick(now_, quote_tick(kCall, 102, 101, 103));
            pass(seconds(5));
        }
    }

    OrderSettings settings_;
    Market market_;
    FakeBroker broker_;
    Log log_;
    OrderDesk desk_{settings_, market_.prices, broker_, log_, 7};
    ReceiveTime now_ = time_of(10, 0);
    OrderId id_;
    uint64_t trades_ = 0;
};

TEST(OrderWords, every_word_in_every_state_has_the_effect_that_the_rules_give_it) {
    for (const Row& row : kRows) {
        std::istringstream cells(row.cells);
        for (const char* word : kWords) {
            std::string expected;
            ASSERT_TRUE(cells >> expected) << row.state;
            Desk desk(row.state);
            ASSERT_EQ(name_of(desk.order().state), row.state);
            EXPECT_EQ(desk.effect_of(word), expected) << row.state << " + " << word;
        }
    }
}

// The same word again: whatever it said the first time, it does nothing but repeat a contradiction.
TEST(OrderWords, a_repeated_word_changes_nothing_more) {
    for (const Row& row : kRows) {
        for (const char* word : {"acknowledged", "cancelled", "expired", "rejected", "replaced"}) {
            Desk desk(row.state);
            desk.say(word);
            const OrderState after = desk.order().state;
            const Quantity filled = desk.order().filled;
            const std::string again = desk.effect_of(word);
            EXPECT_TRUE(again == "." || again == "!") << row.state << " + " << word << " twice: " << again;
            EXPECT_EQ(desk.order().state, after);
            EXPECT_EQ(desk.order().filled, filled);
        }
    }
}

}  // namespace
}  // namespace tide
