// A running engine as its operator meets it: the control socket, commands, changed scripts.
#include "control_fixture.hpp"

namespace tide {
namespace {

TEST_F(Control, a_script_changed_while_it_runs_is_staged_taken_up_and_rolled_back_and_all_of_it_replays) {
    std::string text = std::string(kKeeper);
    text.insert(text.rfind("return S"), "function S.on_save(ctx) return { seen = true } end\n");
    start(text.c_str(), "600");
    wait_for_position();
    const auto last_row = [this] {
        const auto chain = engine("audit --kind script --limit 1 --json --home " + home()).json();
        return chain.contains("rows") && !chain["rows"].empty() ? chain["rows"].back()["text"].get<std::string>() : "";
    };
    std::string changed = text;
    changed.replace(changed.find("1.0.0"), 5, "1.1.0");
    write("strategy.lua", changed);
    wait_for("the change to be staged", [&] { return last_row().find("status=staged") != std::string::npos; });
    EXPECT_EQ(say("reload strategy --now").code, 2);
    const auto taken = say("reload keeper --now --confirm --reason \"new version\"");
    EXPECT_EQ(taken.code, 0) << taken.err;
    EXPECT_NE(taken.out.find("strategy.lua +1 -1"), std::string::npos) << taken.out;
    write("strategy.lua", "local S = strategy {");
    wait_for("the mistake to be told", [&] { return last_row().find("status=reload_refused") != std::string::npos; });
    const auto refused = say("reload");
    EXPECT_EQ(refused.code, 5);
    EXPECT_NE(refused.error_line().find("strategy.lua:1"), std::string::npos) << refused.err;
    EXPECT_EQ(say("reload --rollback --now --confirm").code, 0);
    EXPECT_EQ(say("reload nobody").code, 2);
    EXPECT_EQ(say("stop").code, 0);
    EXPECT_EQ(wait_for_end(), 0) << log();
    EXPECT_EQ(engine("replay --verify " + journal()).code, 0);
    EXPECT_NE(read(std::filesystem::path(home()) / "state" / "keeper.state").find("tide1{S4:seenT}"),
              std::string::npos);
}

TEST_F(Control, commands_without_an_engine_are_unreachable_and_reads_tell_of_the_store) {
    for (const char* words : {"pause", "stop", "set risk.max_positions 2", "manual-mode enable", "order cancel 1",
                              "order buy NIFTY --lots 1 --confirm", "reload"}) {
        EXPECT_EQ(say(words).code, 3) << words;
    }
    EXPECT_EQ(say("status --json").json()["running"], false);
    EXPECT_EQ(say("risk --json").json()["limits"]["risk.max_positions"], "3");
    EXPECT_EQ(say("order buy NIFTY --lots 1").code, 2);  // not confirmed
    EXPECT_EQ(say("health-check --full").code, 0);
}

TEST_F(Control, an_operator_pauses_sets_orders_and_stops_and_all_of_it_replays) {
    start(kKeeper, "600");
    EXPECT_EQ(say("manual-mode enable --reason event").code, 0);
    wait_for("the entry window", [this] { return status()["phase"] == "open"; });
    EXPECT_EQ(say("pause --reason lunch").code, 0);
    EXPECT_EQ(status()["state"], "paused");
    EXPECT_EQ(say("resume --confirm-safe --reason back").code, 0);
    EXPECT_EQ(say("set max-positions 2 --reason careful").code, 0);
    EXPECT_EQ(say("set max-positions 3").code, 4);
    EXPECT_EQ(say("set risk.max_positions 1000 --confirm").code, 2);
    EXPECT_EQ(say("reload").code, 0);  // nothing changed
    wait_for("an order to pass", [this] {
        const auto chain = engine("audit --kind risk --limit 1 --json --home " + home()).json();
        const auto strike = chain["rows"].empty() ? "" : chain["rows"].back()["text"].get<std::string>();
        const auto from = strike.find("instrument=\"");
        if (from == std::string::npos) return false;
        const auto symbol = strike.substr(from + 12, strike.find('"', from + 12) - from - 12);
        return say("order buy \"" + symbol + "\" --lots 1 --stop-pct 1.5 --confirm --reason hedge").code == 0;
    });
    wait_for_position();
    const auto position = engine("positions --json --home " + home()).json()["positions"][0];
    EXPECT_EQ(position["strategy"], "operator");
    EXPECT_EQ(position["why"], "hedge");
    EXPECT_EQ(say("order exit " + std::to_string(position["id"].get<int>()) + " --reason done").code, 0);
    EXPECT_EQ(say("order exit 99").code, 2);
    EXPECT_EQ(say("stop --immediate --reason \"end of test\"").code, 0);
    EXPECT_EQ(wait_for_end(), 0) << log();
    EXPECT_EQ(engine("replay --verify " + journal()).code, 0);
    const auto said = engine("audit --kind command --json --home " + home()).json();
    EXPECT_GE(said["rows"].size(), 8U);
    for (const auto& row : said["rows"]) {
        EXPECT_NE(row["text"].get<std::string>().find("operator=\""), std::string::npos);
        EXPECT_EQ(row["text"].get<std::string>().find("operator=\"\""), std::string::npos);
    }
    EXPECT_EQ(engine("audit verify --home " + home()).code, 0);
}

TEST_F(Control, a_stop_without_exit_leaves_the_position_in_the_store) {
    start(kKeeper, "600");
    wait_for_position();
    EXPECT_EQ(say("stop --no-exit --reason \"look tomorrow\"").code, 0);
    EXPECT_EQ(wait_for_end(), 0) << log();
    EXPECT_EQ(engine("positions --json --home " + home()).json()["positions"].size(), 1);
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(home()) / "EMERGENCY_STOP"));
}

