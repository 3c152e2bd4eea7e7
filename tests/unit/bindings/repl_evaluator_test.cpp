#include "bindings/repl_evaluator.hpp"

#include <gtest/gtest.h>

#include "bindings/repl_help.hpp"

namespace tide {
namespace {

using Kind = ReplValue::Kind;

ReplValue row(std::vector<std::string> names, std::vector<ReplValue> values) {
    ReplValue record;
    record.kind = Kind::record;
    record.names = std::make_shared<const std::vector<std::string>>(std::move(names));
    record.items = std::move(values);
    return record;
}
ReplValue list(std::vector<ReplValue> items) {
    ReplValue value;
    value.kind = Kind::list;
    value.items = std::move(items);
    return value;
}

// Answers positions() with two rows and keeps what it was asked.
class TwoPositions final : public ReplSource {
  public:
    Result<ReplValue> ask(std::string_view view, std::string_view argument) override {
        asked.push_back(std::string(view) + " " + std::string(argument));
        if (failure) return *failure;
        const std::vector<std::string> names{"id", "side", "net", "instrument"};
        const auto rows = list({row(names, {ReplValue::of(7.0), ReplValue::of("buy"), ReplValue::of(250.5), {}}),
                                row(names, {ReplValue::of(9.0), ReplValue::of("buy"), ReplValue::of(-50.0), {}})});
        if (view == "why") return row({"steps"}, {list({})});
        if (view == "orders") {
            const auto order =
                row({"id", "intent", "state"}, {ReplValue::of(4.0), ReplValue::of(2.0), ReplValue::of("open")});
            const auto held =
                row({"entry", "intent", "state", "trigger"},
                    {ReplValue::of(3.0), ReplValue::of(3.0), ReplValue::of("waiting"), ReplValue::of(105.5)});
            return row({"orders", "held"}, {list({order}), list({held})});
        }
        if (view == "bars") return row({"bars"}, {list({})});
        return row({"positions"}, {rows});
    }
    std::vector<std::string> asked;
    std::optional<Error> failure;
};

class ReplEvaluatorTest : public ::testing::Test {
  protected:
    std::string text_of(std::string_view code) {
        const ReplAnswer answer = repl.evaluate(code);
        EXPECT_EQ(answer.error, "") << code;
        return answer.values.empty() ? "" : answer.values[0].text;
    }
    double number_of(std::string_view code) {
        const ReplAnswer answer = repl.evaluate(code);
        EXPECT_EQ(answer.error, "") << code;
        return answer.values.empty() ? -1 : answer.values[0].number;
    }
    std::string error_of(std::string_view code) { return repl.evaluate(code).error; }

