#include <gtest/gtest.h>

#include "../trading/allocation_counter.hpp"
#include "journal/journal_writer.hpp"

namespace tide {
namespace {

TEST(journal, appending_allocates_nothing) {
    auto journal = JournalWriter::digest_only({"build", "session", kJournalVersion});
    Event event;
    event.payload = TickEvent{};
    const size_t before = testing::allocations;
    bool all_appended = true;
    for (int i = 0; i < 10'000; ++i) {
        ++event.sequence;
        all_appended = journal->append(event).has_value() && all_appended;
    }
    const size_t after = testing::allocations;
    EXPECT_TRUE(all_appended);
    EXPECT_EQ(after, before);
}

}  // namespace
}  // namespace tide
