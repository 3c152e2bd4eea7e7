#pragma once
#include <optional>
#include <span>
#include <vector>

#include "core/events.hpp"
#include "market/data_quality_settings.hpp"

namespace tide {

enum class PriceVerdict : uint8_t {
    accepted,   // use the tick
    held,       // suspect: kept back until the next word
    confirmed,  // the tick that was held is real: use that first, then this
    dropped,    // the tick that was held was wrong: use this alone
};
struct HeldTick {
    ReceiveTime received;
    ExchangeTime exchange;
    TickEvent tick;
};

// Keeps wild prices from quotes, bars and stops until they are confirmed.
//
// A price is suspect when it is further than the floor of its kind from the last accepted one and outside a robust band
// around the median of the last n accepted ones: median +- d x 1.4826 x MAD (Rousseeuw & Croux 1993: the factor makes
// the median absolute deviation estimate a normal's standard deviation). It is held. The next tick decides: near the
// held price, or outside the band on the same side, it confirms; inside the band, it drops the held one; on the other
// side, it is held in its place. Without a next tick it counts after `spike_confirm_s`. A real crash is therefore
// believed at its second tick. Each day begins without a band.
class PriceFilter {
  public:
    explicit PriceFilter(const DataQualitySettings& settings) : settings_(settings) {}
    // Makes room, so that nothing is allocated later.
    void add(const Instrument& instrument);
    void start_day();

    // Judges a tick with a last price. After `confirmed`, released() has what was held.
    PriceVerdict judge(ReceiveTime received, ExchangeTime exchange, const TickEvent& tick) {
        State* state = find(tick.instrument);
        if (state == nullptr) return PriceVerdict::accepted;
        const int64_t price = tick.last.units();
        if (!state->held && (state->count < samples_min() || near(*state, price, state->last, 1))) {
            push(*state, price);
            return PriceVerdict::accepted;
        }
        return judge_far(*state, received, exchange, tick);
    }
    // A bar is a fact and is never held; its close is suspect until the next one when it lies outside the band.
    void judge_bar(InstrumentId instrument, Price close);
    // Whether the newest word on the instrument is suspect.
    bool suspect(InstrumentId id) const {
        const size_t i = id.value();
        return i < states_.size() && (states_[i].held || states_[i].bar_suspect);
    }
    // The held tick of an instrument that is suspect; nullptr for a bar's close or none.
    const HeldTick* held(InstrumentId id) const;
    // When the oldest held tick counts, if nothing contradicts it; ReceiveTime::max(): none is held.
    ReceiveTime next_due() const { return held_.empty() ? ReceiveTime::max() : oldest_due(); }
    // Takes the oldest held tick that is due.
    std::optional<HeldTick> take_due(ReceiveTime now);
    // What the last judge() released.
    const HeldTick& released() const { return released_; }

  private:
    struct State {
        bool known = false;
        bool held = false;
        bool bar_suspect = false;
        double floor = 0;       // fraction of the price
        int64_t floor_abs = 0;  // price units
        int64_t last = 0;
        uint32_t count = 0;
        uint32_t at = 0;
        std::vector<int64_t> window;
    };
    struct Band {
        int64_t low, high;
    };
    State* find(InstrumentId id) {
        const size_t i = id.value();
        return i < states_.size() && states_[i].known ? &states_[i] : nullptr;
    }
    uint32_t samples_min() const {
        return static_cast<uint32_t>(std::min(settings_.spike_samples_min, settings_.spike_window));
    }
    static bool near(const State& state, int64_t a, int64_t b, double factor) {
        const int64_t off = a > b ? a - b : b - a;
        return off <= state.floor_abs || static_cast<double>(off) <= state.floor * factor * static_cast<double>(b);
    }
    void push(State& state, int64_t price) {
        state.window[state.at] = price;
        state.at = state.at + 1 == state.window.size() ? 0 : state.at + 1;
        if (state.count < state.window.size()) ++state.count;
        state.last = price;
        state.bar_suspect = false;
    }
    PriceVerdict judge_far(State& state, ReceiveTime received, ExchangeTime exchange, const TickEvent& tick);
    Band band_of(const State& state, double factor);
    size_t held_at(InstrumentId id) const;
    ReceiveTime oldest_due() const;

    const DataQualitySettings& settings_;
    std::vector<State> states_;     // by instrument id
    std::vector<HeldTick> held_;    // oldest first
    std::vector<int64_t> scratch_;  // of band_of
    HeldTick released_;
};

}  // namespace tide
