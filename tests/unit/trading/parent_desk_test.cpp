#include "trading/parent_desk.hpp"

#include <gtest/gtest.h>

#include <array>

#include "trading_fixture.hpp"

namespace tide {
namespace {

using namespace tide::testing;

// What the table must say, by hand: an entry that is over stays what it is; one that lives moves with each event.
TEST(ParentOrder, every_pair_of_state_and_event_leads_where_it_should) {
    using enum ParentState;
    const std::array<ParentState, 6> live{working, waiting, done, cancelled, expired, refused};
    for (const ParentState state : {waiting, working}) {
        for (size_t event = 0; event < kParentEventCount; ++event)
            EXPECT_EQ(transition(state, static_cast<ParentEvent>(event)), live[event])
                << name_of(state) << " " << name_of(static_cast<ParentEvent>(event));
    }
    for (const ParentState state : {done, cancelled, expired, refused}) {
        EXPECT_TRUE(is_final(state));
        for (size_t event = 0; event < kParentEventCount; ++event)
            EXPECT_EQ(transition(state, static_cast<ParentEvent>(event)), state);
    }
}

TEST(EntryTerms, a_time_to_stand_for_is_a_day_a_time_or_a_date) {
    EntryTerms terms;
    EXPECT_TRUE(read_good_till("day", terms));
    EXPECT_EQ(terms.good_till, GoodTill::day);
    EXPECT_TRUE(read_good_till("14:15", terms));
    EXPECT_EQ(terms.good_till_minute, 855);
    EXPECT_EQ(good_till_text(terms), "14:15");
    EXPECT_TRUE(read_good_till("2026-08-25", terms));
    EXPECT_EQ(good_till_text(terms), "2026-08-25");
    for (const char* wrong : {"", "tomorrow", "25:00", "14:15:30", "2026-13-01"})
        EXPECT_FALSE(read_good_till(wrong, terms));
}

// Ten lots in four: 2.5, 5, 7.5, 10, to the nearest lot. By volumes 10, 30, 0, 60: 1, 4, 4, 10.
TEST(EntryTerms, slices_add_up_to_the_whole) {
    EXPECT_EQ(slice_plan(10, {0, 0, 0, 0}), (std::vector<int64_t>{3, 5, 8, 10}));
    EXPECT_EQ(slice_plan(10, {10, 30, 0, 60}), (std::vector<int64_t>{1, 4, 4, 10}));
}

class ParentDeskTest : public ::testing::Test, public ParentListener {
  protected:
    void on_parent(const ParentOrder& parent, ParentState from, std::string_view detail) override {
        said.push_back({parent.id(), from, parent.state, std::string(detail)});
    }
    struct Said {
        IntentId parent;
        ParentState from, to;
        std::string detail;
    };

    const ParentOrder& accept(int64_t lots, EntryTerms terms = {}, std::vector<int64_t> plan = {}) {
        ParentOrder parent;
        parent.intent.id = IntentId(next++);
        parent.intent.strategy = StrategyId(1);
        parent.intent.instrument = kCall;
        parent.intent.lots = lots;
        parent.lot = Quantity(65);
        parent.quantity = Quantity(lots * 65);
        parent.watched = kCall;
        parent.trigger = terms.trigger;
        parent.plan = std::move(plan);
        parent.intent.terms = std::move(terms);
        const IntentId id = parent.intent.id;
        desk.accept(std::move(parent), kDay, window, now);
        return *desk.find(id);
    }
    // What is due, with every release let through; gives the lots that were let go.
    std::vector<int64_t> work() {
        std::vector<int64_t> lots;
        while (const auto piece = desk.next_work(now)) {
            if (piece->kind == ParentWork::Kind::cancel_child) cancelled.push_back(piece->child);
            if (piece->kind == ParentWork::Kind::close) closed.push_back(*piece);
            if (piece->kind != ParentWork::Kind::release) continue;
            lots.push_back(piece->lots);
            const IntentId child(next++);
            const ParentOrder& parent = *desk.find(piece->parent);
            const PositionId position = parent.position.valid() ? parent.position : PositionId(next);
            desk.released(piece->parent, child, Quantity(piece->lots * 65), position, now, piece->why);
        }
        return lots;
    }
    Order order_of(const ParentOrder& parent, IntentId child, OrderState state) const {
        Order order;
        order.intent = child;
        order.quantity = child == parent.child ? parent.child_quantity : Quantity(65);
        order.state = state;
        return order;
    }
    void fill(const ParentOrder& parent, IntentId child, int64_t lots) {
        Fill fill;
        fill.position = parent.position;
        fill.quantity = Quantity(lots * 65);
        desk.on_fill(fill, child, now);
    }
    // The live child is filled entirely, or ends unfilled.
    void fill_child(const ParentOrder& parent) {
        const IntentId child = parent.child;
        const Order order = order_of(parent, child, OrderState::filled);
        fill(parent, child, parent.child_quantity.units() / 65);
        desk.on_order(order, OrderState::open, now);
    }
    void end_child(const ParentOrder& parent, OrderState state = OrderState::cancelled) {
        desk.on_order(order_of(parent, parent.child, state), OrderState::open, now);
    }
    static EntryTerms trigger_at(double level) {
        EntryTerms terms;
        terms.trigger = rupees(level);
        return terms;
    }

