// Any stream of ticks makes the bars that the slow reference makes of it.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "bar_reference.hpp"
#include "market/activity_bars.hpp"
#include "market/bar_builder.hpp"

namespace tide {
namespace {

using test::BarReference;
using test::StreamTick;

constexpr uint32_t kInstruments = 3;
const Date kDay = make_date(2024, 3, 2);

// Two sessions of ten and of five minutes and a half, so that a short last minute is among them.
TradingDayEvent short_day() {
    TradingDayEvent day;
    day.date = kDay;
    day.session_count = 2;
    day.sessions[0] = {hours(9) + minutes(15), hours(9) + minutes(25)};
    day.sessions[1] = {hours(9) + minutes(30), hours(9) + minutes(35) + seconds(30)};
    return day;
}

TickEvent any_tick(int64_t day_volume) {
    TickEvent tick;
    tick.instrument = InstrumentId(*rc::gen::inRange<uint32_t>(1, kInstruments + 1));
    tick.last = Price::from_units(*rc::gen::weightedOneOf<int64_t>(
        {{20, rc::gen::map(rc::gen::inRange<int64_t>(1990, 2010), [](int64_t step) { return step * 500; })},
         {1, rc::gen::just<int64_t>(0)}}));
    switch (*rc::gen::inRange(0, 4)) {
        case 0:
            tick.flags |= kTickVolumeIsDelta;
            tick.volume = *rc::gen::inRange<int64_t>(-5, 200);
            break;
        case 1:
        case 2:  // mostly rising, sometimes falling
            tick.flags |= kTickHasVolume;
            tick.volume = day_volume + *rc::gen::inRange<int64_t>(-60, 200);
            break;
        default:
            break;
    }
    if (*rc::gen::inRange(0, 3) == 0) {
        tick.flags |= kTickHasOi;
        tick.oi = *rc::gen::inRange<int64_t>(0, 3);
    }
    if (*rc::gen::inRange(0, 30) == 0) tick.flags |= kTickPathOfBar;
    return tick;
}

// From 09:14, a few seconds apart; stamps near, far behind, ahead, frozen or none; repeats.
std::vector<StreamTick> any_stream() {
    const auto count = *rc::gen::inRange<size_t>(0, 160);
    std::vector<StreamTick> stream;
    ReceiveTime now = at(kDay, hours(9) + minutes(14));
    int64_t day_volume = 0;
    for (size_t i = 0; i < count; ++i) {
        now += milliseconds(*rc::gen::weightedOneOf<int64_t>(
            {{8, rc::gen::inRange<int64_t>(0, 20'000)}, {1, rc::gen::inRange<int64_t>(0, 200'000)}}));
        if (!stream.empty() && *rc::gen::inRange(0, 6) == 0) {
            stream.push_back({now, stream.back().exchange, stream.back().tick});
            continue;
        }
        const auto skew = *rc::gen::weightedOneOf<int64_t>({{6, rc::gen::inRange<int64_t>(-5'000, 5'001)},
                                                            {2, rc::gen::just<int64_t>(0)},
                                                            {1, rc::gen::inRange<int64_t>(-200'000, 200'000)}});
        const bool stamped = *rc::gen::inRange(0, 5) != 0;
        day_volume += 50;
        stream.push_back(
            {now, stamped ? as_exchange_time(now) + milliseconds(skew) : ExchangeTime(), any_tick(day_volume)});
    }
    return stream;
}

std::vector<StreamTick> of_instrument(const std::vector<StreamTick>& stream, InstrumentId id) {
    std::vector<StreamTick> ticks;
    for (const StreamTick& one : stream) {
        if (one.tick.instrument == id) ticks.push_back(one);
    }
    return ticks;
}

void same(const std::vector<Bar>& built, const std::vector<Bar>& expected, bool with_start) {
    RC_ASSERT(built.size() == expected.size());
    for (size_t i = 0; i < built.size(); ++i) {
        if (with_start) RC_ASSERT(built[i].start == expected[i].start);
        RC_ASSERT(built[i].open == expected[i].open);
        RC_ASSERT(built[i].high == expected[i].high);
        RC_ASSERT(built[i].low == expected[i].low);
        RC_ASSERT(built[i].close == expected[i].close);
        RC_ASSERT(built[i].volume == expected[i].volume);
        RC_ASSERT(built[i].oi == expected[i].oi);
        RC_ASSERT(built[i].flags == expected[i].flags);
    }
}

void put(std::vector<std::vector<Bar>>& by_instrument, std::span<const Bar> bars) {
    for (const Bar& bar : bars) by_instrument[bar.instrument.value()].push_back(bar);
}

RC_GTEST_PROP(BarProperty, any_stream_makes_the_minutes_of_the_reference_without_a_clock, ()) {
    const auto stream = any_stream();
    BarBuilder builder;
    std::vector<std::vector<Bar>> built(kInstruments + 1);
    put(built, builder.start_day(short_day()));
    for (const StreamTick& one : stream) put(built, builder.on_tick(one.received, one.exchange, one.tick));
    put(built, builder.end_day(at(kDay, hours(16))));
    for (uint32_t id = 1; id <= kInstruments; ++id) {
        BarReference reference(short_day(), BarBuilderSettings{}.stamp_tolerance);
        same(built[id], reference.minutes_of(of_instrument(stream, InstrumentId(id)), false), true);
    }
}

// As in a session: the time of every tick closes what is due, of all instruments.
RC_GTEST_PROP(BarProperty, any_stream_makes_the_minutes_of_the_reference_with_a_clock, ()) {
    const auto stream = any_stream();
    BarBuilder builder;
    std::vector<Bar> closed;
    std::vector<std::vector<Bar>> built(kInstruments + 1);
    (void)builder.start_day(short_day());
    const auto keep = [&](std::span<const Bar> bars) {
        put(built, bars);
        closed.insert(closed.end(), bars.begin(), bars.end());
    };
    for (const StreamTick& one : stream) {
        keep(builder.close_due(one.received));
        keep(builder.on_tick(one.received, one.exchange, one.tick));
    }
    keep(builder.end_day(at(kDay, hours(16))));
    for (uint32_t id = 1; id <= kInstruments; ++id) {
        // Another instrument's tick is a clock too: a tick without a price stands for it.
        std::vector<StreamTick> ticks = stream;
        for (StreamTick& one : ticks) {
            if (one.tick.instrument == InstrumentId(id)) continue;
            one.tick = TickEvent{};
            one.exchange = {};
        }
        BarReference reference(short_day(), BarBuilderSettings{}.stamp_tolerance);
        same(built[id], reference.minutes_of(ticks, true), true);
    }
    for (const Bar& bar : closed) RC_ASSERT(bar.consistent());
}

RC_GTEST_PROP(BarProperty, any_stream_makes_the_activity_bars_of_the_reference, ()) {
    const auto stream = any_stream();
    const std::vector<ActivitySpec> specs{{ActivityKind::ticks, *rc::gen::inRange<int64_t>(2, 12)},
                                          {ActivityKind::volume, *rc::gen::inRange<int64_t>(1, 400)},
                                          {ActivityKind::range, *rc::gen::inRange<int64_t>(1, 12)}};
    ActivityFrames frames;
    for (const ActivitySpec& spec : specs) RC_ASSERT(frames.place(spec).has_value());
    BarBuilder builder;
    ActivityBars activity(frames);
    for (uint32_t id = 1; id <= kInstruments; ++id) activity.follow(InstrumentId(id), Price::from_units(500));
    std::map<std::pair<Timeframe, uint32_t>, std::vector<Bar>> built;
    const auto keep = [&](std::span<const Bar> bars) {
        for (const Bar& bar : bars) built[{bar.timeframe, bar.instrument.value()}].push_back(bar);
    };
    (void)builder.start_day(short_day());
    for (const StreamTick& one : stream) {
        (void)builder.on_tick(one.received, one.exchange, one.tick);
        if (const PlacedTick* placed = builder.placed()) keep(activity.on_tick(one.tick, *placed));
    }
    keep(activity.end_day());
    for (uint32_t id = 1; id <= kInstruments; ++id) {
        BarReference reference(short_day(), BarBuilderSettings{}.stamp_tolerance);
        const auto ticks = of_instrument(stream, InstrumentId(id));
        (void)reference.minutes_of(ticks, false);
        for (size_t i = 0; i < specs.size(); ++i) {
            same(built[{ActivityFrames::at(i), id}], reference.activity_of(ticks, specs[i], 500), false);
        }
    }
}

}  // namespace
}  // namespace tide
