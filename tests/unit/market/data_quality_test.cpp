#include "market/data_quality.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace tide {
namespace {

const Date kDay = make_date(2026, 8, 3);
const InstrumentId kFeed, kNifty{1}, kVix{2}, kCall{3};

struct Stream {
    DataQualitySettings settings;
    DataQuality quality{settings};
    ReceiveTime now = at(kDay, hours(10));
    double price = 24'500;
    std::vector<QualityChange> told;

    Stream() {
        add(kNifty, InstrumentKind::index);
        add(kVix, InstrumentKind::volatility_index);
        add(kCall, InstrumentKind::option);
        day(kDay);
    }
    void add(InstrumentId id, InstrumentKind kind) {
        Instrument instrument;
        instrument.id = id;
        instrument.kind = kind;
        quality.on_instrument(instrument);
    }
    void day(Date date) {
        TradingDayEvent event;
        event.date = date;
        event.session_count = 2;
        event.sessions[0] = {hours(9) + minutes(15), hours(12)};
        event.sessions[1] = {hours(13), hours(15) + minutes(40)};
        event.calendar = "NSE";
        quality.on_day(event);
    }
    // Time passes, and what time changes is told at its own moment.
    void pass(Duration d) {
        const ReceiveTime until = now + d;
        for (ReceiveTime due = quality.next_due(); due <= until; due = quality.next_due()) {
            now = std::max(now, due);
            quality.on_time(now);
            keep();
        }
        now = until;
    }
    void keep() {
        told.insert(told.end(), quality.changes().begin(), quality.changes().end());
        quality.take_changes();
    }
    // A tick `d` later, with the stamp `behind` its receipt.
    void tick(Duration d, InstrumentId id = kNifty, Duration behind = Duration(0)) {
        pass(d);
        send(id, as_exchange_time(now - behind), price += 0.5);
    }
    void send(InstrumentId id, ExchangeTime stamp, double last) {
        TickEvent t;
        t.instrument = id;
        t.last = Price::from_double(last);
        quality.on_tick(now, stamp, t);
        keep();
    }
    void bar(Duration start, InstrumentId id = kNifty) {
        Bar b;
        b.instrument = id;
        b.start = as_exchange_time(at(kDay, start));
        b.close = Price::from_double(price += 1);
        now = at(kDay, start + minutes(1));
        pass(Duration(0));
        quality.on_bar(now, b);
        keep();
    }
    int64_t count(QualityKind kind, bool bad, InstrumentId id = kNifty) const {
        return std::count_if(told.begin(), told.end(), [&](const QualityChange& c) {
            return c.kind == kind && c.bad == bad && c.instrument == id;
        });
    }
    QualityState state(QualityKind kind, InstrumentId id = kNifty) const { return quality.state(id, kind, now); }
};

TEST(DataQualityStale, an_index_that_is_silent_for_fifteen_seconds_is_stale_until_it_is_back) {
    Stream s;
    for (int i = 0; i < 10; ++i) s.tick(seconds(1));
    s.pass(seconds(15) - Duration(1));
    EXPECT_FALSE(s.state(QualityKind::stale).bad);
    s.pass(Duration(1));
    EXPECT_TRUE(s.state(QualityKind::stale).bad);
    EXPECT_EQ(s.state(QualityKind::stale).since, s.now);
    EXPECT_EQ(s.count(QualityKind::stale, true), 1);
    s.tick(seconds(5));
    EXPECT_FALSE(s.state(QualityKind::stale).bad);
    EXPECT_EQ(s.count(QualityKind::stale, false), 1);
    EXPECT_DOUBLE_EQ(s.told.back().value, 20);
}

TEST(DataQualityStale, a_chain_that_comes_every_65_seconds_is_not_stale) {
    Stream s;
    for (int i = 0; i < 60; ++i) s.tick(seconds(65));
    EXPECT_TRUE(s.told.empty());
    s.pass(seconds(3 * 65));  // three of its own intervals
    EXPECT_TRUE(s.state(QualityKind::stale).bad);
    EXPECT_TRUE(s.state(QualityKind::stale, kFeed).bad);
}

TEST(DataQualityStale, a_break_between_two_sessions_is_no_silence) {
    Stream s;
    s.now = at(kDay, hours(11) + minutes(59));
    for (int i = 0; i < 60; ++i) s.tick(seconds(1));
    s.pass(hours(1));
    for (int i = 0; i < 60; ++i) s.tick(seconds(1));
    EXPECT_TRUE(s.told.empty());
}

TEST(DataQualityStale, what_does_not_come_back_after_the_break_is_stale) {
    Stream s;
    s.now = at(kDay, hours(11));
    for (int i = 0; i < 10; ++i) s.tick(seconds(1));
    s.now = at(kDay, hours(12));
    s.quality.on_time(s.now);
    s.keep();
    s.told.clear();
    s.pass(hours(2));
    EXPECT_TRUE(s.state(QualityKind::stale).bad);
}

TEST(DataQualityStale, an_option_is_told_when_it_is_watched_and_known_when_asked) {
    Stream s;
    for (int i = 0; i < 10; ++i) s.tick(seconds(1), kCall);
    s.pass(seconds(60));
    EXPECT_TRUE(s.state(QualityKind::stale, kCall).bad);
    EXPECT_EQ(s.count(QualityKind::stale, true, kCall), 0);
    s.tick(seconds(1), kCall);
    s.quality.watch(kCall, true, s.now);
    s.pass(seconds(60));
    EXPECT_EQ(s.count(QualityKind::stale, true, kCall), 1);
}

TEST(DataQualityStale, a_bar_feed_is_stale_after_three_minutes_and_a_missing_minute_is_a_gap) {
    Stream s;
    for (int m = 0; m < 10; ++m) s.bar(hours(10) + minutes(m));
    s.bar(hours(10) + minutes(11));
    EXPECT_EQ(s.state(QualityKind::gaps).value, 1);
    EXPECT_FALSE(s.state(QualityKind::frozen).applicable);
    EXPECT_FALSE(s.state(QualityKind::missing).applicable);
    EXPECT_TRUE(s.told.empty());
    s.pass(minutes(4));
    EXPECT_TRUE(s.state(QualityKind::stale).bad);
}

TEST(DataQualityFrozen, ticks_whose_stamp_stands_for_two_minutes_are_frozen) {
    Stream s;
    const ExchangeTime stamp = as_exchange_time(s.now);
    for (int i = 0; i < 120; ++i) {
        s.send(kNifty, stamp, 24'500 + i);
        s.pass(seconds(1));
    }
    EXPECT_FALSE(s.state(QualityKind::frozen).bad);
    s.send(kNifty, stamp, 24'500);
    EXPECT_TRUE(s.state(QualityKind::frozen).bad);
    EXPECT_TRUE(s.state(QualityKind::frozen, kFeed).bad);
    EXPECT_DOUBLE_EQ(s.state(QualityKind::frozen).value, 120);
    s.pass(seconds(1));
    s.send(kNifty, as_exchange_time(s.now), 24'500);
    EXPECT_FALSE(s.state(QualityKind::frozen).bad);
}

TEST(DataQualityFrozen, an_index_without_stamps_that_repeats_itself_is_frozen_but_a_quiet_option_is_not) {
    Stream s;
    for (int i = 0; i <= 120; ++i) {
        s.send(kNifty, ExchangeTime(), 24'500);
        s.send(kCall, ExchangeTime(), 100);
        s.pass(seconds(1));
    }
    EXPECT_TRUE(s.state(QualityKind::frozen).bad);
    EXPECT_FALSE(s.state(QualityKind::frozen, kCall).bad);
}

TEST(DataQualityFrozen, a_snapshot_that_repeats_its_stamp_once_is_not_frozen) {
    Stream s;
    for (int i = 0; i < 20; ++i) {
        const ExchangeTime stamp = as_exchange_time(s.now);
        for (int repeat = 0; repeat < 2; ++repeat) {
            for (int row = 0; row < 50; ++row) s.send(kCall, stamp, 100 + i);
            s.pass(seconds(65));
        }
    }
    EXPECT_EQ(s.count(QualityKind::frozen, true, kFeed), 0);
}

TEST(DataQualitySkew, the_median_counts_and_leaves_at_half_the_limit) {
    Stream s;
    for (int i = 0; i < 40; ++i) s.tick(seconds(1), kNifty, i % 5 == 0 ? seconds(60) : seconds(2));
    EXPECT_FALSE(s.state(QualityKind::skewed, kFeed).bad);
    EXPECT_DOUBLE_EQ(s.state(QualityKind::skewed, kFeed).value, 2);
    for (int i = 0; i < 40; ++i) s.tick(seconds(1), kNifty, seconds(12));
    EXPECT_TRUE(s.state(QualityKind::skewed, kFeed).bad);
    for (int i = 0; i < 40; ++i) s.tick(seconds(1), kNifty, seconds(7));
    EXPECT_TRUE(s.state(QualityKind::skewed, kFeed).bad);
    for (int i = 0; i < 40; ++i) s.tick(seconds(1), kNifty, seconds(4));
    EXPECT_FALSE(s.state(QualityKind::skewed, kFeed).bad);
    for (int i = 0; i < 40; ++i) s.tick(seconds(1), kNifty, -seconds(12));
    EXPECT_TRUE(s.state(QualityKind::skewed, kFeed).bad);
    EXPECT_DOUBLE_EQ(s.state(QualityKind::skewed, kFeed).value, -12);
}

// Five minutes of a tick a second are 300 (299 by the learnt cadence): two lost ones are under 1 %, four are more.
TEST(DataQualityMissing, more_than_one_per_cent_of_five_minutes_is_told) {
    Stream s;
    for (int hole = 1; hole <= 4; ++hole) {
        for (int i = 0; i < 50; ++i) s.tick(seconds(1));
        if (hole <= 3) {
            EXPECT_FALSE(s.state(QualityKind::missing).bad) << hole;
        }
        s.tick(seconds(2));
        EXPECT_NEAR(s.state(QualityKind::missing).value, 100.0 * hole / 300, 0.01);
    }
    EXPECT_TRUE(s.state(QualityKind::missing).bad);
    for (int i = 0; i < 400; ++i) s.tick(seconds(1));
    EXPECT_FALSE(s.state(QualityKind::missing).bad);
    EXPECT_EQ(s.count(QualityKind::missing, true), 1);
    EXPECT_EQ(s.count(QualityKind::missing, false), 1);
}

TEST(DataQualityMissing, an_irregular_stream_has_nothing_to_miss) {
    Stream s;
    for (int i = 0; i < 500; ++i) s.tick(milliseconds(i % 7 == 0 ? 5'000 : 300));
    EXPECT_FALSE(s.state(QualityKind::missing).applicable);
    EXPECT_EQ(s.count(QualityKind::missing, true), 0);
}

TEST(DataQualityGaps, three_silences_in_a_quarter_of_an_hour_are_told) {
    Stream s;
    for (int gap = 0; gap < 3; ++gap) {
        for (int i = 0; i < 60; ++i) s.tick(seconds(1));
        EXPECT_FALSE(s.state(QualityKind::gaps).bad);
        s.tick(seconds(30));
    }
    EXPECT_TRUE(s.state(QualityKind::gaps).bad);
    for (int i = 0; i < 16 * 60; ++i) s.tick(seconds(1));
    EXPECT_FALSE(s.state(QualityKind::gaps).bad);
}

TEST(DataQuality, a_day_begins_with_a_clean_slate) {
    Stream s;
    for (int i = 0; i < 40; ++i) s.tick(seconds(1), kNifty, seconds(12));
    ASSERT_TRUE(s.state(QualityKind::skewed, kFeed).bad);
    s.day(kDay + std::chrono::days(1));
    s.now = at(kDay + std::chrono::days(1), hours(9) + minutes(15));
    s.send(kNifty, as_exchange_time(s.now), 24'500);
    EXPECT_FALSE(s.state(QualityKind::skewed, kFeed).bad);
}

TEST(DataQuality, what_comes_outside_the_session_and_what_no_feed_said_does_not_count) {
    Stream s;
    s.now = at(kDay, hours(9));
    s.send(kNifty, as_exchange_time(s.now), 24'500);
    EXPECT_FALSE(s.state(QualityKind::stale).applicable);
    s.now = at(kDay, hours(10));
    TickEvent path;
    path.instrument = kNifty;
    path.flags = kTickPathOfBar;
    path.last = Price::from_rupees(24'500);
    s.quality.on_tick(s.now, ExchangeTime(), path);
    EXPECT_FALSE(s.state(QualityKind::stale).applicable);
    s.send(InstrumentId(99), ExchangeTime(), 1);  // never announced
    EXPECT_TRUE(s.told.empty());
}

struct Step {
    int64_t wait_ms;
    int64_t behind_ms;
    uint32_t instrument;
    bool stamped, moves;
};

std::vector<Step> any_steps() {
    const auto step = rc::gen::map(
        rc::gen::tuple(rc::gen::inRange<int64_t>(0, 40'000), rc::gen::inRange<int64_t>(-20'000, 20'000),
                       rc::gen::inRange<uint32_t>(1, 4), rc::gen::arbitrary<bool>(), rc::gen::arbitrary<bool>()),
        [](const auto& t) {
            return Step{std::get<0>(t), std::get<1>(t), std::get<2>(t), std::get<3>(t), std::get<4>(t)};
        });
    return *rc::gen::container<std::vector<Step>>(step);
}
void play(Stream& s, const std::vector<Step>& steps) {
    for (const Step& step : steps) {
        s.pass(milliseconds(step.wait_ms));
        s.send(InstrumentId(step.instrument),
               step.stamped ? as_exchange_time(s.now - milliseconds(step.behind_ms)) : ExchangeTime(),
               step.moves ? s.price += 1 : s.price);
    }
}

RC_GTEST_PROP(DataQualityProperty, any_stream_leaves_finite_states_that_alternate_and_equal_streams_equal_ones, ()) {
    const auto steps = any_steps();
    Stream a, b;
    play(a, steps);
    play(b, steps);
    RC_ASSERT(a.told.size() == b.told.size());
    std::map<std::pair<InstrumentId, QualityKind>, bool> states;
    for (size_t i = 0; i < a.told.size(); ++i) {
        const QualityChange& change = a.told[i];
        RC_ASSERT(change.at == b.told[i].at && change.kind == b.told[i].kind && change.value == b.told[i].value);
        RC_ASSERT(std::isfinite(change.value) && std::isfinite(change.limit));
        bool& bad = states[{change.instrument, change.kind}];
        RC_ASSERT(bad != change.bad);
        bad = change.bad;
    }
    for (uint32_t id = 0; id <= 3; ++id) {
        for (size_t k = 0; k < kQualityKindCount; ++k) {
            const QualityState state = a.state(static_cast<QualityKind>(k), InstrumentId(id));
            RC_ASSERT(std::isfinite(state.value) && std::isfinite(state.limit));
            RC_ASSERT(id == 3 || state.bad == (states[{InstrumentId(id), static_cast<QualityKind>(k)}]));
        }
    }
}

// Skews that wander inside the hysteresis (between half the limit and the limit) change a state at most once.
RC_GTEST_PROP(DataQualityProperty, a_skew_inside_the_hysteresis_never_flaps, ()) {
    Stream s;
    for (int i = 0; i < 31; ++i) s.tick(seconds(1), kNifty, seconds(20));
    RC_ASSERT(s.state(QualityKind::skewed, kFeed).bad);
    s.told.clear();
    for (const int64_t ms : *rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(5'000, 10'001))) {
        s.tick(seconds(1), kNifty, milliseconds(ms));
    }
    RC_ASSERT(s.count(QualityKind::skewed, true, kFeed) + s.count(QualityKind::skewed, false, kFeed) == 0);
}

}  // namespace
}  // namespace tide
