#include "market/series.hpp"

namespace tide {

void BarSeriesBook::track(InstrumentId instrument, Timeframe timeframe) {
    TIDE_ASSERT(instrument.valid());
    const size_t i = index_of(instrument, timeframe);
    if (i >= series_.size()) series_.resize((instrument.value() + 1) * kTimeframeCount);
    if (!series_[i]) series_[i] = std::make_unique<Ring<Bar>>(capacity_);
}

bool BarSeriesBook::push(const Bar& bar) {
    const size_t i = index_of(bar.instrument, bar.timeframe);
    if (i >= series_.size() || !series_[i]) track(bar.instrument, bar.timeframe);
    Ring<Bar>& series = *series_[i];
    // Several bars of activity may begin in one instant.
    if (!series.empty() &&
        (bar.start < series[0].start || (bar.start == series[0].start && !is_activity(bar.timeframe))))
        return false;
    series.push(bar);
    return true;
}

size_t BarSeriesBook::count(InstrumentId instrument, Timeframe timeframe) const {
    const Ring<Bar>* series = find(instrument, timeframe);
    return series == nullptr ? 0 : series->size();
}

const Bar* BarSeriesBook::at(InstrumentId instrument, Timeframe timeframe, size_t back) const {
    const Ring<Bar>* series = find(instrument, timeframe);
    return series == nullptr || back >= series->size() ? nullptr : &(*series)[back];
}

}  // namespace tide
