#include "core/settings.hpp"

#include <gtest/gtest.h>

namespace tide {
namespace {

struct Sample {
    bool on = false;
    int64_t count = 3;
    double percent = 1.5;
    Money cash = Money::from_rupees(100);
    TimeOfDay from = hours(10);
    std::string kind = "a";
    SettingsRegistry registry;
    Sample() {
        registry.add("s.on", on, "a switch");
        registry.add("s.count", count, 1, 10, "lots", "a count");
        registry.add("s.percent", percent, 0, 100, "%", "a share");
        registry.add("s.cash", cash, 0, 1'000'000, "an amount");
        registry.add("s.from", from, "a time");
        registry.add("s.kind", kind, {"a", "b"}, "a choice");
    }
};

TEST(Settings, values_of_every_kind_are_read) {
    Sample s;
    ASSERT_TRUE(s.registry.read_lines(
        "# comment\ns.on = true\n s.count=7\ns.percent = 2.25\ns.cash = 12.5\ns.from = 09:30\ns.kind = b", "test"));
    EXPECT_TRUE(s.on);
    EXPECT_EQ(s.count, 7);
    EXPECT_EQ(s.percent, 2.25);
    EXPECT_EQ(to_string(s.cash), "12.50");
    EXPECT_EQ(s.from, hours(9) + minutes(30));
    EXPECT_EQ(s.kind, "b");
}

TEST(Settings, an_unknown_key_is_refused_with_the_nearest_one) {
    Sample s;
    const auto done = s.registry.read_lines("s.on = true\ns.cuont = 7\n", "engine.toml");
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().message, "engine.toml:2: unknown key 's.cuont'; did you mean 's.count'?");
}

TEST(Settings, what_is_no_misspelling_is_not_compared) {
    EXPECT_EQ(nearest_word("s.cuont", {"s.count", "s.cash"}), "s.count");
    EXPECT_EQ(nearest_word(std::string(65, 'a'), {std::string(64, 'a')}), "");
}

TEST(Settings, values_out_of_range_or_of_another_type_are_refused) {
    Sample s;
    for (const char* line : {"s.count = 11", "s.count = 0", "s.count = 2.5", "s.count = seven", "s.percent = nan",
                             "s.percent = inf", "s.percent = -1", "s.on = yes", "s.from = 25:00", "s.kind = c",
                             "s.cash = -1", "s.cash = lots", "s.count", "s.count ="}) {
        EXPECT_FALSE(s.registry.read_lines(line, "test")) << line;
    }
    EXPECT_EQ(s.count, 3);
}

TEST(Settings, the_canonical_text_gives_the_same_values_back) {
    Sample a;
    ASSERT_TRUE(a.registry.read_lines("s.percent = 0.1\ns.cash = 99999.99\ns.from = 14:30:15", "test"));
    Sample b;
    ASSERT_TRUE(b.registry.read_lines(a.registry.to_lines(), "test"));
    EXPECT_EQ(a.registry.to_lines(), b.registry.to_lines());
    EXPECT_EQ(b.percent, 0.1);
    EXPECT_EQ(b.from, a.from);
}

// A configuration file can hold any text; the canonical text is lines.
TEST(Settings, a_text_that_would_not_survive_the_canonical_form_is_refused) {
    SettingsRegistry registry;
    std::string words = "none";
    int64_t count = 3;
    registry.add("s.words", words, {}, "words");
    registry.add("s.count", count, 1, 10, "lots", "a count");
    for (const char* text : {"a\ns.count = 9", " a", "a\t", "\n"}) EXPECT_FALSE(registry.set("s.words", text)) << text;
    EXPECT_EQ(words, "none");
    EXPECT_TRUE(registry.set("s.words", "several words = more # here"));
    EXPECT_EQ(registry.to_lines(), "s.count = 3\ns.words = several words = more # here\n");
}

}  // namespace
}  // namespace tide
