#include "app/repl_printer.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/repl_source.hpp"

namespace tide {
namespace {

ReplValue of_json(const char* json) {
    auto value = repl_value_of_json(json);
    EXPECT_TRUE(value);
    return value ? *value : ReplValue();
}
std::string shown(const char* json, size_t width = 0) { return repl_text(of_json(json), {false, width}); }

TEST(ReplPrinter, rows_are_a_table_with_amounts_under_amounts) {
    EXPECT_EQ(shown(R"([{"id": 1234, "net": "-1250.50", "why": "x"}, {"id": 2, "net": "60"}])"),
              "  id        net  why\n"
              "────  ─────────  ───\n"
              "1234  -1,250.50  x\n"
              "   2      60.00\n");
}

TEST(ReplPrinter, columns_that_do_not_fit_are_named) {
    const std::string rows = R"([{"a": "aaaaaaaaaa", "b": "bbbbbbbbbb", "c": "cccccccccc", "d": "dddddddddd"}])";
    EXPECT_EQ(shown(rows.c_str(), 36),
              "a           b           c\n"
              "──────────  ──────────  ──────────\n"
              "aaaaaaaaaa  bbbbbbbbbb  cccccccccc\n"
              "also: d\n");
}

TEST(ReplPrinter, a_record_is_its_fields_in_their_order_and_nothing_is_missing_that_is_null) {
    EXPECT_EQ(shown(R"({"schema_version": 1, "state": "running", "time": "2024-01-25T11:05:00.25+05:30", "vix": null,
                        "halts": [], "limits": {"a": 1, "b": 2.5}})"),
              "state   running\n"
              "time    2024-01-25 11:05:00\n"
              "halts   {}\n"
              "limits  {a=1, b=2.50}\n");
}

TEST(ReplPrinter, nested_rows_are_indented) {
    EXPECT_EQ(shown(R"({"spot": 21500, "rows": [{"strike": 21500, "iv": 0.1412}]})"),
              "spot  21,500\n"
              "rows\n"
              "  strike      iv\n"
              "  ──────  ──────\n"
              "   21500  0.1412\n");
}

TEST(ReplPrinter, control_bytes_never_reach_the_terminal) {
    const std::string hostile =
        "\x1b[31mred\x07\x7f\xc2\x9b"
        "2J\xff\xe0\x80 ok\nnext";
    for (const std::string& out :
         {repl_text(ReplValue::of(hostile), {}), printed_text({ReplValue::of(hostile), {}}, {})}) {
        EXPECT_EQ(out.find('\x1b'), std::string::npos);
        EXPECT_EQ(out.find('\x07'), std::string::npos);
        EXPECT_EQ(out.find("\xc2\x9b"), std::string::npos);
        EXPECT_EQ(out.find('\xff'), std::string::npos);
        EXPECT_NE(out.find("\\x1b[31mred\\x07\\x7f\\xc2\\x9b2J\\xff\\xe0\\x80 ok"), std::string::npos) << out;
    }
    ReplValue row;
    row.kind = ReplValue::Kind::record;
    row.names = std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"\x1b]0;x\x07", "b"});
    row.items = {ReplValue::of(hostile), ReplValue::of(1.0)};
    ReplValue rows;
    rows.kind = ReplValue::Kind::list;
    rows.items = {row, row};
    for (const ReplValue& value : {row, rows}) {
        const std::string out = repl_text(value, {});
        EXPECT_EQ(out.find('\x1b'), std::string::npos) << out;
        EXPECT_EQ(out.find('\x07'), std::string::npos) << out;
    }
}

TEST(ReplPrinter, colours_only_where_they_are_wanted) {
    const auto rows = of_json(R"([{"id": 1, "net": "-5"}])");
    EXPECT_EQ(repl_text(rows, {false, 0}).find('\x1b'), std::string::npos);
    EXPECT_NE(repl_text(rows, {true, 0}).find("\x1b[31m-5\x1b[0m"), std::string::npos);
}

TEST(ReplPrinter, numbers_that_stand_alone_are_as_lua_writes_them) {
    EXPECT_EQ(repl_text(ReplValue::of(1234567.0), {}), "1234567\n");
    EXPECT_EQ(repl_text(ReplValue::of(0.1), {}), "0.1\n");
    EXPECT_EQ(repl_text(ReplValue::of(1.0 / 0.0), {}), "inf\n");
    EXPECT_EQ(printed_text({ReplValue::of(1.0), ReplValue::of("two"), {}}, {}), "1  two  nil\n");
    EXPECT_EQ(repl_text({}, {}), "nil\n");
}

TEST(ReplPrinter, the_json_document_holds_values_and_prints) {
    ReplAnswer answer;
    answer.values = {of_json(R"([{"id": 1, "net": "-5.25"}])"), ReplValue::of(0.0 / 0.0)};
    answer.printed = {{ReplValue::of("a"), ReplValue::of(true)}};
    const auto document = nlohmann::json::parse(answer_json(answer));
    EXPECT_EQ(document["schema_version"], 1);
    EXPECT_EQ(document["values"][0][0]["net"], -5.25);
    EXPECT_TRUE(document["values"][1].is_null());
    EXPECT_EQ(document["printed"], nlohmann::json::array({nlohmann::json::array({"a", true})}));
}

TEST(ReplSource, amounts_become_numbers_and_texts_stay_texts) {
    const auto value =
        of_json(R"({"net": "-12.50", "last": "2024-01-25T11:05:00+05:30", "why": "12.50", "equity": "x"})");
    EXPECT_EQ(value.find("net")->number, -12.5);
    EXPECT_EQ(value.find("last")->text, "2024-01-25T11:05:00+05:30");
    EXPECT_EQ(value.find("why")->text, "12.50");
    EXPECT_EQ(value.find("equity")->text, "x");
    EXPECT_FALSE(repl_value_of_json("{"));
}

}  // namespace
}  // namespace tide
