#pragma once
#include "app/strategy_test_session.hpp"
#include "bindings/test_value.hpp"

// What a test may ask of its market's session: lists of tables in the order in which things happened. Prices and money
// are rupees, missing is missing.
namespace tide {

TestValue test_orders(const StrategyTestSession& session);     // that left the engine, as they stand now
TestValue test_positions(const StrategyTestSession& session);  // open ones
TestValue test_trades(const StrategyTestSession& session);     // closed ones
TestValue test_exits(const StrategyTestSession& session);      // that were asked for, with their rules
TestValue test_skips(const StrategyTestSession& session);      // runs of equal ones with their count
TestValue test_refusals(const StrategyTestSession& session);   // by the risk gate
TestValue test_logs(const StrategyTestSession& session);       // of the strategy, and of the engine
TestValue test_account(const StrategyTestSession& session);

}  // namespace tide
