// What a new user meets: the strategy that `engine new` writes, the one in the guide, and the messages for the mistakes
// that are made most.
#include "app/commands.hpp"
#include "app/script_files.hpp"
#include "strategy_test_fixture.hpp"
#include "support/paths.hpp"

namespace tide {
namespace {

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

class FirstStrategyTest : public StrategyTestFixture {
  protected:
    // engine new NAME --dir (the test's folder), with what it prints kept out of the way.
    Result<ExitCode> make(const std::string& name) const {
        ::testing::internal::CaptureStdout();
        auto made = new_command({name, folder_.string()});
        ::testing::internal::GetCapturedStdout();
        return made;
    }
    // The messages of all tests of the file that fail.
    std::vector<std::string> failures() {
        std::vector<std::string> messages;
        for (size_t i = 0; i < file_->tests().size(); ++i) {
            const auto ran = file_->run(i);
            if (!ran) messages.push_back(one_line(ran.error().message));
        }
        return messages;
    }
    // What a mistake in the new strategy is answered with: by `engine check` where it finds it, else by the first test.
    std::string message_for(const std::string& right, const std::string& wrong) {
        if (!std::filesystem::exists(folder_ / "first.lua") && !make("first")) return "engine new failed";
        std::string text = text_of(folder_ / "first.lua");
        const size_t place = text.find(right);
        if (place == std::string::npos) return "the template has no '" + right + "'";
        write("wrong.lua", text.replace(place, right.size(), wrong));
        auto bundle = load_bundle(folder_ / "wrong.lua", {});
        if (!bundle) return one_line(bundle.error().message);
        if (auto checked = check_script(*bundle); !checked) return one_line(checked.error().message);
        std::string tests = text_of(folder_ / "first_test.lua");
        tests.replace(tests.find("\"first.lua\""), 11, "\"wrong.lua\"");
        if (auto loaded = load(tests); !loaded) return one_line(loaded.error().message);
        const auto messages = failures();
        return messages.empty() ? "" : messages.front();
    }
    void expect_message(const std::string& right, const std::string& wrong, const std::string& part) {
        const std::string message = message_for(right, wrong);
        EXPECT_NE(message.find(part), std::string::npos) << wrong << "\n  is answered with: " << message;
    }
};

TEST_F(FirstStrategyTest, a_new_strategy_is_well_formed_and_passes_its_own_tests) {
    ASSERT_TRUE(make("first"));
    auto bundle = load_bundle(folder_ / "first.lua", {});
    ASSERT_TRUE(bundle);
    const auto checked = check_script(*bundle);
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_EQ(checked->name, "first");
    ASSERT_TRUE(load(text_of(folder_ / "first_test.lua")));
    EXPECT_GE(file_->tests().size(), 5U);
    EXPECT_EQ(failures(), std::vector<std::string>{});
}
TEST_F(FirstStrategyTest, a_second_version_goes_on_with_what_the_first_one_saved) {
    const std::string first =
        "local S = strategy { name = \"keep\", version = \"1\", api = 1, needs = { symbols = { \"RELIANCE\" }, "
        "bars = { \"1m\" } } }\nlocal n = 0\nfunction S.on_timer(ctx) n = n + 1 ctx:skip(\"first \" .. n) end\n"
        "function S.on_start(ctx) ctx:after(60, \"count\") end\n"
        "function S.on_save() return { n = n } end\nfunction S.on_load(ctx, saved) n = saved.n end\nreturn S\n";
    std::string second = first;
    second.replace(second.find("version = \"1\""), 13, "version = \"2\"");
    second.replace(second.find("\"first \""), 8, "\"second \"");
    write("keep.lua", first);
    write("keep2.lua", second);
    write("broken.lua", first + "what is this");
    ASSERT_TRUE(
        load("describe('keep', function() it('goes on', function()\n"
             "  local market = scripted_market { script = 'keep.lua', prices = { RELIANCE = 1000 } }\n"
             "  expect_skip('first 1')\n  market:reload('keep2.lua')\n"
             "  market:wait(70)\n  expect_skip('second 2')\n"
             "  expect(function() market:reload('broken.lua') end):raises('broken.lua')\n"
             "  market:restart()\n  expect(#market:skips()):equals(2)\nend) end)"));
    EXPECT_EQ(failures(), std::vector<std::string>{});
}
TEST_F(FirstStrategyTest, a_new_strategy_overwrites_nothing) {
    ASSERT_TRUE(make("first"));
    write("first.lua", "mine");
    const auto again = make("first");
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::usage);
    EXPECT_NE(again.error().message.find("is there already"), std::string::npos);
    EXPECT_EQ(text_of(folder_ / "first.lua"), "mine");
}
TEST_F(FirstStrategyTest, a_name_that_cannot_be_one_is_refused) {
    for (const char* name : {"", "1st", "my-first", "a/b", "../x", "first_test", "ünicode"}) {
        const auto made = make(name);
        ASSERT_FALSE(made) << name;
        EXPECT_EQ(made.error().code, ErrorCode::usage) << name;
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

// The guide's first strategy and first test, as they are printed there.
TEST_F(FirstStrategyTest, the_guides_strategy_passes_the_guides_test) {
    const std::string guide = text_of(source_dir() / "docs" / "strategy-guide.md");
    std::vector<std::string> blocks;
    for (size_t at = guide.find("```lua\n"); at != std::string::npos; at = guide.find("```lua\n", at)) {
        const size_t end = guide.find("\n```", at);
        blocks.push_back(guide.substr(at + 7, end - at - 6));
        at = end;
    }
    ASSERT_GE(blocks.size(), 2U);
    write("first.lua", blocks[0]);
    const auto loaded = load(blocks[1]);
    ASSERT_TRUE(loaded) << loaded.error().message;
    ASSERT_EQ(file_->tests().size(), 1U);
    EXPECT_EQ(failures(), std::vector<std::string>{});
}

TEST_F(FirstStrategyTest, each_usual_mistake_is_answered_with_what_mends_it) {
    const std::string close_up = "bar.close > level";
    expect_message("function S.on_bar(", "function S.onbar(", "unknown callback 'onbar'; did you mean 'on_bar'?");
    expect_message("average:value()  ", "average:valeu()  ",
                   "has no output or method 'valeu'; it has value, get, ready");
    expect_message("\"sma\"", "\"smaa\"", "unknown indicator 'smaa'; did you mean 'sma'?");
    expect_message("ctx.params.lots", "ctx.params.lot", "no parameter 'lot'; did you mean 'lots'?");
    expect_message("if not level then return ctx:skip(\"average not ready\") end", "level = average:value(999) + 0",
                   "what is missing is nil: not ready yet");
    expect_message(close_up, "bar.Close > level", "what is missing is nil: not ready yet, out of range, no such field");
    expect_message("ctx:indicator(ctx.params.symbol", "ctx:indicator(\"NIFTY\"",
                   "symbol 'NIFTY' is not in needs.symbols");
    expect_message("ctx.params.symbol, \"5m\"", "ctx.params.symbol, \"15m\"", "timeframe '15m' is not in needs.bars");
    expect_message("{ \"5m\" }", "{ \"5min\" }", "needs.bars[1] must be one of 1s 1m 3m 5m");
    expect_message("param.integer(20, 2, 200, ", "param.integer(20, ",
                   "needs a default, a smallest and a largest value");
    expect_message("param.integer(20, 2, 200, { help = \"bars of the average\" })", "20",
                   "params.period must be made by param.number, param.integer");
    expect_message("api = 1,", "", "api must be 1, got nil");
    expect_message("\nreturn S\n", "\n", "the file must end with 'return'");
    expect_message("if not level then", "if not levl then", "unknown name 'levl'");
    expect_message("return ctx:skip(\"average not ready\") end", "return ctx:skip(\"average not ready\")",
                   "'end' expected");
}

// It loads and runs, and every entry is refused: the test shows the reason that the log has.
TEST_F(FirstStrategyTest, a_wrong_field_of_an_order_is_named_where_the_order_is_missing) {
    ASSERT_TRUE(make("first"));
    ASSERT_EQ(message_for("stop_pct = ctx.params.stop_pct,", "stop_percent = ctx.params.stop_pct,").find("engine new"),
              std::string::npos);
    const auto ran = file_->run(0);
    ASSERT_FALSE(ran);
    EXPECT_NE(ran.error().message.find("unknown field 'stop_percent'; did you mean 'stop_pct'?"), std::string::npos)
        << ran.error().message;
}

}  // namespace
}  // namespace tide
