#include "market/price_filter.hpp"

#include <algorithm>
#include <cmath>

#include "core/assert.hpp"

namespace tide {
namespace {

constexpr double kNormalDeviation = 1.4826;  // 1 / Phi^-1(3/4)
constexpr double kLargestPrice = 9e18;       // fits a price's units

Duration seconds_of(double s) { return Duration(static_cast<int64_t>(std::llround(s * 1e9))); }

int64_t median_of(std::vector<int64_t>& values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace

void PriceFilter::add(const Instrument& instrument) {
    const size_t i = instrument.id.value();
    if (i >= states_.size()) states_.resize(i + 1);
    State& state = states_[i];
    state.known = true;
    state.floor = settings_.spike_floor_of(instrument.kind) / 100;
    state.floor_abs = instrument.tick.units() * settings_.spike_floor_ticks;
    const auto window = static_cast<size_t>(settings_.spike_window);
    if (state.window.size() != window) state.window.assign(window, 0);
    scratch_.reserve(window);
    if (held_.capacity() == 0) held_.reserve(256);
}

void PriceFilter::start_day() {
    for (State& state : states_) {
        state.held = state.bar_suspect = false;
        state.count = state.at = 0;
    }
    held_.clear();
}

PriceFilter::Band PriceFilter::band_of(const State& state, double factor) {
    scratch_.assign(state.window.begin(), state.window.begin() + state.count);
    const int64_t median = median_of(scratch_);
    for (int64_t& value : scratch_) value = value > median ? value - median : median - value;
    const double deviation = kNormalDeviation * static_cast<double>(median_of(scratch_));
    const double half =
        std::max({settings_.spike_deviations * deviation, state.floor * factor * static_cast<double>(median),
                  static_cast<double>(state.floor_abs)});
    const double middle = static_cast<double>(median);
    return {static_cast<int64_t>(middle - half), static_cast<int64_t>(std::min(middle + half, kLargestPrice))};
}

PriceVerdict PriceFilter::judge_far(State& state, ReceiveTime received, ExchangeTime exchange, const TickEvent& tick) {
    const int64_t price = tick.last.units();
    const Band band = band_of(state, 1);
    const bool inside = (price >= band.low && price <= band.high) || near(state, price, state.last, 1);
    if (!state.held) {
        if (inside) {
            push(state, price);
            return PriceVerdict::accepted;
        }
        state.held = true;
        held_.push_back({received, exchange, tick});
        return PriceVerdict::held;
    }
    const size_t at = held_at(tick.instrument);
    const int64_t before = held_[at].tick.last.units();
    const bool same_side = (price > band.high && before > band.high) || (price < band.low && before < band.low);
    const bool agrees = !inside && (same_side || near(state, price, before, 1));
    released_ = held_[at];
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(at));
    if (!inside && !agrees) {
        held_.push_back({received, exchange, tick});
        return PriceVerdict::held;
    }
    state.held = false;
    if (agrees) push(state, before);
    push(state, price);
    return agrees ? PriceVerdict::confirmed : PriceVerdict::dropped;
}

void PriceFilter::judge_bar(InstrumentId instrument, Price close) {
    State* state = find(instrument);
    if (state == nullptr || !close.positive()) return;
    const int64_t price = close.units();
    bool wild = false;
    if (state->count >= samples_min() && !near(*state, price, state->last, settings_.spike_bar_factor)) {
        const Band band = band_of(*state, settings_.spike_bar_factor);
        // The bar after a suspect one settles the matter, whatever it says.
        wild = !state->bar_suspect && (price < band.low || price > band.high);
    }
    push(*state, price);
    state->bar_suspect = wild;
}

size_t PriceFilter::held_at(InstrumentId id) const {
    for (size_t i = 0; i < held_.size(); ++i) {
        if (held_[i].tick.instrument == id) return i;
    }
    TIDE_ASSERT(false);
    return 0;
}

const HeldTick* PriceFilter::held(InstrumentId id) const {
    const size_t i = id.value();
    return i < states_.size() && states_[i].held ? &held_[held_at(id)] : nullptr;
}

ReceiveTime PriceFilter::oldest_due() const { return held_.front().received + seconds_of(settings_.spike_confirm_s); }

std::optional<HeldTick> PriceFilter::take_due(ReceiveTime now) {
    if (held_.empty() || next_due() > now) return std::nullopt;
    released_ = held_.front();
    held_.erase(held_.begin());
    State& state = states_[released_.tick.instrument.value()];
    state.held = false;
    push(state, released_.tick.last.units());
    return released_;
}

}  // namespace tide
