#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "core/events.hpp"
#include "core/result.hpp"

namespace tide {

// One row of the charges table with its own strings: what a ChargeRateEvent views.
struct ChargeRateRow {
    std::string item;      // brokerage, stt, exchange, ipft, sebi, stamp, gst
    std::string exchange;  // "NSE", "BSE"
    InstrumentKind kind = InstrumentKind::option;
    std::string side;      // buy, sell, both
    int64_t rate_e8 = 0;   // of the base, in 1e-8; with a flat amount beside it: whichever is less
    Money flat;            // per executed order
    std::string rounding;  // none, paisa, rupee
    std::string base;      // turnover, or for gst the items joined by '+'
    Date from{};
    Date to{};  // last day
    std::string source;

    // Views this row: valid while the row lives.
    ChargeRateEvent event() const;
};

// Every row of the folder's *.toml, in the order of file names and rows. Errors name file, line and key; two rows of
// one item, kind and side that overlap in time are an error. A date without a row is a date that cannot be charged.
Result<std::vector<ChargeRateRow>> load_charge_rates(const std::filesystem::path& folder);

}  // namespace tide
