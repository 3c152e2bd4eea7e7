#include "ops/incident_report.hpp"

#include <gtest/gtest.h>

namespace tide {
namespace {

struct IncidentTest : ::testing::Test {
    ControlSnapshot state;
    IncidentRecorder recorder{[this] { return state; }};
    uint64_t row = 0;

    void halt(const char* kind, const char* values, const char* text) {
        Record record;
        record.row = ++row;
        record.time = at(make_date(2026, 8, 3), hours(11)) + seconds(row);
        record.body = HaltRecord{kind, true, values, text};
        recorder.record(record);
    }
};

TEST_F(IncidentTest, an_automatic_trigger_is_named_by_the_halt_before_the_kill_switch) {
    for (const char* cause : {"error_rate", "session_expired", "wrong_order", "vix_kill", "margin", "equity_floor"}) {
        IncidentRecorder fresh{[this] { return state; }};
        Record record;
        record.body = HaltRecord{cause, true, "a=1", "why"};
        fresh.record(record);
        EXPECT_FALSE(fresh.happened());
        record.body = HaltRecord{"kill_switch", true, "a=1", "why"};
        fresh.record(record);
        ASSERT_TRUE(fresh.happened());
        const Incident incident = fresh.finish(state);
        EXPECT_EQ(incident.kind, IncidentKind::kill_switch);
        EXPECT_EQ(incident.trigger, cause);
        EXPECT_EQ(incident.reason, "why");
        EXPECT_EQ(incident.values, "a=1");
    }
}

TEST_F(IncidentTest, a_long_outage_is_reported_and_a_kill_switch_after_it_takes_the_report_over) {
    halt("feed_down", "", "lost");
    EXPECT_FALSE(recorder.happened());
    halt("long_outage", "minutes=31", "market data was out");
    ASSERT_TRUE(recorder.happened());
    EXPECT_EQ(recorder.finish(state).kind, IncidentKind::long_outage);
    EXPECT_EQ(recorder.finish(state).trigger, "long_outage");
    EXPECT_EQ(recorder.finish(state).reason, "market data was out");
    halt("error_rate", "pct=60", "errors");
    halt("kill_switch", "pct=60", "errors");
    const Incident incident = recorder.finish(state);
    EXPECT_EQ(incident.kind, IncidentKind::kill_switch);
    EXPECT_EQ(incident.trigger, "error_rate");
    EXPECT_EQ(incident.actions.size(), 3U);  // both beginnings, and the halt between
    halt("long_outage", "", "");
    EXPECT_EQ(recorder.finish(state).kind, IncidentKind::kill_switch);
}

}  // namespace
}  // namespace tide