TEST_F(Control, the_kill_switch_by_command_closes_latches_reports_and_is_cleared_by_resume) {
    start(kKeeper, "600");
    wait_for_position();
    EXPECT_EQ(say("kill-switch --confirm --reason \"wrong contract\"").code, 0);
    expect_killed_and_flat();
    const auto report = incident();
    EXPECT_EQ(report["trigger"], "command");
    EXPECT_EQ(report["reason"], "wrong contract");
    EXPECT_FALSE(report["operator"].get<std::string>().empty());
    EXPECT_EQ(report["positions_before"].size(), 1U);
    EXPECT_EQ(say("health-check --full").code, 0);
    EXPECT_EQ(say("resume --confirm-safe --reason \"was a test\"").code, 0);
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(home()) / "LIMITED_MODE"));
    start(kIdle, "60");
    EXPECT_EQ(status()["limited_mode"], true);
    EXPECT_EQ(say("mode normal").code, 4);  // not within the hour
    EXPECT_EQ(say("stop --immediate").code, 0);
    EXPECT_EQ(wait_for_end(), 0);
}

TEST_F(Control, resume_is_refused_while_a_check_fails) {
    ASSERT_EQ(say("kill-switch --confirm --reason test").code, 0);
    const auto broken = write("broken.toml", "[risk]\nmax_position = 2\n");
    const auto refused = say("resume --confirm-safe --reason tested --config " + broken);
    EXPECT_EQ(refused.code, 1);
    EXPECT_NE(refused.error_line().find("config"), std::string::npos) << refused.err;
    EXPECT_EQ(paper(write("idle.lua", kIdle)).code, 4);
    for (const char* words : {"", "--confirm-safe", "--reason tested", "--confirm-safe --reason \"  \""}) {
        EXPECT_EQ(say(std::string("resume ") + words).code, 2) << words;
    }
    const auto cleared = say("resume --confirm-safe --reason tested");
    EXPECT_EQ(cleared.code, 0);
    EXPECT_NE(cleared.out.find("50 % of the usual size, 1 position(s) at once"), std::string::npos) << cleared.out;
    const auto too_early = say("mode normal");
    EXPECT_EQ(too_early.code, 4);
    EXPECT_NE(too_early.error_line().find("60 of them are left"), std::string::npos) << too_early.err;
    EXPECT_NE(read(std::filesystem::path(home()) / "operator.log").find("resume (tested)"), std::string::npos);
}

TEST_F(Control, the_kill_switch_by_file_says_what_the_file_says) {
    start(kKeeper, "600");
    wait_for_position();
    std::ofstream(std::filesystem::path(home()) / "EMERGENCY_STOP") << "fire in the building\n";
    expect_killed_and_flat();
    EXPECT_EQ(incident()["reason"], "EMERGENCY_STOP file: fire in the building");
}

TEST_F(Control, two_engines_in_one_home_are_one_too_many) {
    start(kIdle, "60");
    const auto second = paper(write("other.lua", kIdle));
    EXPECT_EQ(second.code, 2);
    EXPECT_NE(second.error_line().find("another engine runs"), std::string::npos) << second.err;
    EXPECT_EQ(say("stop").code, 0);
    EXPECT_EQ(wait_for_end(), 0);
}

TEST_F(Control, an_exchange_in_its_own_process_gives_the_same_day_byte_for_byte) {
    const auto here = paper("adx_trend.lua", "--json").json();
    const auto there = paper("adx_trend.lua", "--json --broker paper-process").json();
    ASSERT_FALSE(here.is_discarded() || there.is_discarded());
    EXPECT_GE(here["result"]["trades"], 1);
    EXPECT_EQ(here["journal"]["sha256"], there["journal"]["sha256"]);
    EXPECT_EQ(here["audit"], there["audit"]);
}

}  // namespace
}  // namespace tide
