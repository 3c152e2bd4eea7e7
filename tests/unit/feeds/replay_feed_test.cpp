#include "feeds/replay_feed.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "feeds/replay_days.hpp"
#include "recorded_data.hpp"
#include "support/paths.hpp"

namespace tide {
namespace {

using test::calendar;
using test::rules;

Date d(int year, unsigned month, unsigned day) { return make_date(year, month, day); }
ExchangeTime time_of(Date date, int hour, int minute, int second = 0) {
    return ist_moment<ExchangeTime>(date, hours(hour) + minutes(minute) + seconds(second));
}
Price rupees(double value) { return Price::from_double(value); }

Bar bar(ExchangeTime start, double open, double high, double low, double close) {
    Bar made;
    made.start = start;
    made.open = rupees(open);
    made.high = rupees(high);
    made.low = rupees(low);
    made.close = rupees(close);
    return made;
}
ReplayKey index_key(const std::string& symbol) {
    ReplayKey key;
    key.symbol = symbol;
    key.kind = symbol.ends_with("VIX") ? InstrumentKind::volatility_index : InstrumentKind::index;
    return key;
}
ReplayKey option_key(Date expiry, int64_t strike, OptionRight right) {
    ReplayKey key;
    key.kind = InstrumentKind::option;
    key.underlying = "NIFTY";
    key.expiry = expiry;
    key.strike = Price::from_rupees(strike);
    key.right = right;
    return key;
}
// Flat minutes of 100 + the day of the month, from 09:15 to 15:30.
std::vector<Bar> flat_day(Date date, double level) {
    std::vector<Bar> bars;
    for (int minute = 0; minute < 375; ++minute) {
        bars.push_back(bar(time_of(date, 9, 15) + minutes(minute), level, level + 1, level - 2, level));
    }
    return bars;
}
ReplayInput input_of(std::vector<ReplaySeries> traded, std::vector<ReplaySeries> history = {}) {
    ReplayInput input;
    input.name = "test data";
    input.traded = std::move(traded);
    input.history = std::move(history);
    input.calendar = &calendar();
    input.rules = &rules();
    return input;
}

// An event kept: texts in it are gone.
struct Kept {
    ReceiveTime received;
    ExchangeTime exchange;
    EventPayload payload;
};
std::vector<Kept> play(ReplayFeed& feed, bool path = false) {
    std::vector<Kept> events;
    feed.want_bar_path(path);
    for (Event event; feed.next(event).value();) events.push_back({event.received, event.exchange, event.payload});
    return events;
}
std::vector<Kept> play(ReplayInput input, bool path = false) {
    auto feed = ReplayFeed::create(std::move(input));
    EXPECT_TRUE(feed.has_value()) << (feed ? "" : feed.error().message);
    return feed ? play(**feed, path) : std::vector<Kept>();
}
template <class Payload>
std::vector<Payload> all_of(const std::vector<Kept>& events) {
    std::vector<Payload> found;
    for (const Kept& event : events) {
        if (const auto* payload = std::get_if<Payload>(&event.payload)) found.push_back(*payload);
    }
    return found;
}
bool noted(const ReplayFeed& feed, std::string_view words) {
    for (const std::string& note : feed.notes()) {
        if (note.find(words) != std::string::npos) return true;
    }
    return false;
}

// When what an event says could first be known.
ExchangeTime information_time(const Kept& event) {
    if (const auto* at = std::get_if<BarEvent>(&event.payload)) {
        if (at->bar.timeframe != Timeframe::d1) return known_at(at->bar);
        const Date date = ist_date(at->bar.start);
        const auto day = calendar().covers("NSE", date) ? calendar().day("NSE", date).value() : std::nullopt;
        return ist_moment<ExchangeTime>(date,
                                        day ? day->sessions.back().close : calendar().usual_hours("NSE", date).close);
    }
    return event.exchange;
}
void expect_no_look_ahead(const std::vector<Kept>& events) {
    ReceiveTime last;
    for (const Kept& event : events) {
        ASSERT_GE(event.received, last);
        last = event.received;
        ASSERT_LE(information_time(event), as_exchange_time(event.received)) << format_iso(event.received);
    }
}

TEST(ReplayFeed, a_bar_is_received_at_its_end) {
    const Date date = d(2024, 1, 2);
    const auto events = play(input_of({{index_key("NIFTY"), Timeframe::m1, flat_day(date, 21700)}}));
    ASSERT_EQ(events.size(), 1 + 1 + 375 + 1 + 1U);  // instrument, day, bars, day's end, feed's end
    EXPECT_EQ(std::get<InstrumentEvent>(events[0].payload).instrument.symbol, "NIFTY");
    EXPECT_EQ(std::get<TradingDayEvent>(events[1].payload).date, date);
    EXPECT_EQ(events[1].received, at(date, hours(9)));
    EXPECT_EQ(events[2].received, at(date, hours(9) + minutes(16)));
    EXPECT_EQ(std::get<BarEvent>(events[2].payload).bar.start, time_of(date, 9, 15));
    EXPECT_EQ(events[376].received, at(date, hours(15) + minutes(30)));
    EXPECT_EQ(std::get<DayEndEvent>(events[377].payload).date, date);
    EXPECT_EQ(events[377].received, at(date, hours(15) + minutes(31)));
    EXPECT_EQ(std::get<FeedStatusEvent>(events[378].payload).state, FeedState::ended);
}

TEST(ReplayFeed, the_path_inside_a_bar_goes_to_the_nearer_extreme_first) {
    const Date date = d(2024, 1, 2);
    Bar low_first = bar(time_of(date, 9, 15), 100, 108, 97, 105);
    low_first.flags = kBarHasOi;
    low_first.oi = 4200;
    const Bar high_first = bar(time_of(date, 9, 15), 200, 201, 190, 195);
    const auto events = play(input_of({{index_key("NIFTY"), Timeframe::m1, {low_first}},
                                       {index_key("BANKNIFTY"), Timeframe::m1, {high_first}}}),
                             true);
    struct Point {
        int second;
        uint32_t id;
        double price;
    };
    const std::vector<Point> wanted{{0, 1, 100},  {0, 2, 200},  {20, 1, 97},  {20, 2, 201},
                                    {40, 1, 108}, {40, 2, 190}, {59, 1, 105}, {59, 2, 195}};
    size_t found = 0;
    for (const Kept& event : events) {
        const auto* tick = std::get_if<TickEvent>(&event.payload);
        if (tick == nullptr) continue;
        ASSERT_LT(found, wanted.size());
        EXPECT_EQ(event.received, at(date, hours(9) + minutes(15) + seconds(wanted[found].second)));
        EXPECT_EQ(tick->instrument.value(), wanted[found].id);
        EXPECT_EQ(tick->last, rupees(wanted[found].price));
        EXPECT_TRUE(tick->has(kTickPathOfBar));
        EXPECT_EQ(tick->has(kTickHasOi), wanted[found].id == 1 && wanted[found].second == 59);
        ++found;
    }
    EXPECT_EQ(found, wanted.size());
    expect_no_look_ahead(events);
}

TEST(ReplayFeed, the_path_is_given_from_the_minute_after_it_was_asked_for) {
    const Date date = d(2024, 1, 2);
    auto feed = ReplayFeed::create(input_of({{index_key("NIFTY"), Timeframe::m1, flat_day(date, 21700)}})).value();
    std::map<int64_t, int> points;  // by minute of the session
    for (Event event; feed->next(event).value();) {
        const auto* bar_event = std::get_if<BarEvent>(&event.payload);
        const bool asked = bar_event != nullptr && bar_event->bar.start == time_of(date, 9, 20);
        if (asked) feed->want_bar_path(true);
        if (bar_event != nullptr && bar_event->bar.start == time_of(date, 9, 21)) feed->want_bar_path(false);
        if (std::holds_alternative<TickEvent>(event.payload)) {
            ++points[(event.received - at(date, hours(9) + minutes(15))) / minutes(1)];
        }
    }
    EXPECT_EQ(points, (std::map<int64_t, int>{{6, 4}}));
}

TEST(ReplayFeed, indices_have_the_first_ids_then_vix_then_options_by_strike) {
    const Date date = d(2024, 1, 2);
    const Date expiry = d(2024, 1, 4);
    const std::vector<Bar> one{bar(time_of(date, 9, 15), 10, 10, 10, 10)};
    const auto events = play(input_of({{option_key(expiry, 21800, OptionRight::put), Timeframe::m1, one},
                                       {option_key(expiry, 21700, OptionRight::call), Timeframe::m1, one},
                                       {index_key("India VIX"), Timeframe::m1, one},
                                       {index_key("NIFTY 50"), Timeframe::m1, one}}));
    std::vector<std::string> symbols;
    for (const auto& added : all_of<InstrumentEvent>(events)) {
        symbols.push_back(added.instrument.symbol);
        EXPECT_EQ(added.instrument.id.value(), symbols.size());
    }
    EXPECT_EQ(symbols, (std::vector<std::string>{"NIFTY", "INDIAVIX", "NIFTY 2024-01-04 21700 CE",
                                                 "NIFTY 2024-01-04 21800 PE"}));
    const auto options = all_of<InstrumentEvent>(events);
    EXPECT_EQ(options[2].instrument.lot.units(), 50);
    EXPECT_EQ(options[2].instrument.underlying.value(), 1U);
    std::vector<uint32_t> bars;
    for (const auto& event : all_of<BarEvent>(events)) bars.push_back(event.bar.instrument.value());
    EXPECT_EQ(bars, (std::vector<uint32_t>{1, 2, 3, 4}));
}

TEST(ReplayFeed, history_comes_first_and_official_daily_bars_at_their_days_end) {
    std::vector<Bar> minutes_of_two_days = flat_day(d(2024, 1, 2), 21700);
    for (const Bar& one : flat_day(d(2024, 1, 4), 21800)) minutes_of_two_days.push_back(one);
    std::vector<Bar> daily;
    for (unsigned day = 1; day <= 5; ++day)
        daily.push_back(bar(time_of(d(2024, 1, day), 0, 0), 100, 110, 90, 100 + day));
    const auto events = play(input_of({{index_key("NIFTY"), Timeframe::m1, minutes_of_two_days}},
                                      {{index_key("NIFTY"), Timeframe::d1, daily}}));
    std::vector<std::string> order;
    for (const Kept& event : events) {
        if (const auto* at_bar = std::get_if<BarEvent>(&event.payload)) {
            if (at_bar->bar.timeframe != Timeframe::d1) continue;
            EXPECT_TRUE(at_bar->bar.is_history());
            order.push_back("bar " + format_date(ist_date(at_bar->bar.start)) + " at " + format_iso(event.received));
        }
        if (const auto* day = std::get_if<TradingDayEvent>(&event.payload))
            order.push_back("day " + format_date(day->date));
        if (const auto* day = std::get_if<DayEndEvent>(&event.payload))
            order.push_back("end " + format_date(day->date));
    }
    // 3 January has no minutes: its daily bar is known on the morning of the 4th. That of the 5th is never known.
    EXPECT_EQ(order, (std::vector<std::string>{"bar 2024-01-01 at 2024-01-02T00:00:00+05:30", "day 2024-01-02",
                                               "bar 2024-01-02 at 2024-01-02T15:31:00+05:30", "end 2024-01-02",
                                               "bar 2024-01-03 at 2024-01-04T00:00:00+05:30", "day 2024-01-04",
                                               "bar 2024-01-04 at 2024-01-04T15:31:00+05:30", "end 2024-01-04"}));
    expect_no_look_ahead(events);
}

TEST(ReplayFeed, a_daily_vix_gives_its_opening_value_at_the_open_and_nothing_on_days_without_one) {
    std::vector<Bar> minutes_of_two_days = flat_day(d(2024, 1, 2), 21700);
    for (const Bar& one : flat_day(d(2024, 1, 3), 21800)) minutes_of_two_days.push_back(one);
    auto feed =
        ReplayFeed::create(
            input_of(
                {{index_key("NIFTY"), Timeframe::m1, minutes_of_two_days}},
                {{index_key("INDIAVIX"), Timeframe::d1, {bar(time_of(d(2024, 1, 2), 0, 0), 14.5, 15.5, 14.1, 15.2)}}}))
            .value();
    const auto events = play(*feed);
    std::vector<const Kept*> ticks;
    for (const Kept& event : events) {
        if (std::holds_alternative<TickEvent>(event.payload)) ticks.push_back(&event);
    }
    ASSERT_EQ(ticks.size(), 1U);
    EXPECT_EQ(ticks[0]->received, at(d(2024, 1, 2), hours(9) + minutes(15)));
    const TickEvent& tick = std::get<TickEvent>(ticks[0]->payload);
    EXPECT_EQ(tick.last, rupees(14.5));
    EXPECT_TRUE(tick.has(kTickDailyValue));
    EXPECT_TRUE(noted(*feed, "1 trading day(s) without any VIX"));
}

TEST(ReplayFeed, minutes_of_the_vix_take_the_place_of_its_daily_value) {
    const Date date = d(2024, 1, 2);
    const auto events =
        play(input_of({{index_key("NIFTY"), Timeframe::m1, flat_day(date, 21700)},
                       {index_key("INDIAVIX"), Timeframe::m1, flat_day(date, 14)}},
                      {{index_key("INDIAVIX"), Timeframe::d1, {bar(time_of(date, 0, 0), 14, 15, 13, 14)}}}));
    EXPECT_TRUE(all_of<TickEvent>(events).empty());
}

TEST(ReplayFeed, bars_outside_the_sessions_are_dropped_and_counted) {
    const Date drill = d(2024, 3, 2);  // 09:15-10:00 and 11:30-12:30
    std::vector<Bar> bars;
    for (const auto& [hour, minute] : {std::pair{9, 59}, {10, 0}, {11, 29}, {11, 30}, {12, 29}, {12, 30}}) {
        bars.push_back(bar(time_of(drill, hour, minute), 1, 1, 1, 1));
    }
    auto feed = ReplayFeed::create(input_of({{index_key("NIFTY"), Timeframe::m1, bars}})).value();
    const auto events = play(*feed);
    std::vector<std::string> kept;
    for (const auto& event : all_of<BarEvent>(events)) {
        kept.push_back(format_time_of_day(ist_since_midnight(event.bar.start)));
    }
    EXPECT_EQ(kept, (std::vector<std::string>{"09:59:00", "11:30:00", "12:29:00"}));
    EXPECT_TRUE(noted(*feed, "3 bar(s) outside the day's sessions"));
    EXPECT_EQ(all_of<TradingDayEvent>(events).at(0).session_count, 2);
}

TEST(ReplayFeed, data_on_a_closed_day_is_not_traded_and_noted) {
    std::vector<Bar> bars = flat_day(d(2025, 8, 26), 24700);
    for (const Bar& one : flat_day(d(2025, 8, 27), 24700)) bars.push_back(one);  // Ganesh Chaturthi
    for (const Bar& one : flat_day(d(2025, 8, 29), 24500)) bars.push_back(one);
    auto feed = ReplayFeed::create(input_of({{index_key("NIFTY"), Timeframe::m1, bars}})).value();
    EXPECT_EQ(all_of<TradingDayEvent>(play(*feed)).size(), 2U);
    EXPECT_TRUE(noted(*feed, "closed day(s), not traded: 2025-08-27 (Ganesh Chaturthi, 375 rows)"));
    EXPECT_TRUE(noted(*feed, "1 trading day(s) without data: 2025-08-28"));
}

TEST(ReplayFeed, a_year_without_a_calendar_takes_its_days_from_the_data) {
    const Date muhurat = d(2022, 10, 24);  // 18:15-19:15
    std::vector<Bar> bars = flat_day(d(2022, 10, 21), 17500);
    for (int minute = 0; minute < 60; ++minute) {
        bars.push_back(bar(time_of(muhurat, 18, 15) + minutes(minute), 17700, 17710, 17690, 17700));
    }
    auto feed = ReplayFeed::create(input_of({{index_key("NIFTY"), Timeframe::m1, bars}})).value();
    const auto events = play(*feed);
    const auto days = all_of<TradingDayEvent>(events);
    ASSERT_EQ(days.size(), 2U);
    EXPECT_TRUE(days[0].from_data);
    EXPECT_EQ(days[0].sessions[0].close, hours(15) + minutes(30));
    EXPECT_EQ(days[1].sessions[0].open, hours(18) + minutes(15));
    EXPECT_EQ(days[1].sessions[0].close, hours(19) + minutes(15));
    EXPECT_EQ(all_of<BarEvent>(events).size(), 435U);
    EXPECT_TRUE(noted(*feed, "taken from the data"));
}

TEST(ReplayFeed, data_before_the_first_traded_day_is_context) {
    std::vector<Bar> bars = flat_day(d(2024, 1, 2), 21700);
    for (const Bar& one : flat_day(d(2024, 1, 3), 21800)) bars.push_back(one);
    ReplayInput input = input_of({{index_key("NIFTY"), Timeframe::m1, bars}});
    input.from = d(2024, 1, 3);
    const auto events = play(std::move(input));
    int history = 0;
    int traded = 0;
    for (const auto& event : all_of<BarEvent>(events)) ++(event.bar.is_history() ? history : traded);
    EXPECT_EQ(history, 375);
    EXPECT_EQ(traded, 375);
    expect_no_look_ahead(events);
}

TEST(ReplayFeed, the_option_model_gets_the_days_contracts_around_the_previous_close) {
    std::vector<Bar> bars = flat_day(d(2024, 1, 2), 21700);
    for (const Bar& one : flat_day(d(2024, 1, 3), 21720)) bars.push_back(one);
    for (const Bar& one : flat_day(d(2024, 1, 5), 21720)) bars.push_back(one);
    ReplayInput input = input_of(
        {{index_key("NIFTY"), Timeframe::m1, bars}},
        {{index_key("NIFTY"), Timeframe::d1, {bar(time_of(d(2024, 1, 1), 0, 0), 21700, 21750, 21600, 21690)}}});
    input.option_model = true;
    const auto events = play(std::move(input));
    std::map<std::string, std::set<Date>> expiries_of_day;  // by the day on which they were announced
    std::string day = "start";
    std::set<Price> strikes;
    for (const Kept& event : events) {
        if (const auto* at_day = std::get_if<TradingDayEvent>(&event.payload)) day = format_date(at_day->date);
        const auto* added = std::get_if<InstrumentEvent>(&event.payload);
        if (added == nullptr || !added->instrument.is_option()) continue;
        expiries_of_day[day].insert(*added->instrument.expiry);
        strikes.insert(added->instrument.strike);
    }
    // Two weeklies besides the monthlies of January and February; on the 5th the contract of the 4th has gone.
    EXPECT_EQ(expiries_of_day["2024-01-02"],
              (std::set<Date>{d(2024, 1, 4), d(2024, 1, 11), d(2024, 1, 25), d(2024, 2, 29)}));
    EXPECT_EQ(expiries_of_day.count("2024-01-03"), 0U);
    EXPECT_EQ(expiries_of_day["2024-01-05"], (std::set<Date>{d(2024, 1, 18)}));
    EXPECT_EQ(*strikes.begin(), Price::from_rupees(21700 - 15 * 50));
    EXPECT_EQ(*strikes.rbegin(), Price::from_rupees(21700 + 15 * 50));
    expect_no_look_ahead(events);
}

TEST(ReplayFeed, without_a_previous_close_contracts_follow_the_first_minute) {
    const Date date = d(2024, 1, 2);
    ReplayInput input = input_of({{index_key("NIFTY"), Timeframe::m1, flat_day(date, 21700)}});
    input.option_model = true;
    const auto events = play(std::move(input));
    for (const Kept& event : events) {
        const auto* added = std::get_if<InstrumentEvent>(&event.payload);
        if (added == nullptr || !added->instrument.is_option()) continue;
        EXPECT_EQ(event.received, at(date, hours(9) + minutes(16)));
    }
    EXPECT_EQ(all_of<InstrumentEvent>(events).size(), 1 + 4 * 31 * 2U);
}

TEST(ReplayFeed, ticks_come_at_their_time_and_after_bars_that_end_then) {
    const Date date = d(2024, 1, 2);
    ReplayInput input = input_of({{index_key("BANKNIFTY"),
                                   Timeframe::m1,
                                   {bar(time_of(date, 9, 15), 48000, 48000, 48000, 48000),
                                    bar(time_of(date, 9, 16), 48000, 48000, 48000, 48000)}}});
    ReplayTickSeries series{index_key("NIFTY"), {}};
    for (const auto& [hour, minute, second] :
         {std::tuple{9, 8, 0}, {9, 15, 1}, {9, 16, 0}, {9, 16, 1}, {15, 30, 0}, {15, 32, 0}}) {
        TickEvent tick;
        tick.last = rupees(21700);
        series.ticks.push_back({time_of(date, hour, minute, second), tick});
    }
    input.ticks.push_back(series);
    auto feed = ReplayFeed::create(std::move(input)).value();
    const auto events = play(*feed);
    std::string order;
    for (const Kept& event : events) {
        if (std::holds_alternative<TickEvent>(event.payload)) order += "t";
        if (std::holds_alternative<BarEvent>(event.payload)) order += "B";
        if (std::holds_alternative<TradingDayEvent>(event.payload)) order += "D";
        if (std::holds_alternative<DayEndEvent>(event.payload)) order += "E";
    }
    EXPECT_EQ(order, "DttBttBtE");
    EXPECT_TRUE(noted(*feed, "1 tick(s) after the close dropped"));
    expect_no_look_ahead(events);
}

TEST(ReplayFeed, wrong_input_is_refused_with_its_reason) {
    const Date date = d(2024, 1, 2);
    const auto error_of = [](ReplayInput input) {
        const auto feed = ReplayFeed::create(std::move(input));
        return feed ? std::string() : feed.error().message;
    };
    std::vector<Bar> falling = flat_day(date, 100);
    std::swap(falling[3], falling[4]);
    EXPECT_NE(error_of(input_of({{index_key("NIFTY"), Timeframe::m1, falling}})).find("do not ascend"),
              std::string::npos);
    EXPECT_NE(error_of(input_of({{index_key("NIFTY"), Timeframe::m5, flat_day(date, 100)}})).find("has 5m bars"),
              std::string::npos);
    EXPECT_NE(error_of(input_of({{index_key("NIFTY"), Timeframe::m1, flat_day(date, 100)},
                                 {index_key("NIFTY"), Timeframe::m1, flat_day(date, 100)}}))
                  .find("NIFTY comes twice"),
              std::string::npos);
    ReplayInput empty = input_of({{index_key("NIFTY"), Timeframe::m1, flat_day(date, 100)}});
    empty.from = d(2024, 6, 1);
    EXPECT_NE(error_of(std::move(empty)).find("no trading day with data from 2024-06-01"), std::string::npos);
}

TEST(ReplayFeed, the_same_data_gives_the_same_events_twice) {
    const auto made = [] {
        return play(input_of({{index_key("NIFTY"), Timeframe::m1, flat_day(d(2024, 1, 2), 21700)}}), true);
    };
    const auto first = made();
    const auto second = made();
    ASSERT_EQ(first.size(), second.size());
    for (size_t i = 0; i < first.size(); ++i) {
        EXPECT_EQ(first[i].received, second[i].received);
        EXPECT_EQ(first[i].payload.index(), second[i].payload.index());
    }
}

TEST(ReplayFeed, five_recorded_months_play_without_look_ahead) {
    const auto folder = data_folder() / "idx_1m_2024";
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << "real data not found: " << folder;
    ReplayInput input = input_of({});
    for (const std::string symbol : {"NIFTY", "BANKNIFTY"}) {
        ReplaySeries series{index_key(symbol), Timeframe::m1, {}};
        test::for_each_row(folder / (symbol + "_1m_2024-01-01_2024-08-23.csv.gz"),
                           [&](const auto& fields) { series.bars.push_back(test::bar_of(fields, 0, 1)); });
        input.traded.push_back(std::move(series));
    }
    ReplaySeries vix{index_key("INDIAVIX"), Timeframe::d1, {}};
    test::for_each_row(data_folder() / "vix_daily" / "INDIAVIX_daily.csv.gz", [&](const auto& fields) {
        vix.bars.push_back(test::bar_of({fields.begin(), fields.begin() + 5}, 0, 1));
    });
    input.history.push_back(std::move(vix));
    input.option_model = true;
    auto feed = ReplayFeed::create(std::move(input)).value();
    const auto events = play(*feed, true);
    expect_no_look_ahead(events);
    std::map<Date, int> bars_of_day;
    for (const auto& event : all_of<BarEvent>(events)) {
        if (!event.bar.is_history()) ++bars_of_day[ist_date(event.bar.start)];
    }
    EXPECT_EQ(bars_of_day.size(), 100U);
    for (const auto& [date, bars] : bars_of_day) {
        const bool drill = date == d(2024, 3, 2) || date == d(2024, 5, 18);
        EXPECT_EQ(bars, drill ? 210 : 750) << format_date(date);
    }
    // Lots change with the contract: 50 until the contracts of 2 May 2024.
    for (const auto& added : all_of<InstrumentEvent>(events)) {
        const std::string& symbol = added.instrument.symbol;
        const int64_t lot = added.instrument.lot.units();
        if (symbol.starts_with("NIFTY 2024-04-25")) {
            EXPECT_EQ(lot, 50);
        } else if (symbol.starts_with("NIFTY 2024-06-06")) {
            EXPECT_EQ(lot, 25);
        }
    }
    for (const std::string& note : feed->notes()) std::printf("          %s\n", note.c_str());
}

TEST(ReplayFeed, a_recorded_option_day_keeps_its_silent_minutes_silent) {
    const auto folder = data_folder() / "banknifty_full_day_20221230";
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << "real data not found: " << folder;
    ReplayInput input = input_of({{index_key("BANKNIFTY"), Timeframe::m1, {}}});
    test::for_each_row(folder / "BANKNIFTY_spot_1m.csv.gz",
                       [&](const auto& fields) { input.traded[0].bars.push_back(test::bar_of(fields, 0, 1)); });
    std::map<std::pair<Price, OptionRight>, ReplaySeries> options;
    int64_t rows = 0;
    int64_t at_close = 0;
    test::for_each_row(folder / "BANKNIFTY_options_1m.csv.gz", [&](const auto& fields) {
        ReplayKey key = option_key(*parse_date(fields[2]), std::stoll(fields[3]), *parse_option_right(fields[4]));
        key.underlying = "BANKNIFTY";
        ReplaySeries& series = options[{key.strike, key.right}];
        series.key = key;
        series.bars.push_back(test::bar_of(fields, 0, 5));
        ++rows;
        at_close += fields[0].ends_with("T15:30:00");
    });
    for (auto& [key, series] : options) input.traded.push_back(std::move(series));
    const auto spot_rows = static_cast<int64_t>(input.traded[0].bars.size());
    auto feed = ReplayFeed::create(std::move(input)).value();
    const auto events = play(*feed);
    expect_no_look_ahead(events);
    const auto instruments = all_of<InstrumentEvent>(events);
    EXPECT_EQ(instruments.size(), 130U);
    EXPECT_EQ(instruments[5].instrument.lot.units(), 25);
    int64_t option_bars = 0;
    int64_t spot_bars = 0;
    for (const auto& event : all_of<BarEvent>(events)) ++(event.bar.instrument.value() == 1 ? spot_bars : option_bars);
    EXPECT_EQ(option_bars, rows - at_close);
    EXPECT_LE(spot_bars, spot_rows);
    EXPECT_TRUE(all_of<TradingDayEvent>(events).at(0).from_data);
    for (const std::string& note : feed->notes()) std::printf("          %s\n", note.c_str());
}

TEST(ReplayFeed, a_recorded_day_of_seconds_is_played_as_ticks) {
    const auto file = data_folder() / "nifty_1s_2022" / "NIFTY_1s_2022-08-10.csv.gz";
    if (!std::filesystem::exists(file)) GTEST_SKIP() << "real data not found: " << file;
    ReplayInput input = input_of({});
    input.ticks.push_back({index_key("NIFTY"), {}});
    test::for_each_row(file, [&](const auto& fields) {
        TickEvent tick;
        tick.last = test::price(fields[1]);
        input.ticks[0].ticks.push_back({*parse_timestamp(fields[0]), tick});
    });
    const size_t rows = input.ticks[0].ticks.size();
    auto feed = ReplayFeed::create(std::move(input)).value();
    const auto events = play(*feed);
    expect_no_look_ahead(events);
    const size_t ticks = all_of<TickEvent>(events).size();
    EXPECT_GT(ticks, 22'000U);
    EXPECT_LT(ticks, rows);  // those after 15:30 are left out
    EXPECT_EQ(events[1].received, at(d(2022, 8, 10), hours(9)));
}

}  // namespace
}  // namespace tide
