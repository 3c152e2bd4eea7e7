#include <immintrin.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <numbers>
#include <span>
#include <string_view>
#include <vector>

#include "market/option_batch.hpp"

// Everything below, templates included, is compiled for this instruction set; nothing above is.
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC target("avx2")
#endif

#include "market/option_kernel.hpp"

namespace tide {

void option_evaluate_avx2(const OptionColumns& columns, size_t rows) { OptionKernel<4>::evaluate(columns, rows); }
void option_imply_avx2(const OptionColumns& columns, size_t rows) { OptionKernel<4>::imply(columns, rows); }

}  // namespace tide

#ifdef __clang__
#pragma clang attribute pop
#endif
