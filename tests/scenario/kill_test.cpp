// The kill switch of a whole engine, by each of its triggers and in each state that the engine may be in.
#include <sys/socket.h>
#include <sys/un.h>

#include <array>

#include "control_fixture.hpp"

namespace tide {
namespace {

// A machine that is merely slow must not cost a script its process.
constexpr const char* kPatient = "[scripts]\ncallback_limit_ms = 3000\n";
constexpr const char* kBase = "[session]\nentry_from = \"09:20\"\n[risk]\nexit_retry_s = 0.1\n";
// An exchange that fills an order four minutes after it arrived: 0.8 s on the wall at speed 300.
constexpr const char* kSlowFills =
    "[paper]\noi_liquid = 100000000\ndelay_min_ms = 240000\ndelay_max_ms = 240000\n"
    "[orders]\nunfilled_after_s = 900\nmax_reprices = 100\n";

class Kill : public Control {
  protected:
    void pull(const std::string& trigger) {
        if (trigger == "command") {
            EXPECT_EQ(say("kill-switch --confirm --reason matrix").code, 0);
        } else if (trigger == "file") {
            std::ofstream(std::filesystem::path(home()) / "EMERGENCY_STOP") << "matrix\n";
        } else if (trigger == "second_interrupt") {
            interrupt_twice();
        } else {
            send_to_socket(R"({"command": "kill_switch", "reason": "matrix", "confirm": true})", true);
        }
    }
    // The second comes when the first has been heard, and before what it asked for is done.
    void interrupt_twice() {
        ::kill(process_, SIGINT);
        const auto until = Clock::now() + kPatience;
        while (log().find(": stop  interrupt") == std::string::npos) {
            ASSERT_LT(Clock::now(), until) << "the first interrupt was not heard\n" << log();
            ::usleep(1'000);
        }
        if (worker_ > 0) ::kill(worker_, SIGSTOP);
        ::kill(process_, SIGINT);
        EXPECT_EQ(log().find("EXIT "), std::string::npos) << "it was closed before the second came\n" << log();
    }
    // A script that does not come back from its next callback: its process is stopped.
    void find_script() {
        const auto now = status();
        for (const auto& strategy : now["strategies"]) worker_ = strategy.value("process", 0);
        ASSERT_GT(worker_, 0) << now.dump(2);
    }
    int worker_ = 0;
    // As a program of one's own would.
    void send_to_socket(const std::string& line, bool answered) {
        const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const auto path = (std::filesystem::path(home()) / "control.sock").string();
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        ASSERT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        const std::string text = line + "\n";
        ASSERT_EQ(::write(socket, text.data(), text.size()), static_cast<ssize_t>(text.size()));
        char answer[4096];
        if (answered) {
            EXPECT_GT(::read(socket, answer, sizeof answer), 0);
        }
        ::close(socket);
    }
    int64_t since_ms(Clock::time_point began) const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began).count();
    }
    void expect_latched() const {
        EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(home()) / "EMERGENCY_STOP"));
        EXPECT_EQ(paper(write("idle.lua", kIdle)).code, 4);
    }
    // Of an incident: the step's own words.
    static nlohmann::json step(const nlohmann::json& incident, const std::string& name) {
        if (!incident.is_object()) return nullptr;
        for (const auto& one : incident["steps"]) {
            if (one["step"] == name) return one;
        }
        return nullptr;
    }
};

// Every trigger of an operator, with the engine flat, idle, busy with a fast market, and with a script that never
// returns. The times are on the wall, from the trigger to the end of the process: flat, saved, backed up, reported.
class KillMatrix : public Kill, public ::testing::WithParamInterface<std::array<const char*, 2>> {
  protected:
    static std::string trigger() { return GetParam()[0]; }
    static std::string state() { return GetParam()[1]; }

    void start_in_state() {
        const bool slow = trigger() == "second_interrupt";
        set(kBase + std::string(kPatient) + (slow ? kSlowFills : ""));
        const char* speed = slow ? "300" : "600";
        if (state() == "flat") return start(kIdle, "1");
        if (state() == "busy") return start(kKeeper, speed, {"--feed", "synthetic:usual:5,rate=20"});
        start(kKeeper, speed);
    }
};

