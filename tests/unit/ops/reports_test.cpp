#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "ledger/ledger.hpp"
#include "ops/report_commands.hpp"
#include "ops/tax_report.hpp"

namespace tide {
namespace {

FillRow fill(Date date, int64_t order, const char* side, int64_t quantity, int64_t rupees,
             const char* instrument = "NIFTY 2027-03-30 24500 CE") {
    FillRow row;
    row.session_id = "a";
    row.mode = "live";
    row.order = static_cast<uint64_t>(order);
    row.time = at(date, hours(11));
    row.instrument = instrument;
    row.side = side;
    row.quantity = quantity;
    row.price = Price::from_rupees(rupees);
    row.brokerage = Money::from_rupees(20);
    row.gst = Money::from_paise(360);
    row.charges = Money::from_paise(2'360);
    return row;
}
constexpr auto d = make_date;

// By hand, year 2026-27, first in first out:
//   65 bought at 100 on 30 Mar 2026 (year before), sold at 110 on 2 Apr: +650, first period
//   order 3 buys 65 at 50 and 65 at 52; order 4 sells 65 at 45 on 16 Jun: 65 x (45 - 50) = -325, second period
//   order 5 sells 65 at 60 on 16 Dec: 65 x (60 - 52) = +520, fourth period
//   30 sold at 200, bought back at 190 on 20 Mar 2027: +300, last period
//   65 bought at 80 on 30 Mar 2027 are open; their sale in April is the next year's.
// Turnover 650 + 325 + 520 + 300 = 1795; profit 1145; 8 fills of 23.60 in the year = 188.80 (the share is left out).
const std::vector<FillRow> kYear{
    fill(d(2026, 3, 30), 1, "buy", 65, 100),
    fill(d(2026, 4, 2), 2, "sell", 65, 110),
    fill(d(2026, 6, 10), 3, "buy", 65, 50),
    fill(d(2026, 6, 10), 3, "buy", 65, 52),
    fill(d(2026, 6, 16), 4, "sell", 65, 45),
    fill(d(2026, 12, 16), 5, "sell", 65, 60),
    fill(d(2027, 3, 16), 6, "sell", 30, 200, "BANKNIFTY 2027-03-30 53500 PE"),
    fill(d(2027, 3, 20), 7, "buy", 30, 190, "BANKNIFTY 2027-03-30 53500 PE"),
    fill(d(2027, 3, 25), 20, "buy", 10, 3'000, "TCS"),
    fill(d(2027, 3, 30), 8, "buy", 65, 80, "NIFTY 2027-04-27 25000 CE"),
    fill(d(2027, 4, 1), 9, "sell", 65, 90, "NIFTY 2027-04-27 25000 CE"),
};

TEST(TaxReport, a_year_worked_by_hand) {
    const TaxReport report = make_tax_report(kYear, 2026);
    EXPECT_FALSE(report.paper);
    EXPECT_EQ(report.turnover, Money::from_rupees(1'795));
    EXPECT_EQ(report.profit, Money::from_rupees(1'145));
    ASSERT_EQ(report.trades.size(), 4U);
    EXPECT_EQ(report.trades[0].opened, at(d(2026, 3, 30), hours(11)));
    EXPECT_TRUE(report.trades[3].was_short);
    EXPECT_EQ(report.charges.brokerage, Money::from_rupees(160));
    EXPECT_EQ(report.charges.total(), Money::from_paise(8 * 2'360));
    ASSERT_EQ(report.periods.size(), 5U);
    const int64_t profits[] = {650, -325, 0, 520, 300};
    const int64_t fills[] = {3, 1, 0, 1, 3};
    for (size_t i = 0; i < 5; ++i) {
        EXPECT_EQ(report.periods[i].profit, Money::from_rupees(profits[i])) << i;
        EXPECT_EQ(report.periods[i].charges, Money::from_paise(2'360 * fills[i])) << i;
    }
    EXPECT_EQ(report.periods[0].to, d(2026, 6, 15));
    EXPECT_EQ(report.periods[4].to, d(2027, 3, 31));
    ASSERT_EQ(report.open.size(), 1U);
    EXPECT_EQ(report.open[0].instrument, "NIFTY 2027-04-27 25000 CE");
    EXPECT_EQ(report.open[0].value, Money::from_rupees(5'200));
    EXPECT_EQ(report.trades_in_shares, 1);
    const TaxReport next = make_tax_report(kYear, 2027);
    EXPECT_EQ(next.turnover, Money::from_rupees(650));
    EXPECT_TRUE(next.open.empty());
}

TEST(TaxReport, slices_of_two_orders_are_one_trade_and_paper_sessions_are_accounts_of_their_own) {
    std::vector<FillRow> fills{fill(d(2026, 5, 4), 1, "buy", 60, 10), fill(d(2026, 5, 4), 1, "buy", 60, 20),
                               fill(d(2026, 5, 5), 2, "sell", 120, 15)};
    const TaxReport one = make_tax_report(fills, 2026);
    ASSERT_EQ(one.trades.size(), 1U);  // +300 - 300
    EXPECT_EQ(one.turnover, Money());
    for (auto& row : fills) row.mode = "paper";
    fills[2].session_id = "b";
    const TaxReport apart = make_tax_report(fills, 2026);
    EXPECT_TRUE(apart.paper);
    EXPECT_TRUE(apart.trades.empty());
    EXPECT_EQ(apart.open.size(), 3U);
}

TEST(TaxReport, a_financial_year_is_written_with_its_two_halves) {
    EXPECT_EQ(parse_financial_year("2026-27").value(), 2026);
    EXPECT_EQ(parse_financial_year("2099-00").value(), 2099);
    for (const char* text : {"2026", "2026-28", "26-27", "2026-2027", "20a6-27", "2026-2-", ""})
        EXPECT_FALSE(parse_financial_year(text)) << text;
}

// Two days and two strategies: 100 bought at 10.00; 40 sold at 11.00 (+40), the rest open at 12.00 (+120); on the next
// day 50 bought at 20.00 and sold at 19.00 (-50).
class Pnl : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() / ("tide-pnl-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
        LedgerOptions options;
        options.session_id = "p";
        options.mode = "paper";
        options.own_thread = false;
        auto ledger = std::move(*Ledger::open(path(), options));
        AuditChain chain;
        const auto put = [&](Date date, RecordBody body) {
            Record record;
            record.time = at(date, hours(11));
            record.body = std::move(body);
            chain.link(record);
            ledger->record(record);
        };
        const Date first = d(2026, 11, 30), second = d(2026, 12, 1);
        put(first, fill_of(1, Side::buy, 100, 10, 0));
        put(first, fill_of(1, Side::sell, 40, 11, 40));
        Position open;
        open.id = PositionId(1);
        open.strategy_name = "alpha";
        open.quantity = Quantity(60);
        open.opened_quantity = Quantity(100);
        open.entry_value = Money::from_rupees(600);
        open.realised_gross = Money::from_rupees(40);
        open.last_price = Price::from_rupees(12);
        open.opened = at(first, hours(11));
        put(first, PositionRecord{open, "X", "reduced", ""});
        put(first, EquityRecord{{}, {}, {}, Money::from_rupees(150), "2026-11-30"});
        put(second, fill_of(2, Side::buy, 50, 20, 0));
        put(second, fill_of(2, Side::sell, 50, 19, -50));
        Position closed;
        closed.id = PositionId(2);
        closed.strategy_name = "beta";
        closed.realised_gross = Money::from_rupees(-50);
        closed.opened = closed.closed.emplace(at(second, hours(11)));
        put(second, PositionRecord{closed, "Y", "closed", ""});
        TradeRecord trade;
        trade.position = closed;
        trade.instrument = "Y";
        trade.number = 1;
        put(second, trade);
        put(second, EquityRecord{{}, {}, {}, Money::from_rupees(-52), "2026-12-01"});
        put(second, EquityRecord{{}, {}, {}, Money::from_rupees(98), "session"});
        ASSERT_TRUE(ledger->flush());
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    std::string path() const { return (folder_ / "ledger.db").string(); }
    static FillRecord fill_of(uint64_t position, Side side, int64_t quantity, int64_t rupees, int64_t realised) {
        FillRecord record;
        record.fill.position = PositionId(position);
        record.fill.side = side;
        record.fill.quantity = Quantity(quantity);
        record.fill.price = Price::from_rupees(rupees);
        record.fill.charges = Money::from_rupees(1);
        record.instrument = position == 1 ? "X" : "Y";
        record.realised = Money::from_rupees(realised);
        return record;
    }
    nlohmann::json rows(PnlBy by, const RowFilter& filter = {}) {
        std::ostringstream out;
        const auto reader = LedgerReader::open(path());
        EXPECT_EQ(run_pnl_command(*reader, filter, by, ReportForm::json, {}, out).value(), 0);
        return nlohmann::json::parse(out.str())["rows"];
    }
    std::filesystem::path folder_;
};

TEST_F(Pnl, is_grouped_by_day_month_strategy_and_symbol) {
    const auto by_day = rows(PnlBy::day);
    ASSERT_EQ(by_day.size(), 2U);
    EXPECT_EQ(by_day[0]["key"], "2026-11-30");
    EXPECT_EQ(by_day[0]["realised"], "40.00");
    EXPECT_EQ(by_day[0]["charges"], "2.00");
    EXPECT_EQ(by_day[0]["net"], "38.00");
    EXPECT_EQ(by_day[0]["marked_net"], "150.00");
    EXPECT_EQ(by_day[0]["trades"], 0);
    EXPECT_EQ(by_day[1]["realised"], "-50.00");
    EXPECT_EQ(by_day[1]["trades"], 1);
    EXPECT_EQ(by_day[1]["wins"], 0);
    EXPECT_EQ(rows(PnlBy::month)[1]["key"], "2026-12");
    const auto by_strategy = rows(PnlBy::strategy);
    ASSERT_EQ(by_strategy.size(), 2U);
    EXPECT_EQ(by_strategy[0]["key"], "alpha");
    EXPECT_EQ(by_strategy[0]["unrealised"], "120.00");
    EXPECT_EQ(by_strategy[1]["unrealised"], "0.00");
    EXPECT_EQ(rows(PnlBy::symbol)[0]["key"], "X");
    RowFilter december;
    december.from = at(d(2026, 12, 1), {});
    EXPECT_EQ(rows(PnlBy::day, december).size(), 1U);
}

TEST_F(Pnl, is_a_table_with_a_total_and_csv) {
    std::ostringstream table, csv;
    const auto reader = LedgerReader::open(path());
    ASSERT_TRUE(run_pnl_command(*reader, {}, PnlBy::day, ReportForm::table, {}, table));
    EXPECT_NE(table.str().find("total            1    0    -10.00     4.00  -14.00   +98.00"), std::string::npos)
        << table.str();
    ASSERT_TRUE(run_pnl_command(*reader, {}, PnlBy::strategy, ReportForm::csv, {}, csv));
    EXPECT_EQ(csv.str(),
              "strategy,trades,won,realised,charges,net,unrealised,marked_net\n"
              "alpha,0,0,40.00,2.00,38.00,120.00,\nbeta,1,0,-50.00,2.00,-52.00,0.00,\n");
    std::ostringstream tax;
    ASSERT_TRUE(run_tax_command(*reader, "2026-27", ReportForm::json, {}, tax));
    EXPECT_EQ(nlohmann::json::parse(tax.str())["financial_year"], "2026-27");
}

}  // namespace
}  // namespace tide
