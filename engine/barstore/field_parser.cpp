#include "barstore/field_parser.hpp"

#include <charconv>
#include <cmath>
#include <cstring>

namespace tide {
namespace {

constexpr double kLargestPrice = 1e11;
constexpr double kLargestCount = 1e13;  // so that sums of a day's bars stay far inside 64 bits

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<double> parse_double(std::string_view text) {
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
}

std::optional<int> two_digits(const char* at) {
    if (!is_digit(at[0]) || !is_digit(at[1])) return std::nullopt;
    return (at[0] - '0') * 10 + (at[1] - '0');
}

}  // namespace

std::optional<Price> parse_file_price(std::string_view text) {
    size_t i = 0;
    const bool negative = !text.empty() && text[0] == '-';
    if (negative) ++i;
    int64_t units = 0;
    const size_t first = i;
    for (; i < text.size() && is_digit(text[i]) && i - first < 11; ++i) units = units * 10 + (text[i] - '0');
    size_t digits = i - first;
    int decimals = 0;
    if (i < text.size() && text[i] == '.') {
        for (++i; i < text.size() && is_digit(text[i]) && decimals < 4; ++i, ++decimals) {
            units = units * 10 + (text[i] - '0');
            ++digits;
        }
        // The first digit that is left out decides; what follows it cannot change halves away from zero.
        bool up = false;
        if (decimals == 4 && i < text.size() && is_digit(text[i])) {
            up = text[i] >= '5';
            while (i < text.size() && is_digit(text[i])) ++i;
        }
        for (; decimals < 4; ++decimals) units *= 10;
        if (up) ++units;
    } else {
        units *= kUnitsPerRupee;
    }
    if (digits > 0 && i == text.size()) return Price::from_units(negative ? -units : units);
    const auto value = parse_double(text);  // an exponent, or not a number
    if (!value || std::fabs(*value) > kLargestPrice) return std::nullopt;
    return Price::from_double(*value);
}

std::optional<int64_t> parse_file_count(std::string_view text) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size() && !text.empty()) {
        return std::fabs(static_cast<double>(value)) <= kLargestCount ? std::optional(value) : std::nullopt;
    }
    const auto number = parse_double(text);
    if (!number || std::fabs(*number) > kLargestCount || *number != std::floor(*number)) return std::nullopt;
    return static_cast<int64_t>(*number);
}

std::optional<ExchangeTime> TimeColumnParser::parse(std::string_view text) {
    if (text.size() < 10) return std::nullopt;
    if (!known_ || std::memcmp(date_text_, text.data(), 10) != 0) {
        const auto date = parse_date(text.substr(0, 10));
        if (!date) return std::nullopt;
        std::memcpy(date_text_, text.data(), 10);
        midnight_ = ist_moment<ExchangeTime>(*date, Duration(0));
        known_ = true;
    }
    if (text.size() == 10) return midnight_;
    if (text.size() == 16 && (text[10] == 'T' || text[10] == ' ')) {  // "2024-01-01 09:15"
        const auto time = parse_time_of_day(text.substr(11));
        return time ? std::optional(midnight_ + *time) : std::nullopt;
    }
    if (text.size() != 19) return parse_timestamp(text);
    const auto hour = two_digits(&text[11]), minute = two_digits(&text[14]), second = two_digits(&text[17]);
    const bool marks = (text[10] == 'T' || text[10] == ' ') && text[13] == ':' && text[16] == ':';
    if (!marks || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
    return midnight_ + seconds(*hour * 3600 + *minute * 60 + *second);
}

}  // namespace tide
