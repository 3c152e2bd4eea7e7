#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/events.hpp"
#include "core/result.hpp"

namespace tide {

// One row of the charges table with its own strings: what a ChargeRateEvent views.
struct ChargeRateRow {
    std::string item;      // brokerage, stt, exchange, ipft, sebi, stamp, gst
    std::string exchange;  // "NSE", "BSE"
    InstrumentKind kind = InstrumentKind::option;
    std::string side;      // buy, sell, both; exercise: an option that is exercised at its expiry
    int64_t rate_e8 = 0;   // of the base, in 1e-8; with a flat amount beside it: whichever is less
    Money flat;            // per executed order
    std::string rounding;  // none, paisa, rupee
    // turnover, or for gst the items joined by '+'; of an exercise: intrinsic, settlement
    std::string base;
    Date from{};
    Date to{};  // last day
    std::string source;

    // Views this row: valid while the row lives.
    ChargeRateEvent event() const;
};

// The brokers whose rounding (and brokerage on exercise) is known: files of brokers/ beside the tables.
inline constexpr std::string_view kChargeBrokers[] = {"angelone", "dhan", "zerodha"};

// Every row of the folder's *.toml, in the order of file names and rows. Errors name file, line and key; two rows of
// one item, kind and side that overlap in time are an error. A date without a row is a date that cannot be charged.
// A broker's own file (brokers/<broker>.toml) then changes how items are rounded and adds rows; empty: no broker's.
Result<std::vector<ChargeRateRow>> load_charge_rates(const std::filesystem::path& folder, std::string_view broker = "");

}  // namespace tide
