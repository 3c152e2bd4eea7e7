#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/money.hpp"
#include "core/time.hpp"

// Numbers and times as market data files write them, without locale and without allocation. Nothing that is not wholly
// a number is one.
namespace tide {

// Plain decimals, or an exponent; digits beyond the fourth are rounded (halves away from zero). Up to ten million
// rupees crore (1e11) in size; nothing else.
std::optional<Price> parse_file_price(std::string_view text);
// A whole number, also written "1200.0" or "1.2e3"; within +-1e13.
std::optional<int64_t> parse_file_count(std::string_view text);

// Times of one column. Neighbouring rows share their date, so the last one is kept.
class TimeColumnParser {
  public:
    // A date alone is its midnight; without an offset the time is in IST (core/time.hpp, parse_timestamp).
    std::optional<ExchangeTime> parse(std::string_view text);

  private:
    char date_text_[10] = {};
    ExchangeTime midnight_;
    bool known_ = false;
};

}  // namespace tide
