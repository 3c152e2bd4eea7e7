// What a script that hangs costs the rest of a session, in milliseconds: two strategies in worker processes, one of
// which never answers again, and the engine-held stop of the other one's position.
#include <csignal>

#include "../session/session_fixture.hpp"
#include "worker_fixture.hpp"

namespace tide {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kHardLimit{50};
// The kill, the restart, and a busy machine's share.
constexpr double kHangCost_ms = 50 + 250;
constexpr double kNoDelay_ms = 25;  // a busy machine's share; a tenth of a millisecond on an idle one

const char* const kHolder = R"lua(
local S = strategy { name = 'test', version = '1', api = 1, needs = { symbols = { 'NIFTY' }, bars = { '1m' } } }
local entered = false
function S.on_bar(ctx, bar)
  if entered then return end
  entered = true
  ctx:enter { symbol = 'NIFTY 2024-01-25 21500 CE', lots = 1, stop_pct = 1, target_pct = 9, why = 'test' }
end
return S
)lua";

// Spins at a price, a script of 200 lines or less that its author thinks ends.
const char* const kSpinner = R"lua(
local S = strategy { name = 'spin', version = '1', api = 1,
                     needs = { symbols = { 'NIFTY' }, bars = { '1m' }, ticks = true } }
function S.on_tick(ctx, tick)
  while tick.last < 21450 do end
end
return S
)lua";

class HungScript : public SessionTest {
  protected:
    HungScript() {
        // Fuel would end the loop first; here only the clock does.
        LuaLimits limits;
        limits.callback_units = int64_t(1) << 60;
        workers = test::make_worker_host(limits);
    }
    StrategyHost& strategies() override { return *workers; }
    void submit(const Order& order) override {
        submitted_at = Clock::now();
        SessionTest::submit(order);
    }

    // At 10:05:01 with a call bought at 21500, whose stop is 1 % lower: 21285.
    void begin() {
        start(kHolder);
        send(ScriptEvent{StrategyId(2), ScriptRole::strategy, "spin", kSpinner, ""});
        market_at(hours(10) + minutes(4) + seconds(30));
        market_at(hours(10) + minutes(5) + seconds(1));
        ASSERT_EQ(sent.size(), 1U);
        fill(sent[0].order, 100.5, 1);
        ASSERT_EQ(session->portfolio().open().size(), 1U);
        workers->be_patient({kHardLimit, test::kPatient.load, computing_pct});
    }
    std::vector<std::string> statuses_of_spinner() const {
        std::vector<std::string> found;
        for (const auto& record : recorder.all<ScriptRecord>())
            if (record.strategy == StrategyId(2)) found.push_back(record.status);
        return found;
    }
    // How long the session took for a tick of the index, in milliseconds.
    double index_at(double price) {
        now += seconds(1);
        const auto begin = Clock::now();
        tick(kNifty, price);
        return since(begin);
    }
    static double since(Clock::time_point begin, Clock::time_point end = Clock::now()) {
        return std::chrono::duration<double, std::milli>(end - begin).count();
    }
    bool exit_sent() const { return sent.size() == 2 && sent[1].order.purpose == OrderPurpose::exit; }
    void report(const char* what, double milliseconds) {
        RecordProperty(what, std::to_string(milliseconds));
        std::printf("%s: %.3f ms\n", what, milliseconds);
    }

    // However little a busy machine lets it compute, it is the script that hangs.
    int64_t computing_pct = 0;
    std::unique_ptr<WorkerHost> workers;
    Clock::time_point submitted_at;
};

TEST_F(HungScript, delays_no_exit_that_the_same_tick_causes) {
    begin();
    index_at(21'451);
    const auto came = Clock::now();
    const double took = index_at(21'280);
    ASSERT_TRUE(exit_sent());
    report("exit_after_its_tick_ms", since(came, submitted_at));
    report("whole_event_ms", took);
    EXPECT_LT(since(came, submitted_at), kNoDelay_ms) << "the exit left before the script was asked";
    EXPECT_GE(took, 50) << "the script did hang on this tick";
    EXPECT_LT(took, kHangCost_ms);
}

TEST_F(HungScript, delays_the_exit_of_the_next_tick_by_the_hard_limit_once) {
    begin();
    const auto both_there = Clock::now();  // the tick of the stop waits while the script hangs on the one before
    EXPECT_GE(index_at(21'440), 50);
    EXPECT_FALSE(exit_sent());
    const auto came = Clock::now();
    index_at(21'280);
    ASSERT_TRUE(exit_sent());
    report("exit_after_both_ticks_ms", since(both_there, submitted_at));
    report("exit_after_its_own_turn_ms", since(came, submitted_at));
    EXPECT_LT(since(both_there, submitted_at), kHangCost_ms);
    EXPECT_LT(since(came, submitted_at), kNoDelay_ms);
}

TEST_F(HungScript, whose_process_stands_still_costs_the_same) {
    begin();
    const pid_t process = workers->process_of(session->scripts()[1]->slot());
    test::make_stand_still(process);
    const auto both_there = Clock::now();
    const double hung = index_at(21'490);
    index_at(21'280);
    ASSERT_TRUE(exit_sent());
    report("hung_event_ms", hung);
    report("exit_after_both_ticks_ms", since(both_there, submitted_at));
    EXPECT_GE(hung, 50);
    EXPECT_LT(since(both_there, submitted_at), kHangCost_ms);
    EXPECT_EQ(statuses_of_spinner(), (std::vector<std::string>{"loaded", "quarantined"}));
}

TEST_F(HungScript, costs_one_limit_and_then_nothing) {
    begin();
    double longest_after = 0;
    const double first = index_at(21'440);
    for (int i = 1; i < 60; ++i) longest_after = std::max(longest_after, index_at(21'440 - i % 2));
    report("hung_tick_ms", first);
    report("longest_tick_after_quarantine_ms", longest_after);
    EXPECT_GE(first, 50);
    EXPECT_LT(first, kHangCost_ms);
    EXPECT_LT(longest_after, 50) << "it is not asked again";
    EXPECT_EQ(statuses_of_spinner(), (std::vector<std::string>{"loaded", "quarantined"}));
    EXPECT_TRUE(session->scripts()[0]->active());
    for (int i = 0; i < 2; ++i) index_at(21'280);  // twice, to be believed after a minute of calm
    EXPECT_TRUE(exit_sent());
}

TEST_F(HungScript, that_is_late_each_time_by_the_machines_doing_costs_three_limits_and_then_nothing) {
    computing_pct = 1'000'000;
    begin();
    int hangs = 0;
    double all = 0, longest_after = 0;
    for (int i = 0; i < 60; ++i) {
        const double took = index_at(21'440 - i % 2);
        all += took;
        if (took >= 50) ++hangs;
        if (i >= 3) longest_after = std::max(longest_after, took);
    }
    report("sixty_ticks_ms", all);
    report("longest_tick_after_quarantine_ms", longest_after);
    EXPECT_EQ(hangs, 3) << "scripts.stops_to_quarantine";
    EXPECT_FALSE(session->scripts()[1]->active());
    EXPECT_TRUE(session->scripts()[0]->active());
    EXPECT_LT(all, 3 * kHangCost_ms);
    for (int i = 0; i < 2; ++i) index_at(21'280);  // twice, to be believed after a minute of calm
    EXPECT_TRUE(exit_sent());
}

}  // namespace
}  // namespace tide
