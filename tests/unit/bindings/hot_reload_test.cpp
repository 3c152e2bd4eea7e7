#include <dirent.h>

#include <cstdio>
#include <cstdlib>

#include "reload_world.hpp"

namespace tide {
namespace {

using HotReload = ReloadWorld;

TEST_F(HotReload, a_new_version_takes_over_with_the_state_of_the_old_one) {
    start(trader("1.0.0"));
    offer(trader("1.1.0", "function S.on_stop(ctx, why) ctx:log('bye', why) end"));
    const auto said = say();
    EXPECT_EQ(said.code, "ok") << said.outcome;
    EXPECT_EQ(said.operator_name, "asha");
    const auto record = last_script_record();
    EXPECT_EQ(record.status, "reloaded");
    EXPECT_EQ(record.version, "1.1.0");
    EXPECT_NE(record.detail.find("1.0.0 "), std::string::npos);
    EXPECT_NE(record.detail.find("test.lua +2 -2"), std::string::npos) << record.detail;
    EXPECT_EQ(script().declaration().version, "1.1.0");
    offer(trader("1.2.0"));
    say();
    const auto notes = recorder.all<NoteRecord>();
    EXPECT_TRUE(std::any_of(notes.begin(), notes.end(), [](const auto& note) { return note.text == "bye reload"; }));
}

// ---- what stops a reload

struct Fault {
    const char* name;
    std::string text;      // of the new version
    const char* expected;  // in the refusal
    int load = -1;         // the load that fails
    ScriptCallback callback = ScriptCallback::start;
    int call = -1;  // the call of it that fails
    bool positioned = false;
};

class EveryFault : public ReloadWorld, public ::testing::WithParamInterface<int> {
  public:
    static std::vector<Fault> all();
    static std::string good(const std::string& more = "") { return trader("2.0.0", more); }
};

std::vector<Fault> EveryFault::all() {
    using enum ScriptCallback;
    const std::string other_symbol = [] {
        std::string text = good();
        return text.replace(text.find("{ 'NIFTY' }"), 11, "{ 'NIFTY', 'FINNIFTY' }");
    }();
    const std::string more_history = [] {
        std::string text = good();
        const std::string bars = "bars = { '1m', '5m' }";
        return text.replace(text.find(bars), bars.size(), "bars = { '1m', '5m', '1d' }, history = { ['1d'] = 50 }");
    }();
    const std::string new_bars = [] {
        std::string text = good();
        return text.replace(text.find("'5m'"), 4, "'500t'");
    }();
    const std::string other_name = [] {
        std::string text = good();
        return text.replace(text.find("'test'"), 6, "'best'");
    }();
    return {
        {"syntax", good("function S.on_link(ctx) if end"), "test.lua:26: unexpected symbol"},
        {"error_at_load", good("error('not today')"), "not today"},
        {"misspelt_callback", good("function S.on_baar() end"), "unknown callback"},
        {"module_missing", "local m = require 'no_such'\n" + good(), "no module 'no_such'"},
        {"other_name", other_name, "it calls itself best"},
        {"symbol_missing", other_symbol, "the session has no FINNIFTY"},
        {"history_missing", more_history, "50 1d bars of NIFTY"},
        {"new_activity_bars", new_bars, "can only be declared before a session"},
        {"trial_does_not_load", good(), "does not load", 0},
        {"real_one_does_not_load", good(), "does not load", 1},
        {"on_save_fails", good(), "on_save of the version that runs: test.lua:9: injected", -1, save, 0},
        {"on_load_error", good("function S.on_load(ctx, saved) error('old state') end"), "on_load: test.lua"},
        {"on_load_endless", good("function S.on_load(ctx, saved) while true do end end"), "instruction budget"},
        {"on_start_error", good("function S.on_start(ctx) error('cold feet') end"), "on_start: test.lua"},
        {"dry_run_error", good("function S.on_bar(ctx, bar) return bar.nothing.at_all end"),
         "tried on a recent on_bar"},
        {"real_on_load_fails", good(), "on_load: test.lua:9", -1, load, 1},
        {"real_on_start_fails", good(), "on_start: test.lua:9", -1, start, 1},
        {"exit_check_fails", good("function S.on_exit_check(ctx, position) error('whose?') end"),
         "tried on a recent on_exit_check", -1, start, -1, true},
        {"position_unclaimed", good("S.on_exit_check = nil"), "the new version has no on_exit_check", -1, start, -1,
         true},
    };
}

TEST_P(EveryFault, leaves_the_old_version_running_as_if_nothing_had_been_tried) {
    const Fault fault = all()[static_cast<size_t>(GetParam())];
    SCOPED_TRACE(fault.name);
    const int before = fault.positioned ? 21 : 9;  // a position is open from the third bar on
    std::vector<std::string> expected;
    begin(trader("1.0.0"));
    run(before);
    ASSERT_EQ(session->portfolio().open().empty(), !fault.positioned);
    run(60);
    expected = deeds();
    begin(trader("1.0.0"));
    run(before);
    faulty.loads_until_fault = fault.load;
    faulty.fault_in = fault.callback;
    faulty.calls_until_fault = fault.call;
    offer(fault.text);
    const auto said = say(kAtOnce);
    faulty.loads_until_fault = faulty.calls_until_fault = -1;
    EXPECT_EQ(said.code, "script") << said.outcome;
    EXPECT_NE(said.outcome.find("runs on"), std::string::npos) << said.outcome;
    const auto record = last_script_record();
    EXPECT_EQ(record.status, "reload_refused");
    EXPECT_NE(record.detail.find(fault.expected), std::string::npos) << record.detail;
    EXPECT_EQ(script().declaration().version, "1.0.0");
    run(60);
    EXPECT_EQ(deeds(), expected);
}

INSTANTIATE_TEST_SUITE_P(HotReload, EveryFault, ::testing::Range(0, static_cast<int>(EveryFault::all().size())),
                         [](const auto& test) { return EveryFault::all()[static_cast<size_t>(test.param)].name; });

// ---- every way of failing at every step

struct Step {
    const char* name;
    int load = -1;  // the load that fails
    ScriptCallback callback = ScriptCallback::start;
    int call = -1;  // the call of it that fails
};
constexpr Step kProtocol[] = {
    {"load_for_the_trial", 0},
    {"load_to_run", 1},
    {"on_load_in_the_trial", -1, ScriptCallback::load, 0},
    {"on_load_to_run", -1, ScriptCallback::load, 1},
    {"on_start_in_the_trial", -1, ScriptCallback::start, 0},
    {"on_start_to_run", -1, ScriptCallback::start, 1},
    {"first_recent_bar", -1, ScriptCallback::bar, 0},
    {"third_recent_bar", -1, ScriptCallback::bar, 2},
    {"recent_fill", -1, ScriptCallback::fill, 0},
    {"recent_timer", -1, ScriptCallback::timer, 0},
    {"exit_check_of_an_open_position", -1, ScriptCallback::exit_check, 0},
};
constexpr std::pair<CallbackStatus, const char*> kWays[] = {{CallbackStatus::error, "error"},
                                                            {CallbackStatus::budget, "budget"},
                                                            {CallbackStatus::quarantined, "memory"},
                                                            {CallbackStatus::stopped, "stopped"}};

class EveryStepAndWay : public ReloadWorld, public ::testing::WithParamInterface<std::tuple<Step, size_t>> {};

TEST_P(EveryStepAndWay, leaves_the_old_version_running_as_if_nothing_had_been_tried) {
    const auto& [step, way] = GetParam();
    begin(trader("1.0.0"));
    run(81);
    const auto expected = deeds();
    begin(trader("1.0.0"));
    run(21);
    ASSERT_FALSE(session->portfolio().open().empty());
    faulty.loads_until_fault = step.load;
    faulty.load_fault = kWays[way].first == CallbackStatus::stopped ? ErrorCode::stopped : ErrorCode::script;
    faulty.fault_in = step.callback;
    faulty.calls_until_fault = step.call;
    faulty.fault = kWays[way].first;
    offer(trader("2.0.0"));
    const auto said = say(kAtOnce);
    EXPECT_TRUE(faulty.loads_until_fault <= 0 && faulty.calls_until_fault < 0) << "the step was not reached";
    faulty.loads_until_fault = faulty.calls_until_fault = -1;
    EXPECT_EQ(said.code, "script") << said.outcome;
    EXPECT_EQ(last_script_record().status, "reload_refused");
    EXPECT_EQ(script().declaration().version, "1.0.0");
    EXPECT_TRUE(script().active());
    EXPECT_EQ(script().stops, 0);
    run(60);
    EXPECT_EQ(deeds(), expected);
    offer(trader("2.0.0"));  // and the next attempt goes through
    EXPECT_EQ(say(kAtOnce).code, "ok");
}

INSTANTIATE_TEST_SUITE_P(HotReload, EveryStepAndWay,
                         ::testing::Combine(::testing::ValuesIn(kProtocol),
                                            ::testing::Range<size_t>(0, std::size(kWays))),
                         [](const auto& test) {
                             return std::string(std::get<0>(test.param).name) + "_" +
                                    kWays[std::get<1>(test.param)].second;
                         });

// What happens to the old version itself while it is asked for its state is its own fault, and is treated as any other.
TEST_F(HotReload, a_version_that_is_stopped_in_on_save_is_started_again_and_not_replaced) {
    begin(trader("1.0.0"));
    run(21);
    faulty.fault_in = ScriptCallback::save;
    faulty.calls_until_fault = 0;
    faulty.fault = CallbackStatus::stopped;
    offer(trader("2.0.0"));
    EXPECT_EQ(say(kAtOnce).code, "script");
    EXPECT_EQ(script().declaration().version, "1.0.0");
    EXPECT_EQ(script().stops, 1);
    run(1);
    EXPECT_TRUE(script().active()) << "started again";
    EXPECT_EQ(script().declaration().version, "1.0.0");
    ASSERT_FALSE(session->portfolio().open().empty());
    offer(trader("2.0.0"));
    EXPECT_EQ(say(kAtOnce).code, "ok");
}

TEST_F(HotReload, a_version_that_runs_out_of_memory_in_on_save_is_quarantined_and_a_new_one_takes_its_position) {
    begin(trader("1.0.0"));
    run(21);
    faulty.fault_in = ScriptCallback::save;
    faulty.calls_until_fault = 0;
    faulty.fault = CallbackStatus::quarantined;
    offer(trader("2.0.0"));
    EXPECT_EQ(say(kAtOnce).code, "script");
    EXPECT_FALSE(script().active());
    ASSERT_FALSE(session->portfolio().open().empty());
    offer(trader("2.0.0"));
    EXPECT_EQ(say(kAtOnce).code, "ok");
    EXPECT_TRUE(script().active());
    run(30);
    EXPECT_FALSE(recorder.all<TradeRecord>().empty()) << "its on_exit_check sells what the old one bought";
}

// The new version is ready by then: what the old one's last word does cannot bring it back.
TEST_F(HotReload, whatever_goes_wrong_in_on_stop_of_the_old_version_does_not_keep_the_new_one_out) {
    const std::string last_word = "function S.on_stop(ctx, why) ctx:log('bye') end";
    for (const auto& [way, name] : kWays) {
        begin(trader("1.0.0", last_word));
        run(21);
        faulty.fault_in = ScriptCallback::stop;
        faulty.calls_until_fault = 0;
        faulty.fault = way;
        offer(trader("2.0.0", last_word));
        EXPECT_EQ(say(kAtOnce).code, "ok") << name;
        EXPECT_EQ(script().declaration().version, "2.0.0") << name;
        EXPECT_TRUE(script().active()) << name;
        EXPECT_EQ(script().stops, 0) << name;
        run(30);
        EXPECT_FALSE(recorder.all<TradeRecord>().empty()) << name;
    }
}

TEST_F(HotReload, a_version_whose_on_save_fails_is_replaced_without_its_state_when_the_operator_says_so) {
    start(text_of("1.0.0", "function S.on_save(ctx) error('broken') end"));
    offer(text_of("1.1.0", "function S.on_load(ctx) ctx:log('never') end"));
    EXPECT_EQ(say().code, "script");
    offer(text_of("1.1.0", "function S.on_load(ctx) ctx:log('never') end"));
    EXPECT_EQ(say("script=test;cold=yes").code, "ok");
    EXPECT_EQ(script().declaration().version, "1.1.0");
    EXPECT_TRUE(deeds().empty());
}

// ---- when

TEST_F(HotReload, in_market_hours_a_new_version_waits_for_the_close) {
    begin(trader("1.0.0"));
    run(3);
    offer(trader("1.1.0"));
    const auto said = say();
    EXPECT_EQ(said.code, "ok");
    EXPECT_NE(said.outcome.find("staged for the market's close"), std::string::npos) << said.outcome;
    EXPECT_EQ(last_script_record().status, "staged");
    EXPECT_NE(say("").outcome.find("staged"), std::string::npos);
    EXPECT_EQ(say("script=test;now=yes").code, "usage");
    run(3);
    EXPECT_EQ(script().declaration().version, "1.0.0");
    at_time(hours(15) + minutes(31));
    send(ClockEvent{});
    EXPECT_EQ(script().declaration().version, "1.1.0");
    EXPECT_EQ(last_script_record().status, "reloaded");
}

TEST_F(HotReload, now_and_confirm_take_a_staged_version_up_at_once) {
    begin(trader("1.0.0"));
    run(21);
    ASSERT_FALSE(session->portfolio().open().empty());
    offer(trader("1.1.0"));
    say();
    EXPECT_EQ(script().declaration().version, "1.0.0");
    EXPECT_EQ(say(kAtOnce).code, "ok");
    EXPECT_EQ(script().declaration().version, "1.1.0");
    run(30);
    const auto trades = recorder.all<TradeRecord>();
    ASSERT_FALSE(trades.empty());
    EXPECT_EQ(trades.front().exit.rule, "time");
}

TEST_F(HotReload, a_setting_takes_new_versions_up_at_once_in_market_hours) {
    config.scripts.reload_in_market = true;
    begin(trader("1.0.0"));
    run(3);
    offer(trader("1.1.0"));
    say();
    EXPECT_EQ(script().declaration().version, "1.1.0");
}

TEST_F(HotReload, going_back_to_the_file_as_it_was_unstages) {
    begin(trader("1.0.0"));
    run(3);
    offer(trader("1.1.0"));
    say();
    offer(trader("1.0.0"));
    EXPECT_EQ(say().outcome, "test: unchanged; nothing is staged any more");
    at_time(hours(15) + minutes(31));
    send(ClockEvent{});
    EXPECT_EQ(script().declaration().version, "1.0.0");
    EXPECT_EQ(say().outcome, "test: unchanged");
}

TEST_F(HotReload, a_rollback_goes_back_one_version_and_forward_again) {
    start(trader("1.0.0"));
    EXPECT_EQ(say("script=test;rollback=yes").code, "not_found");
    offer(trader("1.1.0"));
    say();
    EXPECT_EQ(say("script=test;rollback=yes").code, "ok");
    EXPECT_EQ(script().declaration().version, "1.0.0");
    say("script=test;rollback=yes");
    EXPECT_EQ(script().declaration().version, "1.1.0");
}

TEST_F(HotReload, what_the_reader_of_files_refused_is_recorded_with_its_reason) {
    start(trader("1.0.0"));
    const auto said = say("script=test;refused=yes", "test.lua:7: unexpected symbol near 'end'");
    EXPECT_EQ(said.code, "script");
    EXPECT_EQ(last_script_record().status, "reload_refused");
    EXPECT_EQ(last_script_record().detail.find("test.lua:7: unexpected symbol"), 0U);
    EXPECT_EQ(say("script=rest").code, "not_found");
    EXPECT_EQ(say("script=test;fast=yes").code, "usage");
}

// ---- what goes on

TEST_F(HotReload, a_quarantined_script_comes_back_by_a_new_version_or_by_a_word) {
    const auto broken = text_of("1.0.0", "function S.on_bar(ctx, bar) error('bad') end");
    begin(broken);
    run(17);
    ASSERT_FALSE(script().active());
    EXPECT_EQ(say(kAtOnce).code, "script");  // the same version, tried on recent bars, fails again
    offer(trader("1.1.0"));
    EXPECT_EQ(say(kAtOnce).code, "ok");
    EXPECT_TRUE(script().active());
    const size_t before = recorder.all<IntentRecord>().size();
    run(20);
    EXPECT_GT(recorder.all<IntentRecord>().size(), before);
}

TEST_F(HotReload, parameters_of_the_operator_stay_where_they_are_still_valid) {
    const auto version = [](const std::string& number, const std::string& params) {
        return text_of(number, "function S.on_start(ctx) ctx:log(ctx.params.every) end", "params = {" + params + "},");
    };
    start(version("1", "every = param.integer(3, 1, 9), stop = param.number(1, 0, 5)"), "every=7\nstop=2\n");
    offer(version("2", "every = param.integer(4, 1, 8), stop = param.number(1, 0, 5)"));
    say();
    EXPECT_EQ(deeds().back(), "7");
    offer(version("3", "every = param.integer(4, 1, 6), stop = param.number(1, 0, 5)"));
    say();
    EXPECT_EQ(deeds().back(), "4");
    EXPECT_NE(last_script_record().detail.find("every=7 is no longer valid"), std::string::npos);
    EXPECT_EQ(last_script_record().detail.find("stop=2"), std::string::npos);
}

TEST_F(HotReload, a_timer_that_runs_goes_on_and_is_not_doubled) {
    begin(trader("1.0.0"));
    run(3);
    offer(trader("1.1.0"));
    say(kAtOnce);
    run(40);
    int polls = 0;
    for (const auto& deed : deeds()) polls += deed.rfind("poll", 0) == 0 ? 1 : 0;
    EXPECT_EQ(polls, 47);  // every 90 s from 09:00 to 10:10:45
}

// ---- state across sessions

TEST_F(HotReload, a_session_saves_at_intervals_and_at_its_end) {
    config.scripts.save_interval_s = 60;
    begin(trader("1.0.0"));
    run(9);  // two minutes and a quarter
    EXPECT_EQ(script().saved().bytes.find("tide1{S6:bought{}S5:countN"), 0U) << script().saved().bytes;
    const auto revision = script().saved().revision;
    send(FeedStatusEvent{FeedState::ended, "test", ""});
    EXPECT_GT(script().saved().revision, revision);
    EXPECT_EQ(script().saved().bytes, "tide1{S6:bought{}S5:countN2;}");
    EXPECT_EQ(script().saved().version, "1.0.0");
}

TEST_F(HotReload, the_next_session_begins_with_what_the_last_one_saved) {
    session = std::make_unique<Session>(config, strategies(), *this, recorder);
    now = at(kDay, hours(9));
    send(ConfigEvent{"test = 1"});
    add(kNifty, "NIFTY", InstrumentKind::index);
    send(ScriptEvent{StrategyId(1), ScriptRole::saved, "0.9", "tide1{S5:countN41;}", ""});
    send(ScriptEvent{StrategyId(1), ScriptRole::strategy, "test",
                     text_of("1.0.0", "function S.on_load(ctx, saved, from) ctx:log(saved.count, from) end"), ""});
    EXPECT_EQ(deeds().back(), "41 0.9");
    EXPECT_NE(last_script_record().detail.find("0.9"), std::string::npos);
}

// ---- for a script that saves its state a reload changes nothing

TEST_F(HotReload, reload_at_any_event_equals_no_reload) {
    constexpr int kSteps = 64;
    const auto day = [this](int reload_before) {
        begin(trader("1.0.0"));
        for (int i = 0; i < kSteps; ++i) {
            if (i == reload_before) {
                offer(trader("1.0.0", "-- the same with a comment"));
                EXPECT_EQ(say(kAtOnce).code, "ok");
            }
            step(i);
        }
        return deeds();
    };
    const auto expected = day(-1);
    ASSERT_GT(recorder.all<TradeRecord>().size(), 1U);
    for (int at = 0; at < kSteps; ++at) {
        const auto found = day(at);
        const auto other = std::mismatch(expected.begin(), expected.end(), found.begin(), found.end());
        if (other.first == expected.end() && other.second == found.end()) continue;
        ADD_FAILURE() << "reload before step " << at << ": expected "
                      << (other.first == expected.end() ? "no more" : *other.first) << "\n but there was "
                      << (other.second == found.end() ? "no more" : *other.second);
        break;
    }
}

// ---- many times

size_t resident_bytes() {
    std::FILE* file = std::fopen("/proc/self/statm", "r");
    unsigned long total = 0, resident = 0;
    const int read = std::fscanf(file, "%lu %lu", &total, &resident);
    std::fclose(file);
    return read == 2 ? resident * 4096 : 0;
}
size_t open_files() {
    DIR* folder = ::opendir("/proc/self/fd");
    size_t count = 0;
    while (::readdir(folder) != nullptr) ++count;
    ::closedir(folder);
    return count;
}

// TIDE_RELOADS=10000 for the whole of it.
TEST_F(HotReload, many_reloads_under_ticks_leak_nothing) {
    const char* wanted = std::getenv("TIDE_RELOADS");
    const int reloads = wanted != nullptr ? std::atoi(wanted) : 300;
    begin(trader("1.0.0"));
    const auto round = [this](int number) {
        step(number, milliseconds(500));
        offer(trader("1.0." + std::to_string(number % 2)));
        ASSERT_EQ(say(kAtOnce).code, "ok");
        recorder.rows.clear();
    };
    for (int i = 0; i < 100; ++i) round(i);
    const size_t resident = resident_bytes();
    const size_t files = open_files();
    for (int i = 100; i < reloads; ++i) round(i);
    EXPECT_EQ(open_files(), files);
    const size_t grown = std::max(resident_bytes(), resident) - resident;
    RecordProperty("grown_bytes", static_cast<int>(grown));
    std::printf("%d reloads: %zu KB more resident\n", reloads, grown >> 10);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which keep what was freed
    EXPECT_LT(grown, size_t(8) << 20);
#endif
}

}  // namespace
}  // namespace tide
