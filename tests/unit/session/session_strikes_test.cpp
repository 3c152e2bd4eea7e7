#include "session_fixture.hpp"

namespace tide {
namespace {

class SessionStrikesTest : public SessionTest {
  protected:
    SessionStrikesTest() {
        host.declaration.chain_strikes = 2;
        config.chain.strikes = 2;
        config.chain.expiries = 1;
        config.chain.check_s = 5;
        config.chain.replace_s = 60;
    }
    // Calls and puts of 18 January 2024, and some of 1 February.
    void list_chain() {
        uint32_t id = 6;
        for (const Date expiry : {make_date(2024, 1, 18), make_date(2024, 2, 1)}) {
            for (int64_t strike = 21'000; strike <= 22'000; strike += 50) {
                for (const OptionRight right : {OptionRight::call, OptionRight::put}) {
                    Instrument option;
                    option.id = InstrumentId(id++);
                    option.kind = InstrumentKind::option;
                    option.right = right;
                    option.underlying = kNifty;
                    option.expiry = expiry;
                    option.strike = Price::from_rupees(strike);
                    option.lot = Quantity(50);
                    option.symbol = option_symbol("NIFTY", expiry, option.strike, right);
                    send(InstrumentEvent{option});
                }
            }
        }
    }
    std::vector<std::string> centres() const {
        std::vector<std::string> texts;
        for (const auto& note : recorder.all<NoteRecord>()) {
            if (note.source == "chain") texts.push_back(note.text);
        }
        return texts;
    }
    bool wanted(int64_t strike) const {
        const auto& book = session->market().prices().instruments();
        const auto& ids = session->wanted_contracts();
        return std::any_of(ids.begin(), ids.end(), [&](InstrumentId id) {
            const Instrument& option = book.get(id);
            return option.expiry == make_date(2024, 1, 18) && option.strike == Price::from_rupees(strike);
        });
    }
};

TEST_F(SessionStrikesTest, strikes_follow_the_underlying_and_each_new_centre_is_one_record) {
    start();
    list_chain();
    at_time(hours(10));
    tick(kNifty, 21'512);
    ASSERT_EQ(centres().size(), 1U);
    EXPECT_EQ(centres()[0], "NIFTY at 21512.00: strikes 21400.00 to 21600.00 around 21500.00");
    EXPECT_TRUE(wanted(21'400) && wanted(21'600));
    EXPECT_FALSE(wanted(21'650));
    const uint64_t first = session->contracts_revision();
    at_time(hours(10) + seconds(6));
    tick(kNifty, 21'545);  // not a whole strike away
    EXPECT_EQ(session->contracts_revision(), first);
    at_time(hours(10) + seconds(12));
    tick(kNifty, 21'612);
    EXPECT_EQ(centres().size(), 2U);
    EXPECT_GT(session->contracts_revision(), first);
    EXPECT_TRUE(wanted(21'700));
    EXPECT_TRUE(wanted(21'400));  // leaves little by little
    at_time(hours(10) + seconds(80));
    tick(kNifty, 21'612);
    EXPECT_FALSE(wanted(21'400));
    EXPECT_EQ(centres().size(), 2U);
}

TEST_F(SessionStrikesTest, what_has_a_live_order_stays_wanted_however_far_the_market_goes) {
    const InstrumentId call(26), put(27);  // of 18 January at 21500
    host.bar = [&](const BarMessage& message, CallbackOutput& output) {
        if (message.symbol_index != 0 || !sent.empty()) return CallbackResult{};
        Intent intent = enter_call();
        intent.instrument = call;
        output.intents.push_back(intent);
        return CallbackResult{};
    };
    start();
    list_chain();
    for (const int64_t minute : {5, 6, 7}) {
        market_at(hours(10) + minutes(minute));
        quote(call, 100, 100.5);
    }
    ASSERT_FALSE(sent.empty());
    for (int64_t s = 10; s < 300; s += 10) {
        at_time(hours(10) + minutes(7) + seconds(s));
        tick(kNifty, 21'900);
    }
    ASSERT_FALSE(session->desk().idle());  // nobody answered
    const auto& ids = session->wanted_contracts();
    EXPECT_TRUE(std::binary_search(ids.begin(), ids.end(), call));
    EXPECT_FALSE(std::binary_search(ids.begin(), ids.end(), put));
}

TEST_F(SessionStrikesTest, a_script_chooses_the_nearest_the_next_a_monthly_or_a_dated_expiry) {
    start();
    list_chain();
    at_time(hours(10));
    tick(kNifty, 21'525);
    const auto expiry = [&](std::string_view wanted, int64_t days) {
        const auto chain = host.services->chain("NIFTY", wanted, days, 2);
        return chain ? chain->expiry : chain.error().message;
    };
    EXPECT_EQ(expiry("weekly", 0), "2024-01-18");
    EXPECT_EQ(expiry("weekly", 9), "2024-01-25");
    EXPECT_EQ(expiry("next", 0), "2024-01-25");
    EXPECT_EQ(expiry("monthly", 0), "2024-01-25");
    EXPECT_EQ(expiry("2024-02-01", 0), "2024-02-01");
    EXPECT_EQ(expiry("2024-02-08", 0), "no NIFTY 2024-02-08 options with at least 0 days left");
    const auto chain = host.services->chain("NIFTY", "weekly", 0, 2).value();
    EXPECT_EQ(chain.atm_strike, 21'500);  // of two equally near, the lower
    EXPECT_EQ(chain.strike_step, 50);
    EXPECT_EQ(chain.rows.size(), 10U);
}

TEST_F(SessionStrikesTest, without_a_declared_chain_nothing_is_followed) {
    host.declaration.chain_strikes = 0;
    start();
    list_chain();
    at_time(hours(10));
    tick(kNifty, 21'512);
    EXPECT_TRUE(centres().empty());
    EXPECT_EQ(session->contracts_revision(), 0U);
}

}  // namespace
}  // namespace tide
