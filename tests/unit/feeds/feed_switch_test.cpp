#include "feeds/feed_switch.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "feeds/replay_feed.hpp"
#include "feeds/synthetic_feed.hpp"
#include "recorded_data.hpp"

namespace tide {
namespace {

const Date kDay = make_date(2026, 8, 3);

// A feed that plays what a test wrote.
class ListFeed final : public Feed {
  public:
    explicit ListFeed(std::vector<Event> events) : events_(std::move(events)) {}
    Result<bool> next(Event& event) override {
        if (at_ == events_.size()) return false;
        event = events_[at_++];
        return true;
    }
    std::string describe() const override { return "a list"; }

  private:
    std::vector<Event> events_;
    size_t at_ = 0;
};

struct Writer {
    std::vector<Event> events;
    ReceiveTime now = at(kDay, hours(9));

    void add(EventPayload payload, ExchangeTime stamp = ExchangeTime()) {
        Event event;
        event.received = now;
        event.exchange = stamp;
        event.payload = std::move(payload);
        events.push_back(std::move(event));
    }
    void instrument(uint32_t id, const std::string& symbol) {
        Instrument made;
        made.id = InstrumentId(id);
        made.symbol = symbol;
        add(InstrumentEvent{made});
    }
    void day() {
        TradingDayEvent event;
        event.date = kDay;
        event.session_count = 1;
        event.sessions[0] = {hours(10), hours(15) + minutes(40)};
        event.calendar = "NSE";
        add(event);
        now = at(kDay, hours(10));
    }
    void tick(uint32_t id, double price, Duration late = Duration(0)) {
        TickEvent t;
        t.instrument = InstrumentId(id);
        t.last = Price::from_double(price);
        add(t, as_exchange_time(now - late));
    }
    // A tick a second, its price the second of the day, so that every tick is its own.
    void stream(uint32_t id, int from_s, int to_s, double offset = 0) {
        for (int s = from_s; s < to_s; ++s) {
            now = at(kDay, hours(10) + seconds(s));
            tick(id, 20'000 + s + offset);
        }
    }
    void end() {
        now = at(kDay, hours(15) + minutes(41));
        add(DayEndEvent{kDay});
        add(FeedStatusEvent{FeedState::ended, "list", "over"});
    }
    FeedSwitch::Source source(const std::string& name) const { return {name, std::make_unique<ListFeed>(events)}; }
};

struct Heard {
    std::vector<std::string> instruments;
    std::map<std::string, std::vector<std::pair<ReceiveTime, double>>> ticks;
    std::vector<std::pair<ReceiveTime, std::string>> statuses;
    int days = 0, day_ends = 0, ended = 0, bars = 0;
    bool ascending = true;
};
Heard play(Feed& feed) {
    Heard heard;
    ReceiveTime before;
    static constexpr const char* kStates[] = {"up", "degraded", "down", "ended"};
    for (Event event; feed.next(event).value();) {
        heard.ascending = heard.ascending && event.received >= before;
        before = event.received;
        if (const auto* added = std::get_if<InstrumentEvent>(&event.payload)) {
            EXPECT_EQ(added->instrument.id.value(), heard.instruments.size() + 1);
            heard.instruments.push_back(added->instrument.symbol);
        } else if (const auto* tick = std::get_if<TickEvent>(&event.payload)) {
            heard.ticks[heard.instruments.at(tick->instrument.value() - 1)].push_back(
                {event.received, tick->last.to_double()});
        } else if (const auto* status = std::get_if<FeedStatusEvent>(&event.payload)) {
            if (status->state == FeedState::ended) {
                ++heard.ended;
            } else {
                heard.statuses.push_back({event.received, std::string(kStates[static_cast<size_t>(status->state)]) +
                                                              " " + std::string(status->detail)});
            }
        } else if (const auto* day = std::get_if<TradingDayEvent>(&event.payload)) {
            heard.days += day->history ? 0 : 1;
        } else if (std::get_if<DayEndEvent>(&event.payload) != nullptr) {
            ++heard.day_ends;
        } else if (const auto* bar = std::get_if<BarEvent>(&event.payload)) {
            heard.bars += bar->bar.is_history() ? 0 : 1;
        }
    }
    return heard;
}
Heard play(std::vector<FeedSwitch::Source> sources, FeedMode mode, const FeedSwitchSettings& settings = {}) {
    FeedSwitch feed(std::move(sources), mode, settings);
    return play(feed);
}
std::vector<FeedSwitch::Source> two(const Writer& a, const Writer& b) {
    std::vector<FeedSwitch::Source> sources;
    sources.push_back(a.source("first"));
    sources.push_back(b.source("second"));
    return sources;
}
// The first knows NIFTY as 1 and BANKNIFTY as 2, the second the other way about.
Writer opening(bool first) {
    Writer writer;
    writer.instrument(first ? 1 : 2, "NIFTY");
    writer.instrument(first ? 2 : 1, "BANKNIFTY");
    writer.day();
    return writer;
}

TEST(FeedSwitchFallback, while_the_first_is_good_nothing_of_the_second_passes) {
    Writer a = opening(true), b = opening(false);
    a.stream(1, 0, 100);
    b.stream(2, 0, 100, 0.5);
    a.end();
    b.end();
    const Heard heard = play(two(a, b), FeedMode::fallback);
    EXPECT_EQ(heard.instruments, (std::vector<std::string>{"NIFTY", "BANKNIFTY"}));
    ASSERT_EQ(heard.ticks.at("NIFTY").size(), 100U);
    for (const auto& [time, price] : heard.ticks.at("NIFTY")) EXPECT_EQ(price, std::floor(price));
    EXPECT_TRUE(heard.statuses.empty());
    EXPECT_EQ(heard.days, 1);
    EXPECT_EQ(heard.day_ends, 1);
    EXPECT_EQ(heard.ended, 1);
    EXPECT_TRUE(heard.ascending);
}

TEST(FeedSwitchFallback, a_silent_first_is_replaced_after_ten_seconds_and_trusted_again_after_a_minute) {
    Writer a = opening(true), b = opening(false);
    a.stream(1, 0, 100);
    a.stream(1, 200, 400);
    b.stream(2, 0, 400, 0.5);
    a.end();
    b.end();
    const Heard heard = play(two(a, b), FeedMode::fallback);
    ASSERT_EQ(heard.statuses.size(), 2U);
    // The last tick of the first is at second 99; at 109 it is 10 s old, at 110 more than that.
    EXPECT_EQ(heard.statuses[0], std::pair(at(kDay, hours(10) + seconds(110)),
                                           std::string("degraded first has been silent for 11 s: second takes over")));
    EXPECT_EQ(heard.statuses[1], std::pair(at(kDay, hours(10) + seconds(260)),
                                           std::string("up first is good again: it takes over from second")));
    const auto& ticks = heard.ticks.at("NIFTY");
    for (const auto& [time, price] : ticks) {
        const auto s = std::chrono::floor<seconds>(time - at(kDay, hours(10))).count();
        EXPECT_EQ(price - std::floor(price), s >= 110 && s < 260 ? 0.5 : 0.0) << s;
    }
    EXPECT_EQ(ticks.size(), 100U + 150U + 140U);
    EXPECT_TRUE(heard.ascending);
}

TEST(FeedSwitchFallback, a_first_whose_stamp_stands_is_replaced) {
    Writer a = opening(true), b = opening(false);
    a.stream(1, 0, 50);
    for (int s = 50; s < 100; ++s) {
        a.now = at(kDay, hours(10) + seconds(s));
        a.tick(1, 20'049, seconds(s - 49));  // the stamp of second 49
    }
    b.stream(2, 0, 100, 0.5);
    const Heard heard = play(two(a, b), FeedMode::fallback);
    ASSERT_EQ(heard.statuses.size(), 1U);
    EXPECT_EQ(heard.statuses[0].second, "degraded first has stood still for 11 s: second takes over");
}

TEST(FeedSwitchFallback, a_first_that_says_it_is_down_is_replaced_at_once_and_down_is_told_only_without_a_second) {
    Writer a = opening(true), b = opening(false);
    a.stream(1, 0, 50);
    a.add(FeedStatusEvent{FeedState::down, "a", "lost"});
    b.stream(2, 0, 80, 0.5);
    b.now += milliseconds(500);
    b.add(FeedStatusEvent{FeedState::down, "b", "lost too"});
    b.now += seconds(5);
    b.add(FeedStatusEvent{FeedState::up, "b", "back"});
    const Heard heard = play(two(a, b), FeedMode::fallback);
    ASSERT_EQ(heard.statuses.size(), 3U);
    EXPECT_EQ(heard.statuses[0].second, "degraded first is down: second takes over");
    EXPECT_EQ(heard.statuses[1].second, "down lost too");
    EXPECT_EQ(heard.statuses[2].second, "up back");
}

TEST(FeedSwitchFallback, a_break_between_sessions_switches_nothing) {
    Writer a, b;
    for (Writer* w : {&a, &b}) {
        w->instrument(1, "NIFTY");
        TradingDayEvent event;
        event.date = kDay;
        event.session_count = 2;
        event.sessions[0] = {hours(9) + minutes(15), hours(10) + seconds(100)};
        event.sessions[1] = {hours(11), hours(12)};
        event.calendar = "NSE";
        w->add(event);
    }
    a.stream(1, 0, 100);
    b.stream(1, 0, 100);
    a.stream(1, 3'605, 3'700);
    b.stream(1, 3'601, 3'700);
    const Heard heard = play(two(a, b), FeedMode::fallback);
    EXPECT_TRUE(heard.statuses.empty());
    EXPECT_EQ(heard.ticks.at("NIFTY").size(), 100U + 95U);
}

TEST(FeedSwitchRedundant, the_first_good_tick_wins_and_repeats_of_the_other_feed_are_dropped) {
    Writer a = opening(true), b = opening(false);
    for (int s = 0; s < 100; ++s) {
        a.now = at(kDay, hours(10) + seconds(s));
        b.now = a.now + milliseconds(s % 2 == 0 ? 300 : 0);
        if (s % 2 == 1) a.now += milliseconds(300);
        const ExchangeTime stamp = as_exchange_time(at(kDay, hours(10) + seconds(s)));
        TickEvent t;
        t.last = Price::from_double(20'000 + s);
        t.instrument = InstrumentId(1);
        if (s % 10 != 3) a.add(t, stamp);  // each loses ticks that the other has
        t.instrument = InstrumentId(2);
        if (s % 10 != 6) b.add(t, stamp);
    }
    const Heard heard = play(two(a, b), FeedMode::redundant);
    const auto& ticks = heard.ticks.at("NIFTY");
    ASSERT_EQ(ticks.size(), 100U);
    for (int s = 0; s < 100; ++s) {
        EXPECT_EQ(ticks[static_cast<size_t>(s)].second, 20'000 + s);
        EXPECT_EQ(ticks[static_cast<size_t>(s)].first, at(kDay, hours(10) + seconds(s)));
    }
    EXPECT_TRUE(heard.statuses.empty());
}

TEST(FeedSwitchRedundant, a_tick_older_than_one_that_passed_is_dropped_and_equal_ticks_of_one_feed_stay) {
    Writer a = opening(true), b = opening(false);
    a.stream(1, 0, 3);
    const ExchangeTime stamp = as_exchange_time(a.now);
    for (int i = 0; i < 2; ++i) {  // two trades of one second at one price
        TickEvent t;
        t.instrument = InstrumentId(1);
        t.last = Price::from_double(20'002);
        a.add(t, stamp);
    }
    b.now = a.now + milliseconds(1);
    TickEvent old;
    old.instrument = InstrumentId(2);
    old.last = Price::from_double(19'999);
    b.add(old, stamp - seconds(1));
    const Heard heard = play(two(a, b), FeedMode::redundant);
    EXPECT_EQ(heard.ticks.at("NIFTY").size(), 5U);
}

TEST(FeedSwitchRedundant, a_feed_that_falls_silent_is_told_and_the_other_goes_on) {
    Writer a = opening(true), b = opening(false);
    a.stream(1, 0, 100);
    a.stream(1, 200, 400);
    b.stream(2, 0, 400);
    const Heard heard = play(two(a, b), FeedMode::redundant);
    ASSERT_EQ(heard.statuses.size(), 2U);
    EXPECT_EQ(heard.statuses[0].second, "degraded first has been silent for 11 s: the others go on");
    EXPECT_EQ(heard.statuses[1].second, "up first is good again");
    EXPECT_EQ(heard.ticks.at("NIFTY").size(), 400U);
}

// ---- with the feeds that there are

std::unique_ptr<Feed> synthetic(const std::string& text) {
    auto settings = parse_synthetic_feed(text).value();
    settings.session_date = make_date(2026, 11, 18);
    return SyntheticFeed::create(settings, test::calendar(), test::rules()).value();
}

TEST(FeedSwitch, a_dead_synthetic_feed_is_bridged_by_a_good_one) {
    std::vector<FeedSwitch::Source> sources;
    sources.push_back({"dead", synthetic("synthetic:dead_feed:7")});
    sources.push_back({"good", synthetic("synthetic:7")});
    const Heard heard = play(std::move(sources), FeedMode::fallback);
    const auto& ticks = heard.ticks.at("NIFTY");
    Duration longest{0};
    for (size_t i = 1; i < ticks.size(); ++i) {
        if (ticks[i - 1].first >= at(make_date(2026, 11, 18), hours(9) + minutes(15)))
            longest = std::max(longest, ticks[i].first - ticks[i - 1].first);
    }
    EXPECT_LE(longest, seconds(15));  // of the twelve minutes without the first
    ASSERT_EQ(heard.statuses.size(), 2U);
    EXPECT_TRUE(heard.statuses[0].second.starts_with("degraded dead"));
    EXPECT_EQ(heard.statuses[1].second, "up dead is good again: it takes over from good");
    EXPECT_EQ(heard.days, 1);
    EXPECT_EQ(heard.day_ends, 1);
    EXPECT_EQ(heard.ended, 1);
    EXPECT_TRUE(heard.ascending);
}

ReplayInput ticks_with_hole(int from_s, int to_s) {
    ReplayInput input;
    input.name = "ticks";
    input.calendar = &test::calendar();
    input.rules = &test::rules();
    input.hole = minutes(5);
    ReplayTickSeries series;
    series.key.symbol = "NIFTY";
    for (int s = 0; s < 375 * 60; ++s) {
        if (s >= from_s && s < to_s) continue;
        TickEvent tick;
        tick.last = Price::from_double(20'000 + s % 100);
        series.ticks.push_back(
            {ist_moment<ExchangeTime>(make_date(2024, 1, 10), hours(9) + minutes(15) + seconds(s)), tick});
    }
    input.ticks.push_back(std::move(series));
    return input;
}

TEST(FeedSwitch, recorded_ticks_with_a_hole_are_bridged_by_a_second_recording) {
    std::vector<FeedSwitch::Source> sources;
    sources.push_back({"a", ReplayFeed::create(ticks_with_hole(3'600, 4'800)).value()});
    sources.push_back({"b", ReplayFeed::create(ticks_with_hole(9'000, 9'600)).value()});
    const Heard heard = play(std::move(sources), FeedMode::redundant);
    EXPECT_EQ(heard.ticks.at("NIFTY").size(), 375U * 60U);
    // Each hole is told as it begins and as it has been over for a minute; none takes the whole down.
    ASSERT_EQ(heard.statuses.size(), 4U);
    for (const auto& [time, text] : heard.statuses) EXPECT_FALSE(text.starts_with("down")) << text;
}

TEST(ReplayHoles, twenty_minutes_without_data_are_down_after_five_and_up_at_the_next_tick) {
    auto feed = ReplayFeed::create(ticks_with_hole(3'600, 4'800)).value();
    const Heard heard = play(*feed);
    ASSERT_EQ(heard.statuses.size(), 2U);
    const Date day = make_date(2024, 1, 10);
    // The last tick before the hole is at 10:14:59.
    EXPECT_EQ(heard.statuses[0], std::pair(at(day, hours(10) + minutes(19) + seconds(59)),
                                           std::string("down no data of any instrument since 10:14:59")));
    EXPECT_EQ(heard.statuses[1],
              std::pair(at(day, hours(10) + minutes(35)), std::string("up data again after 1201 s")));
    EXPECT_TRUE(heard.ascending);
    EXPECT_EQ(heard.ticks.at("NIFTY").size(), 375U * 60U - 1'200U);
    const auto notes = feed->notes();
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_EQ(notes.back().substr(0, 25), "1 hole(s) inside sessions");
}

TEST(ReplayHoles, data_that_ends_early_is_down_until_the_day_is_over) {
    auto feed = ReplayFeed::create(ticks_with_hole(3'600, 375 * 60)).value();
    const Heard heard = play(*feed);
    ASSERT_EQ(heard.statuses.size(), 1U);
    EXPECT_TRUE(heard.statuses[0].second.starts_with("down"));
    EXPECT_EQ(heard.day_ends, 1);
    EXPECT_TRUE(heard.ascending);
}

TEST(ReplayHoles, four_minutes_are_none) {
    auto feed = ReplayFeed::create(ticks_with_hole(3'600, 3'840)).value();
    EXPECT_TRUE(play(*feed).statuses.empty());
}

}  // namespace
}  // namespace tide