TEST_P(KillMatrix, is_flat_latched_and_reported) {
    start_in_state();
    if (state() != "flat") wait_for_position();
    if (state() == "hung") find_script();
    if (HasFatalFailure()) return;
    // With the second interrupt it is stopped after the first: a stop, too, waits for a script that hangs.
    if (state() == "hung" && trigger() != "second_interrupt") {
        ::kill(worker_, SIGSTOP);
        const auto stopped = Clock::now();  // a bar comes every 100 ms
        wait_for("the next bar", [&] { return Clock::now() - stopped > std::chrono::milliseconds(250); });
    }
    const auto began = Clock::now();
    pull(trigger());
    if (HasFatalFailure()) return;
    const int code = wait_for_end();
    const auto took_ms = since_ms(began);
    EXPECT_EQ(code, 4) << log();
    const auto report = incident();
    ASSERT_TRUE(report.is_object()) << log();
    EXPECT_EQ(report["flat"], true) << report.dump(2);
    EXPECT_EQ(report["verified_with_broker"], true) << report.dump(2);
    EXPECT_EQ(report["positions_before"].size(), state() == "flat" ? 0U : 1U);
    EXPECT_EQ(report["closes"].size(), state() == "flat" ? 0U : 1U);
    if (trigger() == "second_interrupt") {
        EXPECT_EQ(report["reason"], "second interrupt");
    }
    EXPECT_EQ(engine("positions --json --home " + home()).json()["positions"].size(), 0);
    EXPECT_LT(took_ms, 30'000);
    expect_latched();
    RecordProperty("trigger_to_end_ms", static_cast<int>(took_ms));
    std::printf("kill switch by %s, %s: ended after %lld ms, flat after %lld ms of session time\n", trigger().c_str(),
                state().c_str(), static_cast<long long>(took_ms), report["duration_ms"].get<long long>());
}

INSTANTIATE_TEST_SUITE_P(Operator, KillMatrix,
                         ::testing::ValuesIn(std::vector<std::array<const char*, 2>>{{"command", "flat"},
                                                                                     {"command", "idle"},
                                                                                     {"command", "busy"},
                                                                                     {"command", "hung"},
                                                                                     {"socket", "flat"},
                                                                                     {"socket", "idle"},
                                                                                     {"socket", "busy"},
                                                                                     {"socket", "hung"},
                                                                                     {"file", "flat"},
                                                                                     {"file", "idle"},
                                                                                     {"file", "busy"},
                                                                                     {"file", "hung"},
                                                                                     {"second_interrupt", "idle"},
                                                                                     {"second_interrupt", "busy"},
                                                                                     {"second_interrupt", "hung"}}),
                         [](const auto& matrix) { return std::string(matrix.param[0]) + "_" + matrix.param[1]; });

TEST_F(Kill, two_interrupts_that_come_as_one_stop_a_flat_session_in_order) {
    start(kIdle, "1");  // and idle: nothing else would wake it
    ::kill(process_, SIGSTOP);
    ::kill(process_, SIGINT);
    ::kill(process_, SIGINT);  // one signal to a process that is stopped
    ::kill(process_, SIGCONT);
    EXPECT_EQ(wait_for_end(), 0) << log();
}

// ---- 14.2.2, step by step

// Holds a call of NIFTY, and keeps an order for one of BANKNIFTY resting far from the market.
constexpr const char* kWithOrder = R"(
local S = strategy { name = "resting", version = "1.0.0", api = 1,
  needs = { symbols = { "NIFTY", "BANKNIFTY" }, bars = { "1m" }, chain = { strikes = 5 } } }
local asked = false
function S.on_bar(ctx, bar)
  if bar.symbol ~= "NIFTY" then return end
  local rest = ctx:chain("BANKNIFTY", { min_days = 4 }):atm("CE")
  if #ctx:positions() == 0 then
    ctx:enter { leg = ctx:chain("NIFTY", { min_days = 4 }):atm("CE"), lots = 1, stop_pct = 1.9, why = "to have one" }
  elseif not asked then
    asked = true
    ctx:enter { leg = rest, lots = 1, limit = math.floor(rest.bid * 0.85 * 20) / 20, stop_pct = 1.9, why = "rests" }
  end
end
function S.on_save(ctx) return { seen = true } end
return S
)";