    TwoPositions source;
    ReplEvaluator repl{source};
};

TEST_F(ReplEvaluatorTest, expressions_and_statements_give_their_values) {
    EXPECT_EQ(number_of("1 + 2"), 3);
    EXPECT_EQ(number_of("= 6 * 7"), 42);
    EXPECT_EQ(number_of("local x = 20 return x + 1"), 21);
    EXPECT_EQ(repl.evaluate("local x = 1").values.size(), 0U);
    EXPECT_EQ(repl.evaluate("return 1, nil, 'c'").values.size(), 3U);
    EXPECT_TRUE(repl.evaluate("nil").values.at(0).is(Kind::nil));
}

TEST_F(ReplEvaluatorTest, globals_live_on_and_locals_do_not) {
    EXPECT_EQ(error_of("lots = 3"), "");
    EXPECT_EQ(number_of("lots * 2"), 6);
    EXPECT_EQ(error_of("local gone = 3"), "");
    EXPECT_NE(error_of("return gone").find("unknown name 'gone'"), std::string::npos);
}

TEST_F(ReplEvaluatorTest, views_are_ordinary_tables) {
    EXPECT_EQ(number_of("local sum = 0 for _, p in ipairs(positions()) do sum = sum + p.net end return sum"), 200.5);
    EXPECT_EQ(source.asked, (std::vector<std::string>{"positions "}));
    EXPECT_EQ(number_of("#positions()"), 2);
}

TEST_F(ReplEvaluatorTest, fields_are_shown_in_the_order_of_the_view_and_own_ones_after_them) {
    const ReplAnswer answer = repl.evaluate("local p = positions()[1] p.zone = 1 p.angle = 2 return p");
    ASSERT_EQ(answer.error, "");
    EXPECT_EQ(*answer.values.at(0).names, (std::vector<std::string>{"id", "side", "net", "angle", "zone"}));
}

TEST_F(ReplEvaluatorTest, why_takes_a_number_a_text_or_a_row) {
    for (const char* code : {"why(11)", "why('intent:7')", "why(positions()[2])"})
        EXPECT_EQ(error_of(code), "") << code;
    EXPECT_EQ(source.asked, (std::vector<std::string>{"why subject=order:11", "why subject=intent:7", "positions ",
                                                      "why subject=position:9"}));
    EXPECT_NE(error_of("why({id = 1})").find("no row of"), std::string::npos);
    EXPECT_NE(error_of("why()").find("is needed"), std::string::npos);
}

TEST_F(ReplEvaluatorTest, arguments_are_checked_before_anybody_is_asked) {
    for (const char* code :
         {"bars()", "bars('NIFTY', '5m', 0)", "bars('NIFTY', '5m', 501)", "bars('NIFTY', '5m', 1.5)",
          "bars('NIFTY;n=9')", "bars('NIFTY', {})", "bars('A\\nB')", "quote(5)", "bars(('x'):rep(300))"}) {
        EXPECT_NE(error_of(code), "") << code;
    }
    EXPECT_TRUE(source.asked.empty());
    EXPECT_EQ(error_of("bars('NIFTY', '5m', 20)"), "");
    EXPECT_EQ(source.asked.back(), "bars symbol=NIFTY;tf=5m;n=20");
}

TEST_F(ReplEvaluatorTest, what_the_source_says_is_told_and_its_code_is_kept) {
    source.failure = make_error(ErrorCode::unreachable, "no engine runs here");
    const ReplAnswer answer = repl.evaluate("positions()");
    EXPECT_EQ(answer.error, "no engine runs here");
    EXPECT_EQ(answer.source_error, ErrorCode::unreachable);
    source.failure.reset();
    EXPECT_EQ(number_of("#positions()"), 2);
    source.failure = make_error(ErrorCode::usage, "bad");
    EXPECT_EQ(number_of("select('#', pcall(positions))"), 2);
}

TEST_F(ReplEvaluatorTest, unfinished_chunks_are_told_from_wrong_ones) {
    for (const char* code : {"for _, p in ipairs(positions()) do", "function f(", "x =", "local t = {", "x = [[one",
                             "--[[ begun", "if 1 then", "return (", "print(1,"}) {
        EXPECT_TRUE(repl.is_incomplete(code)) << code;
    }
    for (const char* code :
         {"1 + 2", "positions()", "x = = 1", "end", "'begun", "for", "", "  ", "a b", "x = 1LL", ")"}) {
        const bool keyword = std::string_view(code) == "for";  // a name may follow
        EXPECT_EQ(repl.is_incomplete(code), keyword) << code;
    }
}

TEST_F(ReplEvaluatorTest, endless_code_ends_with_one_clear_line_and_the_repl_goes_on) {
    for (const char* code : {"while true do end", "while true do pcall(function() while true do end end) end",
                             "repeat until false", "local function f() return f() end f()", "for i = 1, 1/0 do end",
                             "while true do pcall(positions) end", "('x'):rep(60000):find(('.-'):rep(20) .. 'y')"}) {
        const std::string error = error_of(code);
        EXPECT_NE(error, "") << code;
        EXPECT_EQ(error.find('\n'), std::string::npos) << error;
        EXPECT_EQ(number_of("1 + 1"), 2) << code;
    }
}

TEST_F(ReplEvaluatorTest, memory_is_bounded_and_the_repl_goes_on) {
    EXPECT_NE(error_of("kept = {} while true do kept[#kept + 1] = {1, 2, 3} end"), "");
    EXPECT_NE(error_of("kept = nil local t = {} for i = 1, 1e9 do t[i] = i end"), "");
    EXPECT_EQ(number_of("1 + 1"), 2);
}

TEST_F(ReplEvaluatorTest, a_chunk_asks_for_so_many_views_at_most) {
    const std::string error = error_of("for i = 1, 2000 do positions() end");
    EXPECT_NE(error.find("more than 1000 views"), std::string::npos) << error;
    EXPECT_EQ(source.asked.size(), 1000U);
}

TEST_F(ReplEvaluatorTest, nothing_outside_is_within_reach) {
    for (const char* code : {"io.open('/etc/passwd')",
                             "os.execute('true')",
                             "require('ffi')",
                             "load('return 1')()",
                             "debug.getinfo(1)",
                             "string.dump(print)",
                             "getfenv(1)",
                             "setfenv(1, {})",
                             "coroutine.create(print)",
                             "collectgarbage()",
                             "dofile('x')",
                             "package.path",
                             "jit.off()",
                             "ctx",
                             "strategy {}",
                             "newproxy()",
                             "positions = 1",
                             "string.rep = 1",
                             "getmetatable('').__index = {}",
                             "x = 1LL"}) {
        EXPECT_NE(error_of(code), "") << code;
    }
    EXPECT_TRUE(repl.evaluate("getmetatable(positions()[1])").values.at(0).is(Kind::boolean));  // locked
}

TEST_F(ReplEvaluatorTest, cycles_and_huge_tables_are_cut) {
    EXPECT_EQ(error_of("t = {} t.t = t return t"), "");
    const ReplAnswer many = repl.evaluate("local t = {} for i = 1, 60000 do t[i] = i end return t");
    ASSERT_EQ(many.error, "");
    EXPECT_TRUE(many.values.at(0).cut);
    EXPECT_LE(many.values.at(0).items.size(), 50'000U);
    EXPECT_EQ(error_of("local t = {} for i = 1, 30000 do t[-i] = {i} end return t"), "");
    EXPECT_NE(error_of("while true do print(1) end"), "");
}

TEST_F(ReplEvaluatorTest, printed_values_are_kept_in_their_order) {
    const ReplAnswer answer = repl.evaluate("print(1, 'two') print({a = true}) return 3");
    ASSERT_EQ(answer.printed.size(), 2U);
    EXPECT_EQ(answer.printed[0].at(1).text, "two");
    EXPECT_TRUE(answer.printed[1].at(0).find("a")->flag);
    EXPECT_EQ(answer.values.at(0).number, 3);
}

TEST_F(ReplEvaluatorTest, misspelt_names_get_the_nearest_one) {
    EXPECT_EQ(error_of("positons()"), "unknown name 'positons'; did you mean 'positions'?");
    EXPECT_NE(text_of("help('bras')").find("did you mean 'bars'?"), std::string::npos);
}

TEST_F(ReplEvaluatorTest, every_name_that_completes_has_help) {
    size_t names = 0;
    for (std::string name : repl.complete("")) {
        EXPECT_EQ(text_of("help('" + name + "')").find("nothing is called"), std::string::npos) << name;
        ++names;
        for (const std::string& member : repl.complete(name + ".")) {
            const std::string full = name + "." + member;
            EXPECT_EQ(text_of("help('" + full + "')").find("nothing is called"), std::string::npos) << full;
            EXPECT_EQ(text_of("help(" + full + ")"), text_of("help('" + full + "')")) << full;
            ++names;
        }
    }
    EXPECT_GT(names, 80U);
}

// What a script saved comes as the digits of its bytes: "tide1{S5:countN41;}" says { count = 41 }.
class OneScript final : public ReplSource {
  public:
    Result<ReplValue> ask(std::string_view, std::string_view) override {
        const auto saved =
            row({"at", "version", "bytes", "hex"}, {ReplValue::of("2024-01-10T10:05:00+05:30"), ReplValue::of("1.2.0"),
                                                    ReplValue::of(19.0), ReplValue::of(digits)});
        const auto state = row({"NIFTY"}, {row({"mood"}, {ReplValue::of("calm")})});
        return row({"script"}, {row({"name", "state", "saved"}, {ReplValue::of("test"), state, saved})});
    }
    std::string digits = "74696465317b53353a636f756e744e34313b7d";
};

TEST(ReplScriptState, what_on_save_gave_is_shown_beside_what_ctx_state_said) {
    OneScript source;
    ReplEvaluator repl(source);
    const auto text = [&repl](const char* code) {
        const ReplAnswer answer = repl.evaluate(std::string("tostring(") + code + ")");
        EXPECT_EQ(answer.error, "") << code;
        return answer.values.empty() ? "" : answer.values[0].text;
    };
    EXPECT_EQ(text("script('test').state.on_save.count"), "41");
    EXPECT_EQ(text("script('test').state.NIFTY.mood"), "calm");
    EXPECT_EQ(text("script('test').saved.version"), "1.2.0");
    EXPECT_EQ(text("script('test').saved.hex"), "nil");
    for (const char* broken : {"", "7", "zz", "74696465317b53353a636f756e744e34313b"}) {
        source.digits = broken;
        EXPECT_EQ(text("script('test').state.on_save"), "nil") << broken;
    }
}

TEST_F(ReplEvaluatorTest, each_view_has_help_and_a_view_without_its_brackets_shows_it) {
    for (const ReplHelp& entry : repl_help()) {
        const std::string call = "help('" + std::string(entry.name) + "')";
        EXPECT_TRUE(text_of(call).starts_with(entry.call)) << call;
        EXPECT_EQ(text_of(entry.name), text_of(call));
        EXPECT_NE(text_of("help()").find(entry.call), std::string::npos);
    }
}

TEST_F(ReplEvaluatorTest, errors_in_several_lines_say_the_line) {
    EXPECT_EQ(error_of("local a = 1\nlocal b = a.x.y").substr(0, 8), "line 2: ");
    EXPECT_EQ(error_of("error('\\27[31m')").find('\x1b'), std::string::npos);
}

TEST_F(ReplEvaluatorTest, names_and_fields_are_completed) {
    EXPECT_EQ(repl.complete("posi"), (std::vector<std::string>{"positions"}));
    EXPECT_EQ(repl.complete("why"), (std::vector<std::string>{"why", "why_not"}));
    EXPECT_EQ(repl.complete("for _, p in ipa"), (std::vector<std::string>{"ipairs"}));
    EXPECT_EQ(repl.complete("string.fo"), (std::vector<std::string>{"format"}));
    EXPECT_EQ(error_of("mine = positions()[1]"), "");
    EXPECT_EQ(repl.complete("print(mine.s"), (std::vector<std::string>{"side"}));
    EXPECT_EQ(repl.complete("mine.none."), std::vector<std::string>());
    EXPECT_EQ(repl.complete("whi"), (std::vector<std::string>{"while"}));
}

// What waits is shown after what has left, and leads to its own cause.
TEST_F(ReplEvaluatorTest, entries_that_the_engine_holds_follow_the_orders) {
    EXPECT_EQ(number_of("return #orders()"), 2);
    EXPECT_EQ(number_of("return orders()[1].id"), 4);
    EXPECT_EQ(text_of("return orders()[2].state"), "waiting");
    EXPECT_EQ(number_of("return orders()[2].trigger"), 105.5);
    EXPECT_EQ(text_of("return tostring(orders()[2].entry)"), "nil") << "that is the price of a position";
    (void)repl.evaluate("return why(orders()[1])");
    EXPECT_EQ(source.asked.back(), "why subject=order:4");
    (void)repl.evaluate("return why(orders()[2])");
    EXPECT_EQ(source.asked.back(), "why subject=intent:3");
}

}  // namespace
}  // namespace tide
