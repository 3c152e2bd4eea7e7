#include "session_fixture.hpp"

// The kill switch by each of its triggers, over an open position and a resting entry: every cancel is handed over in
// the event of the trigger, what is open is closed, nothing new is opened, and the latch holds over the day.
namespace tide {
namespace {

const InstrumentId kBankCall{6};

class SessionKill : public SessionTest {
  protected:
    void begin() {
        config.account.equity = Money::from_rupees(210'000);  // of which the premium of one lot is 2.4 %
        config.risk.trade_loss_pct = 5;
        config.orders.unfilled_after_s = 3'600;
        config.risk.max_gamma_pct = config.risk.max_delta_pct = 10'000;
        config.risk.max_positions = 10;
        config.risk.max_per_underlying = 10;
        config.risk.same_direction_pct = config.risk.same_sector_pct = 100;
        start();
        Instrument option;
        option.id = kBankCall;
        option.kind = InstrumentKind::option;
        option.right = OptionRight::call;
        option.underlying = kBankNifty;
        option.expiry = make_date(2024, 1, 25);
        option.strike = Price::from_rupees(47'000);
        option.lot = Quantity(15);
        option.freeze = Quantity(900);
        option.symbol = "BANKNIFTY 2024-01-25 47000 CE";
        send(InstrumentEvent{option});
        open_position();
        quote(kBankCall, 200, 200.5);
        host.bar = [this](const BarMessage& bar, CallbackOutput& output) {
            if (bar.timeframe != Timeframe::m1) return CallbackResult{};
            Intent entry = enter_call();
            entry.instrument = kBankCall;
            output.intents.push_back(entry);
            return CallbackResult{};
        };
        quote(kBankCall, 200, 200.5);
        market_at(hours(10) + minutes(6) + seconds(1));
        ASSERT_EQ(sent.size(), 2U);
        update(sent[1].order, OrderUpdateKind::acknowledged);
        ASSERT_EQ(session->desk().live().size(), 1U);
    }
    void set(const char* setting) { send(CommandEvent{CommandKind::set, "operator", setting, "tighter"}); }
    const SentMessage* find(std::string_view kind, InstrumentId instrument, size_t from) const {
        for (size_t i = from; i < sent.size(); ++i) {
            if (sent[i].kind == kind && sent[i].order.instrument == instrument) return &sent[i];
        }
        return nullptr;
    }
    int64_t cancels() const {
        return std::count_if(sent.begin(), sent.end(), [](const SentMessage& m) { return m.kind == "cancel"; });
    }
    bool killed() const { return session->halts().active(HaltKind::kill_switch); }

    void expect_closed_and_latched(const char* trigger, size_t before, ReceiveTime fired) {
        ASSERT_TRUE(killed()) << trigger;
        EXPECT_EQ(session->halts().of(HaltKind::kill_switch).since, fired) << trigger;
        const SentMessage* cancel = find("cancel", kBankCall, before);
        ASSERT_NE(cancel, nullptr) << trigger;
        EXPECT_EQ(cancel->at, fired) << trigger;
        update(cancel->order, OrderUpdateKind::cancelled, cancel->order.quantity.units());
        const SentMessage* exit = find("new", kCall, before);
        ASSERT_NE(exit, nullptr) << trigger;
        EXPECT_EQ(exit->at, fired) << trigger;
        EXPECT_EQ(exit->order.side, Side::sell);
        fill(exit->order, 101, 900);
        EXPECT_TRUE(session->flat()) << trigger;
        expect_nothing_new(trigger);
    }
    void expect_nothing_new(const char* trigger) {
        const size_t messages = sent.size();
        quote(kBankCall, 200, 200.5);
        for (int minute = 12; minute < 15; ++minute) market_at(hours(10) + minutes(minute));
        EXPECT_EQ(sent.size(), messages) << trigger;
        EXPECT_EQ(recorder.all<RiskRecord>().back().code, "kill_switch") << trigger;
        TradingDayEvent day;
        day.date = kDay + std::chrono::days(1);
        day.session_count = 1;
        day.sessions[0] = {hours(9) + minutes(15), hours(15) + minutes(30)};
        day.calendar = "NSE";
        now += hours(23);
        send(day);
        EXPECT_TRUE(killed()) << trigger;
    }
};

struct Trigger {
    const char* name;
    std::function<void()> fire;
};

TEST_F(SessionKill, each_trigger_cancels_at_once_closes_and_latches) {
    const Trigger triggers[] = {
        {"command",
         [this] {
             send(CommandEvent{CommandKind::kill_switch, "operator", "", "test"});
         }},
        {"vix_kill",
         [this] {
             tick(kVix, 21);
             if (!killed()) tick(kVix, 21);  // a wild price counts at its second tick
         }},
        {"equity_floor", [this] { set("risk.equity_floor_pct=100"); }},
        {"margin",
         [this] {
             set("risk.margin_close_pct=1");
             set("risk.margin_kill_pct=1");
         }},
        {"session_expired",
         [this] {
             send(ServiceStatusEvent{Service::broker_session, ServiceState::down, ReceiveTime(), "token"});
         }},
        {"wrong_order",
         [this] {
             OrderUpdateEvent word;
             word.order = sent[1].order.id;
             word.flags = kUpdateMismatch;
             word.reason = "another quantity";
             send(word);
         }},
        {"error_rate",
         [this] {
             // The line breaks again and again.
             for (int i = 0; i < 20 && !killed(); ++i) {
                 now += seconds(7);
                 send(FeedStatusEvent{FeedState::down, kBrokerLine, "broken"});
                 if (killed()) break;
                 send(FeedStatusEvent{FeedState::up, kBrokerLine, "back"});
             }
         }},
    };
    for (const Trigger& trigger : triggers) {
        recorder.rows.clear();
        sent.clear();
        sequence = 0;
        begin();
        if (HasFatalFailure()) return;
        const size_t before = sent.size();
        trigger.fire();
        if (std::string_view(trigger.name) == "error_rate") {
            ASSERT_TRUE(killed());
            // The line is down: what is asked for leaves when it is back.
            now += seconds(1);
            const ReceiveTime fired = session->halts().of(HaltKind::kill_switch).since;
            EXPECT_EQ(find("cancel", kBankCall, before), nullptr);
            send(FeedStatusEvent{FeedState::up, kBrokerLine, "back"});
            const SentMessage* cancel = find("cancel", kBankCall, before);
            ASSERT_NE(cancel, nullptr);
            EXPECT_EQ(cancel->at, fired + seconds(1));
            continue;
        }
        expect_closed_and_latched(trigger.name, before, now);
    }
}

// Whatever set it off: a trade that was under way when the kill switch acted is closed as well.
TEST_F(SessionKill, an_entry_that_fills_in_spite_of_its_cancel_is_closed_too) {
    begin();
    send(CommandEvent{CommandKind::kill_switch, "operator", "", "test"});
    const size_t before = sent.size();
    update(sent[1].order, OrderUpdateKind::filled, sent[1].order.quantity.units(), 200.5, 901);
    const SentMessage* exit = find("new", kBankCall, before);
    ASSERT_NE(exit, nullptr);
    EXPECT_EQ(exit->order.side, Side::sell);
    EXPECT_EQ(exit->at, now);
}

// The throttle is the regulator's; only the kill switch itself goes past it. A cancel that nobody answered and that is
// sent again after a resume waits its turn.
TEST_F(SessionKill, after_a_resume_cancels_keep_to_the_throttle_again) {
    config.orders.messages_per_second = 1;
    config.orders.reprice_after_s = 600;
    config.risk.two_expiries_from = 10;
    config.risk.max_vega_pct = 100;
    begin();
    host.bar = [](const BarMessage& bar, CallbackOutput& output) {
        Intent entry = enter_call();
        entry.instrument = kPut;
        if (bar.timeframe == Timeframe::m1) output.intents.push_back(entry);
        return CallbackResult{};
    };
    market_at(hours(10) + minutes(7) + seconds(1));
    ASSERT_EQ(sent.size(), 3U) << recorder.all<RiskRecord>().back().text;
    update(sent[2].order, OrderUpdateKind::acknowledged);
    now += seconds(5);
    send(CommandEvent{CommandKind::kill_switch, "operator", "", "test"});
    ASSERT_EQ(cancels(), 2);
    const ReceiveTime killed_at = now;
    now += milliseconds(500);
    send(CommandEvent{CommandKind::resume, "operator", "", "test"});
    now = killed_at + seconds(10);
    send(ClockEvent{});
    ASSERT_GT(cancels(), 3);
    for (size_t i = sent.size() - 1; sent[i].at > killed_at; --i)
        EXPECT_GE(sent[i].at - sent[i - 1].at, seconds(1)) << sent[i].kind << " " << sent[i].order.id.value();
}

// 14.2.2: retries while any position is open. Here the broker rejects the exit five times.
TEST_F(SessionKill, a_rejected_exit_is_asked_for_until_nothing_is_open) {
    begin();
    send(CommandEvent{CommandKind::kill_switch, "operator", "", "test"});
    const ReceiveTime began = now;
    size_t seen = 2;
    const SentMessage* last = nullptr;
    for (int exits = 0, turns = 0; exits < 6 && turns < 100; ++turns) {
        last = find("new", kCall, seen);
        if (last == nullptr) {
            now = std::max(now, session->next_due());
            send(ClockEvent{});
            continue;
        }
        seen = sent.size();
        if (++exits == 6) break;
        const Order rejected = last->order;
        update(rejected, OrderUpdateKind::rejected);
    }
    ASSERT_NE(last, nullptr);
    EXPECT_EQ(last->at - began, seconds(1 + 2 + 4 + 8 + 16));
}

}  // namespace
}  // namespace tide
