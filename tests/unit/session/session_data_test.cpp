#include "session_fixture.hpp"

namespace tide {
namespace {

// A stream of ticks, one a second of each instrument, whose faults a test says; a script that at a given minute's bar
// asks for an entry and, where it holds something, for its exit.
class SessionData : public SessionTest {
  protected:
    SessionData() {
        host.bar = [this](const BarMessage& bar, CallbackOutput& output) { return decide(bar, output); };
    }

    struct Faults {
        std::optional<Duration> option_stamp;    // stands there
        Duration lag{};                          // of every stamp
        Duration silent_from{}, silent_until{};  // NIFTY's
        std::optional<double> last_nifty;        // the price of the very last second
    };
    void stamped(TickEvent tick, Duration stamp) {
        Event event;
        event.sequence = ++sequence;
        event.received = now;
        event.exchange = as_exchange_time(at(kDay, stamp));
        event.payload = tick;
        session->handle(event);
    }
    static std::string symbol_of(OptionRight right) {
        return option_symbol("NIFTY", make_date(2024, 1, 25), Price::from_rupees(21'500), right);
    }
    static TickEvent quoted(InstrumentId id, double bid, double ask) {
        TickEvent tick;
        tick.instrument = id;
        tick.flags = kTickHasBid | kTickHasAsk | kTickHasOi;
        tick.last = tick.bid = Price::from_double(bid);
        tick.ask = Price::from_double(ask);
        tick.oi = 100'000;
        return tick;
    }
    static TickEvent traded(InstrumentId id, double last) {
        TickEvent tick;
        tick.instrument = id;
        tick.last = Price::from_double(last);
        return tick;
    }
    // Seconds from `from` up to and without `until`; prices swing by a tick or two.
    void stream(Duration from, Duration until, const Faults& faults) {
        for (Duration t = from; t < until; t += seconds(1)) {
            at_time(t);
            const bool odd = t / seconds(1) % 2 == 1;
            const bool silent = t >= faults.silent_from && t < faults.silent_until;
            const Duration stamp = t - faults.lag;
            const bool last = t + seconds(1) == until;
            stamped(traded(kVix, odd ? 14 : 14.01), stamp);
            const double nifty = last && faults.last_nifty ? *faults.last_nifty : odd ? 21'500 : 21'501;
            if (!silent) stamped(traded(kNifty, nifty), stamp);
            stamped(traded(kBankNifty, odd ? 47'000 : 47'002), stamp);
            const Duration option_stamp = faults.option_stamp.value_or(stamp);
            stamped(quoted(kCall, odd ? 100 : 100.05, 100.5), option_stamp);
            stamped(quoted(kPut, odd ? 90 : 90.05, 90.5), option_stamp);
        }
    }
    // Sound until 10:02, where a call is bought; then the faults until 10:06, where the call's exit and a put are asked
    // for. Gives the gate's two words, the put's first.
    std::vector<RiskRecord> words_after(const Faults& faults) {
        decisions = {{hours(10) + minutes(1), false}, {hours(10) + minutes(5), true}};
        start();
        stream(hours(10), hours(10) + minutes(2), {});
        at_time(hours(10) + minutes(2));
        stamped(traded(kVix, 14), hours(10) + minutes(2) - faults.lag);
        EXPECT_EQ(sent.size(), 1U);
        if (sent.empty()) return {};
        fill(sent[0].order, 100.5, 1);
        stream(hours(10) + minutes(2) + seconds(1), hours(10) + minutes(6), faults);
        const auto before = static_cast<std::ptrdiff_t>(recorder.all<RiskRecord>().size());
        at_time(hours(10) + minutes(6));
        stamped(traded(kVix, 14), hours(10) + minutes(6) - faults.lag);
        const auto all = recorder.all<RiskRecord>();
        return {all.begin() + before, all.end()};
    }
    void expect_entry_refused_exit_sent(const Faults& faults, const std::string& code, const std::string& values) {
        const auto words = words_after(faults);
        ASSERT_EQ(words.size(), 2U);
        EXPECT_EQ(words[0].instrument, symbol_of(OptionRight::put));
        EXPECT_FALSE(words[0].passed);
        EXPECT_EQ(words[0].code, code);
        EXPECT_EQ(words[0].values, values);
        expect_exit_of_call(words[1]);
    }
    void expect_exit_of_call(const RiskRecord& word) {
        EXPECT_TRUE(word.passed) << word.text;
        ASSERT_EQ(sent.size(), 2U);
        EXPECT_EQ(sent[1].order.instrument, kCall);
        EXPECT_EQ(sent[1].order.side, Side::sell);
        EXPECT_EQ(sent[1].order.quantity, Quantity(50));
    }
    static Intent exit_of(PositionId position) {
        Intent intent;
        intent.kind = IntentKind::exit;
        intent.position = position;
        intent.fraction = 1;
        intent.reason = {3, "test", "", "test"};
        return intent;
    }

    // The start of the bar after which to decide, and whether it is the put's entry and the call's exit, or the call's
    // entry.
    std::vector<std::pair<Duration, bool>> decisions;

  private:
    CallbackResult decide(const BarMessage& bar, CallbackOutput& output) {
        if (bar.timeframe != Timeframe::m1 || bar.symbol_index != 1) return {};
        for (const auto& [minute, both] : decisions) {
            if (at(kDay, minute).time_since_epoch() != seconds(bar.start_s)) continue;
            Intent entry = enter_call();
            if (both) entry.instrument = kPut;
            output.intents.push_back(entry);
            for (const Position& position : session->portfolio().open())
                if (both) output.intents.push_back(exit_of(position.id));
        }
        return {};
    }
};

// The first entry passed; the second meets a limit that is asked for after the data.
TEST_F(SessionData, sound_data_is_no_reason_to_refuse) {
    const auto words = words_after({});
    ASSERT_EQ(words.size(), 2U);
    EXPECT_EQ(words[0].code, "max_per_underlying") << words[0].text;
    EXPECT_EQ(words[1].code, "ok") << words[1].text;
}

// The stamp of 10:02:01 is seen first at 10:02:01 and still there at 10:06:00.
TEST_F(SessionData, an_entry_on_a_frozen_option_is_refused_and_an_exit_is_not) {
    Faults faults;
    faults.option_stamp = hours(10) + minutes(2) + seconds(1);
    expect_entry_refused_exit_sent(faults, "data_frozen",
                                   "of=" + symbol_of(OptionRight::put) + " stood_s=239.0 max_s=120");
}

TEST_F(SessionData, an_entry_on_stamps_that_run_behind_is_refused_and_an_exit_is_not) {
    Faults faults;
    faults.lag = seconds(12);
    expect_entry_refused_exit_sent(faults, "data_skewed", "skew_s=12.0 max_s=10");
}

// 41 of the 300 seconds up to 10:05:59 have no tick of NIFTY (10:02:00 is another): 13.67 %.
TEST_F(SessionData, an_entry_on_a_stream_with_holes_is_refused_and_an_exit_is_not) {
    Faults faults;
    faults.silent_from = hours(10) + minutes(4);
    faults.silent_until = hours(10) + minutes(4) + seconds(40);
    expect_entry_refused_exit_sent(faults, "data_missing", "of=NIFTY missing_pct=13.7 max_pct=10");
}

TEST_F(SessionData, an_entry_on_a_price_that_is_not_confirmed_is_refused_and_an_exit_is_not) {
    Faults faults;
    faults.last_nifty = 22'000;  // 2.3 % in a second, at 10:05:59
    expect_entry_refused_exit_sent(faults, "price_suspect", "of=NIFTY last=21501.00 suspect=22000.00");
}

// (21500 - 21000) / 21000 = 2.38 %. The call is bought on the pre-open price, before the index has opened.
TEST_F(SessionData, an_entry_in_gap_mode_is_refused_and_an_exit_is_not) {
    config.risk.entry_from = hours(9) + minutes(15);
    config.risk.stale_quote_s = 120;
    decisions = {{hours(9) + minutes(15), false}, {hours(9) + minutes(16), true}};
    start();
    at_time(hours(9));
    Bar yesterday;
    yesterday.instrument = kNifty;
    yesterday.timeframe = Timeframe::d1;
    yesterday.flags = kBarHistory;
    yesterday.start = as_exchange_time(at(kDay - std::chrono::days(1), hours(9) + minutes(15)));
    yesterday.open = yesterday.high = yesterday.low = yesterday.close = Price::from_rupees(21'000);
    send(BarEvent{yesterday});
    at_time(hours(9) + minutes(14) + seconds(50));
    tick(kNifty, 21'500);
    at_time(hours(9) + minutes(15) + seconds(30));
    tick(kVix, 14);
    tick(kBankNifty, 47'000);
    quote(kCall, 100, 100.5);
    quote(kPut, 90, 90.5);
    at_time(hours(9) + minutes(16));
    tick(kBankNifty, 47'001);
    ASSERT_EQ(sent.size(), 1U);
    fill(sent[0].order, 100.5, 1);
    at_time(hours(9) + minutes(16) + seconds(30));
    market_at(hours(9) + minutes(16) + seconds(30));
    const size_t before = recorder.all<RiskRecord>().size();
    at_time(hours(9) + minutes(17));
    tick(kBankNifty, 47'002);
    const auto words = recorder.all<RiskRecord>();
    ASSERT_EQ(words.size(), before + 2);
    EXPECT_EQ(words[before].code, "gap_mode");
    EXPECT_EQ(words[before].values, "gap_pct=2.38 until=09:18:00");
    expect_exit_of_call(words[before + 1]);
}

// ---- held ticks

class SessionHeldTick : public SessionData {
  protected:
    // A call with its stop 1 % of NIFTY below 21500, and twenty and more prices to judge by, until 10:06:30.
    void SetUp() override {
        start();
        open_position();
        stop_ = session->portfolio().open().front().levels.stop.value();
        stream(hours(10) + minutes(5) + seconds(2), hours(10) + minutes(6) + seconds(30), {});
        host.bar = [this](const BarMessage& bar, CallbackOutput&) {
            if (bar.timeframe == Timeframe::m1 && bar.symbol_index == 0) bars_.push_back(bar);
            return CallbackResult{};
        };
        at_time(hours(10) + minutes(6) + seconds(30));
        stamped(traded(kNifty, 21'000), hours(10) + minutes(6) + seconds(30));  // below the stop
    }
    void nifty_at(Duration time, double last) {
        at_time(time);
        stamped(traded(kNifty, last), time);
    }
    Price stop_;
    std::vector<BarMessage> bars_;
};

TEST_F(SessionHeldTick, a_wild_price_moves_neither_quote_nor_stop_nor_bar_and_is_dropped_by_the_next) {
    EXPECT_GT(stop_, Price::from_rupees(21'000));
    EXPECT_EQ(host.services->last_price("NIFTY"), 21'500);
    EXPECT_EQ(sent.size(), 1U);
    EXPECT_EQ(recorder.all<QualityRecord>().back().what, "suspect");
    nifty_at(hours(10) + minutes(6) + seconds(31), 21'502);
    EXPECT_EQ(host.services->last_price("NIFTY"), 21'502);
    nifty_at(hours(10) + minutes(7) + seconds(1), 21'501);
    EXPECT_EQ(sent.size(), 1U);
    ASSERT_EQ(bars_.size(), 1U);
    EXPECT_EQ(bars_[0].low, 21'500);
    EXPECT_EQ(bars_[0].high, 21'502);
}

TEST_F(SessionHeldTick, a_confirmed_price_moves_quote_stop_and_bar) {
    nifty_at(hours(10) + minutes(6) + seconds(31), 21'005);
    EXPECT_EQ(host.services->last_price("NIFTY"), 21'005);
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[1].order.side, Side::sell);
    nifty_at(hours(10) + minutes(7) + seconds(1), 21'006);
    ASSERT_EQ(bars_.size(), 1U);
    EXPECT_EQ(bars_[0].low, 21'000);  // the held price is one of the minute's
    EXPECT_EQ(bars_[0].close, 21'005);
}

// data.spike_confirm_s is five seconds.
TEST_F(SessionHeldTick, without_another_word_the_price_counts_after_five_seconds) {
    at_time(hours(10) + minutes(6) + seconds(34) + milliseconds(999));
    send(ClockEvent{});
    EXPECT_EQ(host.services->last_price("NIFTY"), 21'500);
    EXPECT_EQ(sent.size(), 1U);
    at_time(hours(10) + minutes(6) + seconds(35));
    send(ClockEvent{});
    EXPECT_EQ(host.services->last_price("NIFTY"), 21'000);
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[1].order.side, Side::sell);
}

}  // namespace
}  // namespace tide
