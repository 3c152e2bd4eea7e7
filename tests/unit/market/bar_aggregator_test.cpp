#include "market/bar_aggregator.hpp"

#include <gtest/gtest.h>

#include <map>

#include "shared_data.hpp"

namespace tide {
namespace {

const Date kMonday = make_date(2024, 1, 1);
const InstrumentId kId(1);

Duration clock(int hour, int minute) { return hours(hour) + minutes(minute); }
TradingDayEvent day_of(Date date, std::vector<SessionHours> sessions) {
    TradingDayEvent day;
    day.date = date;
    day.session_count = static_cast<uint8_t>(sessions.size());
    for (size_t i = 0; i < sessions.size(); ++i) day.sessions[i] = sessions[i];
    return day;
}
TradingDayEvent usual_day(Date date) { return day_of(date, {{clock(9, 15), clock(15, 30)}}); }

Bar minute_bar(Date date, Duration start, double open, double high, double low, double close) {
    Bar bar;
    bar.instrument = kId;
    bar.start = ist_moment<ExchangeTime>(date, start);
    bar.open = Price::from_double(open);
    bar.high = Price::from_double(high);
    bar.low = Price::from_double(low);
    bar.close = Price::from_double(close);
    return bar;
}
// Price 1000 + minutes since 09:15, a range of 1 around it.
Bar plain_minute(Date date, Duration start) {
    const double price = 1000 + static_cast<double>((start - clock(9, 15)) / minutes(1));
    return minute_bar(date, start, price, price + 1, price - 1, price + 0.5);
}

class BarAggregatorTest : public testing::Test {
  protected:
    void use(std::vector<Timeframe> targets, GapPolicy policy = GapPolicy::keep) {
        aggregator_.emplace(targets);
        aggregator_->set_gap_policy(kId, policy);
        keep(aggregator_->start_day(usual_day(kMonday)));
    }
    void keep(std::span<const Bar> closed) { bars_.insert(bars_.end(), closed.begin(), closed.end()); }
    void minute(int hour, int minute, Date date = kMonday) {
        keep(aggregator_->on_bar(plain_minute(date, clock(hour, minute))));
    }
    // Minutes [from, to).
    void run(Duration from, Duration to, Date date = kMonday) {
        for (Duration t = from; t < to; t += minutes(1)) keep(aggregator_->on_bar(plain_minute(date, t)));
    }
    std::vector<Bar> of(Timeframe timeframe) const {
        std::vector<Bar> found;
        for (const Bar& bar : bars_) {
            if (bar.timeframe == timeframe) found.push_back(bar);
        }
        return found;
    }
    static std::string start_of(const Bar& bar) {
        return format_time_of_day(ist_since_midnight(bar.start)).substr(0, 5);
    }
    static std::vector<std::string> starts(const std::vector<Bar>& bars) {
        std::vector<std::string> out;
        for (const Bar& bar : bars) out.push_back(start_of(bar));
        return out;
    }
    std::optional<BarAggregator> aggregator_;
    std::vector<Bar> bars_;
};

using Texts = std::vector<std::string>;

TEST_F(BarAggregatorTest, five_minutes_make_a_bar_with_the_last_of_them) {
    use({Timeframe::m5});
    run(clock(9, 15), clock(9, 19));
    EXPECT_TRUE(of(Timeframe::m5).empty());
    minute(9, 19);
    const auto bars = of(Timeframe::m5);
    ASSERT_EQ(bars.size(), 1U);
    EXPECT_EQ(start_of(bars[0]), "09:15");
    EXPECT_EQ(bars[0].open, Price::from_rupees(1000));
    EXPECT_EQ(bars[0].high, Price::from_rupees(1005));
    EXPECT_EQ(bars[0].low, Price::from_rupees(999));
    EXPECT_EQ(bars[0].close, Price::from_double(1004.5));
    EXPECT_EQ(bars[0].flags, 0);
}

TEST_F(BarAggregatorTest, hours_start_at_a_quarter_past_and_the_last_one_ends_with_the_session) {
    use({Timeframe::h1});
    run(clock(9, 15), clock(15, 30));
    EXPECT_EQ(starts(of(Timeframe::h1)), (Texts{"09:15", "10:15", "11:15", "12:15", "13:15", "14:15", "15:15"}));
    EXPECT_EQ(of(Timeframe::h1).back().close, plain_minute(kMonday, clock(15, 29)).close);
    EXPECT_EQ(of(Timeframe::h1).back().flags, 0);
    EXPECT_EQ(aggregator_->counts().used, 375);
}

// From 2026-08-03: 385 minutes.
TEST_F(BarAggregatorTest, a_session_to_twenty_to_four_ends_its_last_bars_there) {
    use({Timeframe::m15, Timeframe::m30, Timeframe::h1});
    keep(aggregator_->start_day(day_of(kMonday, {{clock(9, 15), clock(15, 40)}})));
    run(clock(9, 15), clock(15, 40));
    EXPECT_EQ(of(Timeframe::h1).size(), 7U);
    EXPECT_EQ(of(Timeframe::m30).size(), 13U);
    EXPECT_EQ(of(Timeframe::m15).size(), 26U);
    EXPECT_EQ(start_of(of(Timeframe::m15).back()), "15:30");
    EXPECT_EQ(of(Timeframe::m15).back().close, plain_minute(kMonday, clock(15, 39)).close);
}

TEST_F(BarAggregatorTest, every_session_of_a_day_starts_its_own_bars) {
    use({Timeframe::m30, Timeframe::h1, Timeframe::d1}, GapPolicy::underlying);
    keep(aggregator_->start_day(day_of(kMonday, {{clock(9, 15), clock(10, 0)}, {clock(11, 30), clock(12, 30)}})));
    run(clock(9, 15), clock(10, 0));
    run(clock(11, 30), clock(12, 30));
    keep(aggregator_->end_day());
    EXPECT_EQ(starts(of(Timeframe::m30)), (Texts{"09:15", "09:45", "11:30", "12:00"}));
    EXPECT_EQ(starts(of(Timeframe::h1)), (Texts{"09:15", "11:30"}));
    ASSERT_EQ(of(Timeframe::d1).size(), 1U);
    EXPECT_EQ(of(Timeframe::d1)[0].flags, 0);
    EXPECT_EQ(aggregator_->counts().discarded, 0);
}

TEST_F(BarAggregatorTest, bars_that_close_together_come_shortest_first) {
    use({Timeframe::d1, Timeframe::h1, Timeframe::m30, Timeframe::m15, Timeframe::m5, Timeframe::m3});
    run(clock(9, 15), clock(10, 14));
    bars_.clear();
    minute(10, 14);
    std::vector<Timeframe> order;
    for (const Bar& bar : bars_) order.push_back(bar.timeframe);
    EXPECT_EQ(order, (std::vector<Timeframe>{Timeframe::m1, Timeframe::m3, Timeframe::m5, Timeframe::m15,
                                             Timeframe::m30, Timeframe::h1}));
}

TEST_F(BarAggregatorTest, the_day_closes_at_its_end_and_the_week_with_another_weeks_first_day) {
    use({Timeframe::d1, Timeframe::w1});
    for (int i = 0; i < 5; ++i) {
        const Date date = kMonday + std::chrono::days(i);
        keep(aggregator_->start_day(usual_day(date)));
        keep(aggregator_->on_bar(minute_bar(date, clock(9, 15), 100 + i, 110 + i, 90 - i, 105 + i)));
        EXPECT_EQ(of(Timeframe::d1).size(), static_cast<size_t>(i));
        keep(aggregator_->end_day());
    }
    EXPECT_TRUE(of(Timeframe::w1).empty());
    keep(aggregator_->start_day(usual_day(kMonday + std::chrono::days(7))));
    const auto weeks = of(Timeframe::w1);
    ASSERT_EQ(weeks.size(), 1U);
    EXPECT_EQ(weeks[0].open, Price::from_rupees(100));
    EXPECT_EQ(weeks[0].high, Price::from_rupees(114));
    EXPECT_EQ(weeks[0].low, Price::from_rupees(86));
    EXPECT_EQ(weeks[0].close, Price::from_rupees(109));
    EXPECT_EQ(ist_date(weeks[0].start), kMonday);
}

TEST_F(BarAggregatorTest, an_official_daily_bar_takes_the_place_of_the_built_one) {
    use({Timeframe::d1});
    minute(9, 15);
    Bar official = minute_bar(kMonday, Duration(0), 1, 3, 1, 2);
    official.timeframe = Timeframe::d1;
    official.flags = kBarHasVolume;
    official.volume = 777;
    aggregator_->set_official_day(official);
    keep(aggregator_->end_day());
    ASSERT_EQ(of(Timeframe::d1).size(), 1U);
    EXPECT_EQ(of(Timeframe::d1)[0].close, Price::from_rupees(2));
    EXPECT_EQ(of(Timeframe::d1)[0].volume, 777);
    EXPECT_EQ(start_of(of(Timeframe::d1)[0]), "09:15");
}

TEST_F(BarAggregatorTest, daily_history_makes_weeks) {
    use({Timeframe::w1});
    for (int i = 0; i < 9; ++i) {
        Bar bar = minute_bar(kMonday + std::chrono::days(i), Duration(0), 10 + i, 20 + i, 5, 11 + i);
        bar.timeframe = Timeframe::d1;
        keep(aggregator_->on_daily(bar));
    }
    keep(aggregator_->close_weeks());
    ASSERT_EQ(bars_.size(), 2U);
    EXPECT_EQ(bars_[0].high, Price::from_rupees(26));
    EXPECT_EQ(bars_[1].open, Price::from_rupees(17));
    EXPECT_EQ(bars_[1].close, Price::from_rupees(19));
}

TEST_F(BarAggregatorTest, volume_adds_up_and_is_missing_when_a_minute_lacks_it) {
    use({Timeframe::m3});
    for (int i = 0; i < 6; ++i) {
        Bar bar = plain_minute(kMonday, clock(9, 15 + i));
        bar.volume = 10 + i;
        bar.oi = 100 + i;
        bar.flags = static_cast<uint16_t>(kBarHasOi | (i == 4 ? 0 : kBarHasVolume));
        keep(aggregator_->on_bar(bar));
    }
    const auto bars = of(Timeframe::m3);
    ASSERT_EQ(bars.size(), 2U);
    EXPECT_EQ(bars[0].volume, 33);
    EXPECT_EQ(bars[0].oi, 102);
    EXPECT_EQ(bars[0].flags, kBarHasVolume | kBarHasOi);
    EXPECT_FALSE(bars[1].has_volume());
    EXPECT_EQ(bars[1].volume, 0);
}

TEST_F(BarAggregatorTest, bars_outside_the_session_or_not_later_are_not_used) {
    use({Timeframe::m5});
    minute(9, 0);
    minute(9, 15);
    minute(9, 15);
    minute(15, 30);
    EXPECT_EQ(aggregator_->counts().outside_session, 2);
    EXPECT_EQ(aggregator_->counts().not_later, 1);
    EXPECT_EQ(bars_.size(), 1U);
}

// Gap rules: trading-rules, "Bars".

TEST_F(BarAggregatorTest, an_underlyings_gap_under_five_minutes_is_filled_on_a_straight_line) {
    use({Timeframe::m5}, GapPolicy::underlying);
    keep(aggregator_->on_bar(minute_bar(kMonday, clock(9, 15), 100, 100, 100, 100)));
    keep(aggregator_->on_bar(minute_bar(kMonday, clock(9, 16), 100, 101, 99, 100)));
    keep(aggregator_->on_bar(minute_bar(kMonday, clock(9, 21), 108, 109, 107, 107)));  // 4 minutes are missing
    const auto minutes_made = of(Timeframe::m1);
    ASSERT_EQ(minutes_made.size(), 7U);
    const double closes[] = {102, 104, 106, 108};
    for (size_t i = 0; i < 4; ++i) {
        const Bar& made = minutes_made[i + 2];
        EXPECT_EQ(made.open, Price::from_double(closes[i] - 2));
        EXPECT_EQ(made.close, Price::from_double(closes[i]));
        EXPECT_TRUE(made.consistent());
        EXPECT_EQ(made.flags, kBarGapFilled);
    }
    const auto bars = of(Timeframe::m5);
    ASSERT_EQ(bars.size(), 1U);
    EXPECT_EQ(bars[0].close, Price::from_rupees(106));
    EXPECT_EQ(bars[0].flags, kBarGapFilled);
    EXPECT_EQ(aggregator_->counts().filled, 4);
}

TEST_F(BarAggregatorTest, an_underlyings_gap_of_five_to_ten_minutes_is_flagged_not_filled) {
    for (const int missing : {5, 10}) {
        bars_.clear();
        use({Timeframe::m15, Timeframe::d1}, GapPolicy::underlying);
        run(clock(9, 15), clock(9, 18));
        run(clock(9, 18) + minutes(missing), clock(9, 45));
        keep(aggregator_->end_day());
        const auto bars = of(Timeframe::m15);
        ASSERT_EQ(bars.size(), 2U) << missing;
        EXPECT_EQ(bars[0].flags, kBarHasGap) << missing;
        EXPECT_EQ(bars[1].flags, 0) << missing;
        EXPECT_EQ(of(Timeframe::m1).size(), 30U - static_cast<size_t>(missing));
        EXPECT_EQ(aggregator_->counts().filled, 0);
        EXPECT_NE(of(Timeframe::d1).at(0).flags & kBarHasGap, 0);
    }
}

TEST_F(BarAggregatorTest, an_underlyings_gap_above_ten_minutes_discards_the_bars_it_touches) {
    use({Timeframe::m5, Timeframe::m15, Timeframe::h1, Timeframe::d1}, GapPolicy::underlying);
    run(clock(9, 15), clock(9, 28));  // 09:28 to 09:39 are missing: 11 minutes
    run(clock(9, 39), clock(15, 30));
    keep(aggregator_->end_day());
    // 5m: 09:25, 09:35 are touched (09:30 has no minute at all); 15m: 09:15, 09:30; 1h: 09:15.
    EXPECT_EQ(starts(of(Timeframe::m5)).at(0), "09:15");
    EXPECT_EQ(starts(of(Timeframe::m5)).at(2), "09:40");
    EXPECT_EQ(of(Timeframe::m5).size(), 75U - 3);
    EXPECT_EQ(starts(of(Timeframe::m15)).at(0), "09:45");
    EXPECT_EQ(starts(of(Timeframe::h1)).at(0), "10:15");
    ASSERT_EQ(of(Timeframe::d1).size(), 1U);
    EXPECT_EQ(of(Timeframe::d1)[0].flags, kBarHasGap);
    EXPECT_EQ(aggregator_->counts().discarded, 5);
}

TEST_F(BarAggregatorTest, minutes_missing_at_the_open_count_as_a_gap) {
    use({Timeframe::m15}, GapPolicy::underlying);
    run(clock(9, 21), clock(9, 30));
    ASSERT_EQ(of(Timeframe::m15).size(), 1U);
    EXPECT_EQ(of(Timeframe::m15)[0].flags, kBarHasGap);
    EXPECT_EQ(start_of(of(Timeframe::m15)[0]), "09:15");
}

TEST_F(BarAggregatorTest, an_option_is_never_interpolated_and_its_incomplete_bars_are_dropped) {
    use({Timeframe::m5, Timeframe::d1}, GapPolicy::option);
    run(clock(9, 15), clock(9, 21));
    run(clock(9, 22), clock(9, 30));
    keep(aggregator_->end_day());
    EXPECT_EQ(starts(of(Timeframe::m5)), (Texts{"09:15", "09:25"}));
    EXPECT_EQ(of(Timeframe::m1).size(), 14U);
    EXPECT_EQ(of(Timeframe::d1).size(), 1U);
    EXPECT_EQ(aggregator_->counts().discarded, 1);
}

TEST_F(BarAggregatorTest, by_default_a_bar_is_made_of_what_is_there) {
    use({Timeframe::m5});
    minute(9, 15);
    minute(9, 19);
    minute(9, 26);
    const auto bars = of(Timeframe::m5);
    ASSERT_EQ(bars.size(), 1U);
    EXPECT_EQ(bars[0].flags, 0);
    minute(9, 29);
    EXPECT_EQ(of(Timeframe::m5).at(1).flags, kBarHasGap);  // 09:20 to 09:25, six minutes
}

TEST_F(BarAggregatorTest, the_clock_closes_a_bar_whose_last_minute_never_came) {
    use({Timeframe::m5});
    run(clock(9, 15), clock(9, 18));
    keep(aggregator_->close_due(at(kMonday, clock(9, 20))));
    EXPECT_TRUE(of(Timeframe::m5).empty());
    keep(aggregator_->close_due(at(kMonday, clock(9, 20) + seconds(1))));
    ASSERT_EQ(of(Timeframe::m5).size(), 1U);
    EXPECT_EQ(of(Timeframe::m5)[0].close, plain_minute(kMonday, clock(9, 17)).close);
    minute(9, 19);  // too late for its bar
    run(clock(9, 20), clock(9, 25));
    EXPECT_EQ(starts(of(Timeframe::m5)), (Texts{"09:15", "09:20"}));
}

TEST_F(BarAggregatorTest, a_day_that_stops_early_leaves_partial_bars) {
    use({Timeframe::h1, Timeframe::d1});
    run(clock(9, 15), clock(13, 12));
    keep(aggregator_->end_day());
    EXPECT_EQ(starts(of(Timeframe::h1)).back(), "12:15");
    EXPECT_NE(of(Timeframe::h1).back().flags & kBarPartial, 0);
    EXPECT_NE(of(Timeframe::d1).at(0).flags & kBarPartial, 0);
}

TEST_F(BarAggregatorTest, a_bar_of_history_minutes_is_history) {
    use({Timeframe::m3});
    for (int i = 0; i < 3; ++i) {
        Bar bar = plain_minute(kMonday, clock(9, 15 + i));
        bar.flags = kBarHistory;
        keep(aggregator_->on_bar(bar));
    }
    EXPECT_EQ(of(Timeframe::m3).at(0).flags, kBarHistory);
}

TEST_F(BarAggregatorTest, five_minute_bars_can_be_the_base) {
    const Timeframe hour[] = {Timeframe::h1};
    BarAggregator aggregator(hour, Timeframe::m5);
    (void)aggregator.start_day(usual_day(kMonday));
    for (Duration t = clock(9, 15); t < clock(15, 30); t += minutes(5)) {
        Bar bar = plain_minute(kMonday, t);
        bar.timeframe = Timeframe::m5;
        keep(aggregator.on_bar(bar));
    }
    EXPECT_EQ(of(Timeframe::h1).size(), 7U);
    EXPECT_EQ(of(Timeframe::h1).back().close, plain_minute(kMonday, clock(15, 25)).close);
}

// Against sums over a calendar grid, on a random set of present minutes: no bar is made of minutes not its own.
TEST_F(BarAggregatorTest, random_minutes_fall_into_the_bars_of_the_grid) {
    uint64_t seed = 3;
    for (int round = 0; round < 50; ++round) {
        bars_.clear();
        use({Timeframe::m3, Timeframe::m5, Timeframe::m15, Timeframe::m30, Timeframe::h1});
        std::map<std::pair<Timeframe, int>, std::vector<Bar>> grid;
        for (int i = 0; i < 375; ++i) {
            seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
            if ((seed >> 60) < 5) continue;
            const Bar bar = plain_minute(kMonday, clock(9, 15) + minutes(i));
            for (const auto& [timeframe, length] : {std::pair(Timeframe::m3, 3),
                                                    {Timeframe::m5, 5},
                                                    {Timeframe::m15, 15},
                                                    {Timeframe::m30, 30},
                                                    {Timeframe::h1, 60}}) {
                grid[{timeframe, i / length * length}].push_back(bar);
            }
            keep(aggregator_->on_bar(bar));
        }
        keep(aggregator_->end_day());
        size_t longer = 0;
        for (const Bar& bar : bars_) {
            if (bar.timeframe == Timeframe::m1) continue;
            ++longer;
            const auto offset = static_cast<int>((ist_since_midnight(bar.start) - clock(9, 15)) / minutes(1));
            const auto& parts = grid.at({bar.timeframe, offset});
            EXPECT_EQ(bar.open, parts.front().open);
            EXPECT_EQ(bar.close, parts.back().close);
            EXPECT_EQ(bar.low, parts.front().low);
            EXPECT_EQ(bar.high, parts.back().high);
        }
        EXPECT_EQ(longer, grid.size());
    }
}

}  // namespace
}  // namespace tide
