#include "app/broker_statement.hpp"

#include <gtest/gtest.h>

namespace tide {
namespace {

constexpr const char* kContract = "NIFTY 2026-11-24 24500 CE";

FillRow fill(int minute, const char* side, int64_t quantity, double price, double charges = 0) {
    FillRow row;
    row.instrument = kContract;
    row.time = at(make_date(2026, 11, 20), hours(10) + minutes(minute));
    row.side = side;
    row.quantity = quantity;
    row.price = Price::from_double(price);
    row.charges = Money::from_double(charges);
    return row;
}
std::vector<std::string> whats(const StatementMatch& match) {
    std::vector<std::string> all;
    for (const auto& difference : match.differences) all.push_back(difference.what);
    return all;
}
const std::string kHeader = "time_ist,symbol,side,quantity,price,trade_id,charges\n";

TEST(BrokerStatement, the_same_trades_match_and_their_charges_are_compared) {
    const auto statement = parse_statement(kHeader +
                                               "2026-11-20T10:05:20,NIFTY 2026-11-24 24500 CE,buy,65,150.50,1,23.50\n"
                                               "2026-11-20T10:15:00,NIFTY 2026-11-24 24500 CE,SELL,65,155,2,30.25\n",
                                           "a.csv");
    ASSERT_TRUE(statement) << statement.error().message;
    EXPECT_EQ(statement->format, "own");
    EXPECT_EQ(statement->first_day, make_date(2026, 11, 20));
    const std::vector<FillRow> fills{fill(5, "buy", 65, 150.5, 23), fill(15, "sell", 65, 155, 30)};
    const auto match = match_statement(*statement, fills, {});
    EXPECT_EQ(match.matched, 2U);
    EXPECT_TRUE(match.differences.empty());
    EXPECT_EQ(match.charges_theirs, Money::from_paise(5'375));
    EXPECT_EQ(match.charges_ours, Money::from_rupees(53));
    StatementTolerance strict;
    strict.charges = Money::from_paise(74);  // 53.75 and 53 are 75 paise apart
    EXPECT_EQ(whats(match_statement(*statement, fills, strict)), std::vector<std::string>{"charges"});
}

TEST(BrokerStatement, what_differs_is_named_with_its_line) {
    const auto statement = parse_statement(kHeader +
                                               "2026-11-20T10:05:00,NIFTY 2026-11-24 24500 CE,buy,65,151,1,\n"
                                               "2026-11-20T10:15:00,NIFTY 2026-11-24 24500 CE,sell,130,155,2,\n"
                                               "2026-11-20T11:00:00,NIFTY 2026-11-24 24600 CE,buy,65,90,3,\n",
                                           "a.csv");
    ASSERT_TRUE(statement) << statement.error().message;
    const auto match = match_statement(
        *statement, {fill(5, "buy", 65, 150.5), fill(15, "sell", 65, 155), fill(30, "buy", 65, 140)}, {});
    EXPECT_EQ(match.matched, 0U);
    EXPECT_EQ(whats(match), (std::vector<std::string>{"price", "quantity", "not_in_store", "not_in_statement"}));
    EXPECT_EQ(match.differences[0].values, "ours=150.50 statement=151.00");
    EXPECT_EQ(match.differences[0].line, 2);
    EXPECT_EQ(match.differences[1].values, "ours=65 statement=130");
    EXPECT_EQ(match.differences[2].line, 4);
    EXPECT_FALSE(match.charges_theirs);
}

TEST(BrokerStatement, a_trade_too_far_in_time_is_not_the_same_and_each_fill_matches_once) {
    const auto statement = parse_statement(kHeader +
                                               "2026-11-20T10:05:00,NIFTY 2026-11-24 24500 CE,buy,65,150,1,\n"
                                               "2026-11-20T10:05:00,NIFTY 2026-11-24 24500 CE,buy,65,150,2,\n",
                                           "a.csv");
    ASSERT_TRUE(statement);
    EXPECT_EQ(match_statement(*statement, {fill(5, "buy", 65, 150), fill(6, "buy", 65, 150)}, {}).matched, 2U);
    EXPECT_EQ(match_statement(*statement, {fill(5, "buy", 65, 150), fill(7, "buy", 65, 150)}, {}).matched, 1U);
    EXPECT_EQ(match_statement(*statement, {fill(5, "buy", 65, 150)}, {}).matched, 1U);
}

TEST(BrokerStatement, tradebooks_of_brokers_are_told_by_their_columns) {
    const auto zerodha = parse_statement(
        "symbol,isin,trade_date,exchange,segment,series,trade_type,auction,quantity,price,trade_id,order_id,"
        "order_execution_time,expiry_date\n"
        "NIFTY26N2424500CE,,2026-11-20,NSE,FO,,buy,false,65,150.50,123,45,2026-11-20T10:05:00,2026-11-24\n",
        "z.csv");
    ASSERT_TRUE(zerodha) << zerodha.error().message;
    EXPECT_EQ(zerodha->format, "zerodha");
    const auto dhan = parse_statement(
        "orderId,exchangeTradeId,transactionType,tradingSymbol,tradedQuantity,tradedPrice,exchangeTime,drvExpiryDate,"
        "drvOptionType,drvStrikePrice,stt,brokerageCharges\n"
        "1,2,BUY,NIFTY-Nov2026-24500-CE,65,150.5,2026-11-20 10:05:00,2026-11-24,CALL,24500.0,1.5,20\n",
        "d.csv");
    ASSERT_TRUE(dhan) << dhan.error().message;
    EXPECT_EQ(dhan->format, "dhan");
    EXPECT_EQ(dhan->trades[0].charges, Money::from_paise(2'150));
    const auto angel = parse_statement(
        "tradingsymbol,transactiontype,fillsize,fillprice,fillid,filltime,expirydate,strikeprice,optiontype\n"
        "NIFTY24NOV2624500CE,BUY,65,150.5,7,10:05:00,24NOV2026,24500,CE\n",
        "a.csv", make_date(2026, 11, 20));
    ASSERT_TRUE(angel) << angel.error().message;
    EXPECT_EQ(angel->format, "angelone");
    for (const auto* statement : {&*zerodha, &*dhan, &*angel}) {
        const auto match = match_statement(*statement, {fill(5, "buy", 65, 150.5, 21.5)}, {});
        EXPECT_EQ(match.matched, 1U) << statement->format;
        EXPECT_TRUE(match.differences.empty()) << statement->format;
    }
}

TEST(BrokerStatement, a_contract_is_not_taken_for_another) {
    StatementTrade trade;
    trade.symbol = "NIFTY26N2424500CE";
    EXPECT_FALSE(same_contract(trade, kContract));  // no expiry is told
    trade.expiry = make_date(2026, 11, 24);
    EXPECT_TRUE(same_contract(trade, kContract));
    EXPECT_FALSE(same_contract(trade, "NIFTY 2026-11-24 24500 PE"));
    EXPECT_FALSE(same_contract(trade, "NIFTY 2026-12-01 24500 CE"));
    EXPECT_FALSE(same_contract(trade, "BANKNIFTY 2026-11-24 24500 CE"));
    trade.strike = Price::from_rupees(24'600);
    trade.right = OptionRight::call;
    EXPECT_FALSE(same_contract(trade, kContract));
}

TEST(BrokerStatement, bad_rows_are_named_by_file_and_line_and_nothing_is_compared) {
    for (const auto& [row, what] : std::initializer_list<std::pair<const char*, const char*>>{
             {"2026-11-20T10:05:00,NIFTY,hold,65,150,1,\n", "side 'hold'"},
             {"2026-11-20T10:05:00,NIFTY,buy,0,150,1,\n", "quantity '0'"},
             {"2026-11-20T10:05:00,NIFTY,buy,65,free,1,\n", "price 'free'"},
             {"yesterday,NIFTY,buy,65,150,1,\n", "time 'yesterday'"},
             {"2026-11-20T10:05:00,,buy,65,150,1,\n", "no symbol"},
             {"2026-11-20T10:05:00,NIFTY,buy,65,150,1,much\n", "charges 'much'"}}) {
        const auto read = parse_statement(kHeader + "2026-11-20T10:05:00,NIFTY,buy,65,150,1,\n" + row + row, "a.csv");
        ASSERT_FALSE(read) << row;
        EXPECT_EQ(read.error().message.find("a.csv:3: "), 0U) << read.error().message;
        EXPECT_NE(read.error().message.find(what), std::string::npos) << read.error().message;
        EXPECT_NE(read.error().message.find("and 1 more"), std::string::npos) << read.error().message;
    }
    EXPECT_FALSE(parse_statement("", "a.csv"));
    EXPECT_FALSE(parse_statement("a,b,c\n1,2,3\n", "a.csv"));
    EXPECT_FALSE(parse_statement(kHeader, "a.csv"));
}

}  // namespace
}  // namespace tide
