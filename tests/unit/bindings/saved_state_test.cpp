#include "bindings/saved_state.hpp"

#include <gtest/gtest.h>

#include "lua_host_fixture.hpp"

namespace tide::test {
namespace {

class SavedState : public LuaHostTest {
  protected:
    // What on_save answers when it runs `body`; the message when it fails.
    std::string saved(const std::string& body) {
        load(strategy_text("function S.on_save(ctx)\n" + body + "\nend"));
        output = {};
        const CallbackResult result = host.call(kSlot, SaveMessage{}, output);
        if (result.status != CallbackStatus::ok) return result.message;
        return output.saved.value_or("nothing");
    }
    // What on_load says with `saved` as its table.
    std::string loaded(const std::string& bytes, const std::string& body) {
        load(strategy_text("function S.on_load(ctx, saved, from)\n" + body + "\nend"));
        output = {};
        const CallbackResult result = host.call(kSlot, LoadMessage{bytes, "0.9"}, output);
        if (result.status != CallbackStatus::ok) return result.message;
        return output.logs.empty() ? "" : output.logs.front().text;
    }
};

TEST_F(SavedState, tables_have_one_form_whatever_order_they_were_built_in) {
    const std::string expected = "tide1{N1;N10;N2;S1:xS1:aTS1:bFS1:t{}}";
    EXPECT_EQ(saved("return { a = true, b = false, t = {}, 10, 'x' }"), expected);
    EXPECT_EQ(saved("local s = { [2] = 'x' } s.t = {} s.b = false s[1] = 10 s.a = true return s"), expected);
}

TEST_F(SavedState, numbers_come_back_as_the_same_bits) {
    const std::string bytes = saved("return { 0.1, 1/3, -0.0, 1e308 * 1.7, 5e-324, 123456789012345680, 2^53 + 1 }");
    EXPECT_EQ(loaded(bytes,
                     "ctx:log(saved[1] == 0.1, saved[2] == 1/3, 1/saved[3] == -math.huge, "
                     "saved[4] == 1e308 * 1.7, saved[5] == 5e-324, saved[6] == 123456789012345680, saved[7] == 2^53)"),
              "true true true true true true true");
}

TEST_F(SavedState, what_is_loaded_is_a_table_of_its_own) {
    const std::string bytes = saved("return { deep = { list = { 1, 2, 3 }, name = 'x\\0y' } }");
    EXPECT_EQ(loaded(bytes, "saved.deep.list[4] = 4 ctx:log(#saved.deep.list, #saved.deep.name, from)"), "4 3 0.9");
}

TEST_F(SavedState, nothing_is_saved_when_nothing_is_returned) { EXPECT_EQ(saved("return nil"), "nothing"); }

TEST_F(SavedState, what_is_not_plain_data_is_named) {
    const auto says = [&](const std::string& body, const std::string& what) {
        const std::string message = saved(body);
        EXPECT_NE(message.find(what), std::string::npos) << body << "\n" << message;
        EXPECT_NE(message.find("probe.lua"), std::string::npos) << message;
    };
    says("return { levels = { 1, 2, function() end } }", "saved.levels[3] is a function");
    says("return 7", "on_save must return a table or nothing");
    says("return { x = 0/0 }", "saved.x is not a finite number");
    says("return { x = math.huge }", "saved.x is not a finite number");
    says("return { [true] = 1 }", "has a boolean as a key");
    says("return { [{}] = 1 }", "has a table as a key");
    says("return setmetatable({}, {})", "saved has a metatable");
    says("return { params = ctx.params }", "saved.params has a metatable");
    says("local t = {} t.self = t return { t = t }", "saved.t.self holds itself");
    says("local t = {} for i = 1, 17 do t = { t } end return t", "is nested more than 16 deep");
    says("local t, text = {}, string.rep('x', 60000) for i = 1, 20 do t[i] = text end return t", "larger than 1024 KB");
    says("error('no state today')", "probe.lua:3: no state today");
    says("while true do end", "instruction budget");
}

TEST_F(SavedState, sixteen_tables_deep_is_allowed) {
    const std::string bytes = saved("local t = { 1 } for i = 1, 15 do t = { t } end return t");
    EXPECT_TRUE(check_saved(bytes)) << bytes;
}

TEST_F(SavedState, a_failing_on_save_does_not_count_towards_quarantine_and_excuses_nothing) {
    load(strategy_text("function S.on_save(ctx) error('no') end\nfunction S.on_bar(ctx) error('bad bar') end"));
    for (int i = 0; i < 10; ++i) EXPECT_EQ(host.call(kSlot, SaveMessage{}, output).status, CallbackStatus::error);
    EXPECT_EQ(bar().status, CallbackStatus::error);
    EXPECT_EQ(host.call(kSlot, SaveMessage{}, output).status, CallbackStatus::error);
    EXPECT_EQ(bar().status, CallbackStatus::error);
    EXPECT_EQ(bar().status, CallbackStatus::quarantined);
}

TEST_F(SavedState, bytes_that_no_table_has_are_refused) {
    for (const char* bytes : {"",
                              "tide1",
                              "tide2{}",
                              "tide1{",
                              "tide1{}x",
                              "tide1{N1;}",
                              "tide1{N1;N1}",
                              "tide1{N01;T}",
                              "tide1{N2;TN1;T}",
                              "tide1{S1:bTS1:aT}",
                              "tide1{S1:aTN1;T}",
                              "tide1{N1;TN1;T}",
                              "tide1{N-0;T}",
                              "tide1{Ninf;T}",
                              "tide1{N1e400;T}",
                              "tide1{S9:aT}",
                              "tide1{S01:aT}",
                              "tide1{TT}",
                              "tide1{N1;N0x1p3;}",
                              "tide1{N1;N1.0;}"}) {
        EXPECT_FALSE(check_saved(bytes)) << bytes;
        EXPECT_NE(loaded(bytes, "ctx:log('never')").find("saved state is not readable"), std::string::npos) << bytes;
    }
}

}  // namespace
}  // namespace tide::test
