#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "journal/journal_writer.hpp"

namespace {
std::atomic<size_t> allocations{0};
}  // namespace

void* operator new(size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace tide {
namespace {

TEST(journal, appending_allocates_nothing) {
    auto journal = JournalWriter::digest_only({"build", "session", kJournalVersion});
    Event event;
    event.payload = TickEvent{};
    const size_t before = allocations;
    bool all_appended = true;
    for (int i = 0; i < 10'000; ++i) {
        ++event.sequence;
        all_appended = journal->append(event).has_value() && all_appended;
    }
    const size_t after = allocations;
    EXPECT_TRUE(all_appended);
    EXPECT_EQ(after, before);
}

}  // namespace
}  // namespace tide
