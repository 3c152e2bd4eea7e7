#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "barstore/bar_file.hpp"
#include "core/events.hpp"

namespace tide {

// One row of a tick file. `received` is ts_utc or collected_at where there is one, else the exchange's time.
struct TickFileRow {
    int64_t line = 0;
    int series = 0;  // index into series()
    ReceiveTime received;
    ExchangeTime exchange;  // 1970 where the row has none
    TickEvent tick;         // instrument not set; no last price (0) only in an option chain row
    // Columns volume_lots and oi_lots of a chain, in lots (118.6667 is met), for the caller to multiply by the
    // contract's lot; the tick itself then has neither.
    std::optional<double> volume_lots, oi_lots;
};

// Reads a file of ticks: CSV with a time (ts_ist, timestamp, ts_exchange, ts_utc) and ltp, or NDJSON of raw_tick.
// Understands bid, ask (also bid1, ask1), bid_qty, ask_qty, volume (the day's total; in NDJSON also volume_delta, what
// traded since the last tick), oi; symbol or option columns as in bar files. Rows come in the file's order, which need
// not be the order of time.
class TickFileReader {
  public:
    // Errors: not_found, io, corrupt, input (no header, missing columns).
    static Result<TickFileReader> open(const std::filesystem::path& file);
    TickFileReader(TickFileReader&&) noexcept;
    TickFileReader& operator=(TickFileReader&&) noexcept;
    ~TickFileReader();

    RowStatus next(TickFileRow& row);
    const std::string& problem() const;
    std::string_view problem_kind() const;  // as BarFileReader's
    int64_t line_number() const;
    Result<void> status() const;
    const std::string& name() const;
    const std::vector<SeriesName>& series() const;

  private:
    struct Parts;
    explicit TickFileReader(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace tide
