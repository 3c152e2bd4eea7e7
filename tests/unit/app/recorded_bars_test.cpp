// Recorded days through the feed and the market state that every session has.
#include <gtest/gtest.h>

#include <map>

#include "../market/shared_data.hpp"
#include "app/engine_settings.hpp"
#include "app/market_source.hpp"
#include "barstore/data_set.hpp"
#include "session/market_state.hpp"
#include "support/paths.hpp"

namespace tide {
namespace {

// Everything that closed, by instrument and timeframe.
using Closed = std::map<std::pair<std::string, Timeframe>, std::vector<Bar>>;

Closed play(const std::vector<std::string>& data, std::vector<std::string>& notes) {
    RunOptions options;
    options.data = data;
    Paths paths;
    paths.resources = source_dir();
    const EngineSettings settings;
    auto market = open_market(options, paths, settings.session.data, settings.feeds);
    if (!market) throw std::runtime_error(market.error().message);
    MarketState state(512, settings.session.data, settings.session.volatility);
    Closed closed;
    Event event;
    for (auto more = market->feed->next(event); more && *more; more = market->feed->next(event)) {
        state.look_at_data(event.received);
        state.on_time(event.received);
        state.on_event(event);
        for (const Bar& bar : state.closed()) {
            closed[{state.prices().instruments().get(bar.instrument).symbol, bar.timeframe}].push_back(bar);
        }
        state.take_closed();
    }
    notes = market->late_notes();
    return closed;
}

// No minute is left out: all of NIFTY_1m_from_1s.
TEST(RecordedBars, seconds_of_every_day_make_the_recorded_minutes_in_the_sessions_market) {
    const auto folder = data_folder() / "nifty_1s_2022";
    TIDE_NEEDS_DATA(folder);
    std::vector<std::string> days, notes;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().filename().string().starts_with("NIFTY_1s_")) days.push_back(entry.path().string());
    }
    std::sort(days.begin(), days.end());
    ASSERT_EQ(days.size(), 31U);
    const auto answer = read_bars({folder / "NIFTY_1m_from_1s.csv.gz"});
    ASSERT_TRUE(answer);
    const auto& expected = answer->series.at(0).bars;
    const Closed closed = play(days, notes);
    // Those of the session's gap rules (trading-rules, "Bars") stand besides, flagged.
    std::vector<Bar> built;
    for (const Bar& bar : closed.at({"NIFTY", Timeframe::m1})) {
        if ((bar.flags & kBarGapFilled) == 0) built.push_back(bar);
    }
    ASSERT_EQ(built.size(), expected.size());
    for (size_t i = 0; i < built.size(); ++i) {
        ASSERT_EQ(built[i].start, expected[i].start) << format_iso(expected[i].start);
        ASSERT_EQ(built[i].open, expected[i].open) << format_iso(expected[i].start);
        ASSERT_EQ(built[i].high, expected[i].high) << format_iso(expected[i].start);
        ASSERT_EQ(built[i].low, expected[i].low) << format_iso(expected[i].start);
        ASSERT_EQ(built[i].close, expected[i].close) << format_iso(expected[i].start);
    }
}

// Summed from the files: 375 minutes of the index, each with a minute of the future; the future's 15:30 is outside.
TEST(RecordedBars, an_index_takes_the_volume_of_its_near_future) {
    const auto folder = data_folder() / "banknifty_full_day_20221230";
    TIDE_NEEDS_DATA(folder);
    std::vector<std::string> notes;
    const Closed closed = play(
        {(folder / "BANKNIFTY_spot_1m.csv.gz").string(), (folder / "BANKNIFTY_fut_near_1m.csv.gz").string()}, notes);
    const auto& minutes_of = closed.at({"BANKNIFTY", Timeframe::m1});
    ASSERT_EQ(minutes_of.size(), 375U);
    int64_t sum = 0;
    for (const Bar& bar : minutes_of) {
        EXPECT_TRUE(bar.has_volume());
        EXPECT_NE(bar.flags & kBarFutureVolume, 0);
        sum += bar.volume;
    }
    EXPECT_EQ(sum, 3'304'453);
    EXPECT_EQ(minutes_of[0].volume, 74'453);
    const Bar& first = closed.at({"BANKNIFTY", Timeframe::m5}).at(0);
    EXPECT_EQ(first.volume, 202'878);
    EXPECT_NE(first.flags & kBarFutureVolume, 0);
    const Bar& day = closed.at({"BANKNIFTY", Timeframe::d1}).at(0);
    EXPECT_EQ(day.volume, 3'304'453);
    EXPECT_EQ(closed.at({"BANKNIFTY_FUT_NEAR", Timeframe::d1}).at(0).flags & kBarFutureVolume, 0);
}

// The source writes 0: an index is not traded, so that is no volume.
TEST(RecordedBars, an_index_without_a_future_has_no_volume) {
    const auto folder = data_folder() / "banknifty_full_day_20221230";
    TIDE_NEEDS_DATA(folder);
    std::vector<std::string> notes;
    const Closed closed = play({(folder / "BANKNIFTY_spot_1m.csv.gz").string()}, notes);
    for (const Timeframe timeframe : {Timeframe::m1, Timeframe::m5, Timeframe::d1}) {
        for (const Bar& bar : closed.at({"BANKNIFTY", timeframe})) ASSERT_FALSE(bar.has_volume());
    }
}

}  // namespace
}  // namespace tide
