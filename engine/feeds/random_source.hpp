#pragma once
#include <array>
#include <cstdint>

namespace tide {

// A seeded generator whose every digit is defined here, unlike the standard library's distributions: xoshiro256** 1.0
// (Blackman and Vigna, 2018), its state filled by splitmix64 from the seed and a stream number, so that streams of one
// seed do not overlap in practice and may be drawn from independently.
class RandomSource {
  public:
    RandomSource(uint64_t seed, uint64_t stream);
    uint64_t bits();
    // In the open interval (0, 1), on the centres of 2^53 cells.
    double uniform();
    // Standard normal, by the inverse distribution function.
    double normal();

  private:
    std::array<uint64_t, 4> state_;
};

// Inverse of the standard normal distribution function for 0 < p < 1, to about 1e-16 (Wichura, 1988, algorithm AS 241,
// PPND16).
double normal_quantile(double p);

}  // namespace tide
