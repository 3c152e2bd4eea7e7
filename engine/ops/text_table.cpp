#include "ops/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "core/assert.hpp"
#include "core/time.hpp"

namespace tide {
namespace {

// Thousands first, then lakhs and crores: groups of two after the first three digits.
std::string group_digits(std::string digits) {
    for (size_t at = digits.size(), step = 3; at > step; step = 2) {
        at -= step;
        digits.insert(at, 1, ',');
    }
    return digits;
}
// Groups the digits before the point of a plain decimal.
std::string group_decimal(const std::string& decimal) {
    const size_t start = decimal.starts_with('-') ? 1 : 0;
    const size_t point = std::min(decimal.find('.'), decimal.size());
    return decimal.substr(0, start) + group_digits(decimal.substr(start, point - start)) + decimal.substr(point);
}
constexpr std::string_view kColumnGap = "  ";
// Of the line under the titles, however long the texts of the columns are.
constexpr size_t kShortestRule = 40;
constexpr size_t kLongestRule = 160;

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

constexpr std::string_view kMonths[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                        "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};

std::string pad(std::string_view text, size_t width, Align align) {
    const size_t size = display_width(text);
    const std::string blanks(width > size ? width - size : 0, ' ');
    return align == Align::right ? blanks + std::string(text) : std::string(text) + blanks;
}
std::string repeat(std::string_view text, size_t count) {
    std::string out;
    for (size_t i = 0; i < count; ++i) out += text;
    return out;
}

}  // namespace

std::string format_indian(int64_t number) { return group_decimal(fmt::format("{}", number)); }
std::string format_indian(Money amount) { return group_decimal(to_string(amount)); }
std::string format_indian(Price price) { return group_decimal(to_string(price)); }
std::string format_indian_signed(Money amount) {
    const std::string text = format_indian(amount);
    return amount > Money() && text != "0.00" ? "+" + text : text;
}

std::string display_symbol(std::string_view symbol) {
    const std::string clean = printable(symbol);
    for (size_t at = clean.find(' '); at != std::string::npos; at = clean.find(' ', at + 1)) {
        const auto date = parse_date(std::string_view(clean).substr(at + 1, 10));
        const bool whole_word = clean.size() == at + 11 || (clean.size() > at + 11 && clean[at + 11] == ' ');
        if (!date || !whole_word) continue;
        const auto ymd = civil(*date);
        return fmt::format("{} {:02d} {}{}", clean.substr(0, at), unsigned(ymd.day()),
                           kMonths[unsigned(ymd.month()) - 1], clean.substr(at + 11));
    }
    return clean;
}

size_t display_width(std::string_view text) {
    return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !continues_character(c); }));
}

std::string fit_to_width(std::string_view text, size_t width) {
    if (display_width(text) <= width) return std::string(text);
    if (width == 0) return "";
    size_t end = 0;
    for (size_t columns = 0; end < text.size(); ++end) {
        if (!continues_character(text[end]) && ++columns == width) break;
    }
    return std::string(text.substr(0, end)) + "…";
}

std::vector<std::string> wrap_words(std::string_view text, size_t width) {
    std::vector<std::string> lines{""};
    while (!text.empty()) {
        const size_t end = std::min(text.find(' '), text.size());
        const std::string word = fit_to_width(text.substr(0, end), width);
        text.remove_prefix(std::min(end + 1, text.size()));
        const bool fits = display_width(lines.back()) + 1 + display_width(word) <= width;
        if (!lines.back().empty() && !fits) lines.emplace_back();
        if (!lines.back().empty()) lines.back() += ' ';
        lines.back() += word;
    }
    return lines;
}

std::string printable(std::string_view text) {
    std::string out(text);
    for (size_t i = 0; i < out.size(); ++i) {
        const auto byte = static_cast<unsigned char>(out[i]);
        if (byte < 0x20 || byte == 0x7f) out[i] = ' ';
        // U+0080 to U+009F are control characters too (U+009B starts a terminal command).
        const bool second_of_pair = i > 0 && static_cast<unsigned char>(out[i - 1]) == 0xc2;
        if (second_of_pair && byte >= 0x80 && byte <= 0x9f) out[i - 1] = out[i] = ' ';
    }
    return out;
}

