// What the synthetic market is like over many seeds. Seeds are fixed, so each result is too; the confidence stated is
// that of the statement about seeds in general: a mean over seeds is called positive when it is 3.09 standard errors
// above zero (99.9 %, one-sided, normal).
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <cmath>
#include <fstream>
#include <map>

#include "feeds/synthetic_feed.hpp"
#include "recorded_data.hpp"
#include "support/paths.hpp"

namespace tide {
namespace {

constexpr int kSeeds = 60;
constexpr double kConfident = 3.09;
const Date kDay = make_date(2026, 11, 20);

std::unique_ptr<SyntheticFeed> feed_of(const std::string& text) {
    SyntheticSettings settings = parse_synthetic_feed(text).value();
    if (settings.session_date == Date{}) settings.session_date = kDay;
    return SyntheticFeed::create(settings, test::calendar(), test::rules()).value();
}

// Closes of the history: a year of days, and ten days of minutes (each day a vector).
struct History {
    std::vector<double> nifty, vix;
    std::map<Date, std::vector<double>> minutes;
};
History history_of(const std::string& text) {
    auto feed = feed_of(text);
    History history;
    for (Event event; feed->next(event).value();) {
        if (const auto* day = std::get_if<TradingDayEvent>(&event.payload); day != nullptr && !day->history) break;
        const auto* at_bar = std::get_if<BarEvent>(&event.payload);
        if (at_bar == nullptr) continue;
        const Bar& bar = at_bar->bar;
        if (bar.timeframe == Timeframe::d1) {
            if (bar.instrument.value() == 1) history.nifty.push_back(bar.close.to_double());
            if (bar.instrument.value() == 3) history.vix.push_back(bar.close.to_double());
        } else if (bar.instrument.value() == 1) {
            history.minutes[ist_date(bar.start)].push_back(bar.close.to_double());
        }
    }
    return history;
}

std::vector<double> log_returns(const std::vector<double>& prices) {
    std::vector<double> returns;
    for (size_t i = 1; i < prices.size(); ++i) returns.push_back(std::log(prices[i] / prices[i - 1]));
    return returns;
}
double mean(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
}
double central_moment(const std::vector<double>& values, int power) {
    const double m = mean(values);
    double sum = 0;
    for (const double value : values) sum += std::pow(value - m, power);
    return sum / static_cast<double>(values.size());
}
// The mean in standard errors of itself.
double errors_above_zero(const std::vector<double>& values) {
    const double n = static_cast<double>(values.size());
    return mean(values) / std::sqrt(central_moment(values, 2) / (n - 1));
}

// Cont 2001, fact 4: 1-minute returns have an excess kurtosis above that of a normal, which is zero.
TEST(SyntheticStatistics, one_minute_returns_have_fat_tails) {
    std::vector<double> excess;
    int fat = 0;
    for (int seed = 1; seed <= kSeeds; ++seed) {
        std::vector<double> all;
        for (const auto& [date, closes] : history_of("synthetic:" + std::to_string(seed)).minutes) {
            const auto returns = log_returns(closes);
            all.insert(all.end(), returns.begin(), returns.end());
        }
        excess.push_back(central_moment(all, 4) / std::pow(central_moment(all, 2), 2) - 3);
        fat += excess.back() > 0;
    }
    EXPECT_GT(errors_above_zero(excess), kConfident);
    EXPECT_EQ(fat, kSeeds);
    EXPECT_GT(mean(excess), 1);
}

// Cont 2001, fact 6: absolute returns stay correlated over many minutes, returns do not.
TEST(SyntheticStatistics, volatility_clusters_and_returns_do_not) {
    std::vector<double> of_sizes, of_returns;
    const auto autocorrelation = [](const std::vector<double>& values, size_t lag) {
        const double m = mean(values);
        double product = 0;
        for (size_t i = 0; i + lag < values.size(); ++i) product += (values[i] - m) * (values[i + lag] - m);
        return product / (central_moment(values, 2) * static_cast<double>(values.size()));
    };
    for (int seed = 1; seed <= kSeeds; ++seed) {
        std::vector<double> sizes_of_seed, returns_of_seed;
        for (const auto& [date, closes] : history_of("synthetic:" + std::to_string(seed)).minutes) {
            auto returns = log_returns(closes);
            returns_of_seed.push_back(autocorrelation(returns, 1));
            for (double& value : returns) value = std::fabs(value);
            sizes_of_seed.push_back(autocorrelation(returns, 10));
        }
        of_sizes.push_back(mean(sizes_of_seed));
        of_returns.push_back(mean(returns_of_seed));
    }
    EXPECT_GT(errors_above_zero(of_sizes), kConfident);
    EXPECT_GT(mean(of_sizes), 0.05);
    EXPECT_LT(std::fabs(mean(of_returns)), 0.03);
}

// The VIX is an annualised volatility in points (India VIX white paper, NSE): over a year its mean stands a little
// above the realised volatility of daily closes.
TEST(SyntheticStatistics, the_vix_and_realised_volatility_agree) {
    std::vector<double> ratios;
    for (int seed = 1; seed <= kSeeds; ++seed) {
        const History history = history_of("synthetic:" + std::to_string(seed));
        const double realised = std::sqrt(central_moment(log_returns(history.nifty), 2) * 252) * 100;
        ratios.push_back(mean(history.vix) / realised);
        EXPECT_GT(ratios.back(), 0.7) << seed;
        EXPECT_LT(ratios.back(), 2.0) << seed;
    }
    EXPECT_GT(mean(ratios), 1.0);
    EXPECT_LT(mean(ratios), 1.6);
    std::vector<double> above;
    for (const double ratio : ratios) above.push_back(ratio - 1);
    EXPECT_GT(errors_above_zero(above), kConfident);
}

// A higher VIX asked for moves prices with it: the ratio stays in its band.
TEST(SyntheticStatistics, the_vix_that_is_asked_for_is_there_and_prices_move_with_it) {
    for (const double level : {10.0, 22.0, 45.0}) {
        std::vector<double> ratios;
        for (int seed = 1; seed <= 20; ++seed) {
            const History history = history_of("synthetic:" + std::to_string(seed) + ",vix=" + std::to_string(level));
            EXPECT_NEAR(history.vix.back(), level, 0.02) << seed;
            const double realised = std::sqrt(central_moment(log_returns(history.nifty), 2) * 252) * 100;
            ratios.push_back(mean(history.vix) / realised);
        }
        EXPECT_GT(mean(ratios), 1.0) << level;
        EXPECT_LT(mean(ratios), 1.6) << level;
    }
}

TEST(SyntheticStatistics, the_volatility_knob_multiplies_moves_and_leaves_the_vix) {
    for (int seed = 1; seed <= 5; ++seed) {
        const std::string name = "synthetic:" + std::to_string(seed);
        const History usual = history_of(name), wild = history_of(name + ",volatility=2");
        EXPECT_EQ(usual.vix, wild.vix);
        const double ratio = std::sqrt(central_moment(log_returns(wild.nifty), 2)) /
                             std::sqrt(central_moment(log_returns(usual.nifty), 2));
        EXPECT_NEAR(ratio, 2, 0.01);
    }
}

// ---- the chain

struct Quote {
    double bid = 0, ask = 0;
};
// Quotes of one second have one spot. [expiry, right][strike]
using Second = std::map<std::pair<Date, OptionRight>, std::map<double, Quote>>;

struct Arbitrage {
    size_t pairs = 0, triples = 0, parities = 0;
    size_t wrong = 0;
};
// A position that cannot lose, at no cost, must not be there at the prices one can trade at (Merton 1973): worth of
// calls falls with the strike, of puts rises, neither by more than the difference of the strikes, and both are convex;
// of equally spaced strikes: the wings cost at least what the body brings.
void look_for_arbitrage(const Second& second, Arbitrage& found) {
    for (const auto& [board, quotes] : second) {
        const bool call = board.second == OptionRight::call;
        for (auto low = quotes.begin(); low != quotes.end(); ++low) {
            const auto high = std::next(low);
            if (high == quotes.end()) break;
            const Quote& dear = call ? low->second : high->second;
            const Quote& cheap = call ? high->second : low->second;
            ++found.pairs;
            found.wrong += cheap.bid > dear.ask + 1e-9;
            found.wrong += dear.bid - cheap.ask > high->first - low->first + 1e-9;
            const auto higher = std::next(high);
            if (higher == quotes.end() || std::fabs(higher->first - 2 * high->first + low->first) > 1e-6) {
                continue;
            }
            ++found.triples;
            found.wrong += low->second.ask + higher->second.ask < 2 * high->second.bid - 1e-9;
        }
    }
}

Arbitrage arbitrage_of(const std::string& text) {
    auto feed = feed_of(text);
    std::map<uint32_t, Instrument> instruments;
    Arbitrage found;
    Second second;
    int64_t now_s = 0;
    for (Event event; feed->next(event).value();) {
        if (const auto* added = std::get_if<InstrumentEvent>(&event.payload)) {
            instruments[added->instrument.id.value()] = added->instrument;
        }
        const auto* tick = std::get_if<TickEvent>(&event.payload);
        if (tick == nullptr || tick->instrument.value() <= 3) continue;
        const Instrument& option = instruments.at(tick->instrument.value());
        if (option.underlying.value() != 1) continue;
        if (const int64_t s = event.received.time_since_epoch() / seconds(1); s != now_s) {
            look_for_arbitrage(second, found);
            second.clear();
            now_s = s;
        }
        second[{*option.expiry, option.right}][option.strike.to_double()] = {
            tick->has(kTickHasBid) ? tick->bid.to_double() : 0.0, tick->ask.to_double()};
    }
    return found;
}

TEST(SyntheticStatistics, the_chain_offers_no_arbitrage_across_strikes) {
    for (const char* feed : {"synthetic:3", "synthetic:flash_crash:4", "synthetic:5,vix=35",
                             "synthetic:6,vix=10,strikes=25", "synthetic:expiry:7"}) {
        const Arbitrage found = arbitrage_of(feed);
        EXPECT_GT(found.pairs, 100'000U) << feed;
        EXPECT_GT(found.triples, 50'000U) << feed;
        EXPECT_EQ(found.wrong, 0U) << feed << ": " << found.pairs << " pairs, " << found.triples << " triples";
    }
}

TEST(SyntheticStatistics, put_call_parity_holds_within_the_spread_whatever_the_knobs) {
    for (const char* feed_name :
         {"synthetic:8,vix=30", "synthetic:9,spread=0.5", "synthetic:10,volatility=3,spread=4"}) {
        auto feed = feed_of(feed_name);
        std::map<uint32_t, Instrument> instruments;
        std::optional<TickEvent> call;
        double spot = 0;
        ReceiveTime spot_time;
        size_t checked = 0, wrong = 0;
        for (Event event; feed->next(event).value();) {
            if (const auto* added = std::get_if<InstrumentEvent>(&event.payload)) {
                instruments[added->instrument.id.value()] = added->instrument;
            }
            const auto* tick = std::get_if<TickEvent>(&event.payload);
            if (tick == nullptr) continue;
            if (tick->instrument.value() == 1) {
                spot = tick->last.to_double();
                spot_time = event.received;
            }
            if (tick->instrument.value() <= 3) continue;
            const Instrument& option = instruments.at(tick->instrument.value());
            if (option.underlying.value() != 1) continue;
            if (option.right == OptionRight::call) {
                call = *tick;
                continue;
            }
            const Instrument& other = instruments.at(call->instrument.value());
            if (other.strike != option.strike || other.expiry != option.expiry) continue;
            // In a second without a tick of the index the chain knows a newer price.
            if (event.received - spot_time > seconds(1) || !call->has(kTickHasBid) || !tick->has(kTickHasBid)) continue;
            const ReceiveTime expires = at(*option.expiry, hours(15) + minutes(40));
            const double years = static_cast<double>((expires - event.received).count()) / (365 * 86'400e9);
            const double forward_value = spot - option.strike.to_double() * std::exp(-0.065 * years);
            ++checked;
            wrong += (call->bid - tick->ask).to_double() > forward_value + 0.0101 ||
                     (call->ask - tick->bid).to_double() < forward_value - 0.0101;
        }
        EXPECT_GT(checked, 50'000U) << feed_name;
        EXPECT_EQ(wrong, 0U) << feed_name;
    }
}

// ---- knobs and scenarios, on ticks

struct Played {
    std::map<uint32_t, std::vector<std::pair<ReceiveTime, double>>> ticks;  // 1 to 3
    std::map<Duration, size_t> lags;                                        // receipt less stamp
    size_t option_ticks_after_auction = 0, in_all = 0, twice = 0, wild = 0;
    double previous_close = 0;
    double option_spread = 0;  // mean, in rupees
};
Played play(const std::string& text) {
    auto feed = feed_of(text);
    Played played;
    ReceiveTime open;
    size_t spreads = 0;
    std::optional<TickEvent> before;
    for (Event event; feed->next(event).value();) {
        if (const auto* bar = std::get_if<BarEvent>(&event.payload)) {
            if (bar->bar.timeframe == Timeframe::d1 && bar->bar.instrument.value() == 1)
                played.previous_close = bar->bar.close.to_double();
        } else if (const auto* day = std::get_if<TradingDayEvent>(&event.payload)) {
            open = at(day->date, day->sessions[0].open);
        }
        const auto* tick = std::get_if<TickEvent>(&event.payload);
        if (tick == nullptr || event.received < open) continue;
        ++played.in_all;
        ++played.lags[as_receive_time(event.exchange) == ReceiveTime()
                          ? Duration(-1)
                          : event.received - as_receive_time(event.exchange)];
        played.twice += before && before->instrument == tick->instrument && before->last == tick->last &&
                        before->bid_quantity == tick->bid_quantity && before->ask_quantity == tick->ask_quantity;
        before = *tick;
        const uint32_t id = tick->instrument.value();
        if (id <= 3) {
            auto& series = played.ticks[id];
            if (id == 1 && !series.empty())
                played.wild += std::fabs(tick->last.to_double() / series.back().second - 1) > 0.05;
            series.emplace_back(event.received, tick->last.to_double());
            continue;
        }
        if (tick->has(kTickHasBid)) {
            played.option_spread += (tick->ask - tick->bid).to_double();
            ++spreads;
        }
        const Duration time = ist_since_midnight(event.received);
        played.option_ticks_after_auction += time >= hours(15) + minutes(15);
    }
    played.option_spread /= static_cast<double>(spreads);
    return played;
}

TEST(SyntheticScenarios, gap_down_opens_below) {
    const Played played = play("synthetic:gap_down:5,vix=20");
    EXPECT_NEAR(played.ticks.at(1).front().second / played.previous_close, 0.976, 0.003);
}

TEST(SyntheticScenarios, frozen_feed_keeps_talking_and_says_nothing_new) {
    const Played played = play("synthetic:frozen_feed:5");
    std::map<double, size_t> prices;
    for (const auto& [time, price] : played.ticks.at(1)) {
        const Duration since = ist_since_midnight(time);
        if (since >= hours(11) && since < hours(11) + minutes(12)) ++prices[price];
    }
    ASSERT_EQ(prices.size(), 1U);
    EXPECT_GT(prices.begin()->second, 650U);
    EXPECT_GT(played.lags.rbegin()->first, minutes(11));  // stamps stand still
}

TEST(SyntheticScenarios, closing_auction_silences_the_index_and_options_trade_on) {
    const Played played = play("synthetic:closing_auction:5");
    std::vector<std::pair<Duration, double>> late;
    double before = 0;
    for (const auto& [time, price] : played.ticks.at(1)) {
        const Duration since = ist_since_midnight(time);
        if (since < hours(15) + minutes(15)) before = price;
        if (since >= hours(15) + minutes(15)) late.emplace_back(since, price);
    }
    ASSERT_EQ(late.size(), 1U);  // the closing value
    EXPECT_GE(late[0].first, hours(15) + minutes(35));
    EXPECT_LT(late[0].first, hours(15) + minutes(36));
    EXPECT_GT(std::fabs(late[0].second / before - 1), 0.002);
    EXPECT_GT(played.option_ticks_after_auction, 5'000U);
    const auto early = parse_synthetic_feed("synthetic:closing_auction,date=2026-07-15");
    ASSERT_TRUE(early);
    const auto refused = SyntheticFeed::create(*early, test::calendar(), test::rules());
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("2026-07-15 has no closing auction"), std::string::npos);
}

TEST(SyntheticScenarios, faults_of_the_line_come_in_the_shares_asked_for) {
    const Played clean = play("synthetic:5,strikes=1");
    const Played faulty = play("synthetic:5,strikes=1,drop=0.2,repeat=0.1,spike=0.01,lag_ms=90000");
    const double n = static_cast<double>(clean.in_all);
    // Kept: 80 %, of which a tenth twice. Five standard deviations of a binomial are under 0.02.
    EXPECT_NEAR(static_cast<double>(faulty.in_all) / n, 0.88, 0.02);
    EXPECT_NEAR(static_cast<double>(faulty.twice) / n, 0.08, 0.02);
    // A wild price is a jump away and one back.
    EXPECT_NEAR(static_cast<double>(faulty.wild) / static_cast<double>(faulty.ticks.at(1).size()), 0.02, 0.01);
    EXPECT_EQ(clean.wild, 0U);
    ASSERT_EQ(faulty.lags.size(), 1U);
    EXPECT_EQ(faulty.lags.begin()->first, seconds(90));
}

TEST(SyntheticScenarios, rate_spread_drift_and_jumps_are_what_was_asked_for) {
    const Played usual = play("synthetic:5,strikes=1"), fast = play("synthetic:5,strikes=1,rate=4,spread=3");
    EXPECT_NEAR(static_cast<double>(fast.ticks.at(1).size()) / static_cast<double>(usual.ticks.at(1).size()), 4, 0.1);
    EXPECT_EQ(fast.ticks.at(3).size(), usual.ticks.at(3).size());
    EXPECT_GT(fast.option_spread / usual.option_spread, 2.2);  // rounding to the tick takes a part
    std::vector<double> drifts;
    for (int seed = 1; seed <= 12; ++seed) {
        const Played played = play("synthetic:" + std::to_string(seed) + ",strikes=1,drift=2,jumps=0");
        drifts.push_back(played.ticks.at(1).back().second / played.previous_close - 1.02);
    }
    const double error = std::sqrt(central_moment(drifts, 2) / static_cast<double>(drifts.size() - 1));
    EXPECT_LT(std::fabs(mean(drifts)), kConfident * error);
    EXPECT_LT(error, 0.005);
}

TEST(SyntheticScenarios, a_wrong_feed_is_refused_with_what_is_allowed) {
    const auto refusal = [](const char* text) { return parse_synthetic_feed(text).error().message; };
    EXPECT_NE(refusal("synthetic:trnd").find("scenario one of usual, trend"), std::string::npos);
    EXPECT_NE(refusal("synthetic:trend:7,vx=22").find("there is no 'vx'; there are date, vix"), std::string::npos);
    EXPECT_NE(refusal("synthetic,vix=7").find("vix=7: give a number from 8 to 80"), std::string::npos);
    EXPECT_NE(refusal("synthetic,rate=1.5").find("give a whole number from 1 to 50"), std::string::npos);
    EXPECT_NE(refusal("synthetic,date=2026-02-30").find("give YYYY-MM-DD"), std::string::npos);
    for (const char* bad : {"synthetic,", "synthetic,vix", "synthetic,vix=", "synthetic,=3", "synthetic,vix=1e999",
                            "synthetic,vix=nan", "synthetic:7,,vix=20", "synthetic,vix=20x"}) {
        EXPECT_FALSE(parse_synthetic_feed(bad)) << bad;
    }
    const auto knobs = parse_synthetic_feed("synthetic:trend:7,vix=22,spread=2,strikes=5,date=2026-08-17");
    ASSERT_TRUE(knobs);
    EXPECT_EQ(knobs->seed, 7U);
    EXPECT_EQ(knobs->vix, 22);
    EXPECT_EQ(knobs->chain_strikes, 5);
    EXPECT_EQ(knobs->session_date, make_date(2026, 8, 17));
    EXPECT_EQ(describe(*knobs), "scenario trend, seed 7, vix=22, spread=2, strikes=5");
}

TEST(SyntheticScenarios, the_command_lines_page_lists_every_knob_with_its_range) {
    std::ifstream file(source_dir() / "docs/cli.md");
    const std::string page((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    for (const SyntheticKnob& knob : synthetic_knobs()) {
        const std::string row = fmt::format("| `{}` | {} to {} |", knob.name, knob.lowest, knob.highest);
        EXPECT_NE(page.find(row), std::string::npos) << row;
    }
    for (int i = 0; !name_of(static_cast<SyntheticScenario>(i)).empty(); ++i) {
        EXPECT_NE(page.find(fmt::format("`{}`", name_of(static_cast<SyntheticScenario>(i)))), std::string::npos) << i;
    }
}

}  // namespace
}  // namespace tide
