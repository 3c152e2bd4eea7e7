#include <cmath>

#include "session_fixture.hpp"

namespace tide {
namespace {

class SessionChainTest : public SessionTest {
  protected:
    // NIFTY options of one expiry every 100 points around 21 500, ids from 6, quoted at Black-Scholes prices of 15 %
    // and 6.5 % a year.
    void list_strikes(Date expiry) {
        for (int i = -20; i <= 20; ++i) {
            for (const OptionRight right : {OptionRight::call, OptionRight::put}) {
                Instrument option;
                option.id = InstrumentId(static_cast<uint32_t>(6 + listed_.size()));
                option.kind = InstrumentKind::option;
                option.right = right;
                option.underlying = kNifty;
                option.expiry = expiry;
                option.strike = Price::from_rupees(21'500 + 100 * i);
                option.symbol = option_symbol("NIFTY", expiry, option.strike, right);
                listed_.push_back(option);
                send(InstrumentEvent{option});
            }
        }
    }
    void quote_strikes() {
        for (const Instrument& option : listed_) {
            const double t = std::chrono::duration<double>(at(*option.expiry, hours(15) + minutes(30)) - now).count() /
                             (365 * 86'400.0);
            const double price = option_price(
                {PricingModel::black_scholes, option.right, 21'500, option.strike.to_double(), t, 0.065}, 0.15);
            quote(option.id, price - 0.05, price + 0.05);
        }
    }
    std::vector<std::string> notes(std::string_view beginning) const {
        std::vector<std::string> found;
        for (const auto& note : recorder.all<NoteRecord>()) {
            if (note.text.starts_with(beginning)) found.push_back(note.text);
        }
        return found;
    }

    std::vector<Instrument> listed_;
};

TEST_F(SessionChainTest, a_chain_has_volatility_greeks_and_figures) {
    start();
    list_strikes(make_date(2024, 1, 18));
    at_time(hours(10));
    tick(kNifty, 21'500);
    quote_strikes();
    const auto chain = host.services->chain("NIFTY", "weekly", 0, 2);
    ASSERT_TRUE(chain) << chain.error().message;
    ASSERT_EQ(chain->rows.size(), 10U);
    for (const ChainRow& row : chain->rows) {
        EXPECT_NEAR(row.iv, 0.15, 2e-5) << row.symbol;  // prices have four decimals
        EXPECT_EQ(row.delta > 0, row.right == "CE");
        EXPECT_LT(row.theta, 0);
        EXPECT_NEAR(row.mid, 0.5 * (row.bid + row.ask), 1e-9);
        EXPECT_FALSE(row.crossed || row.stale || row.no_quote || row.iv_of_pair);
    }
    EXPECT_EQ(chain->forward_source, "parity");
    const double t = (8 * 86'400.0 + 5.5 * 3'600) / (365 * 86'400.0);
    EXPECT_NEAR(chain->forward, 21'500 * std::exp(0.065 * t), 0.01);
    EXPECT_NEAR(chain->atm_iv, 0.15, 2e-5);
    EXPECT_DOUBLE_EQ(chain->pcr, 1);
    EXPECT_DOUBLE_EQ(chain->max_pain, 21'500);
    EXPECT_TRUE(std::isnan(chain->pcr_volume));  // no volume was fed
    EXPECT_TRUE(std::isnan(chain->iv_rank));     // no VIX
}

TEST_F(SessionChainTest, open_interest_changes_are_counted_from_the_days_first_values) {
    start();
    at_time(hours(10));
    tick(kNifty, 21'500);
    quote(kPut, 90, 90.5);
    quote(kCall, 100, 100.5);
    TickEvent later;
    later.instrument = kCall;
    later.flags = kTickHasOi;
    later.last = Price::from_rupees(95);
    later.oi = 130'000;
    send(later);
    const auto chain = host.services->chain("NIFTY", "weekly", 0, 2);
    ASSERT_TRUE(chain);
    EXPECT_DOUBLE_EQ(chain->rows[0].oi_change, 30'000);
    EXPECT_EQ(chain->rows[0].build_up, "short_build_up");
    EXPECT_TRUE(chain->rows[0].no_quote);
    EXPECT_DOUBLE_EQ(chain->rows[1].oi_change, 0);
    EXPECT_EQ(chain->rows[1].build_up, "");
}

TEST_F(SessionChainTest, scripts_hear_of_new_chain_prices_at_most_once_a_period) {
    host.declaration.define(ScriptCallback::chain);
    config.chain_refresh_s = 30;
    start();
    at_time(hours(10));
    tick(kNifty, 21'500);
    EXPECT_EQ(host.count("chain NIFTY"), 0);
    quote(kCall, 100, 100.5);
    quote(kPut, 90, 90.5);
    EXPECT_EQ(host.count("chain NIFTY"), 1);
    at_time(hours(10) + seconds(29));
    quote(kPut, 91, 91.5);
    EXPECT_EQ(host.count("chain NIFTY"), 1);
    at_time(hours(10) + seconds(31));
    tick(kNifty, 21'501);
    EXPECT_EQ(host.count("chain NIFTY"), 1);
    quote(kPut, 91, 91.5);
    EXPECT_EQ(host.count("chain NIFTY"), 2);
    EXPECT_EQ(host.count("chain BANKNIFTY"), 0);
}

TEST_F(SessionChainTest, the_chain_stands_in_for_a_vix_that_has_become_stale_and_not_sooner) {
    config.risk.vix_from_chain = true;
    config.risk.vix_stale_min = 5;
    start();
    list_strikes(make_date(2024, 2, 1));
    at_time(hours(10));
    tick(kVix, 13);
    const VixReading& vix = session->market().prices().vix();
    for (Duration later = seconds(20); later <= minutes(8); later += seconds(20)) {
        at_time(hours(10) + later);
        quote_strikes();
        tick(kNifty, 21'500);
        EXPECT_TRUE(later > minutes(5) || vix.source == VixSource::tick);
    }
    EXPECT_EQ(vix.source, VixSource::chain);
    EXPECT_EQ(notes("no VIX: ").size(), 1U);
}

TEST_F(SessionChainTest, the_chain_stands_in_for_a_missing_vix_only_where_that_is_asked_for) {
    for (const bool asked : {false, true}) {
        config.risk.vix_from_chain = asked;
        recorder.rows.clear();
        listed_.clear();
        sequence = 0;
        start();
        list_strikes(make_date(2024, 2, 1));
        at_time(hours(10));
        quote_strikes();
        tick(kNifty, 21'500);
        at_time(hours(10) + seconds(50));
        quote_strikes();
        at_time(hours(10) + seconds(61));
        tick(kNifty, 21'500);
        const VixReading& vix = session->market().prices().vix();
        if (!asked) {
            EXPECT_FALSE(vix.known());
            continue;
        }
        EXPECT_EQ(vix.source, VixSource::chain);
        EXPECT_NEAR(vix.level, 15.00275, 1e-4);  // the sum over these 41 strikes, worked out with numpy
        EXPECT_EQ(host.services->vix().source, "chain");
        ASSERT_EQ(notes("no VIX: ").size(), 1U);
        EXPECT_NE(notes("no VIX: ")[0].find("one expiry alone of the NIFTY option chain"), std::string::npos);
        tick(kVix, 13);
        EXPECT_EQ(vix.source, VixSource::tick);
        at_time(hours(10) + minutes(3));
        tick(kVix, 13.1);
        tick(kNifty, 21'500);
        EXPECT_EQ(vix.source, VixSource::tick);
        EXPECT_EQ(notes("the VIX is back").size(), 1U);
    }
}

}  // namespace
}  // namespace tide
