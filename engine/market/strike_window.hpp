#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/instrument.hpp"
#include "core/settings.hpp"
#include "market/quotes.hpp"

namespace tide {

struct StrikeWindowSettings {
    int64_t strikes = 10;       // each side of the money
    int64_t gap_strikes = 15;   // the same in gap mode
    int64_t expiries = 2;       // nearest ones that are followed, besides the nearest monthly
    double replace_s = 90;      // a new window takes the place of the old one over so long
    double check_s = 5;         // how often the underlying is looked at
    double max_spread_pct = 5;  // of the middle, for a contract to count as liquid
    int64_t min_volume = 0;     // of the day, in units
    void register_in(SettingsRegistry& registry);
};

// At the money: the listed strike nearest to the price; of two that are equally near, the lower. `strikes` ascending,
// not empty.
Price nearest_strike(std::span<const Price> strikes, Price price);
// The smaller of the two distances from a listed strike to its neighbours; 0 when it has none. Far and long-dated
// strikes lie wider apart, so this is asked for near the money.
Price strike_step(std::span<const Price> strikes, Price at);

enum class Liquidity : uint8_t { unknown, thin, liquid };
std::string_view name_of(Liquidity liquidity);
// Whether a contract can be traded without moving it. Looked at are spread and day volume; of options and futures also
// open interest, which a share does not have. Thin when one of them is known and not enough; unknown when none is that
// but one is missing (no two-sided quote, no volume, no open interest): missing is not zero. An index is never liquid.
Liquidity liquidity_of(const Quote& quote, InstrumentKind kind, int64_t min_open_interest,
                       const StrikeWindowSettings& settings);

// Which option contracts of one underlying are of interest now: strikes around the money of the nearest expiries.
//
// The window keeps its centre until the price is more than one strike away from it (the distance to the next listed
// strike on that side), then moves to the strike that is nearest: a price that swings about the middle between two
// strikes moves nothing. What enters near the money enters at once; the rest enters, and what is out leaves, evenly
// over `replace_s`. A contract that is held or has a live order never leaves, nor one within two strikes of the centre.
class StrikeWindow {
  public:
    // The settings must outlive it. `least_strikes`: each side, whatever the settings say.
    explicit StrikeWindow(const StrikeWindowSettings& settings, int64_t least_strikes = 0)
        : settings_(settings), least_strikes_(least_strikes) {}

    // All listed options of the underlying, in any order; takes the place of an earlier list.
    void list(std::span<const Instrument* const> options);

    using Held = std::function<bool(InstrumentId)>;
    // Looks at the price. True: the window has a new centre (also the first one, and another width or other expiries).
    // Without a listed expiry on or after `today` nothing happens.
    bool update(Price price, bool gap_mode, Date today, ReceiveTime now, const Held& held);

    std::optional<Price> centre() const { return centre_; }
    Price lowest() const { return lowest_; }  // of the nearest expiry's window
    Price highest() const { return highest_; }
    // Ascending ids: of the window, of what has not left yet, of what is held.
    const std::vector<InstrumentId>& wanted() const { return wanted_; }
    // What the last update changed, in the order in which it did.
    const std::vector<InstrumentId>& added() const { return added_; }
    const std::vector<InstrumentId>& dropped() const { return dropped_; }

  private:
    struct Rung {
        Price strike;
        std::vector<InstrumentId> contracts;  // call and put, whichever are listed
    };
    struct Board {
        Date expiry;
        bool monthly = false;
        std::vector<Price> strikes;  // ascending
        std::vector<Rung> rungs;     // as strikes
    };
    struct Candidate {
        size_t distance = 0;  // in strikes from the centre
        InstrumentId id;
    };

    std::vector<const Board*> followed_boards(Date today) const;
    bool left_centre(const Board& nearest, Price price) const;
    void aim(const std::vector<const Board*>& boards, int64_t strikes, ReceiveTime now);
    void replace_due(ReceiveTime now, const Held& held);
    bool is_wanted(InstrumentId id) const;

    const StrikeWindowSettings& settings_;
    int64_t least_strikes_;
    std::vector<Board> boards_;  // by expiry
    std::optional<Price> centre_;
    Price lowest_, highest_;
    Date nearest_expiry_{};
    bool gap_mode_ = false;
    bool listed_anew_ = false;
    ReceiveTime aimed_at_{};
    std::vector<InstrumentId> wanted_;
    std::vector<InstrumentId> entering_, leaving_;  // of the last aim, in the order in which they go
    size_t at_once_ = 0;                            // of entering_
    size_t entered_ = 0, left_ = 0;
    std::vector<InstrumentId> added_, dropped_;
};

}  // namespace tide
