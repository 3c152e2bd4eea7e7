#pragma once
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "core/strong_id.hpp"
#include "core/time.hpp"

namespace tide {

enum class TimerKind : uint8_t { session_phase, script, save, books };
struct Timer {
    ReceiveTime due;
    uint64_t number = 0;  // order of asking: breaks ties
    TimerKind kind = TimerKind::session_phase;
    StrategyId strategy;
    std::string name;
};

// Timers of a session, earliest first, ties in the order they were asked for. Bounded.
class TimerQueue {
  public:
    static constexpr size_t kMaxTimers = 4096;
    // False when the queue is full.
    [[nodiscard]] bool add(ReceiveTime due, TimerKind kind, StrategyId strategy, std::string name) {
        if (heap_.size() >= kMaxTimers) return false;
        heap_.push_back({due, ++asked_, kind, strategy, std::move(name)});
        std::push_heap(heap_.begin(), heap_.end(), later);
        return true;
    }
    std::optional<ReceiveTime> next_due() const {
        return heap_.empty() ? std::nullopt : std::optional(heap_.front().due);
    }
    bool empty() const { return heap_.empty(); }
    ReceiveTime earliest() const { return heap_.front().due; }
    Timer pop() {
        std::pop_heap(heap_.begin(), heap_.end(), later);
        Timer timer = std::move(heap_.back());
        heap_.pop_back();
        return timer;
    }
    // Whether the script waits for a timer of this name.
    bool waits(StrategyId strategy, std::string_view name) const {
        return std::any_of(heap_.begin(), heap_.end(), [&](const Timer& t) {
            return t.kind == TimerKind::script && t.strategy == strategy && t.name == name;
        });
    }
    void drop(StrategyId strategy) {
        std::erase_if(heap_, [&](const Timer& t) { return t.kind == TimerKind::script && t.strategy == strategy; });
        std::make_heap(heap_.begin(), heap_.end(), later);
    }
    void drop_session_phases() {
        std::erase_if(heap_, [](const Timer& t) { return t.kind == TimerKind::session_phase; });
        std::make_heap(heap_.begin(), heap_.end(), later);
    }

  private:
    static bool later(const Timer& a, const Timer& b) { return a.due != b.due ? a.due > b.due : a.number > b.number; }
    std::vector<Timer> heap_;
    uint64_t asked_ = 0;
};

}  // namespace tide
