#pragma once
#include <cstdint>

#include "core/assert.hpp"

namespace tide::simulation {

// Random numbers that are the same everywhere: splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
// generators", 2014). Each part of a simulation has dice of its own, so that switching one off leaves the others' throws
// as they were.
class Dice {
  public:
    explicit Dice(uint64_t seed) : state_(seed) {}
    // Independent dice for a part of the simulation.
    Dice fork(uint64_t part) const { return Dice(mix(state_ ^ mix(part))); }

    uint64_t next() {
        state_ += 0x9e3779b97f4a7c15U;
        return mix(state_);
    }
    int64_t below(int64_t n) {
        TIDE_ASSERT(n > 0);
        return static_cast<int64_t>(next() % static_cast<uint64_t>(n));
    }
    // Both ends included.
    int64_t between(int64_t low, int64_t high) { return low + below(high - low + 1); }
    bool chance(int64_t permille) { return below(1000) < permille; }
    double fraction() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  private:
    static uint64_t mix(uint64_t x) {
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
        return x ^ (x >> 31);
    }
    uint64_t state_;
};

}  // namespace tide::simulation