TEST_F(Kill, each_step_is_reported_in_its_order_and_within_its_time) {
    set(std::string(kBase) + kPatient + "[orders]\nunfilled_after_s = 3600\nlimit_from_last_pct = 20\n");
    start(kWithOrder, "600");
    wait_for_position();
    wait_for("an order that rests", [this] {
        const auto list = engine("orders --json --home " + home()).json();
        if (!list.is_object() || !list.contains("orders")) return false;
        for (const auto& order : list["orders"]) {
            if (order["state"] == "open") return true;
        }
        return false;
    });
    EXPECT_EQ(say("kill-switch --confirm --reason \"step by step\"").code, 0);
    EXPECT_EQ(wait_for_end(), 4) << log();
    const auto report = incident();
    static constexpr const char* kSteps[] = {
        "entries_stopped", "latched",   "cancels_confirmed",  "positions_closed",  "verified_flat",    "state_saved",
        "report_written",  "backed_up", "connections_closed", "operator_notified", "shutdown_complete"};
    static constexpr int64_t kLimits_ms[] = {1'000,  1'000,  5'000,  30'000, 30'000, 60'000,
                                             60'000, 60'000, 60'000, 90'000, 90'000};
    ASSERT_EQ(report["steps"].size(), std::size(kSteps)) << report.dump(2);
    int64_t session_ms = 0;
    int64_t wall_ms = 0;
    for (size_t i = 0; i < std::size(kSteps); ++i) {
        const auto& one = report["steps"][i];
        SCOPED_TRACE(one.dump());
        EXPECT_EQ(one["step"], kSteps[i]);
        EXPECT_EQ(one["limit_ms"], kLimits_ms[i]);
        EXPECT_EQ(one["done"], true);
        EXPECT_EQ(one["in_time"], true);
        ASSERT_TRUE(one["wall_ms"].is_number());
        EXPECT_LE(one["wall_ms"], kLimits_ms[i]);
        const bool outside = one["session_ms"].is_null();
        EXPECT_EQ(outside, i == 1 || i >= 5);
        if (!outside) {
            EXPECT_LE(one["session_ms"], kLimits_ms[i]);
            EXPECT_GE(one["session_ms"], session_ms);
            session_ms = one["session_ms"];
        }
        EXPECT_GE(one["wall_ms"], wall_ms);
        wall_ms = one["wall_ms"];
        std::printf("%-20s session %6s ms, wall %6s ms, limit %lld ms\n", kSteps[i], one["session_ms"].dump().c_str(),
                    one["wall_ms"].dump().c_str(), static_cast<long long>(kLimits_ms[i]));
    }
    ASSERT_EQ(report["cancels"].size(), 1U);
    EXPECT_EQ(report["cancels"][0]["reason"], "kill_switch");
    EXPECT_EQ(report["cancels"][0]["outcome"], "cancelled");
    ASSERT_EQ(report["closes"].size(), 1U);
    EXPECT_GT(std::stod(report["closes"][0]["exit_price"].get<std::string>()), 0);
    EXPECT_EQ(report["closes"][0]["tries"], 1);
    EXPECT_EQ(report["closes"][0]["net"].get<std::string>().empty(), false);
    // The audit trail has every step up to the session's own end; the rest is in the operator's log.
    const auto rows = engine("audit --kind command --limit 50 --json --home " + home()).json()["rows"];
    std::string trail;
    for (const auto& row : rows) trail += row["text"].get<std::string>() + "\n";
    size_t at = 0;
    for (size_t i = 0; i < 8; ++i) {
        const size_t found = trail.find("step=" + std::string(kSteps[i]) + ";", at);
        ASSERT_NE(found, std::string::npos) << kSteps[i] << "\n" << trail;
        at = found;
    }
    EXPECT_NE(trail.find("step=positions_closed;since_ms="), std::string::npos) << trail;
    const auto home_folder = std::filesystem::path(home());
    EXPECT_NE(read(home_folder / "operator.log").find("shutdown complete"), std::string::npos);
    const std::string alerts = read(home_folder / "alerts.log");
    EXPECT_NE(alerts.find("critical kill_switch: "), std::string::npos) << alerts;
    EXPECT_NE(alerts.find("critical killed_and_flat: "), std::string::npos) << alerts;
    EXPECT_NE(log().find("ALERT critical killed_and_flat: "), std::string::npos) << log();
    EXPECT_NE(read(home_folder / "state" / "resting.state").find("seen"), std::string::npos);
    // What was backed up can be put back.
    std::string copy;
    for (const auto& entry : std::filesystem::directory_iterator(home_folder / "backups")) {
        if (entry.path().filename().string().rfind("ledger-kill-", 0) == 0 && entry.path().extension() == ".db")
            copy = entry.path().string();
    }
    EXPECT_NE(say("restore " + copy).err.find("audit rows"), std::string::npos);
    EXPECT_EQ(engine("replay --verify " + journal()).code, 0);
    EXPECT_EQ(engine("audit verify --home " + home()).code, 0);
}

// ---- the triggers that are the engine's own, each in a whole process

// Buys as the keeper does, then asks each minute for an option at a price that is 4 % worse than the market's.
constexpr const char* kReckless = R"(
local S = strategy { name = "reckless", version = "1.0.0", api = 1,
  needs = { symbols = { "NIFTY", "BANKNIFTY" }, bars = { "1m" }, chain = { strikes = 5 } } }
function S.on_bar(ctx, bar)
  if bar.symbol ~= "NIFTY" then return end
  local first = ctx:chain("NIFTY", { min_days = 4 }):atm("CE")
  local other = ctx:chain("BANKNIFTY", { min_days = 4 }):atm("CE")
  if #ctx:positions() == 0 then
    ctx:enter { leg = first, lots = 1, limit = first.ask, stop_pct = 1.9, why = "to have one" }
  else
    ctx:enter { leg = other, lots = 1, limit = math.floor(other.ask * 1.04 * 20) / 20, stop_pct = 1.9, why = "dear" }
  end
end
return S
)";
// An endless loop in each callback, until it is quarantined.
constexpr const char* kSpins = R"(
local S = strategy { name = "spins", version = "1.0.0", api = 1, needs = { symbols = { "NIFTY" }, bars = { "1m" } } }
function S.on_bar(ctx, bar) while true do end end
return S
)";

