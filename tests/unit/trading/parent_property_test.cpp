#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "trading/parent_desk.hpp"
#include "trading_fixture.hpp"

// Parent orders under anything that may happen to them: prices, time, fills of any size, orders that end, late fills,
// cancels, refusals, days. What must hold is checked after each step, against a plain account of what was let go.
namespace tide {
namespace {

using namespace tide::testing;

constexpr int64_t kLot = 65;
using Steps = std::vector<std::tuple<int, int, int>>;  // what, of which, how much

rc::Gen<Steps> some_steps() {
    return rc::gen::container<Steps>(
        rc::gen::tuple(rc::gen::inRange(0, 100), rc::gen::inRange(0, 1'000), rc::gen::inRange(0, 1'000)));
}

struct Child {
    IntentId id, parent;
    int64_t lots = 0, filled = 0;  // lots
    bool over = false, cancel_asked = false;
};
struct Account {  // of one parent
    EntryTerms terms;
    int64_t lots = 0;
    int64_t filled = 0, late = 0, closed = 0;  // late: filled after its order was over
    std::optional<Price> trigger;
    bool ended = false;
};

class World final : public ParentListener {
  public:
    void on_parent(const ParentOrder& parent, ParentState from, std::string_view detail) override {
        log += fmt::format("{} {} {} {} {}\n", parent.id().value(), name_of(from), name_of(parent.state),
                           parent.filled.units(), detail);
        Account& account = accounts.at(parent.id());
        RC_ASSERT(!account.ended);  // what is over says nothing more
        account.ended = !parent.live();
        if (account.trigger && parent.trigger) {
            const Price back = *parent.trigger - *account.trigger;
            RC_ASSERT((parent.direction > 0 ? back <= Price() : back >= Price()));  // a trail never gives way
        }
        account.trigger = parent.trigger;
    }

    void accept(const EntryTerms& terms, int64_t lots, Side side) {
        ParentOrder parent;
        parent.intent.id = IntentId(next++);
        parent.intent.strategy = StrategyId(1);
        parent.intent.instrument = kCall;
        parent.intent.side = side;
        parent.intent.lots = lots;
        parent.intent.terms = terms;
        parent.lot = Quantity(kLot);
        parent.quantity = Quantity(lots * kLot);
        parent.watched = kCall;
        parent.direction = side == Side::buy ? 1 : -1;
        parent.trigger = terms.trigger;
        parent.trail_step_pct = 0.05;
        if (terms.algo != SliceAlgo::none)
            parent.plan = slice_plan(lots, std::vector<int64_t>(static_cast<size_t>(terms.slices), 0));
        accounts[parent.id()].terms = terms;
        accounts[parent.id()].lots = lots;
        desk.accept(std::move(parent), today, window(), now);
    }

    void step(int what, int which, int amount) {
        if (what < 30) {
            move_price(amount);
        } else if (what < 50) {
            fill(which, amount, false);
        } else if (what < 60) {
            end_child(which);
        } else if (what < 65) {
            fill(which, amount, true);
        } else if (what < 90) {
            pass(seconds(amount));
        } else if (what < 93) {
            desk.cancel(nth(which), now, "asked for");
        } else if (what < 94) {
            desk.cancel_all(now, "halt");
        } else if (what < 97) {
            if (const ParentOrder* parent = desk.find(nth(which))) desk.cancel_for(parent->position, now, "closed");
        } else if (what < 98) {
            next_day();
        } else {
            refuse_next = true;
        }
        work();
        check();
    }

    std::string log;  // of everything that was said and asked for
    std::map<IntentId, Account> accounts;
    std::vector<Child> children;
    ParentDesk desk{*this};

  private:
    std::optional<EntryWindow> window() const {
        return EntryWindow{at(today, hours(10)), at(today, hours(14) + minutes(30))};
    }
    IntentId nth(int which) const {
        auto found = accounts.begin();
        std::advance(found, which % std::ssize(accounts));
        return found->first;
    }
    Child* child_of(int which, bool over) {
        std::vector<Child*> fit;
        for (Child& child : children) {
            if (child.over == over && child.filled < child.lots) fit.push_back(&child);
        }
        return fit.empty() ? nullptr : fit[static_cast<size_t>(which) % fit.size()];
    }
    void move_price(int amount) {
        price = Price::from_units(price.units() + (amount - 500) * 500);
        price = std::max(price, rupees(20));
        desk.on_price(kCall, price, now);
    }
    void pass(Duration length) {
        const ReceiveTime until = now + length;
        while (desk.next_due() <= until) {
            now = std::max(now, desk.next_due());
            const ReceiveTime due = desk.next_due();
            work();
            RC_ASSERT(desk.next_due() > due);  // what was due is done
        }
        now = until;
    }
    void next_day() {
        today += std::chrono::days(1);
        now = std::max(now, at(today, hours(9)));
        for (Child& child : children) {  // the broker's orders end with their day
            if (!child.over) over(child);
        }
        work();
        std::erase_if(accounts, [&](const auto& item) { return !desk.find(item.first)->live(); });
        desk.start_day(today, now, [&](const ParentOrder&) { return window(); });
    }

