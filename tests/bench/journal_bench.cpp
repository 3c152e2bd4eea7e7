#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "core/digest.hpp"
#include "journal/event_codec.hpp"
#include "journal/journal_reader.hpp"
#include "journal/journal_writer.hpp"

// Appending one tick (64 bytes of payload, 100 with its frame) to the journal. The limit is what any journal of this
// format must do: copy the bytes and take their CRC, into a buffer, without an interface, checks or a file.
namespace tide {
namespace {

Event sample_tick() {
    TickEvent tick;
    tick.instrument = InstrumentId(7);
    tick.flags = kTickHasBid | kTickHasAsk;
    tick.last = Price::from_rupees(21'700);
    tick.bid = tick.last - Price::from_units(500);
    tick.ask = tick.last + Price::from_units(500);
    tick.volume = 1'000'000;
    return Event{0, ReceiveTime(Duration(1'700'000'000'000'000'000)), {}, tick};
}
Event sample_bar() {
    Event event = sample_tick();
    Bar bar;
    bar.instrument = InstrumentId(7);
    bar.open = bar.high = bar.low = bar.close = Price::from_rupees(21'700);
    event.payload = BarEvent{bar};
    return event;
}

std::string bench_file() {
    return (std::filesystem::temp_directory_path() / ("tide-journal-bench-" + std::to_string(::getpid()))).string();
}

void append_many(benchmark::State& state, JournalSink& journal, Event event) {
    for (auto _ : state) {
        ++event.sequence;
        event.received += Duration(1000);
        auto appended = journal.append(event);
        benchmark::DoNotOptimize(appended);
    }
    state.SetItemsProcessed(state.iterations());
}

void bm_limit_copy_and_crc(benchmark::State& state) {
    const std::vector<char> source(96, 'x');
    std::vector<char> buffer(256U << 10);
    size_t used = 0;
    for (auto _ : state) {
        if (used + 100 > buffer.size()) used = 0;
        std::memcpy(buffer.data() + used, source.data(), 96);
        const uint32_t crc = crc32c({buffer.data() + used, 96});
        std::memcpy(buffer.data() + used + 96, &crc, 4);
        used += 100;
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations());
}
void bm_append_tick_no_file(benchmark::State& state) {
    const auto journal = JournalWriter::digest_only({"bench", "bench", kJournalVersion}, {256U << 10, false});
    append_many(state, *journal, sample_tick());
}
void bm_append_bar_no_file(benchmark::State& state) {
    const auto journal = JournalWriter::digest_only({"bench", "bench", kJournalVersion}, {256U << 10, false});
    append_many(state, *journal, sample_bar());
}
void bm_append_tick_digest_only(benchmark::State& state) {
    const auto journal = JournalWriter::digest_only({"bench", "bench", kJournalVersion});
    append_many(state, *journal, sample_tick());
}
void bm_append_tick_to_file(benchmark::State& state) {
    const std::string path = bench_file();
    {
        auto journal =
            JournalWriter::create(path, {"bench", "bench", kJournalVersion}, {256U << 10, state.range(0) != 0});
        if (!journal) {
            state.SkipWithError(journal.error().message.c_str());
            return;
        }
        append_many(state, **journal, sample_tick());
    }
    std::filesystem::remove(path);
}
void bm_append_and_sync(benchmark::State& state) {
    const std::string path = bench_file();
    {
        auto journal = JournalWriter::create(path, {"bench", "bench", kJournalVersion});
        if (!journal) {
            state.SkipWithError(journal.error().message.c_str());
            return;
        }
        Event event = sample_tick();
        for (auto _ : state) {
            ++event.sequence;
            auto appended = (*journal)->append(event);
            auto synced = (*journal)->sync();
            benchmark::DoNotOptimize(appended);
            benchmark::DoNotOptimize(synced);
        }
    }
    std::filesystem::remove(path);
}
void bm_read_ticks(benchmark::State& state) {
    const std::string path = bench_file();
    constexpr int64_t kEvents = 200'000;
    {
        auto journal = JournalWriter::create(path, {"bench", "bench", kJournalVersion});
        Event event = sample_tick();
        for (int64_t i = 0; i < kEvents; ++i) {
            ++event.sequence;
            auto appended = (*journal)->append(event);
            benchmark::DoNotOptimize(appended);
        }
    }
    for (auto _ : state) {
        auto reader = JournalReader::open(path);
        JournalRecord record;
        while (reader->next(record).value_or(false)) benchmark::DoNotOptimize(record);
    }
    state.SetItemsProcessed(state.iterations() * kEvents);
    std::filesystem::remove(path);
}

BENCHMARK(bm_limit_copy_and_crc);
BENCHMARK(bm_append_tick_no_file);
BENCHMARK(bm_append_bar_no_file);
BENCHMARK(bm_append_tick_digest_only);
BENCHMARK(bm_append_tick_to_file)->ArgName("sha256")->Arg(0)->Arg(1);
BENCHMARK(bm_append_and_sync)->UseRealTime();
BENCHMARK(bm_read_ticks);

}  // namespace
}  // namespace tide