struct OwnTrigger {
    const char* name;
    const char* script;
    const char* settings;
    const char* feed;
    bool latches;
};
const OwnTrigger kOwnTriggers[] = {
    // The day's loss closes everything and halts for the day; it is no kill switch (docs/decisions/control.md).
    {"daily_loss", kKeeper, "day_loss_pct = 0.05\nday_loss_warn_pct = 0.01\n", "synthetic", false},
    {"equity_floor", kKeeper, "equity_floor_pct = 99.96\n", "synthetic", true},
    {"margin", kKeeper, "trade_loss_pct = 5\nmargin_close_pct = 1\nmargin_kill_pct = 1\n[account]\nequity = 500000\n",
     "synthetic", true},
    // The smaller spike, which closes without latching, is out of the way.
    {"vix_kill", kKeeper, "[breakers]\nvix_spike = 50\n", "synthetic:vix_spike:3", true},
    // The exchange refuses limits more than 2 % from the last price.
    {"error_rate", kReckless, "[broker]\nerror_rate_answers = 4\n[paper]\nband_pct = 2\n", "synthetic", true},
    // An order that leaves with a limit more than 3 % worse than the last price is one that nobody meant.
    {"wrong_order", kReckless, "[wrong_order]\nprice_pct = 3\n", "synthetic", true},
};

class OwnKill : public Kill, public ::testing::WithParamInterface<std::tuple<size_t, const char*>> {};

