#include "core/time.hpp"

#include <fmt/format.h>

#include <array>

namespace tide {
namespace {

// Reads exactly `count` digits at `at`, or nothing.
std::optional<int> digits(std::string_view text, size_t at, size_t count) {
    if (at + count > text.size()) return std::nullopt;
    int value = 0;
    for (size_t i = at; i < at + count; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

std::string format_local(Duration since_epoch_utc) {
    const auto local = since_epoch_utc + kIstOffset;
    const auto days = std::chrono::floor<std::chrono::days>(local);
    const auto in_day = local - days;
    const auto whole = std::chrono::floor<seconds>(in_day);
    const int64_t nanos = (in_day - whole).count();
    std::string out = format_date(Date(days)) + "T" + format_time_of_day(whole);
    if (nanos != 0) {
        std::string fraction = fmt::format("{:09d}", nanos);
        while (fraction.back() == '0') fraction.pop_back();
        out += "." + fraction;
    }
    return out + "+05:30";
}

struct Offset {
    Duration value;
    bool valid;
};
Offset parse_offset(std::string_view text) {
    if (text.empty()) return {kIstOffset, true};
    if (text == "Z" || text == "z") return {Duration(0), true};
    if (text[0] != '+' && text[0] != '-') return {Duration(0), false};
    const auto hour = digits(text, 1, 2);
    const bool colon = text.size() > 3 && text[3] == ':';
    const auto minute = digits(text, colon ? 4 : 3, 2);
    if (!hour || !minute || *hour > 14 || *minute > 59 || text.size() != (colon ? 6U : 5U)) return {Duration(0), false};
    const Duration size = hours(*hour) + minutes(*minute);
    return {text[0] == '-' ? -size : size, true};
}

}  // namespace

std::string format_date(Date date) {
    const auto ymd = civil(date);
    return fmt::format("{:04d}-{:02d}-{:02d}", int(ymd.year()), unsigned(ymd.month()), unsigned(ymd.day()));
}
std::string format_iso(ReceiveTime t) { return format_local(t.time_since_epoch()); }
std::string format_iso(ExchangeTime t) { return format_local(t.time_since_epoch()); }

std::string format_time_of_day(Duration since_midnight) {
    const int64_t s = std::chrono::floor<seconds>(since_midnight).count();
    return fmt::format("{:02d}:{:02d}:{:02d}", s / 3600, s / 60 % 60, s % 60);
}

std::optional<Date> parse_date(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto year = digits(text, 0, 4);
    const auto month = digits(text, 5, 2);
    const auto day = digits(text, 8, 2);
    if (!year || !month || !day) return std::nullopt;
    const std::chrono::year_month_day ymd{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                          std::chrono::day(static_cast<unsigned>(*day))};
    if (!ymd.ok() || *year < 1900 || *year > 2200) return std::nullopt;
    return Date(ymd);
}

std::optional<TimeOfDay> parse_time_of_day(std::string_view text) {
    if (text.size() != 5 && text.size() != 8) return std::nullopt;
    const auto hour = digits(text, 0, 2);
    const auto minute = digits(text, 3, 2);
    const auto second = text.size() == 8 ? digits(text, 6, 2) : std::optional<int>(0);
    if (!hour || !minute || !second || text[2] != ':' || (text.size() == 8 && text[5] != ':')) return std::nullopt;
    if (*hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
    return hours(*hour) + minutes(*minute) + seconds(*second);
}

std::optional<ExchangeTime> parse_timestamp(std::string_view text) {
    if (text.size() < 19 || (text[10] != 'T' && text[10] != ' ')) return std::nullopt;
    const auto date = parse_date(text.substr(0, 10));
    const auto time = parse_time_of_day(text.substr(11, 8));
    if (!date || !time) return std::nullopt;
    std::string_view rest = text.substr(19);
    int64_t nanos = 0;
    if (!rest.empty() && rest[0] == '.') {
        size_t n = 1;
        int64_t scale = 100'000'000;
        for (; n < rest.size() && rest[n] >= '0' && rest[n] <= '9'; ++n, scale /= 10) nanos += (rest[n] - '0') * scale;
        if (n == 1 || n > 10) return std::nullopt;
        rest.remove_prefix(n);
    }
    const Offset offset = parse_offset(rest);
    if (!offset.valid) return std::nullopt;
    return ExchangeTime(Duration(date->time_since_epoch()) + *time + Duration(nanos) - offset.value);
}

}  // namespace tide
