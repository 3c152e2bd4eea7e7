#pragma once
#include <span>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "ledger/ledger_reader.hpp"
#include "trading/charges.hpp"

// Futures and options for an Indian income-tax return: turnover, charges by head, quarters, what is open at the end.
namespace tide {

// What one order closed of what one earlier order opened, first in, first out.
struct ClosedTrade {
    std::string account, instrument;
    ReceiveTime opened, closed;
    bool was_short = false;
    int64_t quantity = 0;
    Money bought, sold;  // price x quantity
    Money profit() const { return sold - bought; }
};
struct OpenLot {
    std::string account, instrument, side;
    ReceiveTime opened;
    int64_t quantity = 0;
    Money value;  // price x quantity at entry
};

struct TaxReport {
    struct Period {
        Date from{}, to{};  // both included
        Money profit;       // gross, of trades closed
        Money charges;      // of fills
    };
    int first_year = 0;  // 2026 of 2026-27
    bool paper = false;  // no live session: an exercise without money
    std::vector<ClosedTrade> trades;
    std::vector<OpenLot> open;     // at the end of 31 March
    std::vector<Period> periods;   // of the four instalments of advance tax, and the rest of March
    ChargeBreakdown charges;       // of the year's fills
    Money turnover;                // sum of the absolute profits of the closed trades
    Money profit;                  // gross
    int64_t trades_in_shares = 0;  // left out: not futures or options
};

// "2026-27" -> 2026. ErrorCode::usage otherwise.
Result<int> parse_financial_year(const std::string& text);
// From fills in the order of time, also earlier ones (they open what is closed in the year). Sessions of live trading
// are one account; without any, each paper session is an account of its own.
TaxReport make_tax_report(std::span<const FillRow> fills, int first_year);

}  // namespace tide
