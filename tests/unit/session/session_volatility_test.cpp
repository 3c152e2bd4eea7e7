// What a session records of the market's nerves, and what scripts hear of it.
#include "session_fixture.hpp"

namespace tide {
namespace {

class SessionVolatility : public SessionTest {
  protected:
    SessionVolatility() {
        host.risk = [this](const RiskMessage& message, CallbackOutput&) {
            heard.push_back(std::string(message.kind) + " " + std::string(message.symbol) + " " +
                            std::string(message.from) + ">" + std::string(message.to) +
                            (message.active ? "" : " ended"));
            return CallbackResult{};
        };
    }
    std::vector<std::string> states(const std::string& name) const {
        std::vector<std::string> found;
        for (const auto& state : recorder.all<CategoryRecord>())
            if (state.name == name) found.push_back(state.symbol + " " + state.from + ">" + state.to);
        return found;
    }
    bool was_heard(const std::string& note) const { return std::find(heard.begin(), heard.end(), note) != heard.end(); }
    std::vector<std::string> heard;
};

TEST_F(SessionVolatility, a_new_class_of_the_vix_is_one_record_and_one_callback) {
    start();
    now = at(kDay, hours(9) + minutes(20));
    for (const double level : {14.0, 14.5, 17.9, 18.2, 17.0, 18.5, 16.0}) {
        now += minutes(2);
        tick(kVix, level);
    }
    const std::vector<std::string> expected{"INDIAVIX >normal", "INDIAVIX normal>elevated", "INDIAVIX elevated>normal"};
    EXPECT_EQ(states("vix_class"), expected);
    EXPECT_EQ(std::count(heard.begin(), heard.end(), "vix_class INDIAVIX normal>elevated"), 1);
    EXPECT_EQ(heard.size(), 3U);
}

TEST_F(SessionVolatility, scripts_see_the_level_its_class_and_its_changes) {
    start();
    now = at(kDay, hours(9) + minutes(20));
    for (int minute = 0; minute <= 30; ++minute) {
        now = at(kDay, hours(9) + minutes(20 + minute));
        tick(kVix, 14 + 0.1 * minute);
    }
    const VolatilityMessage seen = host.services->volatility();
    EXPECT_EQ(seen.vix_class, "normal");
    EXPECT_NEAR(seen.level, 17, 1e-9);
    EXPECT_NEAR(seen.change_5m, 0.5, 1e-9);
    EXPECT_NEAR(seen.change_10m, 1, 1e-9);
    EXPECT_NEAR(seen.change_30m, 3, 1e-9);
    EXPECT_TRUE(std::isnan(seen.change_today)) << "no reading of an earlier day";
    EXPECT_EQ(host.services->regime("NIFTY"), "") << "no daily bars";
}

TEST_F(SessionVolatility, a_high_vix_makes_the_regime_volatile_and_breakers_are_heard_before_it) {
    start();
    now = at(kDay, hours(10));
    tick(kVix, 20);
    now += minutes(1);
    tick(kVix, 26);
    EXPECT_TRUE(was_heard("vix_spike  >")) << "6 points in a minute";
    EXPECT_TRUE(was_heard("vix_class INDIAVIX elevated>high"));
    EXPECT_TRUE(was_heard("regime NIFTY >volatile"));
    EXPECT_LT(std::find(heard.begin(), heard.end(), "vix_spike  >"),
              std::find(heard.begin(), heard.end(), "vix_class INDIAVIX elevated>high"));
    EXPECT_EQ(host.services->regime("NIFTY"), "volatile");
    EXPECT_EQ(states("regime"), (std::vector<std::string>{"NIFTY >volatile", "BANKNIFTY >volatile"}));
}

// Yesterday's close 21 000, today's first price 21 600: 2.86 % up. Half an hour later it is an ordinary market again,
// of which nothing is known without daily bars.
TEST_F(SessionVolatility, an_opening_gap_is_the_regime_of_the_first_half_hour) {
    start();
    Bar before;
    before.instrument = kNifty;
    before.timeframe = Timeframe::d1;
    before.flags = kBarHistory;
    before.start = ist_moment<ExchangeTime>(kDay - std::chrono::days(1), hours(9) + minutes(15));
    before.open = before.high = before.low = before.close = Price::from_rupees(21'000);
    send(BarEvent{before});
    TradingDayEvent next;
    next.date = kDay + std::chrono::days(1);
    next.session_count = 1;
    next.sessions[0] = {hours(9) + minutes(15), hours(15) + minutes(30)};
    next.calendar = "NSE";
    now = at(next.date, hours(9));
    send(next);
    for (int minute = 0; minute < 33; ++minute) {
        now = at(next.date, hours(9) + minutes(15 + minute) + seconds(1));
        tick(kNifty, 21'600);
        EXPECT_TRUE(minute != 10 || host.services->regime("NIFTY") == "gap");
    }
    EXPECT_EQ(states("regime"), (std::vector<std::string>{"NIFTY >gap", "NIFTY gap>"}));
}

}  // namespace
}  // namespace tide
