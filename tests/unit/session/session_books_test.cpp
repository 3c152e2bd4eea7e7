#include "session_fixture.hpp"

// The broker's books against ours. A position of 50 of the call, bought at 100.50 (order 1, trade 1), is what we hold.
namespace tide {
namespace {

class SessionBooks : public SessionTest {
  protected:
    SessionBooks() { config.reconcile.readings = 2; }
    void tell(const BrokerBooks& books, BooksOccasion occasion = BooksOccasion::asked) {
        text_ = to_text(books);
        send(BrokerBooksEvent{occasion, text_});
    }
    // As the broker has it when all is well: 50 x 100.50 were paid.
    static BrokerBooks true_books() {
        BrokerBooks books;
        books.trades.push_back(
            {FillId(1), OrderId(1), BrokerOrderId(1001), kCall, Side::buy, Quantity(50), Price::from_double(100.5), 0});
        books.positions.push_back({kCall, Quantity(50)});
        books.traded_value = Money::from_rupees(-5'025);
        books.newest_order = OrderId(1);
        return books;
    }
    // Interrupted and back: the line is up, and the books are wanted.
    void interrupt(uint64_t newest = 1) {
        BrokerBooks seen;
        seen.newest_order = OrderId(newest);
        tell(seen, BooksOccasion::interrupted);
        send(FeedStatusEvent{FeedState::down, kBrokerLine, "the engine was interrupted"});
        send(FeedStatusEvent{FeedState::up, kBrokerLine, "the engine is back"});
    }
    void later(int64_t s) {
        now += seconds(s);
        send(ClockEvent{});
    }
    std::vector<std::string> found() const {
        std::vector<std::string> all;
        for (const auto& row : recorder.all<ReconcileRecord>()) all.push_back(row.what + ":" + row.action);
        return all;
    }
    bool halted(HaltKind kind) const { return session->halts().active(kind); }

  private:
    std::string text_;
};

TEST_F(SessionBooks, after_an_interruption_entries_wait_until_the_books_say_the_same) {
    start();
    open_position();
    interrupt();
    EXPECT_TRUE(halted(HaltKind::recovering));
    EXPECT_TRUE(session->wants_books());
    tell(true_books());
    EXPECT_FALSE(halted(HaltKind::recovering));
    EXPECT_FALSE(halted(HaltKind::books_differ));
    EXPECT_FALSE(session->wants_books());
    EXPECT_EQ(found(), std::vector<std::string>{"agreed:none"});
}

TEST_F(SessionBooks, a_trade_that_was_not_told_is_booked_once) {
    start();
    open_position();
    at_time(hours(10) + minutes(6));
    send(CommandEvent{CommandKind::exit_position, "anna", "1", ""});
    const Order exit = sent.back().order;
    update(exit, OrderUpdateKind::acknowledged);
    interrupt(2);
    BrokerBooks books = true_books();
    books.trades.push_back(
        {FillId(2), exit.id, BrokerOrderId(1002), kCall, Side::sell, Quantity(50), Price::from_double(101), 0});
    books.positions.clear();
    books.traded_value = Money::from_rupees(25);  // 50 x 101 - 50 x 100.50
    OrderUpdateEvent row;                         // the desk's own question is answered first
    row.order = exit.id;
    row.kind = OrderUpdateKind::acknowledged;
    row.flags = kUpdateFromBook;
    send(row);
    tell(books);
    EXPECT_TRUE(session->portfolio().open().empty());
    EXPECT_EQ(session->portfolio().realised(), Money::from_rupees(25));
    EXPECT_EQ(found(), (std::vector<std::string>{"missing_fill:adopted", "agreed:none"}));
    send(CommandEvent{CommandKind::reconcile, "anna", "", ""});
    tell(books);
    EXPECT_EQ(session->portfolio().realised(), Money::from_rupees(25));
    EXPECT_EQ(recorder.all<FillRecord>().size(), 2U);
}

TEST_F(SessionBooks, an_order_that_is_none_of_ours_is_cancelled_and_looked_for_again) {
    start();
    open_position();
    interrupt(9);  // the broker has seen orders 2 to 9, which the journal lost
    BrokerBooks books = true_books();
    books.newest_order = OrderId(9);
    books.orders.push_back({OrderId(9), BrokerOrderId(1009), kPut, Side::buy, Quantity(50), Price::from_rupees(80)});
    const size_t before = sent.size();
    tell(books);
    ASSERT_EQ(sent.size(), before + 1);
    EXPECT_EQ(sent.back().kind, "cancel");
    EXPECT_EQ(sent.back().order.id, OrderId(9));
    EXPECT_TRUE(halted(HaltKind::recovering));  // until it is seen to be gone
    update(sent.back().order, OrderUpdateKind::cancelled, 50);
    EXPECT_FALSE(session->desk().blocked(kPut));
    later(1);
    EXPECT_TRUE(session->wants_books());
    books.orders.clear();
    tell(books);
    EXPECT_FALSE(halted(HaltKind::recovering));
    EXPECT_EQ(found(), (std::vector<std::string>{"orders_lost:adopted", "orphan_order:cancelled", "agreed:none"}));
    // A new order does not take a number that the broker has seen.
    send(CommandEvent{CommandKind::exit_position, "anna", "1", ""});
    EXPECT_EQ(sent.back().order.id, OrderId(10));
}

TEST_F(SessionBooks, an_orphan_that_the_broker_does_not_cancel_is_an_operators_matter) {
    start();
    open_position();
    interrupt();
    BrokerBooks books = true_books();
    books.orders.push_back({OrderId(0), BrokerOrderId(77), kPut, Side::buy, Quantity(50), Price::from_rupees(80)});
    for (int reading = 0; reading < 8 && !halted(HaltKind::books_differ); ++reading) {
        tell(books);
        later(1);
    }
    EXPECT_TRUE(halted(HaltKind::books_differ));
}

TEST_F(SessionBooks, one_reading_proves_no_difference_and_the_second_halts_until_acknowledged) {
    start();
    open_position();
    interrupt();
    BrokerBooks books = true_books();
    books.positions.push_back({kPut, Quantity(50)});
    tell(books);
    EXPECT_FALSE(halted(HaltKind::books_differ));
    later(1);
    tell(books);
    EXPECT_TRUE(halted(HaltKind::books_differ));
    EXPECT_FALSE(halted(HaltKind::recovering));
    EXPECT_EQ(found(), (std::vector<std::string>{"orphan_position:halt", "differs:halt"}));
    const auto row = recorder.all<ReconcileRecord>().front();
    EXPECT_EQ(row.values, "ours=0 broker=50");
    send(CommandEvent{CommandKind::acknowledge, "anna", "", "sold by hand"});
    EXPECT_FALSE(halted(HaltKind::books_differ));
    EXPECT_EQ(recorder.all<CommandRecord>().back().code, "ok");
}

TEST_F(SessionBooks, a_difference_that_passes_is_none) {
    start();
    open_position();
    send(CommandEvent{CommandKind::reconcile, "anna", "", ""});
    BrokerBooks late = true_books();
    late.positions.front().net = Quantity(0);  // the positions lag behind the trades
    tell(late);
    later(1);
    tell(true_books());
    EXPECT_EQ(found(), std::vector<std::string>{"agreed:none"});
}

TEST_F(SessionBooks, what_the_broker_holds_less_of_is_not_sold) {
    start();
    open_position();
    send(CommandEvent{CommandKind::reconcile, "anna", "", ""});
    BrokerBooks books = true_books();
    books.positions.clear();
    for (int reading = 0; reading < 2; ++reading) {
        tell(books);
        later(1);
    }
    EXPECT_EQ(found(), (std::vector<std::string>{"position_missing:halt", "differs:halt"}));
    const size_t before = sent.size();
    send(CommandEvent{CommandKind::exit_position, "anna", "1", ""});
    EXPECT_EQ(sent.size(), before);  // it would have been a short sale
    send(CommandEvent{CommandKind::acknowledge, "anna", "", "bought back"});
    send(CommandEvent{CommandKind::exit_position, "anna", "1", ""});
    EXPECT_EQ(sent.size(), before + 1);
}

TEST_F(SessionBooks, a_watchdogs_fills_close_our_positions_and_limited_mode_follows) {
    start();
    open_position();
    interrupt();
    BrokerBooks books = true_books();
    books.trades.push_back({FillId(2), OrderId(kFirstWatchdogOrder + 1), BrokerOrderId(1002), kCall, Side::sell,
                            Quantity(50), Price::from_double(99), 0});
    books.positions.clear();
    books.traded_value = Money::from_rupees(-75);  // 50 x 99 - 50 x 100.50
    tell(books);
    EXPECT_TRUE(session->portfolio().open().empty());
    EXPECT_EQ(session->portfolio().realised(), Money::from_rupees(-75));
    EXPECT_EQ(found(), (std::vector<std::string>{"watchdog_fill:adopted", "agreed:none"}));
    EXPECT_EQ(recorder.all<TradeRecord>().front().exit.rule, "watchdog");
    EXPECT_EQ(session->halts().mode(now), TradingMode::limited);
    send(CommandEvent{CommandKind::reconcile, "anna", "", ""});
    tell(books);
    EXPECT_EQ(recorder.all<FillRecord>().size(), 2U);  // adopted once
}

TEST_F(SessionBooks, funds_beyond_the_tolerance_halt) {
    start();
    open_position();
    send(CommandEvent{CommandKind::reconcile, "anna", "", ""});
    BrokerBooks books = true_books();
    books.traded_value = Money::from_rupees(-5'026);  // one rupee: within
    tell(books);
    EXPECT_EQ(found(), std::vector<std::string>{"agreed:none"});
    books.traded_value = Money::from_rupees(-5'027);
    send(CommandEvent{CommandKind::reconcile, "anna", "", ""});
    tell(books);
    later(1);
    tell(books);
    EXPECT_TRUE(halted(HaltKind::books_differ));
    EXPECT_EQ(found().back(), "differs:halt");
}

TEST_F(SessionBooks, an_open_order_that_the_book_does_not_have_is_asked_about) {
    start();
    open_position();
    send(CommandEvent{CommandKind::exit_position, "anna", "1", ""});
    const Order exit = sent.back().order;
    update(exit, OrderUpdateKind::acknowledged);
    send(CommandEvent{CommandKind::reconcile, "anna", "", ""});
    tell(true_books());
    EXPECT_EQ(asked_about, std::vector<OrderId>{exit.id});
    EXPECT_EQ(found(), (std::vector<std::string>{"order_missing:asked", "agreed:none"}));
}

TEST_F(SessionBooks, entries_that_wait_are_cancelled_after_an_interruption) {
    start();
    send_entry();
    update(sent[0].order, OrderUpdateKind::acknowledged);
    interrupt();
    EXPECT_EQ(sent.back().kind, "cancel");
    EXPECT_EQ(sent.back().order.id, sent[0].order.id);
}

}  // namespace
}  // namespace tide
