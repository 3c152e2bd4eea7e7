#pragma once
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <vector>

#include "core/events.hpp"

namespace tide::simulation {

// The rule on wild prices, once more and plainly (docs/architecture.md, "Doubtful data"; the shipped settings): which
// ticks count, and when.
class SlowFilter {
  public:
    struct Counted {
        TickEvent tick;
        ReceiveTime received;
    };
    void add(const Instrument& instrument) {
        State& state = states_[instrument.id];
        static constexpr double kFloors[] = {0.5, 2, 0.75, 30, 10};  // per cent, by kind
        state.floor = kFloors[static_cast<size_t>(instrument.kind)] / 100;
        state.ticks = instrument.tick.to_double() * 20;
    }
    // What nothing has contradicted for five seconds, by now.
    std::vector<Counted> due(ReceiveTime now) {
        std::vector<Counted> counted;
        for (auto& [id, state] : states_) {
            if (!state.held || now - state.held->received < seconds(5)) continue;
            counted.push_back(*state.held);
            state.held.reset();
            state.push(counted.back().tick.last.to_double());
        }
        return counted;
    }
    std::vector<Counted> see(const TickEvent& tick, ReceiveTime now) {
        State& state = states_[tick.instrument];
        const Counted here{tick, now};
        if (tick.has(kTickPathOfBar)) return {here};
        const double price = tick.last.to_double();
        const auto inside = [&] { return state.near(price, state.prices.back(), 1) || !state.beyond(price, 1); };
        if (!state.held) {
            if (state.prices.size() >= 20 && !inside()) {
                state.held = here;
                return {};
            }
            state.push(price);
            return {here};
        }
        const Counted before = *std::exchange(state.held, std::nullopt);
        const double other = before.tick.last.to_double();
        if (inside()) {
            state.push(price);
            return {here};
        }
        if (state.beyond(price, 1) == state.beyond(other, 1) || state.near(price, other, 1)) {
            state.push(other);
            state.push(price);
            return {before, here};
        }
        state.held = here;
        return {};
    }
    void see_bar(InstrumentId id, double close) {
        State& state = states_[id];
        const bool wild = !state.bar_suspect && state.prices.size() >= 20 &&
                          !state.near(close, state.prices.back(), 2) && state.beyond(close, 2) != 0;
        state.push(close);
        state.bar_suspect = wild;
    }
    bool suspect(InstrumentId id) const {
        const auto found = states_.find(id);
        return found != states_.end() && (found->second.held || found->second.bar_suspect);
    }

  private:
    struct State {
        double floor = 0, ticks = 0;
        std::vector<double> prices;  // the last 31 that counted
        std::optional<Counted> held;
        bool bar_suspect = false;

        void push(double price) {
            if (prices.size() == 31) prices.erase(prices.begin());
            prices.push_back(price);
            bar_suspect = false;
        }
        bool near(double a, double b, double factor) const {
            const double off = std::fabs(a - b);
            return off <= ticks + 1e-9 || off <= floor * factor * b + 1e-9;
        }
        static double median(std::vector<double> values) {
            std::sort(values.begin(), values.end());
            return values[values.size() / 2];
        }
        // -1 below the band, 1 above it, 0 inside.
        int beyond(double price, double factor) const {
            const double middle = median(prices);
            std::vector<double> off;
            for (const double each : prices) off.push_back(std::fabs(each - middle));
            const double half = std::max({8 * 1.4826 * median(off), floor * factor * middle, ticks}) + 1e-9;
            return price < middle - half ? -1 : price > middle + half ? 1 : 0;
        }
    };
    std::map<InstrumentId, State> states_;
};

}  // namespace tide::simulation
