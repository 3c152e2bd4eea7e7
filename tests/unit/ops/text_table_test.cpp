#include "ops/text_table.hpp"

#include <gtest/gtest.h>

namespace tide {
namespace {

TEST(text_table, numbers_are_grouped_as_in_india) {
    EXPECT_EQ(format_indian(int64_t{0}), "0");
    EXPECT_EQ(format_indian(int64_t{999}), "999");
    EXPECT_EQ(format_indian(int64_t{1'000}), "1,000");
    EXPECT_EQ(format_indian(int64_t{100'000}), "1,00,000");
    EXPECT_EQ(format_indian(int64_t{12'345'678}), "1,23,45,678");
    EXPECT_EQ(format_indian(int64_t{-1'234}), "-1,234");
    EXPECT_EQ(format_indian(Money::from_paise(12'345'650)), "1,23,456.50");
    EXPECT_EQ(format_indian(Money::from_paise(-5)), "-0.05");
    EXPECT_EQ(format_indian_signed(Money::from_paise(123'450)), "+1,234.50");
    EXPECT_EQ(format_indian_signed(Money::from_paise(-2'000)), "-20.00");
    EXPECT_EQ(format_indian_signed(Money()), "0.00");
    EXPECT_EQ(format_indian_signed(Money::from_units(1)), "0.00");
    EXPECT_EQ(format_indian(Price::from_units(245'123'500)), "24,512.35");
    EXPECT_EQ(format_indian(Price::from_units(134'225)), "13.4225");
}

TEST(text_table, symbols_are_shown_with_their_expiry_in_words) {
    EXPECT_EQ(display_symbol("NIFTY 2024-11-28 24500 CE"), "NIFTY 28 NOV 24500 CE");
    EXPECT_EQ(display_symbol("NIFTY 2024-11-28"), "NIFTY 28 NOV");
    EXPECT_EQ(display_symbol("M&M FIN 2024-02-05 250 PE"), "M&M FIN 05 FEB 250 PE");
    EXPECT_EQ(display_symbol("NIFTY"), "NIFTY");
    EXPECT_EQ(display_symbol("ODD 2024-11-2800"), "ODD 2024-11-2800");
}

TEST(text_table, text_is_cut_and_wrapped_by_characters_not_bytes) {
    EXPECT_EQ(display_width("→ ₹5"), 4U);
    EXPECT_EQ(fit_to_width("short", 5), "short");
    EXPECT_EQ(fit_to_width("longer", 5), "long…");
    EXPECT_EQ(fit_to_width("→→→→→→", 3), "→→…");
    EXPECT_EQ(fit_to_width("ab", 1), "…");
    EXPECT_EQ(wrap_words("one two three", 7), (std::vector<std::string>{"one two", "three"}));
    EXPECT_EQ(wrap_words("unbreakable", 5), (std::vector<std::string>{"unbr…"}));
    EXPECT_EQ(wrap_words("", 5), (std::vector<std::string>{""}));
}

TEST(text_table, control_characters_cannot_reach_the_terminal) {
    EXPECT_EQ(printable("a\x1b[2Jb\tc\r\n"), "a [2Jb c  ");
    EXPECT_EQ(printable("x\xc2\x9b"
                        "2J"),
              "x  2J");
    EXPECT_EQ(printable("Größe →"), "Größe →");
}

TEST(text_table, columns_line_up) {
    TableWriter table({{"name"}, {"net", Align::right}});
    table.add_row({"a", TableWriter::Cell("+1,234.50", Tone::good)});
    table.add_row({"longer", "-2.00"});
    table.add_rule();
    table.add_row({"", "1,232.50"});
    EXPECT_EQ(table.render(false),
              "name          net\n"
              "──────  ─────────\n"
              "a       +1,234.50\n"
              "longer      -2.00\n"
              "──────  ─────────\n"
              "         1,232.50\n");
    EXPECT_NE(table.render(true).find("a       \x1b[32m+1,234.50\x1b[0m\n"), std::string::npos);
}

TEST(text_table, expendable_columns_go_first_on_a_narrow_terminal) {
    TableWriter table({{"first"}, {"second", Align::left, 0, 1}, {"third", Align::left, 0, 2}, {"last"}});
    table.add_row({"1", "2", "3", "4"});
    EXPECT_EQ(table.render(false, 26),
              "first  second  third  last\n─────  ──────  ─────  ────\n1      2       3      4\n");
    EXPECT_EQ(table.render(false, 25), "first  second  last\n─────  ──────  ────\n1      2       4\n");
    EXPECT_EQ(table.render(false, 5), "first  last\n─────  ────\n1      4\n");
}

}  // namespace
}  // namespace tide
