#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "journal/event_codec.hpp"
#include "journal/journal_reader.hpp"
#include "journal/journal_writer.hpp"
#include "journal_samples.hpp"

namespace tide {
namespace {

using journal_samples::EventMaker;
using journal_samples::TemporaryFolder;

const JournalHeader kHeader{"test-build", "test-session", kJournalVersion};

std::string content_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
}
void put_content(const std::string& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}
std::string encoded(const Event& event) {
    std::string out;
    encode(event, out);
    return out;
}
// Writes a journal of `events`, each followed by nothing else; returns its seal.
JournalSeal write_journal(const std::string& path, const std::vector<Event>& events,
                          JournalWriterOptions options = {}) {
    auto writer = JournalWriter::create(path, kHeader, options);
    EXPECT_TRUE(writer.has_value());
    for (const Event& event : events) EXPECT_TRUE((*writer)->append(event).has_value());
    auto seal = (*writer)->close();
    EXPECT_TRUE(seal.has_value());
    return *seal;
}
struct ReadBack {
    std::vector<std::string> events;  // encoded again
    std::optional<JournalDamage> damage;
};
ReadBack read_journal(const std::string& path) {
    ReadBack back;
    auto reader = JournalReader::open(path);
    EXPECT_TRUE(reader.has_value());
    JournalRecord record;
    for (;;) {
        const auto more = reader->next(record);
        if (!more || !*more) break;
        if (!record.is_output()) back.events.push_back(encoded(record.event));
    }
    back.damage = reader->damage();
    return back;
}

TEST(journal, what_was_written_is_read_back_in_order) {
    TemporaryFolder folder;
    EventMaker maker(1);
    const auto events = maker.make_many(5'000);
    JournalWriterOptions small;
    small.buffer_bytes = 4096;
    write_journal(folder.file("journal"), events, small);
    const ReadBack back = read_journal(folder.file("journal"));
    EXPECT_FALSE(back.damage.has_value());
    ASSERT_EQ(back.events.size(), events.size());
    for (size_t i = 0; i < events.size(); ++i) ASSERT_EQ(back.events[i], encoded(events[i])) << i;
}

TEST(journal, seal_is_the_sha256_and_size_of_the_file) {
    TemporaryFolder folder;
    EventMaker maker(2);
    const JournalSeal seal = write_journal(folder.file("journal"), maker.make_many(1'000));
    const std::string bytes = content_of(folder.file("journal"));
    EXPECT_EQ(seal.bytes, bytes.size());
    EXPECT_EQ(seal.sha256, to_hex(sha256(bytes)));
}

TEST(journal, digest_without_a_file_is_the_digest_of_the_file) {
    TemporaryFolder folder;
    EventMaker maker(3);
    const auto events = maker.make_many(1'000);
    const JournalSeal of_file = write_journal(folder.file("journal"), events);
    auto writer = JournalWriter::digest_only(kHeader);
    for (const Event& event : events) ASSERT_TRUE(writer->append(event).has_value());
    const auto seal = writer->close();
    ASSERT_TRUE(seal.has_value());
    EXPECT_EQ(seal->sha256, of_file.sha256);
    EXPECT_EQ(seal->bytes, of_file.bytes);
}

TEST(journal, a_text_larger_than_the_buffer_is_kept_whole_and_one_over_the_limit_is_refused) {
    TemporaryFolder folder;
    JournalWriterOptions small;
    small.buffer_bytes = 4096;
    auto writer = JournalWriter::create(folder.file("journal"), kHeader, small);
    ASSERT_TRUE(writer.has_value());
    const std::string large(1'000'000, 'a');
    const Event event{1, {}, {}, ConfigEvent{large}};
    ASSERT_TRUE((*writer)->append(event).has_value());
    const std::string too_large(kMaxPayloadBytes, 'b');
    const auto refused = (*writer)->append(Event{2, {}, {}, ConfigEvent{too_large}});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::input);
    ASSERT_TRUE((*writer)->append(Event{2, {}, {}, ClockEvent{}}).has_value());
    ASSERT_TRUE((*writer)->close().has_value());
    EXPECT_EQ(read_journal(folder.file("journal")).events.size(), 2U);
}

TEST(journal, resume_goes_on_where_the_file_ends_with_the_digest_of_the_whole) {
    TemporaryFolder folder;
    EventMaker maker(4);
    const auto events = maker.make_many(600);
    const JournalSeal whole = write_journal(folder.file("whole"), events);
    write_journal(folder.file("parts"), {events.begin(), events.begin() + 250});
    auto writer = JournalWriter::resume(folder.file("parts"));
    ASSERT_TRUE(writer.has_value());
    EXPECT_EQ((*writer)->last_sequence(), 250U);
    for (size_t i = 250; i < events.size(); ++i) ASSERT_TRUE((*writer)->append(events[i]).has_value());
    const auto seal = (*writer)->close();
    ASSERT_TRUE(seal.has_value());
    EXPECT_EQ(seal->sha256, whole.sha256);
    EXPECT_EQ(content_of(folder.file("parts")), content_of(folder.file("whole")));
}

TEST(journal, synced_events_are_in_the_file_before_it_is_closed) {
    TemporaryFolder folder;
    auto writer = JournalWriter::create(folder.file("journal"), kHeader);
    ASSERT_TRUE(writer.has_value());
    ASSERT_TRUE((*writer)->append(Event{1, {}, {}, ClockEvent{}}).has_value());
    ASSERT_TRUE((*writer)->append_output({1, {}, OrderSent{}}).has_value());
    ASSERT_TRUE((*writer)->sync().has_value());
    auto reader = JournalReader::open(folder.file("journal"));
    ASSERT_TRUE(reader.has_value());
    EXPECT_EQ(reader->header().build_id, "test-build");
    EXPECT_EQ(reader->header().session_id, "test-session");
    JournalRecord record;
    ASSERT_TRUE(reader->next(record).value());
    EXPECT_EQ(record.kind, JournalKind::clock);
    ASSERT_TRUE(reader->next(record).value());
    EXPECT_EQ(record.kind, JournalKind::order_sent);
    EXPECT_FALSE(reader->next(record).value());
}

TEST(journal, every_cut_is_a_torn_tail_and_cutting_it_off_leaves_the_whole_records) {
    TemporaryFolder folder;
    EventMaker maker(5);
    const auto events = maker.make_many(24);
    write_journal(folder.file("good"), events);
    const std::string good = content_of(folder.file("good"));
    const size_t header_size = encode_header(kHeader).size();
    std::vector<size_t> ends{header_size};
    for (const Event& event : events) ends.push_back(ends.back() + encoded(event).size());
    ASSERT_EQ(ends.back(), good.size());
    const std::string path = folder.file("cut");
    for (size_t size = header_size; size < good.size(); ++size) {
        put_content(path, std::string_view(good).substr(0, size));
        size_t whole = 0;
        while (ends[whole + 1] <= size) ++whole;
        const ReadBack back = read_journal(path);
        ASSERT_EQ(back.events.size(), whole) << size;
        ASSERT_EQ(back.damage.has_value(), ends[whole] != size) << size;
        if (back.damage) {
            ASSERT_TRUE(back.damage->torn_tail) << size;
            ASSERT_EQ(back.damage->offset, ends[whole]) << size;
        }
        if (size % 16 != 0) continue;  // each cut waits for the disk
        const auto tail = cut_torn_tail(path);
        ASSERT_TRUE(tail.has_value());
        ASSERT_EQ(tail->kept_bytes, ends[whole]);
        ASSERT_EQ(tail->cut_bytes, size - ends[whole]);
        ASSERT_EQ(tail->last_sequence, whole);
        ASSERT_EQ(content_of(path), good.substr(0, ends[whole]));
    }
}

TEST(journal, every_changed_byte_is_noticed_and_a_change_in_the_middle_is_not_called_a_torn_tail) {
    TemporaryFolder folder;
    EventMaker maker(6);
    const auto events = maker.make_many(13);
    write_journal(folder.file("good"), events);
    const std::string good = content_of(folder.file("good"));
    const size_t header_size = encode_header(kHeader).size();
    const size_t last_record = good.size() - encoded(events.back()).size();
    const std::string path = folder.file("bad");
    for (size_t at = 0; at < good.size(); ++at) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 0x41);
        put_content(path, bad);
        if (at < header_size) {
            ASSERT_FALSE(JournalReader::open(path).has_value()) << at;
            continue;
        }
        const ReadBack back = read_journal(path);
        ASSERT_TRUE(back.damage.has_value()) << at;
        ASSERT_LE(back.damage->offset, at);
        ASSERT_EQ(back.damage->torn_tail, at >= last_record) << at;
        if (at < last_record) {
            const auto tail = cut_torn_tail(path);
            ASSERT_FALSE(tail.has_value());
            ASSERT_EQ(tail.error().code, ErrorCode::corrupt);
            ASSERT_EQ(content_of(path), bad);
        }
    }
}

TEST(journal, zeros_after_the_last_record_are_a_torn_tail) {
    TemporaryFolder folder;
    EventMaker maker(7);
    write_journal(folder.file("journal"), maker.make_many(10));
    const std::string good = content_of(folder.file("journal"));
    put_content(folder.file("journal"), good + std::string(10'000, '\0'));
    const auto tail = cut_torn_tail(folder.file("journal"));
    ASSERT_TRUE(tail.has_value());
    EXPECT_EQ(tail->cut_bytes, 10'000U);
    EXPECT_EQ(content_of(folder.file("journal")), good);
}

TEST(journal, a_missing_event_is_noticed) {
    TemporaryFolder folder;
    EventMaker maker(8);
    const auto events = maker.make_many(10);
    std::string bytes = encode_header(kHeader);
    for (size_t i = 0; i < events.size(); ++i) {
        if (i != 4) encode(events[i], bytes);
    }
    put_content(folder.file("journal"), bytes);
    const ReadBack back = read_journal(folder.file("journal"));
    EXPECT_EQ(back.events.size(), 4U);
    ASSERT_TRUE(back.damage.has_value());
    EXPECT_FALSE(back.damage->torn_tail);
    EXPECT_NE(back.damage->what.find("event 6 comes after event 4"), std::string::npos) << back.damage->what;
}

TEST(journal, resume_of_a_damaged_file_is_refused) {
    TemporaryFolder folder;
    EventMaker maker(9);
    write_journal(folder.file("journal"), maker.make_many(10));
    const std::string good = content_of(folder.file("journal"));
    put_content(folder.file("journal"), good.substr(0, good.size() - 3));
    const auto writer = JournalWriter::resume(folder.file("journal"));
    ASSERT_FALSE(writer.has_value());
    EXPECT_NE(writer.error().message.find("engine recover"), std::string::npos);
}

TEST(journal, errors_say_what_and_what_to_do_in_one_line) {
    TemporaryFolder folder;
    const auto no_folder = JournalWriter::create(folder.file("none/journal"), kHeader);
    ASSERT_FALSE(no_folder.has_value());
    EXPECT_NE(no_folder.error().message.find("create its folder first"), std::string::npos);
    write_journal(folder.file("journal"), {});
    const auto again = JournalWriter::create(folder.file("journal"), kHeader);
    ASSERT_FALSE(again.has_value());
    EXPECT_NE(again.error().message.find("never overwritten"), std::string::npos);
    const auto missing = JournalReader::open(folder.file("missing"));
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().code, ErrorCode::not_found);
    put_content(folder.file("text"), "ts_ist,open,high,low,close\n");
    const auto text = JournalReader::open(folder.file("text"));
    ASSERT_FALSE(text.has_value());
    EXPECT_NE(text.error().message.find("this is not a journal"), std::string::npos);
    const auto read_only = JournalWriter::create("/proc/journal", kHeader);
    ASSERT_FALSE(read_only.has_value());
    for (const Error& error : {no_folder.error(), again.error(), missing.error(), text.error(), read_only.error()}) {
        EXPECT_EQ(error.message.find('\n'), std::string::npos);
    }
}

// The file-size limit stands for the full disk: both end a write in the middle of a buffer.
TEST(journal, a_full_disk_is_an_error_that_stays_and_what_was_written_is_readable) {
    TemporaryFolder folder;
    EventMaker maker(10);
    const auto events = maker.make_many(3'000);
    auto previous_handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    rlimit limit = before;
    limit.rlim_cur = 100'000;
    JournalWriterOptions small;
    small.buffer_bytes = 8192;
    auto writer = JournalWriter::create(folder.file("journal"), kHeader, small);
    ASSERT_TRUE(writer.has_value());
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
    Result<void> result;
    for (size_t i = 0; i < events.size() && result; ++i) result = (*writer)->append(events[i]);
    const auto closed = (*writer)->close();
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    std::signal(SIGXFSZ, previous_handler);
    ASSERT_FALSE(result.has_value());
    EXPECT_NE(result.error().message.find("ulimit -f"), std::string::npos) << result.error().message;
    ASSERT_FALSE(closed.has_value());
    EXPECT_EQ(closed.error().message, result.error().message);
    const ReadBack back = read_journal(folder.file("journal"));
    EXPECT_GT(back.events.size(), 500U);
    for (size_t i = 0; i < back.events.size(); ++i) ASSERT_EQ(back.events[i], encoded(events[i]));
    EXPECT_TRUE(!back.damage || back.damage->torn_tail);
}

TEST(journal, disabled_journal_keeps_nothing) {
    DisabledJournal journal;
    EXPECT_TRUE(journal.append(Event{1, {}, {}, ClockEvent{}}).has_value());
    EXPECT_TRUE(journal.append_output({1, {}, SessionEnd{"end"}}).has_value());
    EXPECT_TRUE(journal.sync().has_value());
    EXPECT_EQ(journal.close()->bytes, 0U);
}

}  // namespace
}  // namespace tide
