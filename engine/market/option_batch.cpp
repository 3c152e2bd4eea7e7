#include "market/option_batch.hpp"

#include "core/assert.hpp"
#include "market/option_kernel.hpp"

namespace tide {

// Each in a file of its own, compiled for its instruction set.
void option_evaluate_avx2(const OptionColumns& columns, size_t rows);
void option_imply_avx2(const OptionColumns& columns, size_t rows);
void option_evaluate_avx512(const OptionColumns& columns, size_t rows);
void option_imply_avx512(const OptionColumns& columns, size_t rows);

namespace {

constexpr size_t kWidestLanes = 8;
constexpr size_t kOneRowLanes = 2;

// A harmless at-the-money option, for the lanes beyond the last row.
constexpr std::array<double, kOptionColumnCount> kPadding{1, 1, 1, 1, 1, 0, 0.08, 0.2, 0, 0, 0, 0, 0, 0};

double sign_of(OptionRight right) {
    TIDE_ASSERT(right != OptionRight::none);
    return right == OptionRight::call ? 1.0 : -1.0;
}

std::array<double, kOptionColumnCount> row_of(const OptionTerms& terms, double quote, double sigma) {
    return {sign_of(terms.right),
            terms.model == PricingModel::black_scholes ? 1.0 : 0.0,
            terms.underlying,
            terms.strike,
            terms.t_years,
            terms.rate,
            quote,
            sigma,
            0,
            0,
            0,
            0,
            0,
            0};
}

// One option through the same arithmetic as a batch: the narrowest level, both lanes alike.
class OneRow {
  public:
    OneRow(const OptionTerms& terms, double quote, double sigma) {
        const auto row = row_of(terms, quote, sigma);
        for (size_t i = 0; i < kOptionColumnCount; ++i) {
            values_[i].fill(row[i]);
            columns_[i] = values_[i].data();
        }
    }
    OneRow(const OneRow&) = delete;
    OneRow& operator=(const OneRow&) = delete;
    void imply() { OptionKernel<kOneRowLanes>::imply(columns_, kOneRowLanes); }
    void evaluate() { OptionKernel<kOneRowLanes>::evaluate(columns_, kOneRowLanes); }
    double operator[](OptionColumn column) const { return values_[static_cast<size_t>(column)][0]; }

  private:
    std::array<std::array<double, kOneRowLanes>, kOptionColumnCount> values_;
    OptionColumns columns_{};
};

}  // namespace

std::string_view name_of(SimdLevel level) {
    switch (level) {
        case SimdLevel::avx2:
            return "avx2";
        case SimdLevel::avx512:
            return "avx512";
        case SimdLevel::baseline:
            break;
    }
    return "baseline";
}

SimdLevel best_simd_level() {
    static const SimdLevel best = [] {
        const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                            __builtin_cpu_supports("avx512vl");
        if (avx512) return SimdLevel::avx512;
        return __builtin_cpu_supports("avx2") ? SimdLevel::avx2 : SimdLevel::baseline;
    }();
    return best;
}

size_t OptionBatch::add(const OptionTerms& terms, double quote, double sigma) {
    const auto row = row_of(terms, quote, sigma);
    for (size_t i = 0; i < kOptionColumnCount; ++i) {
        if (columns_[i].size() <= size_) columns_[i].resize((size_ / kWidestLanes + 1) * kWidestLanes);
        columns_[i][size_] = row[i];
    }
    return size_++;
}

Greeks OptionBatch::greeks(size_t row) const {
    const auto value = [&](OptionColumn name) { return column(name)[row]; };
    return {value(OptionColumn::delta), value(OptionColumn::gamma), value(OptionColumn::theta_day),
            value(OptionColumn::vega_pct), value(OptionColumn::rho_pct)};
}

void OptionBatch::run(Kernel kernel) {
    const size_t rows = (size_ + kWidestLanes - 1) / kWidestLanes * kWidestLanes;
    OptionColumns columns{};
    for (size_t i = 0; i < kOptionColumnCount; ++i) {
        for (size_t row = size_; row < rows; ++row) columns_[i][row] = kPadding[i];
        columns[i] = columns_[i].data();
    }
    kernel(columns, rows);
}

void OptionBatch::imply(SimdLevel level) {
    run(level == SimdLevel::avx512 ? option_imply_avx512
        : level == SimdLevel::avx2 ? option_imply_avx2
                                   : OptionKernel<2>::imply);
}

void OptionBatch::evaluate(SimdLevel level) {
    run(level == SimdLevel::avx512 ? option_evaluate_avx512
        : level == SimdLevel::avx2 ? option_evaluate_avx2
                                   : OptionKernel<2>::evaluate);
}

double normal_cdf(double x) { return OptionKernel<kOneRowLanes>::distribution(x); }

double option_price(const OptionTerms& terms, double sigma) {
    OneRow row(terms, 0, sigma);
    row.evaluate();
    return row[OptionColumn::price];
}

Greeks option_greeks(const OptionTerms& terms, double sigma) {
    OneRow row(terms, 0, sigma);
    row.evaluate();
    return {row[OptionColumn::delta], row[OptionColumn::gamma], row[OptionColumn::theta_day],
            row[OptionColumn::vega_pct], row[OptionColumn::rho_pct]};
}

std::optional<double> implied_volatility(const OptionTerms& terms, double price) {
    if (terms.right == OptionRight::none) return std::nullopt;
    OneRow row(terms, price, 0);
    row.imply();
    const double sigma = row[OptionColumn::sigma];
    return sigma > 0 ? std::optional(sigma) : std::nullopt;
}

}  // namespace tide
