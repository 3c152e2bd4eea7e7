#pragma once
#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "market/option_math.hpp"

namespace tide {

// The columns of a batch, all doubles. Inputs first: sign is 1 for a call and -1 for a put, carry 1 for Black-Scholes
// and 0 for Black-76; quote is the price whose volatility is wanted.
enum class OptionColumn : uint8_t {
    sign,
    carry,
    underlying,
    strike,
    t_years,
    rate,
    quote,
    sigma,
    price,
    delta,
    gamma,
    theta_day,
    vega_pct,
    rho_pct,
};
inline constexpr size_t kOptionColumnCount = 14;
// Where each column's values are; all of one length.
using OptionColumns = std::array<double*, kOptionColumnCount>;

// Instruction sets that the batch is compiled for. The arithmetic is the same operations in the same order without
// fused multiply-add, so every level gives the same bits (docs/decisions/option-batch.md).
enum class SimdLevel : uint8_t { baseline, avx2, avx512 };
std::string_view name_of(SimdLevel level);
// The widest level that this processor runs.
SimdLevel best_simd_level();

// Options as columns: many prices, Greeks or implied volatilities at once. Reuse one object: after the first use of its
// largest size it allocates nothing.
class OptionBatch {
  public:
    size_t size() const { return size_; }
    void clear() { size_ = 0; }
    // Row numbers count from 0. A missing quote or sigma is NaN.
    size_t add(const OptionTerms& terms, double quote, double sigma);
    std::span<double> column(OptionColumn column) { return {columns_[static_cast<size_t>(column)].data(), size_}; }
    std::span<const double> column(OptionColumn column) const {
        return {columns_[static_cast<size_t>(column)].data(), size_};
    }
    Greeks greeks(size_t row) const;

    // sigma of each row from its quote; NaN where there is none (as implied_volatility).
    void imply(SimdLevel level = best_simd_level());
    // Price and Greeks of each row from its sigma; NaN where sigma is.
    void evaluate(SimdLevel level = best_simd_level());

  private:
    using Kernel = void (*)(const OptionColumns& columns, size_t rows);
    void run(Kernel kernel);

    std::array<std::vector<double>, kOptionColumnCount> columns_;
    size_t size_ = 0;
};

}  // namespace tide