TEST_P(OwnKill, closes_everything_and_says_why) {
    const OwnTrigger& trigger = kOwnTriggers[std::get<0>(GetParam())];
    const bool beside = std::string(std::get<1>(GetParam())) == "spinning";
    const auto config =
        write("own.toml", std::string("[scripts]\ncallback_limit_ms = 100\nstops_to_quarantine = 100\n") + kBase +
                              trigger.settings);
    const std::string more = std::string(" --json --feed ") + trigger.feed + " --config " + config;
    const auto script = write("trader.lua", trigger.script);
    const auto began = Clock::now();
    // At full speed nobody hurries a script: the engine is as busy as it can be. Beside one that never ends a callback,
    // at a pace.
    const auto run = beside ? engine("run --paper --speed 6000 --script " + script + " --script " +
                                     write("spins.lua", kSpins) + " --home " + home() + more)
                            : paper(script, more);
    // The script in quarantine is said before a halt, the kill switch before both.
    EXPECT_EQ(run.code, trigger.latches || !beside ? 4 : 5) << run.err;
    EXPECT_EQ(engine("positions --json --home " + home()).json()["positions"].size(), 0);
    EXPECT_EQ(engine("replay --verify " + journal()).code, 0);
    const auto document = run.json();
    ASSERT_TRUE(document.is_object()) << run.err;
    EXPECT_EQ(document["risk"]["halts"][0]["kind"], trigger.name) << document["risk"].dump();
    if (!trigger.latches) {
        EXPECT_TRUE(document["risk"]["kill_switch"].is_null());
        EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(home()) / "EMERGENCY_STOP"));
        return;
    }
    const auto report = incident();
    EXPECT_EQ(report["trigger"], trigger.name) << report.dump(2);
    EXPECT_EQ(report["flat"], true) << report.dump(2);
    EXPECT_EQ(report["verified_with_broker"], true);
    EXPECT_EQ(report["positions_before"].size(), 1U);
    EXPECT_LE(step(report, "cancels_confirmed")["session_ms"], 5'000);
    EXPECT_LE(step(report, "positions_closed")["session_ms"], 30'000);
    EXPECT_EQ(step(report, "shutdown_complete")["in_time"], true) << report["steps"].dump(2);
    expect_latched();
    std::printf("kill switch by %s, %s: flat after %s ms of session time, all done after %s ms; the run took %lld ms\n",
                trigger.name, std::get<1>(GetParam()), step(report, "verified_flat")["session_ms"].dump().c_str(),
                step(report, "shutdown_complete")["wall_ms"].dump().c_str(), static_cast<long long>(since_ms(began)));
}

std::string own_name(const ::testing::TestParamInfo<std::tuple<size_t, const char*>>& own) {
    return std::string(kOwnTriggers[std::get<0>(own.param)].name) + "_" + std::get<1>(own.param);
}
INSTANTIATE_TEST_SUITE_P(Busy, OwnKill,
                         ::testing::Combine(::testing::Range<size_t>(0, std::size(kOwnTriggers)),
                                            ::testing::Values("busy")),
                         own_name);
INSTANTIATE_TEST_SUITE_P(BesideAnEndlessLoop, OwnKill,
                         ::testing::Combine(::testing::Range<size_t>(0, std::size(kOwnTriggers)),
                                            ::testing::Values("spinning")),
                         own_name);

// ---- an engine that cannot hear: the watchdog's work

class Watchdog : public Kill {
  protected:
    // From the blow to the report of a flat book.
    void expect_closed_by_the_watchdog(int signal, const char* trigger) {
        set(std::string(kBase) + kPatient + "[watchdog]\nhang_s = 1\n");
        start(kKeeper, "600", {"--broker", "paper-process"});
        wait_for_position();
        const auto books = say("paper-exchange --show --json").json();
        ASSERT_EQ(books["positions"].size(), 1U) << books.dump();
        const auto began = Clock::now();
        ::kill(process_, signal);
        wait_for("the incident report", [this] { return incident().is_object(); });
        const double took_s = std::chrono::duration<double>(Clock::now() - began).count();
        RecordProperty("blow_to_flat_ms", static_cast<int>(took_s * 1000));
        EXPECT_EQ(wait_for_end(), 128 + SIGKILL);
        wait_for("the watchdog's last word", [this] { return !step(incident(), "shutdown_complete").is_null(); });
        const auto report = incident();
        EXPECT_EQ(report["carried_out_by"], "watchdog");
        EXPECT_EQ(report["trigger"], trigger);
        EXPECT_EQ(report["flat"], true) << report.dump(2);
        EXPECT_EQ(report["positions_before"].size(), 1U);
        EXPECT_LT(took_s, 30);
        EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(home()) / "EMERGENCY_STOP"));
        EXPECT_EQ(paper(write("idle.lua", kIdle)).code, 4);
        engine("recover --home " + home());
        EXPECT_EQ(say("health-check --full").code, 0) << say("health-check --full").out;
        EXPECT_EQ(say("resume --confirm-safe --reason \"was a test\"").code, 0);
        EXPECT_EQ(paper(write("idle.lua", kIdle), "--broker paper-process").code, 0);
    }
};

TEST_F(Watchdog, a_stopped_engine_is_fenced_and_its_position_closed) {
    expect_closed_by_the_watchdog(SIGSTOP, "engine_hung");
}

TEST_F(Watchdog, a_killed_engine_leaves_no_position_behind) { expect_closed_by_the_watchdog(SIGKILL, "engine_died"); }