    std::vector<Said> said;
    std::vector<IntentId> cancelled;
    std::vector<ParentWork> closed;
    ParentDesk desk{*this};
    ReceiveTime now = time_of(11, 0);
    std::optional<EntryWindow> window = EntryWindow{time_of(10, 0), time_of(14, 30)};
    uint64_t next = 1;
};

TEST_F(ParentDeskTest, a_buy_stop_is_let_go_at_its_trigger_and_not_before) {
    const ParentOrder& parent = accept(2, trigger_at(105));
    EXPECT_TRUE(work().empty());
    desk.on_price(kCall, rupees(104.95), now);
    EXPECT_TRUE(work().empty());
    desk.on_price(kPut, rupees(200), now);
    EXPECT_TRUE(work().empty());
    desk.on_price(kCall, rupees(105), now);
    EXPECT_EQ(work(), std::vector<int64_t>{2});
    EXPECT_EQ(parent.state, ParentState::working);
    fill_child(parent);
    EXPECT_EQ(parent.state, ParentState::done);
    EXPECT_TRUE(work().empty());
    EXPECT_TRUE(desk.idle());
}

TEST_F(ParentDeskTest, a_trailing_trigger_follows_the_best_price_in_steps_and_never_gives_way) {
    EntryTerms terms;
    terms.trail = rupees(5);
    const ParentOrder& parent = accept(1, terms);
    desk.on_price(kCall, rupees(100), now);
    EXPECT_EQ(parent.trigger, rupees(105));
    desk.on_price(kCall, rupees(96), now);
    EXPECT_EQ(parent.trigger, rupees(101));
    desk.on_price(kCall, rupees(99), now);  // it rises: the trigger stays
    EXPECT_EQ(parent.trigger, rupees(101));
    EXPECT_FALSE(parent.reached);
    desk.on_price(kCall, rupees(101), now);
    EXPECT_TRUE(parent.reached);
}

TEST_F(ParentDeskTest, a_trail_moves_by_no_less_than_its_step) {
    EntryTerms terms;
    terms.trail_pct = 10;
    ParentOrder made;
    const ParentOrder& parent = accept(1, terms);
    const_cast<ParentOrder&>(parent).trail_step_pct = 1;
    desk.on_price(kCall, rupees(100), now);
    EXPECT_EQ(parent.trigger, rupees(110));
    desk.on_price(kCall, rupees(99.5), now);  // 109.45: 0.55 nearer, a step is 0.995
    EXPECT_EQ(parent.trigger, rupees(110));
    desk.on_price(kCall, rupees(99), now);  // 108.90
    EXPECT_EQ(parent.trigger, rupees(108.9));
}

TEST_F(ParentDeskTest, triggers_sleep_outside_the_entry_window) {
    now = time_of(9, 30);
    accept(1, trigger_at(105));
    desk.on_price(kCall, rupees(110), now);
    EXPECT_TRUE(work().empty());
    now = time_of(10, 0);
    EXPECT_TRUE(work().empty());
    desk.on_price(kCall, rupees(106), now);
    EXPECT_EQ(work(), std::vector<int64_t>{1});
}

TEST_F(ParentDeskTest, it_expires_when_its_time_is_over_and_takes_its_child_along) {
    EntryTerms terms;
    terms.good_till = GoodTill::time;
    terms.good_till_minute = 13 * 60;
    const ParentOrder& parent = accept(1, terms);
    EXPECT_EQ(work(), std::vector<int64_t>{1});
    EXPECT_EQ(desk.next_due(), time_of(13, 0));
    now = time_of(13, 0);
    work();
    EXPECT_EQ(parent.state, ParentState::expired);
    EXPECT_EQ(cancelled, std::vector<IntentId>{parent.child});
}

TEST_F(ParentDeskTest, a_day_entry_expires_at_the_end_of_the_entry_window) {
    const ParentOrder& parent = accept(1, trigger_at(105));
    EXPECT_EQ(desk.next_due(), time_of(14, 30));
    now = time_of(14, 30);
    EXPECT_TRUE(work().empty());
    EXPECT_EQ(parent.state, ParentState::expired);
}

TEST_F(ParentDeskTest, a_dated_entry_waits_for_the_next_day_and_goes_on) {
    EntryTerms terms;
    terms.good_till = GoodTill::date;
    terms.good_till_date = kDay + std::chrono::days(1);
    const ParentOrder& parent = accept(2, terms);
    EXPECT_EQ(work(), std::vector<int64_t>{2});
    now = time_of(14, 30);
    work();
    EXPECT_EQ(parent.state, ParentState::waiting);
    EXPECT_EQ(cancelled.size(), 1U);
    end_child(parent);
    EXPECT_EQ(parent.state, ParentState::waiting);
    EXPECT_EQ(desk.next_due(), ParentOrder::kNever);
    const auto day = std::chrono::hours(24);
    now += day;
    desk.start_day(kDay + std::chrono::days(1), time_of(9, 0) + day, [&](const ParentOrder&) {
        return EntryWindow{window->from + day, window->until + day};
    });
    now = time_of(10, 0) + day;
    EXPECT_EQ(work(), std::vector<int64_t>{2});
    now = time_of(14, 30) + day;
    work();
    EXPECT_EQ(parent.state, ParentState::expired);
}

TEST_F(ParentDeskTest, what_is_given_after_hours_begins_with_the_next_window) {
    window.reset();
    EntryTerms terms;
    terms.after_market = true;
    const ParentOrder& parent = accept(1, terms);
    EXPECT_EQ(desk.next_due(), ParentOrder::kNever);
    desk.start_day(kDay, now, [&](const ParentOrder&) { return EntryWindow{time_of(12, 0), time_of(14, 30)}; });
    EXPECT_EQ(desk.next_due(), time_of(12, 0));
    EXPECT_TRUE(work().empty());
    now = time_of(12, 0);
    EXPECT_EQ(work(), std::vector<int64_t>{1});
    EXPECT_EQ(parent.state, ParentState::working);
}

TEST_F(ParentDeskTest, an_iceberg_shows_its_next_part_when_the_last_is_filled) {
    EntryTerms terms;
    terms.display_lots = 2;
    const ParentOrder& parent = accept(5, terms);
    EXPECT_EQ(work(), std::vector<int64_t>{2});
    EXPECT_TRUE(work().empty());
    fill_child(parent);
    EXPECT_EQ(work(), std::vector<int64_t>{2});
    fill_child(parent);
    EXPECT_EQ(work(), std::vector<int64_t>{1});
    fill_child(parent);
    EXPECT_EQ(parent.state, ParentState::done);
}

TEST_F(ParentDeskTest, an_iceberg_ends_with_a_part_that_ended_unfilled) {
    EntryTerms terms;
    terms.display_lots = 2;
    const ParentOrder& parent = accept(5, terms);
    work();
    fill_child(parent);
    work();
    end_child(parent);
    EXPECT_EQ(parent.state, ParentState::cancelled);
    EXPECT_EQ(parent.filled, Quantity(130));
}

TEST_F(ParentDeskTest, slices_leave_at_equal_times_and_what_one_leaves_goes_with_the_next) {
    EntryTerms terms;
    terms.algo = SliceAlgo::twap;
    terms.over_min = 30;
    terms.slices = 3;
    const ParentOrder& parent = accept(6, terms, {2, 4, 6});
    EXPECT_EQ(work(), std::vector<int64_t>{2});
    fill(parent, parent.child, 1);
    EXPECT_EQ(desk.next_due(), time_of(11, 10));
    now = time_of(11, 10);
    EXPECT_TRUE(work().empty());  // the first slice must be gone before the second leaves
    EXPECT_EQ(cancelled, std::vector<IntentId>{parent.child});
    end_child(parent);
    EXPECT_EQ(work(), std::vector<int64_t>{3});
    fill_child(parent);
    now = time_of(11, 20);
    EXPECT_EQ(work(), std::vector<int64_t>{2});
    fill_child(parent);
    EXPECT_EQ(parent.state, ParentState::done);
}

TEST_F(ParentDeskTest, a_refused_slice_is_made_good_by_the_next_and_the_last_refusal_ends_it) {
    EntryTerms terms;
    terms.algo = SliceAlgo::twap;
    terms.over_min = 10;
    terms.slices = 2;
    const ParentOrder& parent = accept(4, terms, {2, 4});
    auto piece = desk.next_work(now);
    ASSERT_TRUE(piece);
    desk.refused(piece->parent, "stale_quote", "too old", now);
    EXPECT_EQ(parent.state, ParentState::waiting);
    now = time_of(11, 5);
    piece = desk.next_work(now);
    ASSERT_TRUE(piece);
    EXPECT_EQ(piece->lots, 4);
    desk.refused(piece->parent, "stale_quote", "too old", now);
    EXPECT_EQ(parent.state, ParentState::refused);
    EXPECT_EQ(parent.code, "stale_quote");
}

TEST_F(ParentDeskTest, a_refused_stop_order_is_refused) {
    const ParentOrder& parent = accept(1, trigger_at(105));
    desk.on_price(kCall, rupees(106), now);
    const auto piece = desk.next_work(now);
    ASSERT_TRUE(piece);
    desk.refused(piece->parent, "vix_high", "the VIX is high", now);
    EXPECT_EQ(parent.state, ParentState::refused);
    EXPECT_FALSE(desk.next_work(now));
}

TEST_F(ParentDeskTest, the_first_fill_of_a_group_ends_the_others_and_a_late_one_is_closed) {
    EntryTerms terms;
    terms.oco = "breakout";
    const ParentOrder& first = accept(1, terms);
    const ParentOrder& second = accept(1, terms);
    EntryTerms waits = trigger_at(105);
    waits.oco = "breakout";
    const ParentOrder& third = accept(1, waits);
    work();
    fill_child(first);
    work();
    EXPECT_EQ(first.state, ParentState::done);
    EXPECT_EQ(second.state, ParentState::cancelled);
    EXPECT_EQ(third.state, ParentState::cancelled);
    EXPECT_EQ(cancelled, std::vector<IntentId>{second.child});
    fill_child(second);
    work();
    ASSERT_EQ(closed.size(), 1U);
    EXPECT_EQ(closed[0].position, second.position);
    EXPECT_EQ(closed[0].units, Quantity(65));
    EXPECT_EQ(closed[0].why, "oco");
}

TEST_F(ParentDeskTest, other_strategies_and_other_names_are_other_groups) {
    EntryTerms terms;
    terms.oco = "a";
    const ParentOrder& first = accept(1, terms);
    terms.oco = "b";
    const ParentOrder& other = accept(1, terms);
    work();
    fill_child(first);
    EXPECT_EQ(other.state, ParentState::working);
}

// A slice was cancelled; its fill comes after the next one has left. Never mind whose it is: what is too much goes.
TEST_F(ParentDeskTest, a_late_fill_that_makes_it_too_much_is_closed) {
    EntryTerms terms;
    terms.algo = SliceAlgo::twap;
    terms.over_min = 10;
    terms.slices = 2;
    const ParentOrder& parent = accept(2, terms, {1, 2});
    work();
    const IntentId early = parent.child;
    now = time_of(11, 5);
    work();
    end_child(parent);
    EXPECT_EQ(work(), std::vector<int64_t>{2});
    fill(parent, early, 1);
    fill_child(parent);
    work();
    EXPECT_EQ(parent.filled, Quantity(195));
    ASSERT_EQ(closed.size(), 1U);
    EXPECT_EQ(closed[0].units, Quantity(65));
    EXPECT_EQ(closed[0].why, "parent_overfill");
}

TEST_F(ParentDeskTest, cancelling_it_cancels_its_child_once_and_nothing_more_leaves) {
    EntryTerms terms;
    terms.display_lots = 1;
    const ParentOrder& parent = accept(3, terms);
    work();
    EXPECT_TRUE(desk.cancel(parent.id(), now, "asked for"));
    EXPECT_FALSE(desk.cancel(parent.id(), now, "asked for"));
    EXPECT_TRUE(work().empty());
    EXPECT_EQ(cancelled.size(), 1U);
    fill_child(parent);  // the fill was faster than the cancel
    EXPECT_TRUE(work().empty());
    EXPECT_EQ(parent.state, ParentState::cancelled);
    EXPECT_EQ(parent.filled, Quantity(65));
}

TEST_F(ParentDeskTest, it_ends_with_the_position_that_it_opened) {
    EntryTerms terms;
    terms.display_lots = 1;
    const ParentOrder& parent = accept(3, terms);
    const ParentOrder& other = accept(3, terms);
    work();
    fill_child(parent);
    desk.cancel_for(parent.position, now, "its position is closed");
    EXPECT_EQ(parent.state, ParentState::cancelled);
    EXPECT_EQ(other.state, ParentState::working);
}

TEST_F(ParentDeskTest, entries_that_are_over_are_forgotten_the_next_day) {
    const IntentId over = accept(1, trigger_at(105)).id();
    desk.cancel(over, now, "asked for");
    EXPECT_NE(desk.find(over), nullptr);
    desk.start_day(kDay, now, [](const ParentOrder&) { return std::optional<EntryWindow>(); });
    EXPECT_EQ(desk.find(over), nullptr);
}

}  // namespace
}  // namespace tide
