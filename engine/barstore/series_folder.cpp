#include "barstore/series_folder.hpp"

#include <fmt/format.h>

#include <array>

#include "barstore/field_parser.hpp"
#include "market/instruments.hpp"

namespace tide {
namespace {

constexpr size_t kLongestName = 255;  // of a file, on all that are met (NAME_MAX)

bool kept(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == '&';
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

std::optional<std::string> folder_name_of(std::string_view symbol) {
    std::string name;
    for (const char c : symbol) {
        const bool hidden = c == '.' && name.empty();
        if (c == ' ') {
            name += '+';
        } else if (kept(c) && !hidden) {
            name += c;
        } else {
            name += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return name.empty() || name.size() > kLongestName ? std::nullopt : std::optional(name);
}

std::optional<std::string> symbol_of_folder(std::string_view folder) {
    std::string symbol;
    for (size_t i = 0; i < folder.size(); ++i) {
        const char c = folder[i];
        if (c == '%') {
            const int high = i + 2 < folder.size() ? hex_value(folder[i + 1]) : -1;
            const int low = high < 0 ? -1 : hex_value(folder[i + 2]);
            if (low < 0) return std::nullopt;
            symbol += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            symbol += c == '+' ? ' ' : c;
        }
    }
    const auto again = folder_name_of(symbol);
    return again && *again == folder ? std::optional(symbol) : std::nullopt;
}

SeriesName series_name_of(std::string_view symbol) {
    SeriesName name{std::string(symbol), {}, {}};
    // From behind, as an underlying may be of several words: right, strike, expiry.
    std::array<std::string_view, 3> words;
    std::string_view rest = symbol;
    for (auto& word : words) {
        const size_t blank = rest.rfind(' ');
        if (blank == std::string_view::npos) return name;
        word = rest.substr(blank + 1);
        rest = rest.substr(0, blank);
    }
    const auto right = parse_option_right(words[0]);
    const auto strike = parse_file_price(words[1]);
    const auto expiry = parse_date(words[2]);
    if (!right || !strike || !expiry || option_symbol(rest, *expiry, *strike, *right) != symbol) return name;
    name.underlying = rest;
    name.option = OptionTerm{*expiry, *strike, *right};
    return name;
}

}  // namespace tide
