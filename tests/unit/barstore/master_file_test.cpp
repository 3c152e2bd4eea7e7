#include "barstore/master_file.hpp"

#include <gtest/gtest.h>

#include "../market/shared_data.hpp"
#include "barstore/master_row.hpp"
#include "scratch_folder.hpp"
#include "support/paths.hpp"

namespace tide {
namespace {

using test::ScratchFolder;

Date d(int year, unsigned month, unsigned day) { return make_date(year, month, day); }
ContractKey option(std::string underlying, Date expiry, int64_t strike, OptionRight right,
                   std::string exchange = "NSE") {
    return {
        std::move(exchange), std::move(underlying), InstrumentKind::option, expiry, Price::from_rupees(strike), right};
}
const Date kAnyDay = make_date(2025, 1, 1);

// A row as Angel One writes it (samples of 2022 to 2026).
std::string angel(std::string_view token, std::string_view symbol, std::string_view expiry, std::string_view strike,
                  std::string_view lot, std::string_view type = "OPTIDX", std::string_view segment = "NFO") {
    return "{\"token\":\"" + std::string(token) + "\",\"symbol\":\"" + std::string(symbol) +
           "\",\"name\":\"NIFTY\",\"expiry\":\"" + std::string(expiry) + "\",\"strike\":\"" + std::string(strike) +
           "\",\"lotsize\":\"" + std::string(lot) + "\",\"instrumenttype\":\"" + std::string(type) +
           "\",\"exch_seg\":\"" + std::string(segment) + "\",\"tick_size\":\"5.000000\"}";
}
const std::string kAngelRow = angel("63915", "NIFTY28JUL2623500CE", "28JUL2026", "2350000.000000", "65");

TEST(MasterDate, the_ways_brokers_write_a_date_are_read_and_nothing_else) {
    for (const char* text : {"2026-11-24", "2026-11-24 14:30:00", "24NOV2026", "24-NOV-2026", "24-Nov-2026",
                             "24-11-2026", "24/11/2026", "24/11/26"}) {
        EXPECT_EQ(parse_master_date(text), d(2026, 11, 24)) << text;
    }
    for (const char* text : {"", "24NOV26X", "31NOV2026", "2026-11-24x", "2026-11-24 99:00", "1/1/26", "24-1-2026-1",
                             "99/99/99", "24XYZ2026", "0001-01-01", "-1-11-2026"}) {
        EXPECT_FALSE(parse_master_date(text).has_value()) << text;
    }
}

TEST(MasterFile, angel_one_rows_are_looked_up_by_what_they_are_and_by_token) {
    const auto path = data_folder() / "refs" / "angel_scrip_master_nfo_quoted.json";
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "real data not found: " << path;
    const auto file = read_contract_master(path).value();
    EXPECT_EQ(file.report.format, "Angel One JSON");
    EXPECT_EQ(file.report.rows, 8);
    EXPECT_EQ(file.report.kept, 8);
    EXPECT_EQ(file.report.bad, 0);
    const auto* call = file.master.find(option("NIFTY", d(2026, 7, 28), 23500, OptionRight::call), kAnyDay);
    ASSERT_NE(call, nullptr);
    EXPECT_EQ(call->symbol, "NIFTY28JUL2623500CE");
    EXPECT_EQ(call->token, "63915");
    EXPECT_EQ(call->lot, Quantity(65));
    EXPECT_EQ(call->tick, Price::from_units(500));
    EXPECT_EQ(file.master.find_token("NFO", "63915", kAnyDay), call);
    EXPECT_EQ(file.master.find_symbol("NFO", "NIFTY28JUL2623500CE", kAnyDay), call);
    EXPECT_EQ(file.master.find_token("NSE", "63915", kAnyDay), nullptr);  // a token is of its segment
    const auto* put = file.master.find(option("NIFTY", d(2022, 5, 5), 16400, OptionRight::put), kAnyDay);
    ASSERT_NE(put, nullptr);
    EXPECT_EQ(put->lot, Quantity(50));
    const auto* future =
        file.master.find({"NSE", "NIFTY", InstrumentKind::future, d(2026, 7, 28), {}, OptionRight::none}, kAnyDay);
    ASSERT_NE(future, nullptr);
    EXPECT_EQ(future->token, "61093");
    EXPECT_EQ(future->tick, Price::from_units(1000));
    const auto* share =
        file.master.find({"NSE", "SBIN", InstrumentKind::equity, std::nullopt, {}, OptionRight::none}, kAnyDay);
    ASSERT_NE(share, nullptr);
    EXPECT_EQ(share->symbol, "SBIN-EQ");
    EXPECT_EQ(share->tick, Price::from_units(1000));
}

TEST(MasterFile, angel_one_indices_have_our_names_and_other_series_are_left_out) {
    const auto path = data_folder() / "refs" / "angel_scrip_master_sample.json";
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "real data not found: " << path;
    const auto file = read_contract_master(path).value();
    EXPECT_EQ(file.report.rows, 10);
    EXPECT_EQ(file.report.kept, 8);       // five indices, three shares
    EXPECT_EQ(file.report.elsewhere, 2);  // a share of the SME series, a state's bond
    const auto* vix = file.master.find_token("NSE", "99926017", kAnyDay);
    ASSERT_NE(vix, nullptr);
    EXPECT_EQ(vix->key.underlying, "INDIAVIX");
    EXPECT_EQ(vix->key.kind, InstrumentKind::volatility_index);
    EXPECT_EQ(file.master.find_token("NSE", "99926009", kAnyDay)->key.underlying, "BANKNIFTY");
    EXPECT_EQ(file.master.find_token("NSE", "1008", kAnyDay)->freeze, Quantity(125531));
}

TEST(MasterFile, dhan_rows_of_three_forms_are_read) {
    const auto folder = data_folder() / "refs";
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << "real data not found: " << folder;
    const auto compact = read_contract_master(folder / "dhan_scrip_master_compact_quoted.csv").value();
    EXPECT_EQ(compact.report.format, "Dhan compact CSV");
    EXPECT_EQ(compact.report.kept, 5);
    EXPECT_EQ(compact.master.find_token("IDX_I", "21", kAnyDay)->key.underlying, "INDIAVIX");
    const auto* share = compact.master.find_token("NSE_EQ", "2885", kAnyDay);
    ASSERT_NE(share, nullptr);
    EXPECT_EQ(share->key.underlying, "RELIANCE");
    EXPECT_EQ(share->tick, Price::from_units(1000));  // "10.0000" paise
    EXPECT_EQ(compact.master.find_token("NSE_EQ", "8954", kAnyDay)->tick, Price::from_units(100));

    const auto trimmed = read_contract_master(folder / "dhan_scrip_master_trimmed_quoted.csv").value();
    EXPECT_EQ(trimmed.report.kept, 4);
    const auto* put = trimmed.master.find(option("SENSEX", d(2026, 3, 26), 79000, OptionRight::put, "BSE"), kAnyDay);
    ASSERT_NE(put, nullptr);
    EXPECT_EQ(put->token, "1100789");
    EXPECT_EQ(put->segment, "BSE_FNO");
    // The row without a symbol column has its underlying in the trading symbol.
    EXPECT_NE(trimmed.master.find(option("SENSEX", d(2025, 9, 25), 82000, OptionRight::call, "BSE"), kAnyDay), nullptr);
}

// Rows in the columns of Dhan's documented header; the values by the description of the columns.
TEST(MasterFile, dhan_detailed_rows_have_freeze_quantity_and_status) {
    const ScratchFolder folder;
    const std::string header =
        "EXCH_ID,SEGMENT,SECURITY_ID,ISIN,INSTRUMENT,UNDERLYING_SECURITY_ID,UNDERLYING_SYMBOL,SYMBOL_NAME,DISPLAY_NAME,"
        "INSTRUMENT_TYPE,SERIES,LOT_SIZE,SM_EXPIRY_DATE,STRIKE_PRICE,OPTION_TYPE,TICK_SIZE,EXPIRY_FLAG,"
        "BUY_SELL_INDICATOR,SM_FREEZE_QTY\n";
    const auto file = read_contract_master(folder.write(
        "detailed.csv",
        header +
            "NSE,D,49081,NA,OPTIDX,26000,NIFTY,NIFTY-Nov2026-25000-CE,NIFTY 23 NOV 25000 CALL,OP,NA,65.0,2026-11-23,"
            "25000.00000,CE,5.0000,M,A,1800\n"
            "NSE,D,49082,NA,OPTSTK,16669,BAJAJ-AUTO,BAJAJ-AUTO-Nov2026-9000-PE,\"BAJAJ-AUTO, 23 NOV 9000 PUT\",OP,NA,"
            "75.0,2026-11-23,9000.00000,PE,5.0000,M,S,\n"
            "MCX,M,1,NA,OPTFUT,1,GOLD,GOLD-Dec2026-90000-CE,GOLD,OP,NA,1,2026-12-01,90000,CE,50,M,A,\n"));
    ASSERT_TRUE(file.has_value()) << file.error().message;
    EXPECT_EQ(file->report.format, "Dhan detailed CSV");
    EXPECT_EQ(file->report.elsewhere, 1);
    const auto* call = file->master.find(option("NIFTY", d(2026, 11, 23), 25000, OptionRight::call), kAnyDay);
    ASSERT_NE(call, nullptr);
    EXPECT_EQ(call->lot, Quantity(65));
    EXPECT_EQ(call->tick, Price::from_units(500));
    EXPECT_EQ(call->freeze, Quantity(1800));
    EXPECT_EQ(call->status, ContractStatus::active);
    const auto* put = file->master.find_token("NSE_FNO", "49082", kAnyDay);
    ASSERT_NE(put, nullptr);
    EXPECT_EQ(put->key.underlying, "BAJAJ-AUTO");
    EXPECT_EQ(put->status, ContractStatus::suspended);
}

TEST(MasterFile, underlying_of_a_compact_dhan_row_is_what_stands_before_the_month) {
    const ScratchFolder folder;
    const auto file = read_contract_master(folder.write(
        "compact.csv",
        "SEM_EXM_EXCH_ID,SEM_SEGMENT,SEM_SMST_SECURITY_ID,SEM_INSTRUMENT_NAME,SEM_TRADING_SYMBOL,SEM_LOT_UNITS,"
        "SEM_EXPIRY_DATE,SEM_STRIKE_PRICE,SEM_OPTION_TYPE,SEM_TICK_SIZE,SEM_SERIES\n"
        "NSE,D,1,OPTSTK,BAJAJ-AUTO-Oct2026-9000-CE,75.0,2026-10-27 14:30:00,9000.00000,CE,5.0000,NA\n"
        "NSE,D,2,FUTIDX,BANKNIFTY-Oct2026-FUT,30.0,2026-10-27 14:30:00,-0.01000,XX,20.0000,NA\n"));
    ASSERT_TRUE(file.has_value()) << file.error().message;
    EXPECT_EQ(file->master.find_token("NSE_FNO", "1", kAnyDay)->key.underlying, "BAJAJ-AUTO");
    const auto* future = file->master.find_token("NSE_FNO", "2", kAnyDay);
    EXPECT_EQ(future->key, (ContractKey{"NSE", "BANKNIFTY", InstrumentKind::future, d(2026, 10, 27), {}, {}}));
    EXPECT_EQ(future->tick, Price::from_units(2000));
}

TEST(MasterFile, kite_rows_are_read) {
    const auto path = data_folder() / "refs" / "kite_instruments_banknifty_jun2023.csv";
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "real data not found: " << path;
    const auto file = read_contract_master(path).value();
    EXPECT_EQ(file.report.kept, 8);
    const auto* put = file.master.find(option("BANKNIFTY", d(2023, 6, 29), 42500, OptionRight::put), kAnyDay);
    ASSERT_NE(put, nullptr);
    EXPECT_EQ(put->token, "13299202");
    EXPECT_EQ(put->lot, Quantity(25));
    EXPECT_EQ(put->tick, Price::from_units(500));
}

TEST(MasterFile, own_rows_may_change_from_a_date) {
    const ScratchFolder folder;
    const auto file = read_contract_master(folder.write(
        "own.csv",
        "kind,exchange,underlying,expiry,strike,right,lot,tick,freeze,symbol,token,status,valid_from,valid_to\n"
        "option,NSE,NIFTY,2026-06-30,25000,CE,75,0.05,1800,A,1,active,,2025-12-30\n"
        "option,NSE,NIFTY,2026-06-30,25000,CE,65,0.05,1800,A,1,active,2025-12-31,\n"
        "index,NSE,NIFTY 50,,,,,,,,26000,,,\n"));
    ASSERT_TRUE(file.has_value()) << file.error().message;
    EXPECT_EQ(file->report.clashes, 0);
    const auto key = option("NIFTY", d(2026, 6, 30), 25000, OptionRight::call);
    EXPECT_EQ(file->master.find(key, d(2025, 12, 30))->lot, Quantity(75));
    EXPECT_EQ(file->master.find(key, d(2025, 12, 31))->lot, Quantity(65));
    EXPECT_EQ(file->master.find_token("NSE", "1", d(2026, 1, 5))->lot, Quantity(65));
    EXPECT_EQ(file->master.find_token("NSE", "26000", kAnyDay)->key.underlying, "NIFTY");
}

TEST(MasterFile, junk_rows_are_counted_and_told_with_their_line) {
    const ScratchFolder folder;
    const auto file = read_contract_master(folder.write(
        "junk.json", "[" + kAngelRow + ",\n" + angel("1", "NIFTY28JUL2623550XX", "28JUL2026", "2355000.000000", "65") +
                         ",\n" + angel("2", "NIFTY28JUL2623600CE", "31JUN2026", "2360000.000000", "65") + ",\n" +
                         angel("3", "NIFTY28JUL2623650CE", "28JUL2026", "-1.000000", "65") + ",\n" +
                         angel("4", "NIFTY28JUL2623700CE", "28JUL2026", "2370000.000000", "six") + ",\n17,\n" +
                         angel("5", "GOLD", "", "0", "1", "OPTFUT", "MCX") + "]"));
    ASSERT_TRUE(file.has_value()) << file.error().message;
    EXPECT_EQ(file->report.kept, 1);
    EXPECT_EQ(file->report.bad, 5);
    EXPECT_EQ(file->report.elsewhere, 1);
    ASSERT_EQ(file->report.problems.size(), 5U);
    EXPECT_EQ(file->report.problems[0].line, 2);
    EXPECT_EQ(file->report.problems[0].reason, "neither a call nor a put");
    EXPECT_EQ(file->report.problems[1].reason, "expiry '31JUN2026' is not a date");
    EXPECT_EQ(file->report.problems[2].reason, "the strike is missing");
    EXPECT_EQ(file->report.problems[3].line, 5);
    EXPECT_EQ(file->report.problems[3].reason, "lot 'six' is not a whole number of units");
    EXPECT_EQ(file->report.problems[4].line, 6);
}

TEST(MasterFile, repeated_rows_are_kept_once_and_contradictions_are_told) {
    const ScratchFolder folder;
    const auto file = read_contract_master(folder.write(
        "twice.json", "[" + kAngelRow + ",\n" + kAngelRow + ",\n" +
                          angel("63915", "NIFTY28JUL2623550CE", "28JUL2026", "2355000.000000", "65") + ",\n" +
                          angel("77", "NIFTY28JUL2623500CE", "28JUL2026", "2350000.000000", "75") + "]"));
    ASSERT_TRUE(file.has_value()) << file.error().message;
    EXPECT_EQ(file->report.kept, 1);
    EXPECT_EQ(file->report.duplicates, 1);
    EXPECT_EQ(file->report.clashes, 2);
    EXPECT_EQ(file->master.find_token("NFO", "63915", kAnyDay)->symbol, "NIFTY28JUL2623500CE");
    EXPECT_EQ(file->report.problems[0].line, 3);
    EXPECT_EQ(file->report.problems[0].reason, "the same number for two contracts: line 1 is kept");
    EXPECT_EQ(file->report.problems[1].reason, "the same contract with other terms: line 1 is kept");
}

TEST(MasterFile, expired_contracts_and_other_underlyings_are_left_out_when_asked) {
    const ScratchFolder folder;
    const auto path =
        folder.write("old.json", "[" + kAngelRow + "," +
                                     angel("42494", "NIFTY05MAY2216400PE", "05MAY2022", "1640000.000000", "50") + "]");
    MasterOptions options;
    options.on = d(2026, 7, 28);  // a contract trades on the day it expires
    const auto file = read_contract_master(path, options).value();
    EXPECT_EQ(file.report.kept, 1);
    EXPECT_EQ(file.report.expired, 1);
    options.on = d(2026, 7, 29);
    const auto none = read_contract_master(path, options);
    ASSERT_FALSE(none.has_value());
    EXPECT_NE(none.error().message.find("2 expired before 2026-07-29"), std::string::npos) << none.error().message;
    MasterOptions others;
    others.underlyings = {"BANKNIFTY"};
    EXPECT_FALSE(read_contract_master(path, others).has_value());
}

TEST(MasterFile, a_truncated_or_foreign_file_is_refused) {
    const ScratchFolder folder;
    const auto code_of = [](const Result<MasterFile>& file) { return file ? ErrorCode::internal : file.error().code; };
    const auto cut = read_contract_master(folder.write("cut.json", "[" + kAngelRow + ",\n{\"token\":\"4"));
    EXPECT_EQ(code_of(cut), ErrorCode::corrupt);
    EXPECT_NE(cut.error().message.find("after 1 contracts, in line 2"), std::string::npos) << cut.error().message;
    const std::string zipped = test::content_of(folder.write_gz("whole.json.gz", "[" + kAngelRow + "]"));
    EXPECT_EQ(read_contract_master(folder.path() / "whole.json.gz").value().report.kept, 1);
    EXPECT_EQ(code_of(read_contract_master(folder.write("cut.gz", zipped.substr(0, zipped.size() - 12)))),
              ErrorCode::corrupt);
    EXPECT_EQ(code_of(read_contract_master(folder.write("object.json", "{\"data\":[]}"))), ErrorCode::corrupt);
    EXPECT_EQ(code_of(read_contract_master(folder.write("bars.csv", "ts_ist,open,high,low,close\n"))),
              ErrorCode::input);
    EXPECT_EQ(code_of(read_contract_master(folder.write("empty", ""))), ErrorCode::input);
    EXPECT_EQ(code_of(read_contract_master(folder.path() / "nowhere")), ErrorCode::not_found);
}

TEST(ContractMaster, terms_of_the_master_win_and_what_it_does_not_say_stays) {
    Instrument contract;
    contract.lot = Quantity(75);
    contract.tick = Price::from_units(500);
    contract.freeze = Quantity(1800);
    ListedContract listed;
    EXPECT_EQ(apply_master(contract, listed), "");
    listed.lot = Quantity(65);
    listed.tick = Price::from_units(500);
    listed.freeze = Quantity(1755);
    EXPECT_EQ(apply_master(contract, listed), "lot 65 instead of 75, freeze quantity 1755 instead of 1800");
    EXPECT_EQ(contract.lot, Quantity(65));
    EXPECT_EQ(contract.freeze, Quantity(1755));
}

}  // namespace
}  // namespace tide
