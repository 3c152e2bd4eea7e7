#pragma once
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/events.hpp"
#include "core/result.hpp"
#include "trading/order.hpp"

namespace tide {

enum class ChargeItem : uint8_t { brokerage, stt, exchange, ipft, sebi, stamp, gst };
inline constexpr size_t kChargeItemCount = 7;
std::string_view name_of(ChargeItem item);

struct ChargeBreakdown {
    Money brokerage, stt, exchange, ipft, sebi, stamp, gst;
    Money total() const { return brokerage + stt + exchange + ipft + sebi + stamp + gst; }
    Money& of(ChargeItem item);
    Money of(ChargeItem item) const { return const_cast<ChargeBreakdown*>(this)->of(item); }
};

// One execution to be charged. `turnover_before` is the turnover of the same order's earlier fills on any day.
struct ChargeQuery {
    InstrumentKind kind = InstrumentKind::option;
    std::string_view exchange = "NSE";
    Side side = Side::buy;
    Date date{};
    Money turnover;
    Money turnover_before;
};

// A long option that is exercised at its expiry (in India: by itself, when it is in the money). All amounts are price x
// quantity; the side that was short pays nothing.
struct ExerciseQuery {
    std::string_view exchange = "NSE";
    Date date{};
    Money settlement_value;  // of the underlying's settlement price
    Money intrinsic_value;
};

// What a trade costs, by the table in force on its date (ChargeRateEvent rows).
//
// Rounding (india-market 4.3 leaves the level open): each row's own setting, applied to the running sum of an order. A
// fill is charged round(sum after) - round(sum before), so an order costs the same however it was filled, and no
// order's charges depend on another's. The brokerage falls on an order's first fill.
class ChargeTable {
  public:
    // Errors: config, naming the row and field.
    Result<void> add(const ChargeRateEvent& row);
    bool empty() const {
        return std::all_of(rows_.begin(), rows_.end(), [](const auto& rows) { return rows.empty(); });
    }
    // Every head has a rate (zero is a rate, absent is not; IPFT may be absent) for the kind on that date.
    Result<void> covers(InstrumentKind kind, std::string_view exchange, Date date) const;
    Result<ChargeBreakdown> charges_for(const ChargeQuery& query) const;
    // STT, and where the broker takes it brokerage with its GST. No exchange charge is known on an exercise (NSE and
    // broker pages). Errors: config, when no row says what is to be paid.
    Result<ChargeBreakdown> charges_for_exercise(const ExerciseQuery& query) const;
    // Of a whole order at once: what a pre-trade check reserves.
    Result<Money> estimate(const Instrument& instrument, Side side, Money turnover, Date date) const;

  private:
    enum class Rounding : uint8_t { none, paisa, rupee };
    enum class Sides : uint8_t { buy, sell, both, exercise };
    struct Row {
        ChargeItem item;
        std::string exchange;  // "*" = any
        InstrumentKind kind;
        Sides sides;
        int64_t rate_e8;
        Money flat;
        Rounding rounding;
        uint32_t base;            // of gst: bit per item
        bool on_full_settlement;  // of an exercise: not on its intrinsic value
        Date from, to;
        bool serves(Side side) const {
            return sides == Sides::both || sides == (side == Side::buy ? Sides::buy : Sides::sell);
        }
    };
    struct Lines;
    const Row* find(ChargeItem item, const ChargeQuery& query) const;
    const Row* find_exercise(ChargeItem item, const ExerciseQuery& query) const;
    bool has_item(ChargeItem item, InstrumentKind kind, std::string_view exchange, Date date) const;
    static __int128 round_line(__int128 line, const Row& row);
    Lines lines_for(const ChargeQuery& query, Money turnover) const;
    static size_t slot(InstrumentKind kind, ChargeItem item) {
        return static_cast<size_t>(kind) * kChargeItemCount + static_cast<size_t>(item);
    }
    std::array<std::vector<Row>, kInstrumentKindCount * kChargeItemCount> rows_;  // by kind and item, as they came
};

}  // namespace tide
