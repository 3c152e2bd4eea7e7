#include "bindings/worker_ring.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace tide {
namespace {

// A sleeper looks at least this often whether the other process still lives.
constexpr std::chrono::nanoseconds kLook{2'000'000};
constexpr int kLooksBetweenClocks = 32;

inline void pause_processor() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

}  // namespace

void RingWait::sleep(std::atomic<uint32_t>& signal, uint32_t seen) {
    auto left = kLook;
    if (deadline_ != Clock::time_point::max()) {
        left = std::min(left, std::chrono::duration_cast<std::chrono::nanoseconds>(deadline_ - Clock::now()));
        if (left.count() <= 0) return;
    }
    const timespec longest{0, left.count()};
    // Without a deadline nothing but the other side can end the wait.
    const timespec* limit = deadline_ == Clock::time_point::max() ? nullptr : &longest;
    ::syscall(SYS_futex, reinterpret_cast<uint32_t*>(&signal), FUTEX_WAIT, seen, limit, nullptr, 0);
}

template <class Ready>
RingState RingWait::wait(std::atomic<uint32_t>& signal, std::atomic<uint32_t>& waits, Ready ready) {
    if (ready()) return RingState::ok;
    if (spin_most_.count() > 0) {
        const auto enough = Clock::now() + spin_;
        do {
            for (int i = 0; i < kLooksBetweenClocks; ++i) {
                if (ready()) {
                    spin_ = std::min(spin_most_, spin_ * 2);
                    return RingState::ok;
                }
                pause_processor();
            }
        } while (Clock::now() < enough);
        spin_ = std::max(kSpinLeast, spin_ / 2);
    }
    for (;;) {
        const uint32_t seen = signal.load(std::memory_order_seq_cst);
        waits.store(1, std::memory_order_seq_cst);
        if (ready()) {
            waits.store(0, std::memory_order_relaxed);
            return RingState::ok;
        }
        if (deadline_ != Clock::time_point::max()) {
            if (Clock::now() >= deadline_) return RingState::late;
            if (gone()) return ready() ? RingState::ok : RingState::gone;
        }
        sleep(signal, seen);
    }
}

void ring_wake(std::atomic<uint32_t>& signal, std::atomic<uint32_t>& waits) {
    if (waits.load(std::memory_order_seq_cst) == 0) return;
    waits.store(0, std::memory_order_seq_cst);
    signal.fetch_add(1, std::memory_order_seq_cst);
    ::syscall(SYS_futex, reinterpret_cast<uint32_t*>(&signal), FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

RingState RingWriter::write(std::string_view data, RingWait& wait, bool wake) {
    while (!data.empty()) {
        uint64_t used = head_ - control_.tail.load(std::memory_order_acquire);
        if (used == kRingBytes) {
            ring_wake(control_.data_signal, control_.reader_waits);
            const auto space = [&] { return head_ - control_.tail.load(std::memory_order_seq_cst) != kRingBytes; };
            if (const auto waited = wait.wait(control_.space_signal, control_.writer_waits, space);
                waited != RingState::ok) {
                return waited;
            }
            used = head_ - control_.tail.load(std::memory_order_acquire);
        }
        if (used > kRingBytes) return RingState::garbage;
        const size_t at = head_ % kRingBytes;
        const size_t part = std::min({data.size(), kRingBytes - static_cast<size_t>(used), kRingBytes - at});
        std::memcpy(bytes_ + at, data.data(), part);
        data.remove_prefix(part);
        head_ += part;
        control_.head.store(head_, std::memory_order_seq_cst);
    }
    if (wake) ring_wake(control_.data_signal, control_.reader_waits);
    return RingState::ok;
}

RingState RingReader::take(char* to, size_t bytes, RingWait& wait) {
    while (bytes > 0) {
        const auto something = [&] { return control_.head.load(std::memory_order_seq_cst) != tail_; };
        if (const auto waited = wait.wait(control_.data_signal, control_.reader_waits, something);
            waited != RingState::ok) {
            return waited;
        }
        const uint64_t there = control_.head.load(std::memory_order_acquire) - tail_;
        if (there > kRingBytes) return RingState::garbage;
        const size_t at = tail_ % kRingBytes;
        const size_t part = std::min({bytes, static_cast<size_t>(there), kRingBytes - at});
        std::memcpy(to, bytes_ + at, part);
        to += part;
        bytes -= part;
        tail_ += part;
        control_.tail.store(tail_, std::memory_order_seq_cst);
        ring_wake(control_.space_signal, control_.writer_waits);
    }
    return RingState::ok;
}

RingState RingReader::read(std::string& message, size_t bytes_max, RingWait& wait) {
    uint32_t size = 0;
    char head[sizeof size];
    if (const auto taken = take(head, sizeof head, wait); taken != RingState::ok) return taken;
    std::memcpy(&size, head, sizeof size);
    if (size > bytes_max) return RingState::garbage;
    message.resize(size);
    return take(message.data(), size, wait);
}

}  // namespace tide
