#include <dirent.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "worker_fixture.hpp"

namespace tide::test {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

bool ends_within(pid_t process, std::chrono::seconds longest) {
    for (const auto begin = Clock::now(); Clock::now() - begin < longest;) {
        const char state = state_of(process);
        if (state == '\0' || state == 'Z') return true;
        std::this_thread::yield();
    }
    return false;
}

class WorkerHostTest : public testing::Test {
  protected:
    void load(WorkerHost& host, const std::string& text) {
        const auto loaded = host.load(kSlot, bundle_of(text), services);
        ASSERT_TRUE(loaded) << loaded.error().message;
    }
    CallbackResult bar(WorkerHost& host, int64_t minute = 0) {
        output.clear();
        const BarMessage message = bar_of(1'704'080'700 + 60 * minute, 100, 101, 99, 100.5);
        services.now = (message.start_s + 60) * 1'000'000'000;
        host.push_bar(kSlot, message);
        return host.call(kSlot, message, output);
    }
    FakeServices services;
    CallbackOutput output;
};

constexpr const char* kBeZygote = "be-zygote";

const std::string kCounting =
    strategy_text("local n = 0\nfunction S.on_bar(ctx, bar) n = n + 1 ctx:log('bar ' .. n .. ' ' .. bar.close) end");

// 0 would be this whole process group.
void signal_to(pid_t process, int number) {
    ASSERT_GT(process, 0) << "no worker runs";
    ::kill(process, number);
}

TEST_F(WorkerHostTest, a_script_runs_in_a_process_of_its_own) {
    const auto host = make_worker_host();
    load(*host, kCounting);
    EXPECT_EQ(bar(*host, 0).status, CallbackStatus::ok);
    EXPECT_EQ(bar(*host, 1).status, CallbackStatus::ok);
    ASSERT_EQ(output.logs.size(), 1u);
    EXPECT_EQ(output.logs[0].text, "bar 2 100.5");
    EXPECT_GT(host->process_of(kSlot), 0);
    EXPECT_NE(host->process_of(kSlot), ::getpid());
}

TEST_F(WorkerHostTest, library_functions_of_all_kinds_ask_nothing_of_the_system) {
    const auto host = make_worker_host();
    load(*host, strategy_text("function S.on_bar(ctx, bar)\n"
                              "  ctx:log(os.date('%H:%M %Y-%m-%d', 0) .. ' ' .. os.date('!%c', 86400) .. os.time())\n"
                              "  ctx:log(string.format('%5.2f %s %q', 1.5, 'x', 'y') .. ctx.time .. ctx.date)\n"
                              "  local ok, why = pcall(error, { 1 })\n"
                              "  ctx:log(tostring(ok) .. type(why) .. math.random(10) .. ('x'):rep(3))\nend"));
    const CallbackResult result = bar(*host);
    EXPECT_EQ(result.status, CallbackStatus::ok) << result.message;
    EXPECT_EQ(output.logs.size(), 3u);
}

TEST_F(WorkerHostTest, a_script_that_does_not_load_leaves_the_old_one_running) {
    const auto host = make_worker_host();
    load(*host, kCounting);
    bar(*host, 0);
    const auto loaded = host->load(kSlot, bundle_of("return 1 +"), services);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, ErrorCode::script);
    EXPECT_EQ(bar(*host, 1).status, CallbackStatus::ok);
    EXPECT_EQ(output.logs.at(0).text, "bar 2 100.5");
}

TEST_F(WorkerHostTest, an_intent_asks_the_engine_and_comes_with_the_id_it_was_given) {
    const auto host = make_worker_host();
    load(*host, strategy_text("function S.on_bar(ctx, bar)\n"
                              "  local id = ctx:enter { symbol = 'NIFTY 2024-01-25 21750 CE', lots = 2, stop_pct = 1, "
                              "tag = 't', why = 'w' }\n"
                              "  ctx:log('id ' .. id)\nend"));
    services.intents = 41;
    const CallbackResult result = bar(*host);
    EXPECT_EQ(result.status, CallbackStatus::ok) << result.message;
    ASSERT_EQ(output.intents.size(), 1u);
    EXPECT_EQ(output.intents[0].id, IntentId(42));
    EXPECT_EQ(output.intents[0].instrument, InstrumentId(3));
    EXPECT_EQ(output.intents[0].lots, 2);
    EXPECT_EQ(output.logs.at(0).text, "id 42");
}

TEST_F(WorkerHostTest, a_mirror_is_filled_with_more_bars_than_one_answer_holds) {
    auto& bars = services.bars[{0, Timeframe::m1}];
    for (int i = 0; i < 700; ++i) bars.push_back(bar_of(60 * i, 10 + i, 10 + i, 10 + i, 10 + i));
    const auto host = make_worker_host();
    load(*host, strategy_text("function S.on_bar(ctx, bar)\n"
                              "  local bars = ctx:bars('NIFTY', '1m')\n"
                              "  ctx:log(bars:close(0) .. ' ' .. bars:close(255) .. ' ' .. bars:close(256) .. ' ' .. "
                              "bars:close(400))\nend"));
    const BarMessage message = bar_of(60 * 699, 709, 709, 709, 709);
    ASSERT_EQ(host->call(kSlot, message, output).status, CallbackStatus::ok);
    EXPECT_EQ(output.logs.at(0).text, "709 454 453 309");
}

TEST_F(WorkerHostTest, a_crash_costs_its_callback_and_says_the_signal) {
    const auto host = make_worker_host();
    for (const int number : {SIGSEGV, SIGKILL, SIGBUS}) {
        load(*host, kCounting);
        ASSERT_EQ(bar(*host, 0).status, CallbackStatus::ok);
        signal_to(host->process_of(kSlot), number);
        const CallbackResult result = bar(*host, 1);
        EXPECT_EQ(result.status, CallbackStatus::stopped);
        EXPECT_EQ(result.message, fmt::format("its process ended (signal {})", number));
        EXPECT_TRUE(output.empty());
        EXPECT_EQ(host->process_of(kSlot), 0);
        EXPECT_EQ(bar(*host, 2).status, CallbackStatus::not_defined) << "an empty slot";
    }
}

TEST_F(WorkerHostTest, a_stopped_process_costs_the_limit_once) {
    const WorkerPatience patience{std::chrono::milliseconds(50), kPatient.load};
    const auto host = make_worker_host({}, patience);
    load(*host, kCounting);
    const pid_t process = host->process_of(kSlot);
    make_stand_still(process);
    const auto begin = Clock::now();
    const CallbackResult result = bar(*host, 0);
    const double took = milliseconds_since(begin);
    EXPECT_EQ(result.status, CallbackStatus::late);
    EXPECT_EQ(result.message, "no answer within 50 ms: its process was made to stand still");
    EXPECT_GE(took, 50);
    EXPECT_LT(took, 250) << "50 ms, the kill, and a busy machine's share";
    RecordProperty("milliseconds", static_cast<int>(took));
    EXPECT_EQ(state_of(process), '\0');
}

TEST_F(WorkerHostTest, a_process_that_does_not_read_is_noticed_when_its_ring_is_full) {
    const WorkerPatience patience{std::chrono::milliseconds(50), kPatient.load};
    const auto host = make_worker_host({}, patience);
    load(*host, kCounting);
    make_stand_still(host->process_of(kSlot));
    const auto begin = Clock::now();
    for (int i = 0; i < 20'000; ++i) host->push_bar(kSlot, bar_of(60 * i, 1, 1, 1, 1));
    EXPECT_LT(milliseconds_since(begin), 1000);
    const CallbackResult result = host->call(kSlot, bar_of(0, 1, 1, 1, 1), output);
    EXPECT_EQ(result.status, CallbackStatus::late);
    EXPECT_EQ(result.message, "no answer within 50 ms: its process was made to stand still");
}

// A second of an endless loop, of which a machine however busy gives it a hundredth.
TEST_F(WorkerHostTest, a_script_that_hangs_is_late_and_the_result_says_how_long_it_computed) {
    LuaLimits limits;
    limits.callback_units = int64_t(1) << 60;
    const auto host = make_worker_host(limits, {std::chrono::seconds(1), kPatient.load, 1});
    load(*host, strategy_text("function S.on_bar(ctx, bar) while true do end end"));
    const CallbackResult result = bar(*host, 0);
    EXPECT_EQ(result.status, CallbackStatus::late);
    EXPECT_EQ(result.message.find("no answer within 1000 ms although it computed for "), 0U) << result.message;
    EXPECT_TRUE(output.empty());
    EXPECT_EQ(host->process_of(kSlot), 0);
}

constexpr int64_t kOnlyTheMachine = 1'000'000;  // percent: no process computes for so much of a limit

// The same script: what it did not compute for is the machine's doing.
TEST_F(WorkerHostTest, a_script_that_got_no_processor_in_time_is_stopped_but_not_late) {
    LuaLimits limits;
    limits.callback_units = int64_t(1) << 60;
    const auto host = make_worker_host(limits, {std::chrono::milliseconds(50), kPatient.load, kOnlyTheMachine});
    load(*host, strategy_text("function S.on_bar(ctx, bar) while true do end end"));
    const CallbackResult result = bar(*host, 0);
    EXPECT_EQ(result.status, CallbackStatus::stopped);
    EXPECT_EQ(result.message.find("no answer within 50 ms, of which the machine gave its process "), 0U)
        << result.message;
}

TEST_F(WorkerHostTest, more_bars_than_the_ring_holds_arrive_all) {
    const auto host = make_worker_host();
    load(*host, strategy_text("local seen = 0\nlocal bars\n"
                              "function S.on_start(ctx) bars = ctx:bars('NIFTY', '1m') end\n"
                              "function S.on_bar(ctx, bar) ctx:log(bars:close(0) .. ' ' .. bars:close(400)) end"));
    ASSERT_EQ(host->call(kSlot, StartMessage{}, output).status, CallbackStatus::ok);
    for (int i = 1; i <= 20'000; ++i) host->push_bar(kSlot, bar_of(60 * i, i, i, i, i));
    output.clear();
    const CallbackResult result = host->call(kSlot, bar_of(60 * 20'000, 1, 1, 1, 1), output);
    ASSERT_EQ(result.status, CallbackStatus::ok) << result.message;
    EXPECT_EQ(output.logs.at(0).text, "20000 19600");
}

TEST_F(WorkerHostTest, large_sources_cross_in_parts) {
    const auto host = make_worker_host();
    std::vector<ScriptSource> modules;
    std::string use;
    for (int i = 0; i < 16; ++i) {
        modules.push_back({fmt::format("m{}", i), "return '" + std::string(60'000, 'x') + "'"});
        use += fmt::format("n = n + #require 'm{}'\n", i);
    }
    const auto text = "local n = 0\n" + use + strategy_text("function S.on_bar(ctx) ctx:log(n) end");
    const auto loaded = host->load(kSlot, bundle_of(text, modules), services);
    ASSERT_TRUE(loaded) << loaded.error().message;
    ASSERT_EQ(bar(*host).status, CallbackStatus::ok);
    EXPECT_EQ(output.logs.at(0).text, "960000");
}

class ZygoteTest : public WorkerHostTest {
  protected:
    static void kill_and_wait(pid_t process) {
        signal_to(process, SIGKILL);
        ASSERT_TRUE(ends_within(process, std::chrono::seconds(10)));
    }
    // Until there is a stand-by again: it is made beside what the host does.
    void load_until_both_live(WorkerHost& host) {
        const auto begin = Clock::now();
        do {
            load(host, kCounting);
        } while (host.zygote().reserve_id() == 0 && Clock::now() - begin < std::chrono::seconds(10));
        ASSERT_GT(host.zygote().reserve_id(), 0);
    }
};

TEST_F(ZygoteTest, one_that_is_killed_is_replaced_and_scripts_run_on_and_are_loaded_and_started_again) {
    const auto host = make_worker_host();
    load(*host, kCounting);
    const pid_t first = host->zygote().id();
    const pid_t second = host->zygote().reserve_id();
    kill_and_wait(first);
    EXPECT_EQ(bar(*host, 0).status, CallbackStatus::ok);
    load(*host, kCounting);  // what a reload does
    load(*host, kCounting);  // beyond the worker that was ready
    EXPECT_EQ(bar(*host, 1).status, CallbackStatus::ok);
    signal_to(host->process_of(kSlot), SIGKILL);  // what a restart follows
    EXPECT_EQ(bar(*host, 2).status, CallbackStatus::stopped);
    load(*host, kCounting);
    EXPECT_EQ(bar(*host, 3).status, CallbackStatus::ok);
    EXPECT_EQ(host->zygote().id(), second);
    load_until_both_live(*host);
    const auto notes = host->take_notes();
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_NE(notes[0].find("another one took its place"), std::string::npos) << notes[0];
    EXPECT_TRUE(host->take_notes().empty());
}

TEST_F(ZygoteTest, any_number_of_them_is_replaced_one_after_the_other) {
    const auto host = make_worker_host();
    load_until_both_live(*host);
    const size_t descriptors = open_descriptors();
    for (int i = 0; i < 20; ++i) {
        kill_and_wait(i % 3 == 2 ? host->zygote().reserve_id() : host->zygote().id());
        load(*host, kCounting);
        ASSERT_EQ(bar(*host, i).status, CallbackStatus::ok);
        load_until_both_live(*host);
    }
    EXPECT_LE(open_descriptors(), descriptors + 1);
    EXPECT_EQ(host->take_notes().size(), 20U);
}

TEST_F(ZygoteTest, a_stand_by_that_ends_is_replaced_while_scripts_run) {
    const auto host = make_worker_host();
    load(*host, kCounting);
    const pid_t reserve = host->zygote().reserve_id();
    kill_and_wait(reserve);
    load_until_both_live(*host);
    EXPECT_NE(host->zygote().reserve_id(), reserve);
    ASSERT_EQ(host->take_notes().size(), 1U);
    kill_and_wait(host->zygote().id());
    load(*host, kCounting);
    load(*host, kCounting);
    EXPECT_EQ(bar(*host).status, CallbackStatus::ok);
}

TEST_F(ZygoteTest, one_that_stands_still_gives_way_before_the_wait_for_a_load_is_over) {
    const auto host = make_worker_host({}, {kPatient.callback, std::chrono::seconds(2)});
    load_until_both_live(*host);
    signal_to(host->zygote().id(), SIGSTOP);
    load(*host, kCounting);  // the spare may be there already
    load(*host, kCounting);
    EXPECT_EQ(bar(*host).status, CallbackStatus::ok);
    const auto notes = host->take_notes();
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_NE(notes[0].find("did not answer"), std::string::npos) << notes[0];
}

TEST_F(ZygoteTest, both_killed_at_once_leave_scripts_running_and_the_next_load_and_a_note_say_so) {
    const auto host = make_worker_host();
    load(*host, kCounting);
    const pid_t reserve = host->zygote().reserve_id();
    kill_and_wait(host->zygote().id());
    kill_and_wait(reserve);
    EXPECT_EQ(bar(*host).status, CallbackStatus::ok);
    (void)host->load(ScriptSlot(2), bundle_of(kCounting), services);  // perhaps one was ready
    const auto loaded = host->load(ScriptSlot(3), bundle_of(kCounting), services);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, ErrorCode::stopped);
    EXPECT_EQ(loaded.error().message, "probe: no process for a script: the processes that start them have ended");
    EXPECT_EQ(bar(*host).status, CallbackStatus::ok);
    const auto notes = host->take_notes();
    ASSERT_EQ(notes.size(), 1U) << fmt::format("{}", fmt::join(notes, "\n"));
    EXPECT_NE(notes[0].find("no script can be started or replaced"), std::string::npos) << notes[0];
}

// The same where the program can be started anew, as an engine's can.
class ZygoteStartedAnew : public ZygoteTest {
  protected:
    std::unique_ptr<WorkerHost> host_that_starts(std::vector<std::string> command, WorkerPatience patience = kPatient) {
        auto zygote = WorkerZygote::start(&run_worker);
        EXPECT_TRUE(zygote) << (zygote ? "" : zygote.error().message);
        (*zygote)->start_again_with(std::move(command));
        return std::make_unique<WorkerHost>(std::move(*zygote), LuaLimits(), patience);
    }
    static void kill_both(const WorkerHost& host) {
        const pid_t reserve = host.zygote().reserve_id();
        kill_and_wait(host.zygote().id());
        if (reserve != 0) kill_and_wait(reserve);
    }
};

TEST_F(ZygoteStartedAnew, both_killed_at_once_are_replaced_and_scripts_are_loaded_again_and_again) {
    const auto host = host_that_starts({"/proc/self/exe", kBeZygote});
    load(*host, kCounting);
    load_until_both_live(*host);
    const size_t descriptors = open_descriptors();
    for (int i = 0; i < 4; ++i) {
        kill_both(*host);
        EXPECT_EQ(bar(*host, 2 * i).status, CallbackStatus::ok) << "a script that runs goes on";
        load(*host, kCounting);
        load(*host, kCounting);  // beyond the worker that was ready
        EXPECT_EQ(bar(*host, 2 * i + 1).status, CallbackStatus::ok);
        EXPECT_EQ(output.logs.at(0).text, "bar 1 100.5");
        load_until_both_live(*host);
    }
    EXPECT_LE(open_descriptors(), descriptors + 1);
    const auto notes = host->take_notes();
    ASSERT_EQ(notes.size(), 4U) << fmt::format("{}", fmt::join(notes, "\n"));
    EXPECT_NE(notes[3].find("another one is started"), std::string::npos) << notes[3];
}

TEST_F(ZygoteStartedAnew, a_program_that_is_no_zygote_is_not_started_for_ever) {
    for (const char* program : {"/bin/true", "/nonexistent"}) {
        const auto host = host_that_starts({program}, {kPatient.callback, std::chrono::seconds(2)});
        load(*host, kCounting);
        load_until_both_live(*host);
        kill_both(*host);
        (void)host->load(ScriptSlot(2), bundle_of(kCounting), services);  // perhaps one was ready
        for (int i = 0; i < 3; ++i) EXPECT_FALSE(host->load(ScriptSlot(3), bundle_of(kCounting), services)) << program;
        EXPECT_EQ(bar(*host).status, CallbackStatus::ok);
        const auto notes = host->take_notes();
        ASSERT_FALSE(notes.empty());
        EXPECT_NE(notes.back().find("no script can be started or replaced"), std::string::npos) << notes.back();
    }
}

TEST_F(WorkerHostTest, what_a_script_uses_comes_with_each_answer) {
    const auto host = make_worker_host();
    load(*host, strategy_text("local kept = {}\nfunction S.on_bar(ctx, bar)\n"
                              "  for i = 1, 20000 do kept[i] = { i } end\nend"));
    ASSERT_EQ(bar(*host).status, CallbackStatus::ok);
    const ScriptUsage usage = host->usage(kSlot);
    // A loop of 20 000 turns pays 20 000 units; 20 000 tables of at least 32 bytes are 640 000 bytes.
    ASSERT_TRUE(usage.fuel_units && usage.memory_bytes && usage.failures);
    EXPECT_GE(*usage.fuel_units, 20'000);
    EXPECT_LE(*usage.fuel_units, 30'000);
    EXPECT_GE(*usage.memory_bytes, 640'000);
    EXPECT_EQ(*usage.failures, 0);
    EXPECT_FALSE(host->usage(ScriptSlot(2)).fuel_units);
}

TEST_F(WorkerHostTest, a_thousand_restarts_leave_no_descriptor_and_no_process) {
    const auto host = make_worker_host();
    load(*host, kCounting);
    const size_t before = open_descriptors();
    for (int i = 0; i < 1000; ++i) {
        if (i % 2 == 0) signal_to(host->process_of(kSlot), SIGKILL);
        load(*host, kCounting);
        ASSERT_EQ(bar(*host).status, CallbackStatus::ok);
    }
    EXPECT_LE(open_descriptors(), before + 1);
    host->unload(kSlot);
    siginfo_t info{};
    EXPECT_EQ(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT), 0);
    EXPECT_EQ(info.si_pid, 0) << "a zombie";
}

TEST_F(WorkerHostTest, workers_and_zygote_end_with_the_engine) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t engine = ::fork();
    if (engine == 0) {
        auto zygote = WorkerZygote::start(&run_worker);
        const pid_t zygote_id = (*zygote)->id();
        const pid_t reserve_id = (*zygote)->reserve_id();
        WorkerHost host(std::move(*zygote), {}, kPatient);
        if (!host.load(kSlot, bundle_of(kCounting), services)) ::_exit(1);
        const pid_t told[3] = {zygote_id, reserve_id, host.process_of(kSlot)};
        (void)!::write(ends[1], told, sizeof told);
        for (;;) ::pause();
    }
    pid_t told[3] = {};
    ASSERT_EQ(::read(ends[0], told, sizeof told), static_cast<ssize_t>(sizeof told));
    ::close(ends[0]);
    ::close(ends[1]);
    ::kill(engine, SIGKILL);
    ::waitpid(engine, nullptr, 0);
    EXPECT_TRUE(ends_within(told[0], std::chrono::seconds(10))) << "the zygote";
    EXPECT_TRUE(ends_within(told[1], std::chrono::seconds(10))) << "the zygote that stands by";
    EXPECT_TRUE(ends_within(told[2], std::chrono::seconds(10))) << "the worker";
}

TEST_F(WorkerHostTest, an_unused_worker_that_computes_on_its_own_runs_out_of_processor_time) {
    const auto host = make_worker_host();
    load(*host, kCounting);
    ASSERT_EQ(bar(*host).status, CallbackStatus::ok);
    std::ifstream limits(fmt::format("/proc/{}/limits", host->process_of(kSlot)));
    std::string line;
    while (std::getline(limits, line) && line.rfind("Max cpu time", 0) != 0) {
    }
    EXPECT_NE(line.find(" 11 "), std::string::npos) << line;
}

}  // namespace
}  // namespace tide::test

// The tests' program is its own zygote, as the engine is.
int main(int count, char** words) {
    if (count == 3 && std::string_view(words[1]) == tide::test::kBeZygote)
        tide::run_zygote(&tide::run_worker, std::stoi(words[2]));
    testing::InitGoogleTest(&count, words);
    return RUN_ALL_TESTS();
}
