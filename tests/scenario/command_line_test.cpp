// What a user meets when something is wrong: one clear line, the exit code of the contract, nothing lost.
#include "engine_process.hpp"
#include "support/paths.hpp"

namespace tide {
namespace {

constexpr const char* kIdleScript = R"(
local S = strategy { name = "idle", version = "1.0.0", api = 1,
  needs = { symbols = { "NIFTY" }, bars = { "5m" } } }
function S.on_bar(ctx, bar) ctx:skip("idle") end
return S
)";

class CommandLine : public EngineTest {};

TEST_F(CommandLine, a_script_that_does_not_exist_is_usage) {
    const auto run = paper("adx_trand.lua");
    EXPECT_EQ(run.code, 2);
    EXPECT_NE(run.error_line().find("'adx_trand.lua' not found"), std::string::npos) << run.err;
    EXPECT_NE(run.error_line().find("did you mean 'adx_trend.lua'"), std::string::npos) << run.err;
}

TEST_F(CommandLine, a_syntax_error_names_file_and_line) {
    const auto run = paper(write("broken.lua", "local S = strategy {\nname = \"x\",\nthen\n}\nreturn S\n"));
    EXPECT_EQ(run.code, 5);
    EXPECT_NE(run.error_line().find("broken.lua:3:"), std::string::npos) << run.err;
}

TEST_F(CommandLine, a_script_that_throws_in_every_callback_is_quarantined_and_the_session_goes_on) {
    const auto run = paper(write("throws.lua", R"(
local S = strategy { name = "throws", version = "1.0.0", api = 1,
  needs = { symbols = { "NIFTY" }, bars = { "1m", "5m" } } }
function S.on_bar(ctx, bar) error("boom") end
function S.on_exit_check(ctx, position, quote) error("boom") end
return S
)"),
                           "--json");
    EXPECT_EQ(run.code, 5);
    ASSERT_FALSE(run.json().is_discarded()) << run.out << run.err;
    // The session ran to its end: a synthetic day is far more than the three callbacks that failed.
    EXPECT_GT(run.json()["engine"]["events"], 100'000);
    const auto audit = engine("audit --kind script --json --home " + home());
    EXPECT_EQ(audit.code, 0) << audit.err;
    EXPECT_NE(audit.out.find("throws.lua:4: boom"), std::string::npos) << audit.out;
    EXPECT_NE(audit.out.find("quarantined"), std::string::npos);
}

TEST_F(CommandLine, missing_data_is_input_trouble) {
    const auto run = paper(write("idle.lua", kIdleScript), "--feed replay:" + (folder() / "nothing").string());
    EXPECT_EQ(run.code, 2);
    EXPECT_NE(run.error_line().find("nothing"), std::string::npos) << run.err;
}

TEST_F(CommandLine, a_malformed_row_is_reported_with_file_and_line_and_nothing_is_imported) {
    write("bars/NIFTY_1m.csv",
          "ts_ist,open,high,low,close,volume,oi\n"
          "2024-01-01T09:15:00,100,101,99,100,,\n"
          "2024-01-01T09:16:00,100,oops,99,100,,\n");
    const auto script = write("idle.lua", kIdleScript);
    const auto run =
        engine("backtest --script " + script + " --data " + (folder() / "bars").string() + " --home " + home());
    EXPECT_EQ(run.code, 2);
    EXPECT_NE(run.err.find("NIFTY_1m.csv:3"), std::string::npos) << run.err;
    const auto lenient = engine("backtest --lenient --json --script " + script + " --data " +
                                (folder() / "bars").string() + " --home " + home());
    EXPECT_EQ(lenient.code, 0) << lenient.err;
    EXPECT_EQ(lenient.json()["data"]["rejected_rows"], 1) << lenient.out;
}

TEST_F(CommandLine, an_unknown_configuration_key_is_refused_with_the_nearest_one) {
    const auto config = write("engine.toml", "[risk]\nmax_position = 2\n");
    const auto run = paper(write("idle.lua", kIdleScript), "--config " + config);
    EXPECT_EQ(run.code, 2);
    EXPECT_NE(run.error_line().find("engine.toml:2"), std::string::npos) << run.err;
    EXPECT_NE(run.error_line().find("did you mean 'risk.max_positions'"), std::string::npos) << run.err;
}

TEST_F(CommandLine, the_shipped_configuration_lists_every_setting_with_its_default) {
    const auto shipped = engine("config show --json").json()["settings"];
    const auto defaults = engine("config show --json --config " + write("empty.toml", "")).json()["settings"];
    EXPECT_EQ(shipped, defaults);
    const std::string text = read(source_dir() / "config" / "engine.toml");
    for (const auto& [key, setting] : shipped.items()) {
        // Decided by the command line, not by a file.
        if (key == "session.mode" || key == "session.use_option_model" || key == "session.over_history" ||
            key == "session.start_limited" || key == "session.synthetic_market")
            continue;
        EXPECT_NE(text.find("\n" + key.substr(key.find('.') + 1) + " = "), std::string::npos) << key;
    }
}

TEST_F(CommandLine, a_home_that_cannot_be_made_is_one_line) {
    const auto file = write("not_a_folder", "x");
    const auto run = engine("run --paper --speed max --script adx_trend.lua --home " + file);
    EXPECT_EQ(run.code, 2);
    EXPECT_NE(run.error_line().find("cannot be written"), std::string::npos) << run.err;
}

TEST_F(CommandLine, live_without_a_broker_is_refused) {
    const auto run = engine("run --live --script adx_trend.lua --home " + home());
    EXPECT_EQ(run.code, 2);
    EXPECT_NE(run.error_line().find("broker"), std::string::npos) << run.err;
}

TEST_F(CommandLine, words_that_are_not_understood_are_usage) {
    for (const char* words :
         {"", "fly", "run", "run --script", "--script adx_trend.lua --speed fast --paper",
          "backtest --script adx_trend.lua", "calendar 2024-02-30", "replay", "trades --limit -1"}) {
        EXPECT_EQ(engine(words).code, 2) << words;
    }
}

TEST_F(CommandLine, help_shows_an_example_for_every_command) {
    for (const char* command : {"run",
                                "backtest",
                                "replay",
                                "check",
                                "sessions",
                                "trades",
                                "orders",
                                "positions",
                                "audit",
                                "audit verify",
                                "audit export",
                                "audit why",
                                "audit retire",
                                "pnl",
                                "tax-report",
                                "charges",
                                "backup",
                                "restore",
                                "indicators",
                                "greeks",
                                "data aggregate",
                                "data resample",
                                "data import",
                                "data export",
                                "data validate",
                                "data gaps",
                                "data stats",
                                "data cleanup",
                                "data backup",
                                "data restore",
                                "data rebuild",
                                "data synth",
                                "calendar",
                                "instruments",
                                "config show",
                                "kill-switch",
                                "resume",
                                "mode",
                                "recover",
                                "status",
                                "balance",
                                "risk",
                                "pause",
                                "stop",
                                "set",
                                "reload",
                                "manual-mode enable",
                                "order buy",
                                "order cancel",
                                "order exit",
                                "health-check",
                                "paper-exchange"}) {
        const auto help = engine(std::string(command) + " --help");
        EXPECT_EQ(help.code, 0) << command;
        EXPECT_NE(help.out.find("Example: engine"), std::string::npos) << command;
    }
}

// 24 November 2026 is a Tuesday and a holiday; the closing auction is of August 2026 (CMTR/74466).
TEST_F(CommandLine, the_calendar_shows_sessions_phases_and_what_expires) {
    const auto day = engine("calendar 2026-11-23 --json").json()["days"][0];
    EXPECT_EQ(day["sessions"][0]["close"], "15:40:00");
    EXPECT_EQ(day["expiries"][0]["underlying"], "BANKNIFTY");
    EXPECT_EQ(day["expiries"][0]["moved_from"], "2026-11-24");
    EXPECT_EQ(day["phases"][2]["name"], "closing auction");
    const auto listed = engine("calendar 2026-03-25 --expiries SENSEX --json").json();
    EXPECT_EQ(listed["exchange"], "BSE");
    EXPECT_EQ(listed["expiries"][0]["moved_from"], "2026-03-26");
    EXPECT_EQ(listed["expiries"][0]["lot"], 20);
    const auto unknown = engine("calendar 2027-01-04");
    EXPECT_EQ(unknown.code, 2);
    EXPECT_NE(unknown.error_line().find("no table for 2027"), std::string::npos) << unknown.err;
    EXPECT_EQ(engine("calendar 2026-03-25 --exchange NSE --expiries SENSEX").code, 2);
}

// Of the synthetic session of 18 November 2026: NIFTY's monthly of 23 November is too near, the weekly of 1 December
// not.
TEST_F(CommandLine, a_contract_master_is_shown_checked_and_wins_over_the_rules) {
    const auto master = write("master.csv",
                              "kind,exchange,underlying,expiry,strike,right,lot,tick,freeze,token\n"
                              "option,NSE,BANKNIFTY,2026-11-23,60000,CE,30,0.05,600,11\n"
                              "option,NSE,BANKNIFTY,2026-12-29,60000,CE,30,0.05,600,12\n"
                              "option,NSE,BANKNIFTY,2026-10-27,60000,CE,30,0.05,600,9\n"
                              "option,NSE,BANKNIFTY,2026-12-29,sixty,CE,30,0.05,600,13\n");
    const auto shown = engine("instruments --master " + master + " --on 2026-11-18 --strike 60000 --json").json();
    EXPECT_EQ(shown["contracts"].size(), 2U);
    EXPECT_EQ(shown["contracts"][0]["token"], "11");
    EXPECT_EQ(shown["master"]["expired"], 1);
    EXPECT_EQ(shown["master"]["problems"][0]["line"], 5);
    EXPECT_EQ(engine("instruments --master " + master + " --on 2026-11-18 --check").code, 0);
    const auto differing = write("differing.csv",
                                 "kind,underlying,expiry,strike,right,lot,freeze\n"
                                 "option,BANKNIFTY,2026-11-23,60000,CE,35,600\n"
                                 "option,BANKNIFTY,2026-12-29,60000,CE,30,600\n");
    const auto check = engine("instruments --master " + differing + " --on 2026-11-18 --check --json");
    EXPECT_EQ(check.code, 1);
    EXPECT_EQ(check.json()["differences"][0]["what"], "lot");
    EXPECT_EQ(engine("instruments --master " + write("bars.csv", "date,open\n")).code, 2);

    std::string rows = "kind,underlying,expiry,strike,right,lot\n";
    for (int strike = 20000; strike <= 32000; strike += 50)
        rows += "option,NIFTY,2026-12-01," + std::to_string(strike) + ",CE,130\n";
    const auto run = paper(write("idle.lua", kIdleScript), "--instruments " + write("lots.csv", rows));
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_NE(run.err.find("NIFTY 2026-12-01: lot 130 instead of 65"), std::string::npos) << run.err;
}

TEST_F(CommandLine, the_kill_switch_file_stays_over_a_restart_until_resumed) {
    ASSERT_EQ(engine("kill-switch --home " + home()).code, 2);  // not without --confirm
    ASSERT_EQ(engine("kill-switch --confirm --reason test --home " + home()).code, 0);
    const auto script = write("idle.lua", kIdleScript);
    EXPECT_EQ(paper(script).code, 4);
    EXPECT_EQ(engine("resume --home " + home()).code, 2);
    ASSERT_EQ(engine("resume --confirm-safe --reason tested --home " + home()).code, 0);
    EXPECT_EQ(paper(script).code, 0);
}

}  // namespace
}  // namespace tide
