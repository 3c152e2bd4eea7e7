#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"
#include "market/calendar.hpp"
#include "market/contract_rules.hpp"
#include "market/data_quality_settings.hpp"

namespace tide {

// Something a reader of a tick file must know. `subject`: a symbol, or "feed" for the file as a whole.
struct QualityFinding {
    // "closed_day", "frozen", "stale" (a hole), "skewed", "missing", "gaps", "price_spike", "repeated_stamp",
    // "repeated_tick", "stamp_fell", "volume_fell", "outside_session".
    std::string kind;
    std::string subject;
    ReceiveTime from, to;  // receipt of the first and last row that it concerns
    int64_t count = 1;     // rows; of a state: how often it was entered
    double value = 0;      // the worst: seconds (stale, frozen, skewed), per cent (missing), silences (gaps)
    std::string text;      // for a person
};
struct QualityReport {
    int64_t rows = 0;      // used
    int64_t bad_rows = 0;  // not readable
    int64_t series = 0;
    ReceiveTime first, last;
    std::vector<QualityFinding> findings;  // the file's days, then the feed's states, then by instrument
    // Whether entries over this file would be refused for its data at some time, or its day is no trading day.
    bool doubtful() const;
};

// Runs a tick file through the engine's own data-quality checks, as a session would see it: rows in the order of
// receipt (collected_at, ts_utc; else the stamp), days and hours from the calendar (`exchange`; days that it calls
// closed get the usual hours and a finding). `rules` tell indices from shares. Errors: those of TickFileReader; input
// when no row is readable.
Result<QualityReport> quality_report(const std::filesystem::path& file, const DataQualitySettings& settings,
                                     const TradingCalendar& calendar, const ContractRules& rules,
                                     const std::string& exchange = "NSE");

}  // namespace tide
