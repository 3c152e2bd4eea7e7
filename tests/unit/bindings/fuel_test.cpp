#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <luajit-2.1/lua.hpp>
#include <sstream>

#include "bindings/bytecode_check.hpp"
#include "bindings/fuel_transform.hpp"
#include "bindings/lua_host.hpp"
#include "bindings/lua_lexer.hpp"
#include "support/paths.hpp"

namespace tide {
namespace {

namespace fs = std::filesystem;
constexpr size_t kSourceMax = size_t(256) << 10;

std::string fueled(std::string_view source) {
    const auto result = add_fuel(source, "x.lua", LuaLimits{});
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    return result ? result->text : "";
}

size_t count(std::string_view text, std::string_view what) {
    size_t found = 0;
    for (size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++found;
    return found;
}

std::string refusal(std::string_view source) {
    const auto result = add_fuel(source, "x.lua", LuaLimits{});
    return result ? "" : result.error().message;
}

TEST(Fuel, each_loop_function_and_goto_pays_once) {
    const std::string text = fueled(
        "for i = 1, 2 do end while true do end repeat until true\n"
        "local function f(a, b) end local g = function() end function t.h() end\n"
        "goto out ::out::");
    EXPECT_EQ(count(text, "if _f0<0 then _f0=_x0() end"), 3u + 3u + 1u);
}

TEST(Fuel, words_in_texts_and_comments_pay_nothing) {
    const std::string text =
        fueled("local s = 'do while repeat function' --[[ do goto ]] -- do\nlocal l = [==[ do ]] do ]==]");
    EXPECT_EQ(count(text, "if _f0<0"), 0u);
}

TEST(Fuel, line_numbers_do_not_change) {
    const std::string source = "local a = 1\nfor i = 1, 2 do\n  a = a + i\nend\nreturn a\n";
    EXPECT_EQ(count(fueled(source), "\n"), count(source, "\n"));
    EXPECT_EQ(fueled(source).find("return a"), fueled(source).rfind("\nreturn a") + 1);
}

// Each header used to look for its end behind the loops that follow, and every loop then copied the rest again.
TEST(Fuel, a_header_without_an_end_copies_nothing_twice) {
    EXPECT_EQ(count(fueled("function f do x = 1 )"), "x = 1"), 1u);
    std::string headers;
    for (int i = 0; i < 20'000; ++i) headers += "function do ";
    EXPECT_LT(fueled(headers + ")").size(), 8 * kSourceMax);
}

TEST(Fuel, counter_is_named_as_nothing_in_the_source) {
    const auto result = add_fuel("local _f0, _f1, _x0 = 1, 2, 3", "x.lua", LuaLimits{});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->counter, "_f2");
}

TEST(Fuel, functions_with_varargs_pay_by_their_arguments) {
    EXPECT_EQ(count(fueled("local function f(a, ...) end"), "('#',...)/8"), 1u);
}

TEST(Fuel, what_a_script_may_not_contain_is_refused_with_the_line) {
    EXPECT_EQ(refusal("local a\nlocal x = 1LL"),
              "x.lua:2: number suffixes (LL, ULL, i) are not part of the strategy language");
    EXPECT_EQ(refusal("local goto = 1"), "x.lua:1: goto may not be used as a name");
    EXPECT_NE(refusal("\x1bLJ").find("bytecode"), std::string::npos);
    EXPECT_NE(refusal("\xEF\xBB\xBFreturn 1").find("byte order mark"), std::string::npos);
    EXPECT_NE(refusal("#!lua").find("#"), std::string::npos);
    EXPECT_NE(refusal(std::string_view("local a = '\0'", 13)).find("control byte 0x00"), std::string::npos);
    EXPECT_NE(refusal(std::string(300'000, ' ')).find("at most 262144"), std::string::npos);
}

TEST(Lexer, reads_numbers_as_one_token_however_they_are_written) {
    for (const char* number : {"1", "1.5", ".5", "1e10", "1E-10", "0x1F", "0x1p-4", "3.0e+5"}) {
        const std::string source = std::string("x=") + number + ";";
        const auto tokens = lex_lua(source, "x.lua", kSourceMax);
        ASSERT_TRUE(tokens) << number;
        ASSERT_EQ(tokens->size(), 4u) << number;
        EXPECT_EQ((*tokens)[2].bytes, number);
    }
}

TEST(Lexer, tells_points_apart) {
    const auto tokens = lex_lua("a.b..c...::", "x.lua", kSourceMax);
    ASSERT_TRUE(tokens);
    std::vector<std::string_view> bytes;
    for (const LuaToken& token : *tokens) bytes.push_back(token.bytes);
    EXPECT_EQ(bytes, (std::vector<std::string_view>{"a", ".", "b", "..", "c", "...", "::"}));
}

class Chunk {
  public:
    explicit Chunk(const std::string& text) : state_(luaL_newstate()) {
        compiled_ = luaL_loadbuffer(state_, text.data(), text.size(), "@x.lua") == 0;
    }
    ~Chunk() { lua_close(state_); }
    bool compiled() const { return compiled_; }
    Result<void> check() { return check_every_loop_pays(state_, "x.lua"); }

  private:
    lua_State* state_;
    bool compiled_ = false;
};

TEST(BytecodeCheck, refuses_a_loop_or_function_without_payment) {
    for (const char* body : {"while true do end", "for i = 1, 9 do end", "repeat until false", "for k in f do end",
                             "::a:: goto a", "local function f() return f() end"}) {
        Chunk plain(std::string("local _f0, _x0 = 0, ... ") + body);
        ASSERT_TRUE(plain.compiled()) << body;
        EXPECT_FALSE(plain.check()) << body;
        Chunk paying(fueled(body));
        ASSERT_TRUE(paying.compiled()) << body;
        EXPECT_TRUE(paying.check()) << body;
    }
}

TEST(BytecodeCheck, sees_a_loop_deep_inside_closures) {
    const std::string source =
        "local function a() local t = { 1, 'x', [3] = 4.5 } return function() while t do end end end";
    std::string text = fueled(source);
    Chunk whole(text);
    EXPECT_TRUE(whole.check());
    const std::string payment = "while t do _f0=_f0-1 if _f0<0 then _f0=_x0() end ";
    const size_t at = text.find(payment);
    ASSERT_NE(at, std::string::npos);
    text.replace(at, payment.size(), "while t do ");
    Chunk damaged(text);
    ASSERT_TRUE(damaged.compiled());
    EXPECT_FALSE(damaged.check());
}

TEST(BytecodeCheck, accepts_every_strategy_and_module_that_ships) {
    int seen = 0;
    for (const char* folder : {"strategies", "scripts"}) {
        for (const auto& entry : fs::directory_iterator(source_dir() / folder)) {
            if (entry.path().extension() != ".lua") continue;
            std::ifstream file(entry.path());
            std::ostringstream text;
            text << file.rdbuf();
            Chunk chunk(fueled(text.str()));
            ASSERT_TRUE(chunk.compiled()) << entry.path();
            const auto checked = chunk.check();
            EXPECT_TRUE(checked) << entry.path() << ": " << (checked ? "" : checked.error().message);
            ++seen;
        }
    }
    EXPECT_GE(seen, 6);
}

TEST(SelfTest, this_library_is_fit_to_run_strategies) {
    const auto passed = LuaHost::self_test();
    EXPECT_TRUE(passed) << (passed ? "" : passed.error().message);
}

}  // namespace
}  // namespace tide
