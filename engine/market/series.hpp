#pragma once
#include <memory>
#include <vector>

#include "core/bar.hpp"
#include "core/ring.hpp"

namespace tide {

// The newest bars of each (instrument, timeframe), index 0 the newest, bounded. Looked up by the dense instrument id.
class BarSeriesBook {
  public:
    static constexpr size_t kDefaultCapacity = 4096;
    explicit BarSeriesBook(size_t capacity = kDefaultCapacity) : capacity_(capacity) { TIDE_ASSERT(capacity > 0); }

    // Sets the room for a series aside, so that push does not allocate later.
    void track(InstrumentId instrument, Timeframe timeframe);
    // Adds a finished bar of a series (tracked from now on if it was not). False, and nothing added, when the bar is
    // not later than the newest one there (tick, volume and range bars: when it is earlier).
    bool push(const Bar& bar);

    // nullptr when the series is not tracked.
    const Ring<Bar>* find(InstrumentId instrument, Timeframe timeframe) const {
        const size_t i = index_of(instrument, timeframe);
        return i < series_.size() ? series_[i].get() : nullptr;
    }
    size_t count(InstrumentId instrument, Timeframe timeframe) const;
    // `back` bars ago (0 = newest), nullptr when there are not that many.
    const Bar* at(InstrumentId instrument, Timeframe timeframe, size_t back) const;
    size_t capacity() const { return capacity_; }

  private:
    static size_t index_of(InstrumentId instrument, Timeframe timeframe) {
        return instrument.value() * kTimeframeCount + static_cast<size_t>(timeframe);
    }
    size_t capacity_;
    std::vector<std::unique_ptr<Ring<Bar>>> series_;
};

}  // namespace tide
