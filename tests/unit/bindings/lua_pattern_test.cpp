#include "bindings/lua_pattern.hpp"

#include <gtest/gtest.h>

#include <luajit-2.1/lua.hpp>
#include <random>
#include <string>

namespace tide {
namespace {

// LuaJIT's own string.find is the oracle: position, end and captures, or that there is none.
class Oracle {
  public:
    Oracle() : state_(luaL_newstate()) {
        luaL_openlibs(state_);
        EXPECT_EQ(luaL_dostring(state_,
                                "local function join(ok, ...) if not ok then return 'error' end local t = {} "
                                "for i = 1, select('#', ...) do t[i] = tostring((select(i, ...))) end "
                                "return table.concat(t, '|') end "
                                "return function(s, p) return join(pcall(string.find, s, p)) end"),
                  0);
    }
    ~Oracle() { lua_close(state_); }
    std::string find(const std::string& subject, const std::string& pattern) {
        lua_pushvalue(state_, 1);
        lua_pushlstring(state_, subject.data(), subject.size());
        lua_pushlstring(state_, pattern.data(), pattern.size());
        lua_call(state_, 2, 1);
        std::string result = lua_tostring(state_, -1);
        lua_pop(state_, 1);
        return result;
    }

  private:
    lua_State* state_;
};

std::string find(const std::string& subject, const std::string& pattern) {
    const bool anchored = pattern.starts_with('^');
    int64_t steps = 10'000'000;
    LuaPatternMatch match(subject, std::string_view(pattern).substr(anchored ? 1 : 0), steps);
    const char* begin = nullptr;
    const char* end = match.search(subject.data(), anchored, begin);
    if (match.problem() != LuaPatternMatch::Problem::none) return "error";
    if (end == nullptr) return "nil";
    std::string text = std::to_string(begin - subject.data() + 1) + "|" + std::to_string(end - subject.data());
    for (int i = 0; i < match.captures(); ++i) {
        const auto& capture = match.capture(i);
        if (capture.length == LuaPatternMatch::kOpen) return "error";
        text += "|";
        text += capture.length == LuaPatternMatch::kPosition
                    ? std::to_string(capture.begin - subject.data() + 1)
                    : std::string(capture.begin, static_cast<size_t>(capture.length));
    }
    return text;
}

TEST(LuaPattern, agrees_with_luajit_on_the_patterns_of_the_manual) {
    Oracle oracle;
    const std::pair<const char*, const char*> cases[] = {{"hello world", "o w"},
                                                         {"hello", "l+"},
                                                         {"hello", "^h"},
                                                         {"hello", "^e"},
                                                         {"hello", "o$"},
                                                         {"key = value", "(%w+)%s*=%s*(%w+)"},
                                                         {"THE (quick) fox", "%((%a+)%)"},
                                                         {"THE (quick) fox", "()%(()"},
                                                         {"x(a(b)c)y", "%b()"},
                                                         {"THE (quick) fox", "%f[%a]%a+%f[%A]"},
                                                         {"aaa", "a-b"},
                                                         {"aaab", "a-b"},
                                                         {"abcabc", "(abc)%1"},
                                                         {"2024-01-25", "(%d+)-(%d+)-(%d+)"},
                                                         {"a]b", "[]]"},
                                                         {"a-b", "[a%-]+"},
                                                         {"a.b", "[^.]+"},
                                                         {"", ""},
                                                         {"", ".*"},
                                                         {"abc", "a?b?c?d?"},
                                                         {"  trim  ", "^%s*(.-)%s*$"},
                                                         {"x", "[%a-z]"},
                                                         {"-", "[a-]"}};
    for (const auto& [subject, pattern] : cases)
        EXPECT_EQ(find(subject, pattern), oracle.find(subject, pattern)) << subject << " / " << pattern;
}

TEST(LuaPattern, agrees_with_luajit_on_random_patterns) {
    Oracle oracle;
    std::mt19937 random(20240125);
    const std::vector<std::string> pieces = {"a",      "b", ".", "%a", "%d", "%s", "%w", "%A", "[ab]", "[^a]", "[a-c]",
                                             "[%d_]",  "*", "+", "-",  "?",  "(",  ")",  "()", "%1",   "%2",   "%b()",
                                             "%f[%a]", "^", "$", "%",  "[",  "]",  "%%", "1",  " "};
    const std::string letters = "aabbc1 ()_-%";
    int agreed = 0, compared = 0;
    for (int turn = 0; turn < 40'000; ++turn) {
        std::string subject, pattern;
        for (size_t i = random() % 12; i > 0; --i) subject += letters[random() % letters.size()];
        for (size_t i = 1 + random() % 6; i > 0; --i) pattern += pieces[random() % pieces.size()];
        // A pattern without these characters is searched for as plain text, by LuaJIT and by our string.find.
        if (pattern.find_first_of("^$*+?.([%-") == std::string::npos) continue;
        ++compared;
        const std::string expected = oracle.find(subject, pattern);
        const std::string got = find(subject, pattern);
        EXPECT_EQ(got, expected) << "subject '" << subject << "' pattern '" << pattern << "'";
        agreed += got == expected ? 1 : 0;
        if (HasFailure()) break;
    }
    EXPECT_EQ(agreed, compared);
    EXPECT_GT(compared, 30'000);
}

TEST(LuaPattern, stops_when_its_steps_are_used_up) {
    int64_t steps = 100'000;
    const std::string subject(3000, 'a');
    std::string pattern;
    for (int i = 0; i < 12; ++i) pattern += ".-";
    pattern += "b";
    LuaPatternMatch match(subject, pattern, steps);
    const char* begin = nullptr;
    EXPECT_EQ(match.search(subject.data(), false, begin), nullptr);
    EXPECT_EQ(match.problem(), LuaPatternMatch::Problem::out_of_steps);
}

}  // namespace
}  // namespace tide
