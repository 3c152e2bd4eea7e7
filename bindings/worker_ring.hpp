#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Bytes between two processes: a ring in shared memory for each direction, one writer and one reader each. Neither side
// believes the other's counters further than the size of the ring.
namespace tide {

// In shared memory. `head` counts the bytes ever written, `tail` those ever read.
struct RingControl {
    alignas(64) std::atomic<uint64_t> head;
    alignas(64) std::atomic<uint64_t> tail;
    alignas(64) std::atomic<uint32_t> data_signal;  // futexes; the reader's and the writer's
    std::atomic<uint32_t> reader_waits;
    std::atomic<uint32_t> space_signal;
    std::atomic<uint32_t> writer_waits;
};
inline constexpr size_t kRingBytes = size_t(256) << 10;
struct WorkerMemory {
    RingControl to_worker, to_engine;
    alignas(64) char to_worker_bytes[kRingBytes];
    char to_engine_bytes[kRingBytes];
};
static_assert(std::atomic<uint64_t>::is_always_lock_free && std::atomic<uint32_t>::is_always_lock_free);

enum class RingState : uint8_t {
    ok,
    late,     // the deadline passed
    gone,     // the other process has ended
    garbage,  // a counter that cannot be
};

// How long to wait for the other side. First by looking again and again, for a time that follows how often that helped
// (1 to 50 us): on a busy machine the other side may need this processor. Then asleep.
class RingWait {
  public:
    using Clock = std::chrono::steady_clock;
    virtual ~RingWait() = default;
    void until(Clock::time_point deadline) { deadline_ = deadline; }
    Clock::time_point deadline() const { return deadline_; }
    // For measurements: never spins.
    void never_spin() { spin_most_ = spin_ = std::chrono::nanoseconds(0); }

    // Waits until `ready()`. `signal` is the futex that the other side changes after it saw `waits`.
    template <class Ready>
    RingState wait(std::atomic<uint32_t>& signal, std::atomic<uint32_t>& waits, Ready ready);

  protected:
    // Whether the other process has ended. Asked now and then while asleep.
    virtual bool gone() { return false; }

  private:
    static constexpr std::chrono::nanoseconds kSpinLeast{1000};
    void sleep(std::atomic<uint32_t>& signal, uint32_t seen);
    Clock::time_point deadline_ = Clock::time_point::max();
    std::chrono::nanoseconds spin_most_{50'000};
    std::chrono::nanoseconds spin_{50'000};
};

// Wakes whoever said that it waits.
void ring_wake(std::atomic<uint32_t>& signal, std::atomic<uint32_t>& waits);

class RingWriter {
  public:
    RingWriter(RingControl& control, char* bytes) : control_(control), bytes_(bytes) {}
    // All of it, waiting for space where it must; more than fits is fine as long as the other side reads.
    // Without `wake` a reader that sleeps goes on sleeping: more will follow.
    RingState write(std::string_view data, RingWait& wait, bool wake = true);

  private:
    RingControl& control_;
    char* bytes_;
    uint64_t head_ = 0;  // our own count: the one in shared memory is for the other side
};

class RingReader {
  public:
    RingReader(RingControl& control, const char* bytes) : control_(control), bytes_(bytes) {}
    // One message (its size first, worker_messages.hpp) without the size. `garbage` also for one of more than
    // `bytes_max` bytes.
    RingState read(std::string& message, size_t bytes_max, RingWait& wait);
    bool empty() const { return control_.head.load(std::memory_order_acquire) == tail_; }

  private:
    RingState take(char* to, size_t bytes, RingWait& wait);
    RingControl& control_;
    const char* bytes_;
    uint64_t tail_ = 0;
};

}  // namespace tide
