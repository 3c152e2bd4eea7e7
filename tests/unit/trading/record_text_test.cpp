#include "trading/record_text.hpp"

#include <gtest/gtest.h>

#include "trading/records.hpp"

namespace tide {
namespace {

TEST(RecordText, a_canonical_line_is_read_back_with_its_texts_unquoted) {
    RiskRecord record;
    record.intent = IntentId(7);
    record.instrument = "NIFTY 2026-08-25 24500 CE";
    record.code = "max_lots";
    record.values = "lots=120 max_lots=100";
    record.text = "a \"large\" order\nof \\ lots\x01";
    const auto read = parse_record_text(canonical_text(record));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->kind, "risk");
    EXPECT_EQ(read->whole("intent"), 7);
    EXPECT_EQ(*read->find("code"), "max_lots");
    EXPECT_EQ(*read->find("values"), record.values);
    EXPECT_EQ(*read->find("text"), record.text);
    EXPECT_EQ(read->find("lots"), nullptr);
    EXPECT_FALSE(read->whole("code").has_value());
}

TEST(RecordText, what_is_not_canonical_is_an_error) {
    for (const char* line : {"", " ", "a b", "a b=\"", "a b=\"x\\\"", "a b=\"\\q\"", "a b=\"\\x0g\"", "a =1",
                             "a b=1  c=2", "a b=\"x\"y", "a b=x\"y\""}) {
        EXPECT_FALSE(parse_record_text(line)) << line;
    }
    EXPECT_TRUE(parse_record_text("a"));
    EXPECT_TRUE(parse_record_text("a b= c=\"\""));
}

}  // namespace
}  // namespace tide
