#include "core/time.hpp"

#include <date/tz.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tide {
namespace {

TEST(Time, india_keeps_its_offset_in_the_time_zone_database) {
    const auto* zone = date::locate_zone("Asia/Kolkata");
    for (int year = 1990; year <= 2035; ++year) {
        for (unsigned month = 1; month <= 12; ++month) {
            const date::sys_days day = date::year(year) / month / 1;
            EXPECT_EQ(zone->get_info(day).offset, std::chrono::duration_cast<seconds>(kIstOffset))
                << year << "-" << month;
        }
    }
}

TEST(Time, a_stamp_without_offset_is_in_india) {
    const auto t = parse_timestamp("2024-01-01T09:15:00");
    ASSERT_TRUE(t);
    // 2024-01-01T03:45:00Z
    EXPECT_EQ(t->time_since_epoch(), seconds(1704080700));
    EXPECT_EQ(format_iso(*t), "2024-01-01T09:15:00+05:30");
}

TEST(Time, offsets_and_fractions_are_read) {
    EXPECT_EQ(parse_timestamp("2025-10-15T03:45:00.123Z"), parse_timestamp("2025-10-15T09:15:00.123+05:30"));
    EXPECT_EQ(parse_timestamp("2025-10-15 09:15:00"), parse_timestamp("2025-10-15T03:45:00Z"));
    EXPECT_EQ(parse_timestamp("2025-10-15T00:45:00-03:00"), parse_timestamp("2025-10-15T03:45:00Z"));
    EXPECT_EQ(format_iso(*parse_timestamp("2025-11-17T12:07:57.022308")), "2025-11-17T12:07:57.022308+05:30");
}

TEST(Time, malformed_stamps_are_refused) {
    for (const char* text : {"", "2024-01-01", "2024-13-01T09:15:00", "2024-02-30T09:15:00", "2024-01-01T24:00:00",
                             "2024-01-01T09:60:00", "2024-01-01T09:15:00+5", "2024-01-01T09:15:00.",
                             "2024-01-01T09:15:00Zx", "24-01-01T09:15:00", "2024-01-01T09:15", "0000-00-00T00:00:00"}) {
        EXPECT_FALSE(parse_timestamp(text)) << text;
    }
}

TEST(Time, the_date_changes_at_midnight_in_india) {
    EXPECT_EQ(ist_date(*parse_timestamp("2024-01-01T18:29:59Z")), make_date(2024, 1, 1));
    EXPECT_EQ(ist_date(*parse_timestamp("2024-01-01T18:30:00Z")), make_date(2024, 1, 2));
}

RC_GTEST_PROP(Time, date_and_time_of_day_give_the_moment_back, (int32_t raw)) {
    const ReceiveTime t{Duration(seconds(raw))};
    RC_ASSERT(at(ist_date(t), ist_since_midnight(t)) == t);
    RC_ASSERT(parse_timestamp(format_iso(t)) == as_exchange_time(t) || raw < -2'208'988'800);
}

}  // namespace
}  // namespace tide