TEST_F(Watchdog, a_session_that_ends_in_order_is_not_touched) {
    const auto run = paper("adx_trend.lua", "--json --broker paper-process");
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(home()) / "incidents"));
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(home()) / "EMERGENCY_STOP"));
}

// A manual trigger while the engine is stopped (SIGSTOP): what it says cannot be heard, so the watchdog does it.
class KillOfAStoppedEngine : public Watchdog, public ::testing::WithParamInterface<std::array<const char*, 2>> {};

TEST_P(KillOfAStoppedEngine, ends_flat_and_latched_by_the_watchdog) {
    const std::string trigger = GetParam()[0];
    set(std::string(kBase) + kPatient + "[watchdog]\nhang_s = 4\n");
    start(kKeeper, "600", {"--broker", "paper-process"});
    wait_for_position();
    ::kill(process_, SIGSTOP);
    const auto began = Clock::now();
    if (trigger == "command") {
        const auto said = say("kill-switch --confirm --reason stopped");
        EXPECT_EQ(said.code, 0) << said.err;
        EXPECT_NE(said.err.find("stopped by a signal) does not answer"), std::string::npos) << said.err;
        EXPECT_NE(said.out.find("the watchdog has ended the engine and closed everything"), std::string::npos)
            << said.out;
        std::printf("engine kill-switch took %lld ms: %s%s", static_cast<long long>(since_ms(began)), said.err.c_str(),
                    said.out.c_str());
    } else if (trigger == "file") {
        pull("file");
    } else if (trigger == "socket") {
        send_to_socket(R"({"command": "kill_switch", "reason": "stopped", "confirm": true})", false);
    } else {
        ::kill(process_, SIGINT);
        ::kill(process_, SIGINT);
    }
    EXPECT_EQ(wait_for_end(), 128 + SIGKILL);
    wait_for("the watchdog's last word", [this] { return !step(incident(), "shutdown_complete").is_null(); });
    const auto report = incident();
    EXPECT_EQ(report["carried_out_by"], "watchdog");
    EXPECT_EQ(report["trigger"], GetParam()[1]) << report.dump(2);
    EXPECT_EQ(report["flat"], true) << report.dump(2);
    EXPECT_EQ(report["positions_before"].size(), 1U);
    ASSERT_EQ(report["closes"].size(), 1U);
    for (const auto& one : report["steps"]) EXPECT_EQ(one["in_time"], true) << one.dump();
    expect_latched();
    const auto alerts = read(std::filesystem::path(home()) / "alerts.log");
    EXPECT_NE(alerts.find("critical killed_and_flat: "), std::string::npos) << alerts;
    std::printf(
        "engine stopped, kill switch by %s: flat %s ms after the watchdog acted, all done %lld ms after the "
        "trigger\n",
        trigger.c_str(), step(report, "verified_flat")["wall_ms"].dump().c_str(),
        static_cast<long long>(since_ms(began)));
}

INSTANTIATE_TEST_SUITE_P(Operator, KillOfAStoppedEngine,
                         ::testing::Values(std::array{"command", "emergency_stop"},
                                           std::array{"file", "emergency_stop"}, std::array{"socket", "engine_hung"},
                                           std::array{"second_interrupt", "engine_hung"}),
                         [](const auto& row) { return std::string(row.param[0]); });

// With the exchange inside the engine there is no watchdog: nothing can be closed, and that is said.
TEST_F(Kill, of_a_stopped_engine_without_a_watchdog_says_that_nothing_was_closed) {
    set(std::string(kBase) + kPatient);
    start(kKeeper, "600");
    wait_for_position();
    ::kill(process_, SIGSTOP);
    const auto said = say("kill-switch --confirm --reason stopped");
    EXPECT_EQ(said.code, 3) << said.out;
    EXPECT_NE(said.error_line().find("nobody has closed anything"), std::string::npos) << said.err;
    EXPECT_NE(said.error_line().find("kill -CONT " + std::to_string(process_)), std::string::npos) << said.err;
    // Cleared now, it would never reach the engine.
    const auto resumed = say("resume --confirm-safe --reason impatient");
    EXPECT_EQ(resumed.code, 4) << resumed.out;
    EXPECT_NE(resumed.error_line().find("has not ended yet"), std::string::npos) << resumed.err;
    ::kill(process_, SIGCONT);
    EXPECT_EQ(wait_for_end(), 4) << log();
    EXPECT_EQ(incident()["flat"], true);
    expect_latched();
}

}  // namespace
}  // namespace tide
