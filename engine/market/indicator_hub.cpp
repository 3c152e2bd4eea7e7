#include "market/indicator_hub.hpp"

#include <algorithm>

namespace tide {

IndicatorHub::IndicatorHub(const BarSeriesBook* series, size_t capacity) : series_(series), capacity_(capacity) {
    TIDE_ASSERT(capacity > 0);
}

const IndicatorHub::Slot& IndicatorHub::slot(int32_t handle) const {
    TIDE_ASSERT(handle >= 0 && static_cast<size_t>(handle) < slots_.size());
    return slots_[static_cast<size_t>(handle)];
}

std::vector<int32_t>& IndicatorHub::handles_slot(InstrumentId instrument, Timeframe timeframe) {
    TIDE_ASSERT(instrument.valid());
    const size_t i = instrument.value() * kTimeframeCount + static_cast<size_t>(timeframe);
    if (i >= handles_.size()) handles_.resize((instrument.value() + 1) * kTimeframeCount);
    return handles_[i];
}

inline void IndicatorHub::update(Slot& slot, const BarValues& values) {
    Indicator& indicator = *slot.indicator;
    indicator.update(values);
    slot.head += slot.width;
    if (slot.head == slot.past.size()) slot.head = 0;
    ++slot.updates;
    double* row = slot.past.data() + slot.head;
    row[0] = indicator.value(0);
    for (size_t i = 1; i < slot.width; ++i) row[i] = indicator.value(i);
}

Result<IndicatorHub::Info> IndicatorHub::request(InstrumentId instrument, Timeframe timeframe, std::string_view name,
                                                 std::span<const double> parameters) {
    auto indicator = make_indicator(name, parameters);
    if (!indicator) return indicator.error();
    const IndicatorSpec* spec = find_indicator(name);
    std::vector<double> complete = *complete_indicator_parameters(*spec, parameters);
    auto& handles = handles_slot(instrument, timeframe);
    for (const int32_t handle : handles) {
        const Slot& known = slot(handle);
        if (known.spec == spec && known.parameters == complete) return Info{handle, spec->outputs, history(handle)};
    }
    Slot made{std::move(*indicator),
              spec->outputs.size(),
              0,
              0,
              std::vector<double>(capacity_ * spec->outputs.size()),
              spec,
              std::move(complete),
              instrument,
              timeframe};
    if (const Ring<Bar>* bars = series_ == nullptr ? nullptr : series_->find(instrument, timeframe)) {
        for (size_t back = bars->size(); back-- > 0;) update(made, bar_values((*bars)[back]));
    }
    const auto handle = static_cast<int32_t>(slots_.size());
    slots_.push_back(std::move(made));
    handles.push_back(handle);
    return Info{handle, spec->outputs, history(handle)};
}

void IndicatorHub::forget_from(size_t size) {
    if (size >= slots_.size()) return;
    for (auto& handles : handles_) {
        std::erase_if(handles, [size](int32_t handle) { return static_cast<size_t>(handle) >= size; });
    }
    slots_.erase(slots_.begin() + static_cast<std::ptrdiff_t>(size), slots_.end());
}

void IndicatorHub::on_bar(const Bar& bar) {
    const auto handles = handles_of(bar.instrument, bar.timeframe);
    if (handles.empty()) return;
    const BarValues values = bar_values(bar);
    for (const int32_t handle : handles) update(slots_[static_cast<size_t>(handle)], values);
}

std::span<const double> IndicatorHub::values(int32_t handle) const { return slot(handle).indicator->values(); }

double IndicatorHub::value(int32_t handle, size_t output, size_t back) const {
    const Slot& found = slot(handle);
    if (output >= found.width || back >= history(handle)) return kNoIndicatorValue;
    const size_t offset = back * found.width;
    const size_t row = found.head >= offset ? found.head - offset : found.head + found.past.size() - offset;
    return found.past[row + output];
}

IndicatorHub::About IndicatorHub::about(int32_t handle) const {
    const Slot& found = slot(handle);
    return {found.instrument, found.timeframe, found.spec->name, found.parameters};
}

size_t IndicatorHub::history(int32_t handle) const { return std::min(slot(handle).updates, capacity_); }
std::span<const std::string_view> IndicatorHub::outputs(int32_t handle) const { return slot(handle).spec->outputs; }

std::span<const int32_t> IndicatorHub::handles_of(InstrumentId instrument, Timeframe timeframe) const {
    const size_t i = instrument.value() * kTimeframeCount + static_cast<size_t>(timeframe);
    return i < handles_.size() ? std::span<const int32_t>(handles_[i]) : std::span<const int32_t>();
}

}  // namespace tide
