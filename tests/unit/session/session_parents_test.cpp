#include <iostream>

#include "session/carried_entries.hpp"
#include "session_fixture.hpp"

namespace tide {
namespace {

// Entries that the engine holds, in a session: the script asks on the bar of 10:04, at 10:05:01.
class SessionParentsTest : public SessionTest {
  protected:
    void TearDown() override {  // what it did, where that was not what was expected
        if (!HasFailure()) return;
        for (const auto& row : recorder.rows)
            std::cerr << format_time_of_day(ist_since_midnight(row.time)) << " " << row.text << "\n";
    }
    void ask_for(std::vector<Intent> intents) {
        host.bar = [this, intents, asked = false](const BarMessage& bar, CallbackOutput& output) mutable {
            if (bar.timeframe != Timeframe::m1 || std::exchange(asked, true)) return CallbackResult{};
            for (Intent intent : intents) {
                intent.id = host.services->reserve_intent_id();
                output.intents.push_back(std::move(intent));
            }
            return CallbackResult{};
        };
        start();
        market_at(hours(10) + minutes(4) + seconds(30));
        market_at(hours(10) + minutes(5) + seconds(1));
    }
    // Fresh prices, as market_at has them, with the call's quote at this mid.
    void call_at(Duration since_midnight, double mid) {
        at_time(since_midnight);
        tick(kVix, 14);
        tick(kNifty, 21'500);
        tick(kBankNifty, 47'000);
        quote(kCall, mid - 0.25, mid + 0.25);
        quote(kCall, mid - 0.25, mid + 0.25);  // the second one confirms a jump
    }
    // A market that moves a little, every half minute from `from` up to `to`: data that stands still, or stops, is a
    // reason of its own to refuse.
    void live_market(Duration from, Duration to, bool with_vix = true) {
        int step = 0;
        for (Duration t = from; t <= to; t += seconds(30), ++step) {
            at_time(t);
            if (with_vix) tick(kVix, 14 + 0.01 * (step % 3));
            tick(kNifty, 21'500 + step % 3);
            tick(kBankNifty, 47'000 + step % 3);
            quote(kCall, 100 + 0.05 * (step % 3), 100.5 + 0.05 * (step % 3));
            quote(kPut, 90, 90.5);
        }
    }
    std::vector<std::string> parent_states() const {
        std::vector<std::string> states;
        for (const auto& row : recorder.all<ParentRecord>()) {
            const std::string state(name_of(row.parent.state));
            if (states.empty() || states.back() != state) states.push_back(state);
        }
        return states;
    }
    std::string last_detail() const { return recorder.all<ParentRecord>().back().detail; }
    std::string code_of_last_refusal() const {
        std::string code;
        for (const auto& row : recorder.all<RiskRecord>())
            if (!row.passed) code = row.code;
        return code;
    }
    static constexpr Duration kAsked = hours(10) + minutes(5) + seconds(1);
};

TEST_F(SessionParentsTest, a_stop_order_leaves_when_its_trigger_is_reached_and_passes_the_gate_then) {
    Intent intent = enter_call();
    intent.terms.trigger = Price::from_rupees(105);
    ask_for({intent});
    EXPECT_TRUE(sent.empty());
    call_at(kAsked + seconds(10), 104);
    EXPECT_TRUE(sent.empty());
    call_at(kAsked + seconds(20), 105.25);
    ASSERT_EQ(sent.size(), 1U);
    const auto intents = recorder.all<IntentRecord>();
    ASSERT_EQ(intents.size(), 2U);
    EXPECT_EQ(intents[1].intent.parent, intents[0].intent.id);
    EXPECT_EQ(sent[0].order.intent, intents[1].intent.id);
    const auto verdicts = recorder.all<RiskRecord>();
    ASSERT_EQ(verdicts.size(), 2U);
    EXPECT_EQ(verdicts[1].intent, intents[1].intent.id);
    EXPECT_TRUE(verdicts[1].passed);
    fill(sent[0].order, 105.5, 1);
    EXPECT_EQ(parent_states(), (std::vector<std::string>{"waiting", "working", "done"}));
    EXPECT_EQ(host.count("order waiting"), 1);
    EXPECT_EQ(host.count("order done"), 1);
}

TEST_F(SessionParentsTest, a_limit_that_holds_when_the_trigger_is_reached_refuses_it) {
    Intent intent = enter_call();
    intent.terms.trigger = Price::from_rupees(105);
    ask_for({intent});
    live_market(kAsked + seconds(30), kAsked + minutes(6), false);  // the VIX is older than five minutes by then
    quote(kCall, 105.5, 106);
    quote(kCall, 105.5, 106);
    EXPECT_TRUE(sent.empty());
    EXPECT_EQ(code_of_last_refusal(), "vix_stale");
    EXPECT_EQ(parent_states(), (std::vector<std::string>{"waiting", "refused"}));
}

TEST_F(SessionParentsTest, the_kill_switch_a_pause_and_a_stop_end_what_is_held) {
    for (const CommandKind kind : {CommandKind::kill_switch, CommandKind::pause, CommandKind::stop}) {
        recorder.rows.clear();
        sequence = 0;
        Intent intent = enter_call();
        intent.terms.trigger = Price::from_rupees(105);
        ask_for({intent});
        send(CommandEvent{kind, "operator", "", "test"});
        EXPECT_EQ(parent_states(), (std::vector<std::string>{"waiting", "cancelled"}));
        EXPECT_TRUE(session->parents().idle());
        call_at(kAsked + seconds(20), 106);
        EXPECT_TRUE(sent.empty());
    }
}

TEST_F(SessionParentsTest, the_first_fill_of_a_group_cancels_the_other_order) {
    Intent call = enter_call();
    call.terms.oco = "one";
    Intent put = enter_call();
    put.instrument = kPut;
    put.terms.oco = "one";
    config.risk.max_per_underlying = 2;
    ask_for({call, put});
    ASSERT_EQ(sent.size(), 2U);
    update(sent[1].order, OrderUpdateKind::acknowledged);
    fill(sent[0].order, 100.5, 1);
    ASSERT_EQ(sent.size(), 3U);
    EXPECT_EQ(sent[2].kind, "cancel");
    EXPECT_EQ(sent[2].order.id, sent[1].order.id);
    // The exchange was faster: both are filled. The second is closed at once.
    update(sent[1].order, OrderUpdateKind::filled, 50, 90.5, 2);
    ASSERT_EQ(sent.size(), 4U);
    EXPECT_EQ(sent[3].order.purpose, OrderPurpose::exit);
    EXPECT_EQ(sent[3].order.instrument, kPut);
    EXPECT_EQ(recorder.all<ExitRecord>().back().reason.rule, "oco");
}

TEST_F(SessionParentsTest, slices_make_one_position_and_never_more_than_the_whole) {
    Intent intent = enter_call(3);
    intent.terms.algo = SliceAlgo::twap;
    intent.terms.over_min = 3;
    intent.terms.slices = 3;
    ask_for({intent});
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].order.quantity, Quantity(50));
    fill(sent[0].order, 100.5, 1);
    for (int slice = 1; slice < 3; ++slice) {
        live_market(kAsked + minutes(slice) - seconds(31), kAsked + minutes(slice) + seconds(29));
        ASSERT_EQ(sent.size(), static_cast<size_t>(slice + 1));
        fill(sent.back().order, 100.5, static_cast<uint64_t>(slice + 1));
    }
    live_market(kAsked + minutes(3), kAsked + minutes(5));
    EXPECT_EQ(sent.size(), 3U);
    ASSERT_EQ(session->portfolio().open().size(), 1U);
    EXPECT_EQ(session->portfolio().open()[0].quantity, Quantity(150));
    EXPECT_EQ(parent_states(), (std::vector<std::string>{"waiting", "working", "done"}));
}

// Volumes of the minutes from 10:05 on: 100, 300, 600 of the day before's bars; of ten lots 1, 4 and 10.
TEST_F(SessionParentsTest, slices_by_volume_follow_the_bars_of_the_days_before) {
    Intent intent = enter_call(10);
    intent.stop_pct = 0.1;
    intent.terms.algo = SliceAlgo::vwap;
    intent.terms.over_min = 3;
    intent.terms.slices = 3;
    host.bar = [&](const BarMessage& bar, CallbackOutput& output) {
        if (bar.timeframe == Timeframe::m1 && !bar.history && sent.empty() && session->parents().idle())
            output.intents.push_back(intent);
        return CallbackResult{};
    };
    config.risk.position_size_pct = 100;
    before_day = [&] {
        TradingDayEvent before;
        before.date = kDay - std::chrono::days(1);
        before.session_count = 1;
        before.sessions[0] = {hours(9) + minutes(15), hours(15) + minutes(30)};
        before.calendar = "NSE";
        before.history = true;
        send(before);
        for (const auto& [minute, volume] : {std::pair(6, 100), {7, 300}, {8, 600}}) {
            Bar bar;
            bar.instrument = kCall;
            bar.start = ist_moment<ExchangeTime>(kDay - std::chrono::days(1), hours(10) + minutes(minute));
            bar.open = bar.high = bar.low = bar.close = Price::from_rupees(100);
            bar.volume = volume;
            bar.flags = kBarHistory | kBarHasVolume;
            send(BarEvent{bar, false});
        }
    };
    start();
    market_at(hours(10) + minutes(5) + seconds(30));
    market_at(hours(10) + minutes(6));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].order.quantity, Quantity(50));
    EXPECT_EQ(recorder.all<ParentRecord>()[0].parent.plan, (std::vector<int64_t>{1, 4, 10}));
    EXPECT_EQ(recorder.all<ParentRecord>()[0].parent.profile, "volume");
}

TEST_F(SessionParentsTest, an_entry_that_may_rest_is_not_cancelled_after_a_minute) {
    Intent intent = enter_call();
    intent.limit = Price::from_rupees(98);
    intent.terms.good_till = GoodTill::time;
    intent.terms.good_till_minute = 10 * 60 + 30;
    ask_for({intent});
    ASSERT_EQ(sent.size(), 1U);
    update(sent[0].order, OrderUpdateKind::acknowledged);
    live_market(kAsked + seconds(29), hours(10) + minutes(29) + seconds(30));
    EXPECT_EQ(sent.size(), 1U);
    market_at(hours(10) + minutes(30));
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[1].kind, "cancel");
    EXPECT_EQ(parent_states(), (std::vector<std::string>{"waiting", "working", "expired"}));
}

TEST_F(SessionParentsTest, an_entry_given_after_hours_leaves_in_the_next_entry_window) {
    host.timer = [](std::string_view, CallbackOutput& output) {
        Intent intent = enter_call();
        intent.terms.after_market = true;
        output.intents.push_back(intent);
        return CallbackResult{};
    };
    host.bar = [asked = false](const BarMessage&, CallbackOutput& output) mutable {
        if (!std::exchange(asked, true)) output.timers.push_back({5 * 3600.0, "late"});  // 15:05
        return CallbackResult{};
    };
    start();
    market_at(hours(10) + minutes(4) + seconds(30));
    live_market(kAsked, hours(15) + minutes(10));
    ASSERT_EQ(session->parents().live().size(), 1U);
    EXPECT_TRUE(sent.empty());
    at_time(hours(15) + minutes(31));
    send(DayEndEvent{kDay});
    TradingDayEvent next;
    next.date = kDay + std::chrono::days(1);
    next.session_count = 1;
    next.sessions[0] = {hours(9) + minutes(15), hours(15) + minutes(30)};
    next.calendar = "NSE";
    now = at(next.date, hours(9));
    send(next);
    live_market(hours(24 + 9) + minutes(15), hours(24 + 9) + minutes(59) + seconds(30));
    EXPECT_TRUE(sent.empty());
    live_market(hours(24 + 10), hours(24 + 10));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(parent_states(), (std::vector<std::string>{"waiting", "working"}));
}

TEST_F(SessionParentsTest, a_level_on_the_premium_closes_the_position) {
    Intent intent = enter_call();
    intent.premium.stop_pct = 20;    // of 100.50: 80.40
    intent.premium.target_pct = 50;  // 150.75
    ask_for({intent});
    ASSERT_EQ(sent.size(), 1U);
    fill(sent[0].order, 100.5, 1);
    const Position position = session->portfolio().open()[0];
    EXPECT_EQ(to_string(*position.levels.premium_stop), "80.40");
    EXPECT_EQ(to_string(*position.levels.premium_target), "150.75");
    call_at(kAsked + seconds(10), 80.75);
    EXPECT_EQ(sent.size(), 1U);
    call_at(kAsked + seconds(20), 80.25);
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(recorder.all<ExitRecord>().back().reason.rule, "premium_stop");
}

TEST_F(SessionParentsTest, a_target_on_the_premium_closes_the_position) {
    Intent intent = enter_call();
    intent.premium.target_pct = 10;  // of 100.50: 110.55
    ask_for({intent});
    ASSERT_EQ(sent.size(), 1U);
    fill(sent[0].order, 100.5, 1);
    call_at(kAsked + seconds(10), 110.25);
    EXPECT_EQ(sent.size(), 1U);
    call_at(kAsked + seconds(20), 110.75);
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(recorder.all<ExitRecord>().back().reason.rule, "premium_target");
}

// 1 % behind: from 21500 it begins at 21285; at 21600 it is at 21384; a step is 0.05 %, about 10.8.
TEST_F(SessionParentsTest, a_trailing_stop_follows_the_best_price_and_never_moves_against_the_position) {
    Intent intent = enter_call();
    intent.stop_pct.reset();
    intent.trail_stop_pct = 1;
    ask_for({intent});
    ASSERT_EQ(sent.size(), 1U);
    fill(sent[0].order, 100.5, 1);
    const auto stop = [&] { return to_string(*session->portfolio().open()[0].levels.stop); };
    EXPECT_EQ(stop(), "21285.00");
    at_time(kAsked + seconds(10));
    tick(kNifty, 21'505);
    EXPECT_EQ(stop(), "21285.00");
    tick(kNifty, 21'600);
    EXPECT_EQ(stop(), "21384.00");
    tick(kNifty, 21'500);
    EXPECT_EQ(stop(), "21384.00");
    tick(kNifty, 21'384);
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(recorder.all<ExitRecord>().back().reason.rule, "trail");
}

TEST_F(SessionParentsTest, a_script_ends_an_entry_that_is_held) {
    Intent intent = enter_call();
    intent.terms.trigger = Price::from_rupees(105);
    host.order = [](const OrderMessage& order, CallbackOutput& output) {
        if (order.state != "waiting") return CallbackResult{};
        Intent cancel;
        cancel.kind = IntentKind::cancel;
        cancel.parent = IntentId(order.parent);
        output.intents.push_back(cancel);
        return CallbackResult{};
    };
    ask_for({intent});
    EXPECT_EQ(parent_states(), (std::vector<std::string>{"waiting", "cancelled"}));
    EXPECT_EQ(last_detail(), "asked for by the script");
}

TEST_F(SessionParentsTest, an_exit_of_its_position_ends_the_rest_of_an_iceberg) {
    Intent intent = enter_call(3);
    intent.terms.display_lots = 1;
    ask_for({intent});
    ASSERT_EQ(sent.size(), 1U);
    fill(sent[0].order, 100.5, 1);
    ASSERT_EQ(sent.size(), 2U);  // the next part is shown
    send(CommandEvent{CommandKind::exit_position, "operator", "all", "test"});
    EXPECT_TRUE(session->parents().idle());
    EXPECT_EQ(last_detail(), "an exit takes its place");
}

// What leaves a session enters the next one, where the gate judges it again.
TEST_F(SessionParentsTest, a_dated_entry_goes_on_in_the_next_session) {
    Intent intent = enter_call(2);
    intent.terms.trigger = Price::from_rupees(105);
    intent.terms.good_till = GoodTill::date;
    intent.terms.good_till_date = kDay + std::chrono::days(1);
    intent.tag = "\"carried\"";
    ask_for({intent});
    at_time(hours(15) + minutes(31));
    send(DayEndEvent{kDay});
    send(FeedStatusEvent{FeedState::ended, "feed", ""});
    const std::string lines = session->carried_entries(StrategyId(1));
    EXPECT_EQ(lines,
              "entry instrument=\"NIFTY 2024-01-25 21500 CE\" side=buy lots=2 good_till=2024-01-11 stop_pct=1 "
              "target_pct=3 trigger=105.00 trigger_on=instrument oco=\"\" tag=\"\\\"carried\\\"\" why=\"test\"\n");
    recorder.rows.clear();
    sequence = 0;
    start();
    send(ScriptEvent{StrategyId(1), ScriptRole::saved, "1", lines, kSavedEntries});
    ASSERT_EQ(session->parents().live().size(), 1U);
    EXPECT_EQ(session->carried_entries(StrategyId(1)), lines);
    call_at(hours(10) + minutes(5), 105.25);
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].order.quantity, Quantity(100));
    EXPECT_EQ(sent[0].order.tag, "\"carried\"");
}

// A session is opened before its day: what stands until today has not had its window yet.
TEST_F(SessionParentsTest, a_dated_entry_is_taken_up_on_its_last_day_too) {
    before_day = [this] {
        send(ScriptEvent{
            StrategyId(1), ScriptRole::saved, "1",
            "entry instrument=\"NIFTY 2024-01-25 21500 CE\" side=buy lots=1 good_till=2024-01-10 stop_pct=1 "
            "trigger=105 trigger_on=instrument\n",
            kSavedEntries});
    };
    start();
    ASSERT_EQ(session->parents().live().size(), 1U) << code_of_last_refusal();
    market_at(hours(10) + minutes(4) + seconds(30));
    call_at(hours(10) + minutes(5), 105.25);
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].order.quantity, Quantity(50));
}

TEST_F(SessionParentsTest, an_entry_that_does_not_read_or_is_over_is_dropped_and_told) {
    start();
    send(ScriptEvent{StrategyId(1), ScriptRole::saved, "1",
                     "entry instrument=\"NIFTY 2024-01-25 21500 CE\" side=buy lots=0 good_till=2024-01-11\n"
                     "entry instrument=\"NOTHING\" side=buy lots=1 good_till=2024-01-11\n"
                     "entry instrument=\"NIFTY 2024-01-25 21500 CE\" side=buy lots=1 good_till=2024-01-09 stop_pct=1\n",
                     kSavedEntries});
    EXPECT_TRUE(session->parents().idle());
    EXPECT_EQ(code_of_last_refusal(), "bad_good_till");
    const auto notes = recorder.all<NoteRecord>();
    EXPECT_EQ(std::count_if(notes.begin(), notes.end(),
                            [](const NoteRecord& note) { return note.text.starts_with("an entry of an earlier"); }),
              2);
}

}  // namespace
}  // namespace tide
