#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/money.hpp"

// Text for people: aligned tables, amounts as they are written in India.
namespace tide {

// "1,23,45,678", "-1,234".
std::string format_indian(int64_t number);
// Rupees and paise, halves away from zero: "1,23,456.50", "-0.05".
std::string format_indian(Money amount);
// With its sign: "+1,234.50", "-20.00", "0.00".
std::string format_indian_signed(Money amount);
// "24,512.35": at least two decimals, up to four.
std::string format_indian(Price price);
// "NIFTY 2024-11-28 24500 CE" is shown as "NIFTY 28 NOV 24500 CE"; anything else as it is.
std::string display_symbol(std::string_view symbol);

// Columns on a terminal that UTF-8 text takes (one a code point; no wide scripts are used).
size_t display_width(std::string_view text);
// The text cut to `width` columns, with "…" where something was cut.
std::string fit_to_width(std::string_view text, size_t width);
// Broken between words into lines of at most `width` columns; a longer word is cut. At least one line.
std::vector<std::string> wrap_words(std::string_view text, size_t width);
// Control characters become blanks: text that comes from scripts and brokers must not move the cursor.
std::string printable(std::string_view text);

enum class Tone : uint8_t { plain, good, bad, caution, loud, quiet };
// Wraps `text` in an ANSI colour when `colour`.
std::string in_tone(std::string_view text, Tone tone, bool colour);
Tone tone_of(Money amount);

enum class Align : uint8_t { left, right };
class TableWriter {
  public:
    struct Column {
        std::string title;
        Align align = Align::left;
        size_t max_width = 0;  // 0: as wide as its cells
        int expendable = 0;    // left out on a narrow terminal, the highest first; 0: never
    };
    struct Cell {
        std::string text;
        Tone tone = Tone::plain;
        Cell(std::string words) : text(std::move(words)) {}  // NOLINT: cells are mostly text
        Cell(const char* words) : text(words) {}             // NOLINT
        Cell(std::string words, Tone a_tone) : text(std::move(words)), tone(a_tone) {}
    };

    explicit TableWriter(std::vector<Column> columns) : columns_(std::move(columns)) {}
    // As many cells as columns.
    void add_row(std::vector<Cell> cells);
    // A line above the rows that follow (totals).
    void add_rule();
    bool empty() const { return rows_.empty(); }
    // Titles, a rule, rows; no trailing blanks. Colour only for tones. `width` in columns, 0 = as wide as it is.
    std::string render(bool colour, size_t width = 0) const;
    // The titles of the columns that render() leaves out at that width.
    std::vector<std::string> left_out(size_t width) const;

  private:
    std::vector<size_t> column_widths() const;
    std::vector<size_t> shown_columns(const std::vector<size_t>& widths, size_t width) const;

    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;  // an empty row is a rule
};

}  // namespace tide
