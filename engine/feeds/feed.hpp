#pragma once
#include <span>
#include <string>

#include "core/events.hpp"
#include "core/result.hpp"

namespace tide {

// A source of market events in time order: instruments, history, trading days, ticks, bars, day ends. Pulled by a
// driver; the same feed gives the same events in every driver and at every speed.
class Feed {
  public:
    virtual ~Feed() = default;
    // The next event, without a sequence number; false at the end. Text views stay valid until the next call.
    virtual Result<bool> next(Event& event) = 0;
    // Bar feeds: whether the path inside each bar (open, the two extremes, close, as ticks flagged kTickPathOfBar) is
    // wanted before the bar itself. Takes effect at the next minute. Asked for while orders or positions exist.
    virtual void want_bar_path(bool wanted) { (void)wanted; }
    // The contracts that matter now (strikes around the money, what is held), ascending; said again whenever they
    // change. A feed that must subscribe does so for these; one that has everything may ignore it.
    virtual void want_contracts(std::span<const InstrumentId> contracts) { (void)contracts; }
    // How much of its days it has given, from 0 to 1; 0 where that is not known.
    virtual double share_given() const { return 0; }
    // One line for a person: "synthetic market, seed 7, one session of 2026-11-20".
    virtual std::string describe() const = 0;
};

}  // namespace tide
