#include "ops/run_statistics.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ops_samples.hpp"

namespace tide {
namespace {

using namespace ops_samples;

const Date kSecondDay = make_date(2024, 1, 29);
const Date kThirdDay = make_date(2024, 1, 30);

// Equity 100 000 -> 101 000 -> 100 500 -> 102 510. Returns 0.01, -0.0049504950, 0.02: mean 0.0083498, sample deviation
// 0.0125567, times sqrt(252). Drawdown 500 of 101 000.
RunStatistics three_days() {
    RunStatistics statistics(Money::from_rupees(100'000));
    statistics.record(record_at(11, 0, trade_of(1'000)));
    statistics.record(record_at(15, 30, equity_of(101'000)));
    statistics.record(record_at(kSecondDay, 11, 0, trade_of(-500)));
    statistics.record(record_at(kSecondDay, 15, 30, equity_of(100'500)));
    statistics.record(record_at(kThirdDay, 11, 0, trade_of(2'010)));
    statistics.record(record_at(kThirdDay, 15, 30, equity_of(102'510)));
    statistics.record(record_at(kThirdDay, 15, 30, equity_of(102'510, "session")));
    return statistics;
}

TEST(run_statistics, three_days_by_hand) {
    const RunResult r = three_days().result();
    EXPECT_EQ(r.trades, 3);
    EXPECT_EQ(r.wins, 2);
    EXPECT_EQ(r.net, Money::from_rupees(2'510));
    EXPECT_NEAR(r.return_pct, 2.51, 1e-9);
    EXPECT_NEAR(r.max_drawdown_pct, 0.4950495, 1e-6);
    EXPECT_NEAR(r.sharpe.value(), 10.5560, 1e-3);
    EXPECT_NEAR(r.profit_factor.value(), 3'010.0 / 500.0, 1e-9);
    EXPECT_NEAR(r.win_rate_pct.value(), 66.6666667, 1e-6);
}

TEST(run_statistics, what_cannot_be_said_is_missing) {
    RunStatistics statistics(Money::from_rupees(100'000));
    EXPECT_FALSE(statistics.result().sharpe.has_value());
    EXPECT_FALSE(statistics.result().profit_factor.has_value());
    EXPECT_FALSE(statistics.result().win_rate_pct.has_value());
    statistics.record(record_at(11, 0, trade_of(1'000)));
    statistics.record(record_at(15, 30, equity_of(101'000)));
    EXPECT_FALSE(statistics.result().sharpe.has_value());
    EXPECT_FALSE(statistics.result().profit_factor.has_value());
    EXPECT_EQ(statistics.result().win_rate_pct, 100.0);
}

TEST(run_statistics, a_flat_equity_has_no_sharpe) {
    RunStatistics statistics(Money::from_rupees(100'000));
    statistics.record(record_at(15, 30, equity_of(100'000)));
    statistics.record(record_at(kSecondDay, 15, 30, equity_of(100'000)));
    EXPECT_FALSE(statistics.result().sharpe.has_value());
}

TEST(run_statistics, drawdown_inside_a_day_is_seen_through_closed_trades) {
    RunStatistics statistics(Money::from_rupees(100'000));
    statistics.record(record_at(10, 0, trade_of(-2'000)));
    statistics.record(record_at(11, 0, trade_of(3'000)));
    statistics.record(record_at(15, 30, equity_of(101'000)));
    EXPECT_NEAR(statistics.result().max_drawdown_pct, 2.0, 1e-9);
}

// 5 000 unrealised are carried over night; a small trade next day must not look like a loss of 5 000.
TEST(run_statistics, trades_do_not_hide_the_value_of_what_is_carried) {
    RunStatistics statistics(Money::from_rupees(100'000));
    statistics.record(record_at(15, 30, equity_of(105'000)));
    statistics.record(record_at(kSecondDay, 11, 0, trade_of(100)));
    statistics.record(record_at(kSecondDay, 15, 30, equity_of(105'100)));
    EXPECT_EQ(statistics.result().max_drawdown_pct, 0.0);
}

TEST(run_statistics, orders_are_counted_once_by_their_changes) {
    using enum OrderState;
    RunStatistics statistics(Money::from_rupees(100'000));
    statistics.record(record_at(10, 0, intent(1, IntentKind::enter)));
    statistics.record(record_at(10, 0, refusal(1, "stale_quote")));
    statistics.record(record_at(10, 1, intent(2, IntentKind::set_stop)));
    statistics.record(record_at(10, 1, refusal(2, "bad_level")));
    statistics.record(record_at(10, 2, intent(3, IntentKind::exit)));
    const auto change = [&](OrderState from, OrderState to) {
        statistics.record(record_at(10, 3, order(OrderPurpose::entry, from, to, 0)));
    };
    change(created, created);
    change(created, submitted);
    change(submitted, open);
    change(open, pending_replace);
    change(pending_replace, open);
    change(open, filled);
    change(created, in_review);
    change(in_review, submitted);
    change(submitted, rejected);
    change(open, cancelled);
    change(open, expired);
    const OrderCounts& counts = statistics.orders();
    EXPECT_EQ(counts.intents, 2);
    EXPECT_EQ(counts.refused, 1);
    EXPECT_EQ(counts.sent, 2);
    EXPECT_EQ(counts.filled, 1);
    EXPECT_EQ(counts.rejected, 1);
    EXPECT_EQ(counts.cancelled, 1);
    EXPECT_EQ(counts.expired, 1);
}

TEST(run_statistics, document_has_the_fields_of_the_contract) {
    RunStatistics statistics = three_days();
    statistics.record(record_at(kThirdDay, 12, 0, HaltRecord{"vix_level", true, "vix=31", "VIX above 30"}));
    statistics.record(record_at(kThirdDay, 13, 0, HaltRecord{"vix_level", false, "", ""}));
    statistics.record(record_at(kThirdDay, 14, 0, HaltRecord{"kill_switch", true, "", "by the operator"}));
    RunDocument document;
    document.mode = "backtest";
    document.scripts = {{"adx_trend", "1.0.0", "4f3a"}};
    document.from = "2024-01-25";
    document.to = "2024-01-30";
    document.symbols = {"NIFTY"};
    document.bars = 1'125;
    document.events = 1'200;
    document.wall_seconds = 0.5;
    const auto json = nlohmann::json::parse(to_json(document, statistics));
    EXPECT_EQ(json["schema_version"], 1);
    EXPECT_EQ(json["mode"], "backtest");
    EXPECT_EQ(json["script"], (nlohmann::json{{"name", "adx_trend"}, {"version", "1.0.0"}, {"sha256", "4f3a"}}));
    EXPECT_EQ(json["data"]["symbols"], nlohmann::json::array({"NIFTY"}));
    EXPECT_EQ(json["data"]["rejected_rows"], 0);
    EXPECT_EQ(json["result"]["trades"], 3);
    EXPECT_EQ(json["result"]["gross_pnl"], "2510.00");
    EXPECT_EQ(json["result"]["charges"], "0.00");
    EXPECT_EQ(json["result"]["net_pnl"], "2510.00");
    EXPECT_EQ(json["result"]["return_pct"], 2.51);
    for (const char* key : {"intents", "refused", "sent", "filled", "cancelled", "rejected"}) {
        EXPECT_TRUE(json["orders"][key].is_number_integer()) << key;
    }
    ASSERT_EQ(json["risk"]["halts"].size(), 1U);
    EXPECT_EQ(json["risk"]["halts"][0]["since"], "2024-01-30T12:00:00+05:30");
    EXPECT_EQ(json["risk"]["halts"][0]["until"], "2024-01-30T13:00:00+05:30");
    EXPECT_EQ(json["risk"]["kill_switch"]["text"], "by the operator");
    EXPECT_EQ(json["engine"]["events_per_second"], 2'400);
    EXPECT_TRUE(json["journal"].is_null());
    EXPECT_EQ(json["audit"]["head"].get<std::string>().size(), 64U);
}

TEST(run_statistics, document_without_trades_has_nulls_not_numbers) {
    const auto json = nlohmann::json::parse(to_json(RunDocument{}, RunStatistics(Money::from_rupees(1))));
    EXPECT_TRUE(json["result"]["sharpe"].is_null());
    EXPECT_TRUE(json["result"]["profit_factor"].is_null());
    EXPECT_TRUE(json["result"]["win_rate_pct"].is_null());
    EXPECT_TRUE(json["risk"]["kill_switch"].is_null());
    EXPECT_TRUE(json["script"].is_null());
}

}  // namespace
}  // namespace tide