std::string in_tone(std::string_view text, Tone tone, bool colour) {
    const char* code = nullptr;
    switch (tone) {
        case Tone::good:
            code = "32";
            break;
        case Tone::bad:
            code = "31";
            break;
        case Tone::caution:
            code = "33";
            break;
        case Tone::loud:
            code = "1;31";
            break;
        case Tone::quiet:
            code = "2";
            break;
        case Tone::plain:
            break;
    }
    if (!colour || code == nullptr || text.empty()) return std::string(text);
    return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}
Tone tone_of(Money amount) {
    if (amount == Money()) return Tone::plain;
    return amount > Money() ? Tone::good : Tone::bad;
}

void TableWriter::add_row(std::vector<Cell> cells) {
    TIDE_ASSERT(cells.size() == columns_.size());
    for (size_t i = 0; i < cells.size(); ++i) {
        cells[i].text = printable(cells[i].text);
        if (columns_[i].max_width > 0) cells[i].text = fit_to_width(cells[i].text, columns_[i].max_width);
    }
    rows_.push_back(std::move(cells));
}
void TableWriter::add_rule() { rows_.emplace_back(); }

std::vector<size_t> TableWriter::column_widths() const {
    std::vector<size_t> widths;
    for (const Column& column : columns_) widths.push_back(display_width(column.title));
    for (const auto& row : rows_) {
        for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i].text));
    }
    return widths;
}

std::vector<size_t> TableWriter::shown_columns(const std::vector<size_t>& widths, size_t width) const {
    std::vector<size_t> shown(columns_.size());
    std::iota(shown.begin(), shown.end(), size_t{0});
    for (;;) {
        size_t total = 0;
        for (const size_t i : shown) total += widths[i] + kColumnGap.size();
        const auto least = std::max_element(shown.begin(), shown.end(), [&](size_t a, size_t b) {
            return columns_[a].expendable < columns_[b].expendable;
        });
        const bool fits = width == 0 || total <= width + kColumnGap.size();
        if (fits || least == shown.end() || columns_[*least].expendable == 0) return shown;
        shown.erase(least);
    }
}

std::vector<std::string> TableWriter::left_out(size_t width) const {
    const auto shown = shown_columns(column_widths(), width);
    std::vector<std::string> titles;
    for (size_t i = 0; i < columns_.size(); ++i) {
        if (std::find(shown.begin(), shown.end(), i) == shown.end()) titles.push_back(columns_[i].title);
    }
    return titles;
}

std::string TableWriter::render(bool colour, size_t width) const {
    const auto widths = column_widths();
    const auto shown = shown_columns(widths, width);
    const auto line = [&](const auto& text_of) {
        std::string out;
        for (const size_t i : shown) {
            if (i != shown.front()) out += kColumnGap;
            out += text_of(i);
        }
        out.erase(out.find_last_not_of(' ') + 1);
        return out + "\n";
    };
    size_t room = width == 0 ? kLongestRule : std::max(width, kShortestRule);
    const std::string rule = line([&](size_t i) {
        const size_t length = std::min(widths[i], room);
        room -= std::min(room, length + kColumnGap.size());
        return repeat("─", length);
    });
    std::string out = line([&](size_t i) { return pad(columns_[i].title, widths[i], columns_[i].align); }) + rule;
    for (const auto& row : rows_) {
        out += row.empty() ? rule : line([&](size_t i) {
            const std::string padded = pad(row[i].text, widths[i], columns_[i].align);
            const size_t before = padded.find_first_not_of(' ');
            if (before == std::string::npos || row[i].tone == Tone::plain) return padded;
            const size_t after = padded.find_last_not_of(' ') + 1;
            return padded.substr(0, before) + in_tone(padded.substr(before, after - before), row[i].tone, colour) +
                   padded.substr(after);
        });
    }
    return out;
}

}  // namespace tide
