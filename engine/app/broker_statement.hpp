#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/instrument.hpp"
#include "core/result.hpp"
#include "ledger/ledger_reader.hpp"

// A broker's statement of trades (CSV), and the store's fills beside it.
namespace tide {

struct StatementTrade {
    int64_t line = 0;
    std::optional<ExchangeTime> time;  // none: the statement has a date alone
    std::string symbol;                // as the statement writes it
    std::string underlying;            // of a derivative, where its own columns say so
    std::optional<Date> expiry;
    std::optional<Price> strike;
    std::optional<OptionRight> right;
    bool buy = true;
    int64_t quantity = 0;
    Price price;
    std::string trade_id;
    std::optional<Money> charges;  // all heads together
};
struct Statement {
    std::string format;  // "own", "zerodha", "dhan", "angelone": whose columns they are
    std::vector<StatementTrade> trades;
    Date first_day{}, last_day{};
};

// Reads the text of a file; `name` names it in errors; `day` is that of times without a date. Errors: input, naming
// file and line of the first bad row and how many there are.
Result<Statement> parse_statement(std::string_view text, std::string_view name, std::optional<Date> day = std::nullopt);

struct StatementTolerance {
    Duration time = seconds(60);
    Money charges = Money::from_rupees(5);
};
struct StatementDifference {
    std::string what;  // price, quantity, not_in_store, not_in_statement, charges
    int64_t line = 0;  // of the statement; 0: none
    std::string subject, values;
};
struct StatementMatch {
    size_t matched = 0;
    std::vector<StatementDifference> differences;
    std::optional<Money> charges_theirs;  // where every trade of the statement has them
    Money charges_ours;                   // of the fills that match
};
// Each trade with at most one fill: contract, side, quantity and price the same, the times near each other.
StatementMatch match_statement(const Statement& statement, const std::vector<FillRow>& fills,
                               const StatementTolerance& tolerance);
// A statement's trade is in the contract that the store calls `instrument` ("NIFTY 2026-11-24 24500 CE").
bool same_contract(const StatementTrade& trade, std::string_view instrument);

}  // namespace tide
