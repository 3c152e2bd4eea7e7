#pragma once
#include <optional>
#include <vector>

#include "dice.hpp"
#include "scenario.hpp"

namespace tide::simulation {

// What the exchange would really trade at. The engine is told of it, or not.
struct TrueQuote {
    Price last, bid, ask;
    bool one_sided = false;  // nobody sells, nobody buys
    int64_t oi = 0;
};

// The day's prices. Time moves in steps; each step changes the true quotes and gives the events that the engine's feed
// would bring, if it works. The prices are simple on purpose: what matters is that everything happens, not that it is
// likely.
class Market {
  public:
    explicit Market(const Scenario& scenario);

    // The true time of the next step; none: the day is over.
    std::optional<ReceiveTime> next_step() const { return next_; }
    // Does the step; the events it gives are appended to `out`. `wants_path`: prices inside bars matter now.
    void step(bool wants_path, std::vector<EventPayload>& out);
    const TrueQuote& quote(InstrumentId id) const { return truth_[id.value()]; }
    // The exchange has stopped trading for an index limit.
    bool halted(ReceiveTime now) const { return now < index_halt_until_; }
    // Of a tick that leaves the exchange now: its clock is another one.
    ExchangeTime stamp(ReceiveTime now) const { return as_exchange_time(now + skew_); }
    bool stamps() const { return scenario_.has(Fault::clock_jump); }
    // Until then nothing reaches the process (it is stopped, or its machine is).
    ReceiveTime stalled_until() const { return stalled_until_; }

  private:
    struct Forming {
        bool any = false;
        Price open, high, low;
    };
    void move_prices(bool calm);
    void move_vix(bool calm);
    void price_options();
    void add_tick(uint32_t id, uint32_t flags, std::vector<EventPayload>& out);
    void add_bars(std::vector<EventPayload>& out);
    void feed(bool calm, std::vector<EventPayload>& out);
    void services(bool calm, std::vector<EventPayload>& out);
    void clocks(bool calm);
    void index_limits(bool calm, std::vector<EventPayload>& out);
    void plan_next();
    bool silent(uint32_t id) const { return now_ < silent_until_[id]; }

    const Scenario& scenario_;
    Dice dice_;
    Dice service_dice_;
    Dice clock_dice_;
    Dice limit_dice_;
    Duration skew_{};
    int64_t index_crashes_ = 0;
    ReceiveTime index_halt_until_;
    ReceiveTime now_;
    std::optional<ReceiveTime> next_;
    ReceiveTime open_, close_, calm_from_, dense_until_, stalled_until_, feed_down_until_;
    bool feed_is_down_ = false;
    std::optional<ReceiveTime> session_renewed_at_, exchange_opens_at_;  // while it is told to end, while it is halted
    std::vector<TrueQuote> truth_;
    std::vector<Forming> forming_;
    std::vector<ReceiveTime> silent_until_;
    std::vector<double> base_;  // premium of an option while its underlying is where it began
    double nifty_ = 21'500, bank_ = 47'000, vix_ = 14, vix_home_ = 14;
};

}  // namespace tide::simulation