    // What is due: as the session does it.
    void work() {
        while (const auto piece = desk.next_work(now)) {
            log += fmt::format("{} {} {} {}\n", static_cast<int>(piece->kind), piece->parent.value(), piece->lots,
                               piece->units.units());
            if (piece->kind == ParentWork::Kind::release) {
                release(*piece);
            } else if (piece->kind == ParentWork::Kind::cancel_child) {
                for (Child& child : children) child.cancel_asked = child.cancel_asked || child.id == piece->child;
            } else {
                accounts.at(piece->parent).closed += piece->units.units();
            }
        }
    }
    void release(const ParentWork& piece) {
        const ParentOrder& parent = *desk.find(piece.parent);
        const Account& account = accounts.at(piece.parent);
        RC_ASSERT(parent.live());  // nothing leaves of what is over
        RC_ASSERT(piece.lots >= 1);
        RC_ASSERT(now >= window()->from && now < window()->until);
        if (account.terms.triggered()) RC_ASSERT(parent.reached);
        if (account.terms.display_lots > 0) RC_ASSERT(piece.lots <= account.terms.display_lots);
        if (parent.sliced())
            RC_ASSERT(account.filled + piece.lots <= std::max(parent.plan[parent.next_slice - 1], account.filled));
        for (const Child& child : children) RC_ASSERT(child.parent != piece.parent || child.over);  // one at a time
        RC_ASSERT(account.filled + piece.lots <= account.lots);
        if (std::exchange(refuse_next, false)) return desk.refused(piece.parent, "stale_quote", "too old", now);
        const IntentId id(next++);
        children.push_back({id, piece.parent, piece.lots, 0, false, false});
        const PositionId position = parent.position.valid() ? parent.position : PositionId(id.value());
        desk.released(piece.parent, id, Quantity(piece.lots * kLot), position, now, piece.why);
    }
    void fill(int which, int amount, bool late) {
        Child* child = child_of(which, late);
        if (child == nullptr || !accounts.contains(child->parent)) return;
        const int64_t lots = 1 + amount % (child->lots - child->filled);
        child->filled += lots;
        Account& account = accounts.at(child->parent);
        account.filled += lots;
        if (late) account.late += lots;
        Fill trade;
        trade.position = desk.find(child->parent)->position;
        trade.quantity = Quantity(lots * kLot);
        desk.on_fill(trade, child->id, now);
        if (!child->over && child->filled == child->lots) over(*child);
    }
    void end_child(int which) {
        if (Child* child = child_of(which, false)) over(*child);
    }
    void over(Child& child) {
        child.over = true;
        Order order;
        order.intent = child.id;
        order.quantity = Quantity(child.lots * kLot);
        order.state = child.filled == child.lots ? OrderState::filled : OrderState::cancelled;
        desk.on_order(order, OrderState::open, now);
    }

    void check() {
        for (const auto& [id, account] : accounts) {
            const ParentOrder& parent = *desk.find(id);
            int64_t live = 0, live_children = 0;
            for (const Child& child : children) {
                if (child.parent != id || child.over) continue;
                live += child.lots - child.filled;
                ++live_children;
                RC_ASSERT(parent.live() || child.cancel_asked);  // what is over has asked for the end of its order
            }
            RC_ASSERT(parent.filled.units() == account.filled * kLot);
            RC_ASSERT(live_children <= 1);
            RC_ASSERT(account.filled - account.late + live <= account.lots);
            // Only fills that overtook the end of their order make it too much, and the surplus is closed at once.
            const int64_t surplus = std::max<int64_t>(0, account.filled - account.lots);
            RC_ASSERT(account.closed == surplus * kLot);
            RC_ASSERT(surplus == 0 || account.late > 0);
            if (parent.state == ParentState::done) RC_ASSERT(account.filled >= account.lots);
        }
    }

