#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "core/events.hpp"
#include "core/instrument.hpp"
#include "core/result.hpp"
#include "feeds/random_source.hpp"
#include "market/calendar.hpp"
#include "market/contract_rules.hpp"

namespace tide {

// What the option quotes of one moment are made from.
struct SyntheticSpot {
    double spot = 0;
    double vix = 0;
    ReceiveTime now;
    double day_share = 0;  // of the session's usual volume that has passed, 0 to 1
};

// The contracts of one underlying and their quotes: Black-Scholes on the spot with the VIX as at-the-money volatility
// and a skew, the same volatility for call and put of a strike, so that put-call parity holds inside the spread; the
// spread widens away from the money and with the VIX; open interest and volume peak near the money and at round
// strikes.
class SyntheticChain {
  public:
    struct Setup {
        std::string underlying;
        InstrumentId underlying_id;
        InstrumentId first_id;  // of its options
        Price previous_close;   // strikes are listed around it
        Date date{};
        int64_t chain_strikes = 10;
        double volatility_factor = 1;  // at-the-money volatility as a multiple of the VIX
        double spread = 1;             // a multiple of the usual
        bool quote_last_days = false;  // also contracts that expire within three days
    };
    static Result<SyntheticChain> create(const Setup& setup, const std::vector<Expiry>& expiries,
                                         const TradingCalendar& calendar, const ContractRules& rules,
                                         RandomSource random, RandomSource wanted_random);

    const std::vector<Instrument>& contracts() const { return contracts_; }
    // Widens the quoted strikes to those around the spot. Strikes once quoted stay quoted, at a
    // quarter of the pace.
    void follow(double spot);
    // Appends the quotes due in this second of the session: call and put of each strike whose turn it is.
    void quote(const SyntheticSpot& at, int64_t second, std::vector<TickEvent>& ticks);
    // Contracts that somebody asks for, ascending; others' ids are passed over.
    void want(std::span<const InstrumentId> contracts);
    // Appends the quotes due of the strikes that are asked for and not quoted anyway. They have chance of their own:
    // what quote() gives stays the same.
    void quote_wanted(const SyntheticSpot& at, int64_t second, std::vector<TickEvent>& ticks);

  private:
    struct Board {  // one expiry
        ReceiveTime expires;
        size_t first = 0;            // its first contract; then calls and puts by strike
        int64_t period_s = 0;        // 0 = not quoted, but for what is asked for
        std::vector<size_t> wanted;  // strikes, ascending
        double sqrt_years = 0, discount = 1;
        double years = 0;
    };
    struct Activity {
        int64_t volume_lots = 0;  // over the whole day
        int64_t oi_lots = 0;      // at the open
        int64_t oi_change_lots = 0;
    };
    SyntheticChain() : random_(0, 0), wanted_random_(0, 0) {}
    void begin_second(const SyntheticSpot& at, Board& board) const;
    void list_board(const Setup& setup, const Expiry& expiry, const TradingCalendar& calendar, const Instrument& model);
    void quote_strike(const SyntheticSpot& at, const Board& board, size_t strike, RandomSource& random,
                      std::vector<TickEvent>& ticks) const;
    struct Making {
        double mid = 0, half = 0;  // of the quote; half its spread
        double day_share = 0;
        uint64_t bits = 0;  // chance
    };
    static TickEvent quote_of(const Instrument& contract, const Activity& activity, const Making& making);

    std::vector<Instrument> contracts_;
    std::vector<Activity> activity_;  // as contracts_
    std::vector<Board> boards_;
    RandomSource random_, wanted_random_;
    double first_strike_ = 0;
    double step_ = 1;
    size_t strikes_ = 0;
    int64_t chain_strikes_ = 0;
    double volatility_factor_ = 1;
    double spread_ = 1;
    size_t low_ = 0, high_ = 0;            // quoted strikes: [low_, high_)
    size_t near_low_ = 0, near_high_ = 0;  // of which around the spot now
};

}  // namespace tide
