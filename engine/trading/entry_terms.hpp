#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/money.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace tide {

// Whose last price a trigger looks at.
enum class TriggerOn : uint8_t { instrument, underlying };
// How a large entry is spread over time: equal slices, or slices by the volume that is usual for each.
enum class SliceAlgo : uint8_t { none, twap, vwap };
// How long an entry stands. `unsaid` is the day, and each order of it lives no longer than any other entry's.
enum class GoodTill : uint8_t { unsaid, day, time, date };
std::string_view name_of(TriggerOn on);
std::string_view name_of(SliceAlgo algo);

// What an entry says beyond one order sent at once. With any of it the engine holds the entry as a parent order
// (trading/parent_order.hpp) and lets it go as child orders.
struct EntryTerms {
    std::optional<Price> trigger;     // a stop order; with Intent::limit a stop-limit order
    std::optional<Price> trail;       // the trigger follows the best price, this far behind
    std::optional<double> trail_pct;  // the same in percent of the best price
    TriggerOn trigger_on = TriggerOn::instrument;
    GoodTill good_till = GoodTill::unsaid;
    int32_t good_till_minute = 0;  // of the day in India, with GoodTill::time
    Date good_till_date{};         // with GoodTill::date
    bool after_market = false;     // may be given while no entry is possible: waits for the next entry window
    int64_t display_lots = 0;      // an iceberg: at most so many lots are shown at once; 0: all
    SliceAlgo algo = SliceAlgo::none;
    double over_min = 0;  // minutes from the first slice on
    int64_t slices = 0;
    std::string oco;  // one cancels the others: entries of a strategy with this name

    bool triggered() const { return trigger || trail || trail_pct; }
    // The engine holds such an entry; else it becomes an order at once.
    bool held() const {
        return triggered() || good_till != GoodTill::unsaid || after_market || display_lots > 0 ||
               algo != SliceAlgo::none || !oco.empty();
    }
};

// "day", "HH:MM" or "YYYY-MM-DD" into `terms`. False: it is none of these.
bool read_good_till(std::string_view text, EntryTerms& terms);
std::string good_till_text(const EntryTerms& terms);
// "trigger=101.05 trail_pct=0.5 good_till=14:15": what was said, in one order, for records and people.
std::string terms_text(const EntryTerms& terms);
// What contradicts itself, in one sentence; empty: nothing. `lots`: of the whole entry.
std::string wrong_in_terms(const EntryTerms& terms, int64_t lots);

// How many lots shall have been asked for once each slice is due, by the weights of the slices (all equal or all zero:
// equal parts), rounded to the nearest lot; the last is `lots`.
std::vector<int64_t> slice_plan(int64_t lots, const std::vector<int64_t>& weights);

}  // namespace tide