    Date today = kDay;
    ReceiveTime now = time_of(9, 50);
    Price price = rupees(100);
    bool refuse_next = false;
    uint64_t next = 1;
};

// Terms of one of the kinds of entry, with what may be combined with it.
EntryTerms some_terms(int64_t lots) {
    EntryTerms terms;
    const int kind = *rc::gen::inRange(0, 4);
    if (kind == 1) terms.display_lots = *rc::gen::inRange<int64_t>(1, lots + 1);
    if (kind == 2) {
        terms.algo = SliceAlgo::twap;
        terms.slices = *rc::gen::inRange<int64_t>(2, lots + 1);
        terms.over_min = *rc::gen::inRange(1, 60);
    }
    if (*rc::gen::inRange(0, 3) == 0) terms.trigger = rupees(*rc::gen::inRange(80, 120));
    if (*rc::gen::inRange(0, 4) == 0) terms.trail_pct = *rc::gen::inRange(1, 50) / 10.0;
    const int till = *rc::gen::inRange(0, kind == 2 ? 3 : 4);
    if (till > 0) terms.good_till = static_cast<GoodTill>(till);
    terms.good_till_minute = *rc::gen::inRange(10 * 60, 15 * 60);
    terms.good_till_date = kDay + std::chrono::days(*rc::gen::inRange(0, 4));
    return terms;
}

struct Asked {
    EntryTerms terms;
    int64_t lots;
    Side side;
};
std::vector<Asked> some_entries() {
    std::vector<Asked> entries(*rc::gen::inRange<size_t>(1, 4));
    for (Asked& entry : entries) {
        entry.lots = *rc::gen::inRange<int64_t>(2, 30);
        entry.side = *rc::gen::arbitrary<bool>() ? Side::buy : Side::sell;
        entry.terms = some_terms(entry.lots);
    }
    return entries;
}

RC_GTEST_PROP(ParentProperty, what_leaves_is_never_more_than_the_whole_nor_after_its_end, ()) {
    const auto entries = some_entries();
    const Steps steps = *some_steps();
    World world;
    for (const Asked& entry : entries) world.accept(entry.terms, entry.lots, entry.side);
    for (const auto& [what, which, amount] : steps) {
        if (world.accounts.empty()) break;
        world.step(what, which, amount);
    }
}

// Recovery is replay: a desk that is given the same calls from the beginning stands where the first one stood, at every
// step, and goes on as it does.
RC_GTEST_PROP(ParentProperty, a_desk_that_is_restored_at_any_step_goes_on_as_the_first, ()) {
    const auto entries = some_entries();
    const Steps steps = *some_steps();
    const size_t restored_at = *rc::gen::inRange<size_t>(0, steps.size() + 1);
    World first, restored;
    const auto run = [&](World& world, size_t from, size_t to) {
        for (size_t i = from; i < to && !world.accounts.empty(); ++i)
            world.step(std::get<0>(steps[i]), std::get<1>(steps[i]), std::get<2>(steps[i]));
    };
    for (World* world : {&first, &restored}) {
        for (const Asked& entry : entries) world->accept(entry.terms, entry.lots, entry.side);
    }
    run(first, 0, restored_at);
    run(restored, 0, restored_at);
    RC_ASSERT(first.log == restored.log);
    run(first, restored_at, steps.size());
    run(restored, restored_at, steps.size());
    RC_ASSERT(first.log == restored.log);
}

// By equal or by any volumes: the plan only grows, and ends with the whole.
RC_GTEST_PROP(ParentProperty, a_plan_of_slices_grows_to_the_whole, ()) {
    const auto lots = *rc::gen::inRange<int64_t>(1, 1'000);
    const auto weights =
        *rc::gen::nonEmpty(rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(0, 1'000'000)));
    const auto plan = slice_plan(lots, weights);
    RC_ASSERT(plan.size() == weights.size());
    RC_ASSERT(plan.back() == lots);
    int64_t before = 0;
    for (const int64_t asked : plan) {
        RC_ASSERT(asked >= before && asked <= lots);
        before = asked;
    }
}

// Of a position: whatever the underlying does, and however often the distance is changed.
RC_GTEST_PROP(TrailingStopProperty, a_trailing_stop_never_moves_against_its_position, ()) {
    Market market;
    Portfolio portfolio(Money::from_rupees(1'000'000), market.prices.instruments());
    const bool put = *rc::gen::arbitrary<bool>();
    PositionPlan plan;
    plan.strategy = StrategyId(1);
    plan.instrument = put ? kPut : kCall;
    plan.side = *rc::gen::arbitrary<bool>() ? Side::buy : Side::sell;
    const PositionId id = portfolio.plan(plan);
    Fill fill;
    fill.id = FillId(1);
    fill.position = id;
    fill.instrument = plan.instrument;
    fill.side = plan.side;
    fill.quantity = Quantity(kLot);
    fill.price = rupees(100);
    portfolio.apply(fill, rupees(24'500));
    const int direction = portfolio.find(id)->underlying_direction;
    RC_ASSERT((direction == (put == (plan.side == Side::buy) ? -1 : 1)));
    double underlying = 24'500;
    std::optional<Price> stop;
    for (const int move : *rc::gen::container<std::vector<int>>(rc::gen::inRange(-400, 400))) {
        if (move % 5 == 0) portfolio.set_trail(id, 0.1 + std::abs(move) / 100.0);
        underlying = std::max(1'000.0, underlying + move);
        portfolio.mark(kNifty, rupees(underlying));
        const auto level = portfolio.trailing_stop(*portfolio.find(id));
        if (!level) continue;
        if (stop) RC_ASSERT((direction > 0 ? *level > *stop : *level < *stop));
        stop = level;
        portfolio.set_stop(id, *level, false, "trail");
    }
}

}  // namespace
}  // namespace tide
