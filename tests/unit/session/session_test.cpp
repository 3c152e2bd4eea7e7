#include "session_fixture.hpp"

#include <cmath>

namespace tide {
namespace {

TEST_F(SessionTest, bars_that_close_together_come_by_timeframe_and_then_by_declared_symbol) {
    start();
    market_at(hours(9) + minutes(19) + seconds(30));
    host.calls.clear();
    market_at(hours(9) + minutes(20));
    const std::vector<std::string> expected{"push NIFTY 1m",     "push NIFTY 5m",   "push BANKNIFTY 1m",
                                            "push BANKNIFTY 5m", "bar NIFTY 1m",    "bar BANKNIFTY 1m",
                                            "bar NIFTY 5m",      "bar BANKNIFTY 5m"};
    std::vector<std::string> bars(host.calls.begin(),
                                  host.calls.begin() + std::min<ptrdiff_t>(8, std::ssize(host.calls)));
    EXPECT_EQ(bars, expected);
}

TEST_F(SessionTest, a_bar_feed_shows_all_bars_of_a_moment_before_the_first_callback) {
    start();
    at_time(hours(9) + minutes(16));
    BarEvent bar;
    bar.bar.start = ist_moment<ExchangeTime>(kDay, hours(9) + minutes(15));
    bar.bar.open = bar.bar.high = bar.bar.low = bar.bar.close = Price::from_rupees(21'500);
    bar.bar.instrument = kNifty;
    bar.more = true;
    host.calls.clear();
    send(bar);
    EXPECT_TRUE(host.calls.empty());
    bar.bar.instrument = kBankNifty;
    bar.more = false;
    send(bar);
    EXPECT_EQ(host.calls,
              (std::vector<std::string>{"push NIFTY 1m", "push BANKNIFTY 1m", "bar NIFTY 1m", "bar BANKNIFTY 1m"}));
}

TEST_F(SessionTest, an_index_bar_shows_its_futures_volume_and_says_so) {
    start();
    Instrument future;
    future.id = InstrumentId(6);
    future.symbol = "NIFTY_FUT_NEAR";
    future.kind = InstrumentKind::future;
    future.underlying = kNifty;
    send(InstrumentEvent{future});
    std::vector<BarMessage> seen;
    host.bar = [&](const BarMessage& bar, CallbackOutput&) {
        seen.push_back(bar);
        return CallbackResult{};
    };
    at_time(hours(9) + minutes(16));
    const auto bar_of = [&](InstrumentId id, int64_t volume) {
        Bar bar;
        bar.instrument = id;
        bar.start = ist_moment<ExchangeTime>(kDay, hours(9) + minutes(15));
        bar.open = bar.high = bar.low = bar.close = Price::from_rupees(21'500);
        bar.volume = volume;
        if (volume > 0) bar.flags = kBarHasVolume;
        return bar;
    };
    send(BarEvent{bar_of(kNifty, 0), true});
    send(BarEvent{bar_of(kBankNifty, 0), true});
    EXPECT_TRUE(seen.empty());
    send(BarEvent{bar_of(future.id, 900), false});
    ASSERT_EQ(seen.size(), 2U);  // BANKNIFTY has no future here
    EXPECT_EQ(seen[0].symbol_index, 0);
    EXPECT_EQ(seen[0].volume, 900);
    EXPECT_EQ(seen[0].flags, kBarFutureVolume);
    EXPECT_TRUE(std::isnan(seen[1].volume));
    EXPECT_EQ(seen[1].flags, 0);
}

TEST_F(SessionTest, an_index_whose_future_is_silent_is_not_held_back) {
    start();
    Instrument future;
    future.id = InstrumentId(6);
    future.symbol = "NIFTY_FUT_NEAR";
    future.kind = InstrumentKind::future;
    future.underlying = kNifty;
    send(InstrumentEvent{future});
    market_at(hours(10) + seconds(5));
    market_at(hours(10) + minutes(1) + seconds(1));
    EXPECT_EQ(host.count("bar NIFTY 1m"), 1);
    EXPECT_EQ(host.count("bar BANKNIFTY 1m"), 1);
}

TEST_F(SessionTest, tick_bars_are_shown_after_the_bars_of_time_that_close_with_them) {
    host.activity = {"3t"};
    start();
    at_time(hours(9) + minutes(15) + seconds(58));
    tick(kNifty, 21'500);
    tick(kNifty, 21'501);
    at_time(hours(9) + minutes(16));
    host.calls.clear();
    std::vector<BarMessage> seen;
    host.bar = [&](const BarMessage& bar, CallbackOutput&) {
        seen.push_back(bar);
        return CallbackResult{};
    };
    tick(kNifty, 21'502);
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[0].timeframe, Timeframe::m1);
    EXPECT_EQ(seen[0].close, 21'501);
    EXPECT_EQ(seen[1].timeframe, Timeframe::a1);
    EXPECT_EQ(seen[1].open, 21'500);
    EXPECT_EQ(seen[1].close, 21'502);
    EXPECT_EQ(host.services->bar_count(StrategyId(1), 0, Timeframe::a1), 1U);
}

TEST_F(SessionTest, a_feed_of_bars_gives_no_tick_bars_and_says_so_once) {
    host.activity = {"500t"};
    start();
    for (int minute = 16; minute < 19; ++minute) {
        at_time(hours(9) + minutes(minute));
        Bar bar;
        bar.instrument = kNifty;
        bar.start = ist_moment<ExchangeTime>(kDay, hours(9) + minutes(minute - 1));
        bar.open = bar.high = bar.low = bar.close = Price::from_rupees(21'500);
        send(BarEvent{bar, false});
    }
    const auto notes = recorder.all<NoteRecord>();
    EXPECT_EQ(
        std::count_if(notes.begin(), notes.end(),
                      [](const NoteRecord& note) { return note.text.starts_with("tick, volume and range bars"); }),
        1);
}

TEST_F(SessionTest, an_entry_becomes_an_order_a_position_and_a_trade_and_the_cash_adds_up) {
    start();
    open_position();
    const Order entry = sent[0].order;
    EXPECT_EQ(entry.side, Side::buy);
    EXPECT_EQ(entry.quantity, Quantity(50));
    // A "market" order is a limit at the ask plus the protection band (0.5 % of 100.50 is 0.50), on the tick.
    EXPECT_EQ(to_string(entry.limit), "101.05");
    const Position position = session->portfolio().open()[0];
    EXPECT_EQ(to_string(*position.levels.stop), "21285.00");    // 1 % under 21500
    EXPECT_EQ(to_string(*position.levels.target), "22145.00");  // 3 % above
    // The engine itself sells when the stop is passed; the script has no part in it.
    at_time(hours(10) + minutes(8));
    quote(kCall, 80, 80.5);
    tick(kNifty, 21'284.95);
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[1].order.side, Side::sell);
    EXPECT_EQ(sent[1].order.purpose, OrderPurpose::exit);
    fill(sent[1].order, 80, 2);
    const auto trades = recorder.all<TradeRecord>();
    ASSERT_EQ(trades.size(), 1U);
    EXPECT_EQ(trades[0].exit.rule, "stop");
    EXPECT_EQ(to_string(trades[0].position.realised_gross), "-1025.00");  // (80 - 100.5) x 50
    EXPECT_EQ(to_string(trades[0].position.charges), "40.00");            // two orders at 20
    EXPECT_EQ(session->portfolio().equity(), config.account.equity - *parse_money("1065"));
    EXPECT_EQ(recorder.all<ExitRecord>().size(), 1U);
    EXPECT_EQ(recorder.all<ExitRecord>()[0].decided_by, "engine");
}

TEST_F(SessionTest, the_engine_acts_before_the_script_sees_the_event) {
    start();
    open_position();
    bool asked = false;
    host.exit_check = [&](const PositionMessage&, const QuoteMessage&, CallbackOutput&) {
        asked = true;
        return CallbackResult{};
    };
    at_time(hours(10) + minutes(30));
    tick(kNifty, 21'200);
    EXPECT_EQ(sent.size(), 2U);
    EXPECT_FALSE(asked);  // the exit is on its way already
}

TEST_F(SessionTest, a_script_can_raise_its_stop_but_never_lower_it) {
    start();
    open_position();
    double wanted = 21'400;
    host.exit_check = [&](const PositionMessage& position, const QuoteMessage&, CallbackOutput& output) {
        Intent intent;
        intent.kind = IntentKind::set_stop;
        intent.position = PositionId(position.id);
        intent.level = Price::from_double(wanted);
        output.intents.push_back(intent);
        return CallbackResult{};
    };
    at_time(hours(10) + minutes(30));
    tick(kNifty, 21'600);
    EXPECT_EQ(to_string(*session->portfolio().open()[0].levels.stop), "21400.00");
    wanted = 21'300;
    tick(kNifty, 21'601);
    EXPECT_EQ(to_string(*session->portfolio().open()[0].levels.stop), "21400.00");
    EXPECT_EQ(recorder.all<RiskRecord>().back().code, "stop_against_position");
}

// Entry at 21 500.03 of the underlying with a stop of 1 %: 21 285.0297, which is not on a tick. Two hundredths higher
// is 21 285.03 asked for, 21 285.00 on the tick below: lower than what is there.
TEST_F(SessionTest, rounding_to_the_tick_never_takes_a_stop_back) {
    start();
    send_entry();
    tick(kNifty, 21'500.03);
    fill(sent[0].order, 100.5, 1);
    ASSERT_EQ(to_string(*session->portfolio().open().front().levels.stop), "21285.00");
    host.exit_check = [&](const PositionMessage& position, const QuoteMessage&, CallbackOutput& output) {
        Intent intent;
        intent.kind = IntentKind::set_stop;
        intent.position = PositionId(position.id);
        intent.level = Price::from_double(21'285.03);
        output.intents.push_back(intent);
        return CallbackResult{};
    };
    tick(kNifty, 21'501);
    EXPECT_EQ(recorder.all<RiskRecord>().back().code, "ok");
    EXPECT_EQ(to_string(*session->portfolio().open().front().levels.stop), "21285.00");
}

// Decided at 14:29:59 and held in review for two seconds: the hard end of entries is 14:30.
TEST_F(SessionTest, an_entry_that_waits_over_the_end_of_the_entry_window_never_leaves) {
    config.orders.review_lots = 0;
    start();
    host.bar = [](const BarMessage&, CallbackOutput& output) {
        output.timers.push_back({59, "enter"});
        return CallbackResult{};
    };
    host.timer = [](std::string_view, CallbackOutput& output) {
        output.intents.push_back(enter_call());
        return CallbackResult{};
    };
    market_at(hours(14) + minutes(28) + seconds(30));
    market_at(hours(14) + minutes(29));
    host.bar = nullptr;
    market_at(hours(14) + minutes(29) + seconds(58));
    market_at(hours(14) + minutes(30) + seconds(5));
    ASSERT_EQ(recorder.all<RiskRecord>().front().code, "ok");
    EXPECT_TRUE(sent.empty());
    EXPECT_TRUE(session->flat());
}

TEST_F(SessionTest, a_script_cannot_cancel_an_exit_that_the_engine_decided) {
    start();
    open_position();
    host.order = [](const OrderMessage& message, CallbackOutput& output) {
        if (message.state != "submitted") return CallbackResult{};
        Intent intent;
        intent.kind = IntentKind::cancel;
        intent.order = OrderId(message.id);
        output.intents.push_back(intent);
        return CallbackResult{};
    };
    at_time(hours(10) + minutes(30));
    tick(kNifty, 21'200);  // the stop of 1 %
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[1].order.purpose, OrderPurpose::exit);
    EXPECT_EQ(recorder.all<RiskRecord>().back().code, "mandatory_exit");
}

TEST_F(SessionTest, a_pause_and_a_lost_feed_stop_entries_that_have_not_left) {
    config.orders.review_lots = 0;
    start();
    host.bar = [](const BarMessage& bar, CallbackOutput& output) {
        if (bar.timeframe == Timeframe::m1) output.intents.push_back(enter_call());
        return CallbackResult{};
    };
    market_at(hours(10) + minutes(4) + seconds(30));
    market_at(hours(10) + minutes(5) + seconds(1));
    EXPECT_FALSE(session->flat());  // in review
    send(CommandEvent{CommandKind::pause, "tester", "", "looking"});
    EXPECT_TRUE(session->flat());
    send(CommandEvent{CommandKind::resume, "tester", "", "seen"});
    market_at(hours(10) + minutes(7));
    market_at(hours(10) + minutes(8));
    EXPECT_FALSE(session->flat());
    send(FeedStatusEvent{FeedState::down, "test", "lost"});
    EXPECT_TRUE(session->flat());
    market_at(hours(10) + minutes(9));
    EXPECT_TRUE(sent.empty());
}

TEST_F(SessionTest, the_kill_switch_exits_anew_where_it_cancelled_an_exit) {
    start();
    open_position();
    send(CommandEvent{CommandKind::exit_position, "tester", "1", "out"});
    ASSERT_EQ(sent.size(), 2U);
    update(sent[1].order, OrderUpdateKind::acknowledged);
    send(CommandEvent{CommandKind::kill_switch, "tester", "", "now"});
    ASSERT_EQ(sent.size(), 3U);
    EXPECT_EQ(sent[2].kind, "cancel");
    update(sent[1].order, OrderUpdateKind::cancelled, 50);
    ASSERT_EQ(sent.size(), 4U);
    EXPECT_EQ(sent[3].kind, "new");
    EXPECT_EQ(sent[3].order.purpose, OrderPurpose::exit);
}

TEST_F(SessionTest, an_entry_that_is_filled_after_a_stop_is_closed_at_once) {
    start();
    send_entry();
    send(CommandEvent{CommandKind::stop, "tester", "", "lunch"});
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[1].kind, "cancel");
    fill(sent[0].order, 100.5, 1);  // before the cancel reached the exchange
    ASSERT_EQ(sent.size(), 3U);
    EXPECT_EQ(sent[2].order.purpose, OrderPurpose::exit);
}

TEST_F(SessionTest, events_after_the_end_change_nothing) {
    start();
    send(FeedStatusEvent{FeedState::ended, "test", "over"});
    const size_t rows = recorder.rows.size();
    market_at(hours(10));
    EXPECT_TRUE(session->ended());
    EXPECT_EQ(recorder.rows.size(), rows);
}

TEST_F(SessionTest, half_is_sold_in_whole_lots) {
    start();
    send_entry(3);
    fill(sent.at(0).order, 100.5, 1);
    host.exit_check = [&](const PositionMessage& position, const QuoteMessage&, CallbackOutput& output) {
        if (position.half_taken) return CallbackResult{};
        Intent intent;
        intent.kind = IntentKind::exit;
        intent.position = PositionId(position.id);
        intent.fraction = 0.5;
        intent.reason = {3, "half_at_1r", "", "half at 1:1"};
        output.intents.push_back(intent);
        return CallbackResult{};
    };
    at_time(hours(10) + minutes(30));
    tick(kNifty, 21'720);
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[1].order.quantity, Quantity(50));  // half of three lots is one lot
    fill(sent[1].order, 150, 2);
    EXPECT_TRUE(session->portfolio().open()[0].half_taken);
    EXPECT_EQ(session->portfolio().open()[0].quantity, Quantity(100));
}

TEST_F(SessionTest, a_failed_callback_has_no_intents) {
    start();
    host.bar = [](const BarMessage&, CallbackOutput& output) {
        output.intents.push_back(enter_call());
        return CallbackResult{CallbackStatus::error, "test.lua:3: boom"};
    };
    market_at(hours(10) + minutes(4) + seconds(30));
    market_at(hours(10) + minutes(5) + seconds(1));
    EXPECT_TRUE(sent.empty());
    const auto faults = recorder.all<ScriptRecord>();
    ASSERT_GE(faults.size(), 2U);
    EXPECT_EQ(faults.back().status, "error");
    EXPECT_EQ(faults.back().detail, "test.lua:3: boom");
}

TEST_F(SessionTest, a_quarantined_script_is_not_called_again_and_its_position_is_still_closed_by_the_rules) {
    start();
    open_position();
    host.bar = [](const BarMessage&, CallbackOutput&) { return CallbackResult{CallbackStatus::quarantined, "boom"}; };
    market_at(hours(10) + minutes(6) + seconds(1));
    EXPECT_TRUE(session->outcome().script_quarantined);
    const int64_t calls = std::ssize(host.calls);
    for (int minute = 10; minute < 5 * 60; minute += 4) market_at(hours(10) + minutes(minute));
    market_at(hours(14) + minutes(59) + seconds(59));
    EXPECT_EQ(std::ssize(host.calls), calls);
    ASSERT_EQ(sent.size(), 1U);
    market_at(hours(15) + seconds(1));  // 30 minutes before the close
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[1].order.purpose, OrderPurpose::exit);
}

TEST_F(SessionTest, a_refused_intent_is_told_to_the_script_with_its_code) {
    start();
    host.bar = [](const BarMessage& bar, CallbackOutput& output) {
        if (bar.timeframe == Timeframe::m1 && bar.symbol_index == 0) output.intents.push_back(enter_call());
        return CallbackResult{};
    };
    market_at(hours(9) + minutes(30) + seconds(30));
    market_at(hours(9) + minutes(31) + seconds(1));
    EXPECT_TRUE(sent.empty());
    EXPECT_EQ(host.count("order refused before_entry_window"), 1);
}

TEST_F(SessionTest, a_script_that_answers_every_refusal_with_a_new_intent_is_cut_off) {
    start();
    const auto again = [](CallbackOutput& output) {
        output.intents.push_back(enter_call(0));
        return CallbackResult{};
    };
    host.bar = [&](const BarMessage&, CallbackOutput& output) { return again(output); };
    host.order = [&](const OrderMessage&, CallbackOutput& output) { return again(output); };
    market_at(hours(10) + minutes(4) + seconds(30));
    market_at(hours(10) + minutes(5) + seconds(1));
    EXPECT_LT(host.count("order refused bad_lots"), 1000);
    const auto notes = recorder.all<NoteRecord>();
    EXPECT_TRUE(std::any_of(notes.begin(), notes.end(),
                            [](const NoteRecord& n) { return n.text.find("answer themselves") != std::string::npos; }));
}

TEST_F(SessionTest, timers_fire_at_their_own_time_however_late_the_next_event_is) {
    start();
    market_at(hours(10));
    ReceiveTime fired{};
    host.timer = [&](std::string_view, CallbackOutput&) {
        fired = session->now();
        return CallbackResult{};
    };
    host.bar = [](const BarMessage& bar, CallbackOutput& output) {
        if (bar.timeframe == Timeframe::m1 && bar.symbol_index == 0) output.timers.push_back({5, "check"});
        return CallbackResult{};
    };
    market_at(hours(10) + minutes(1));
    host.bar = nullptr;
    at_time(hours(10) + minutes(20));
    send(ClockEvent{});
    EXPECT_EQ(host.count("timer check"), 1);
    EXPECT_EQ(fired, at(kDay, hours(10) + minutes(1) + seconds(5)));
}

TEST_F(SessionTest, history_warms_up_and_is_never_traded_through) {
    start();
    host.calls.clear();
    BarEvent bar;
    bar.bar.instrument = kNifty;
    bar.bar.timeframe = Timeframe::d1;
    bar.bar.flags = kBarHistory;
    bar.bar.start = ist_moment<ExchangeTime>(kDay - std::chrono::days(1), hours(9) + minutes(15));
    bar.bar.open = bar.bar.high = bar.bar.low = bar.bar.close = Price::from_rupees(21'500);
    send(bar);
    EXPECT_TRUE(host.calls.empty());
    EXPECT_EQ(session->market().series().count(kNifty, Timeframe::d1), 1U);
}

TEST_F(SessionTest, the_kill_switch_closes_everything_and_lets_nothing_in_again) {
    start();
    open_position();
    send(CommandEvent{CommandKind::kill_switch, "tester", "", "test"});
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[1].order.purpose, OrderPurpose::exit);
    fill(sent[1].order, 100, 2);
    EXPECT_TRUE(session->outcome().killed);
    EXPECT_TRUE(session->outcome().flat);
    host.bar = [](const BarMessage&, CallbackOutput& output) {
        output.intents.push_back(enter_call());
        return CallbackResult{};
    };
    market_at(hours(11) + seconds(1));
    market_at(hours(11) + minutes(1) + seconds(1));
    EXPECT_EQ(sent.size(), 2U);
    EXPECT_EQ(recorder.all<RiskRecord>().back().code, "kill_switch");
}

TEST_F(SessionTest, a_feed_that_fails_ends_waiting_entries_and_its_return_is_recorded) {
    start();
    send_entry();
    update(sent[0].order, OrderUpdateKind::acknowledged);
    send(FeedStatusEvent{FeedState::down, "test", "no data"});
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[1].kind, "cancel");
    update(sent[0].order, OrderUpdateKind::cancelled, 50);
    at_time(hours(10) + minutes(6));
    send(FeedStatusEvent{FeedState::up, "test", "data again"});
    const auto halts = recorder.all<HaltRecord>();
    ASSERT_EQ(halts.size(), 2U);
    EXPECT_EQ(halts[0].kind, "feed_down");
    EXPECT_TRUE(halts[0].active);
    EXPECT_EQ(halts[1].kind, "feed_down");
    EXPECT_FALSE(halts[1].active);
}

TEST_F(SessionTest, an_open_position_without_prices_is_told_to_the_operator) {
    start();
    open_position();
    at_time(hours(10) + minutes(20));
    send(ClockEvent{});
    std::vector<Record> warnings;
    for (const Record& row : recorder.rows) {
        if (row.text.find("silent_market") != std::string::npos) warnings.push_back(row);
    }
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_EQ(std::get<NoteRecord>(warnings[0].body).level, "warning");
    EXPECT_EQ(warnings[0].time, at(kDay, hours(10) + minutes(6) + seconds(1)));  // 60 s after the last price
}

TEST_F(SessionTest, a_stop_closes_positions_and_ends_entries) {
    start();
    open_position();
    send(CommandEvent{CommandKind::stop, "tester", "", "lunch"});
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_FALSE(session->flat());
    fill(sent[1].order, 100, 2);
    EXPECT_TRUE(session->flat());
    EXPECT_TRUE(session->stopping());
    EXPECT_EQ(recorder.all<TradeRecord>()[0].exit.rule, "operator_stop");
}

TEST_F(SessionTest, runs_of_equal_skips_are_one_record) {
    start();
    std::string why = "no signal";
    host.bar = [&](const BarMessage& bar, CallbackOutput& output) {
        if (bar.timeframe == Timeframe::m1 && bar.symbol_index == 0) output.skips.push_back({"", why});
        return CallbackResult{};
    };
    for (int minute = 0; minute < 10; ++minute) market_at(hours(10) + minutes(minute));
    why = "VIX too high";
    for (int minute = 10; minute < 13; ++minute) market_at(hours(10) + minutes(minute));
    send(DayEndEvent{kDay});
    const auto skips = recorder.all<SkipRecord>();
    ASSERT_EQ(skips.size(), 2U);
    EXPECT_EQ(skips[0].why, "no signal");
    EXPECT_EQ(skips[0].count, 9);
    EXPECT_EQ(skips[0].symbol, "NIFTY");
    EXPECT_EQ(skips[1].count, 4);  // three ticks of a new minute, and the last minute at the day's end
}

TEST_F(SessionTest, the_same_events_give_the_same_audit_chain) {
    const auto run = [&] {
        recorder.rows.clear();
        sent.clear();
        sequence = 0;
        start();
        open_position();
        uint64_t seed = 5;
        double price = 21'500;
        for (int i = 0; i < 2000 && session->portfolio().open().size() == 1; ++i) {
            seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
            price += static_cast<double>(static_cast<int64_t>(seed >> 60) - 8) * 0.5;
            at_time(hours(10) + minutes(6) + seconds(i));
            tick(kNifty, price);
            quote(kCall, 100 + (price - 21'500) / 2, 100.5 + (price - 21'500) / 2);
        }
        return std::pair(session->chain().rows(), session->chain().head());
    };
    const auto first = run();
    EXPECT_EQ(run(), first);
    EXPECT_GT(first.first, 10U);
}

}  // namespace
}  // namespace tide
