#pragma once
#include <cstddef>
#include <cstdint>

namespace tide {

// What one script may use. Units are fuel: one for each loop turn, function entry and goto, more for costly library
// calls.
struct LuaLimits {
    int64_t callback_units = 200'000;
    int64_t load_units = 5'000'000;               // running the chunk; on_start and on_stop as well
    size_t memory_soft_bytes = size_t(16) << 20;  // live after a full collection; beyond it the callback fails
    size_t memory_hard_bytes = size_t(32) << 20;  // the state is abandoned and the script quarantined
    size_t block_bytes_max = size_t(4) << 20;     // one table; beyond it as the hard limit
    size_t churn_bytes_max = size_t(256) << 20;   // allocated within one callback; beyond it as the hard limit
    size_t text_bytes_max = size_t(64) << 10;     // of a text that a script builds; beyond it as the hard limit
    size_t source_bytes_max = size_t(256) << 10;
    size_t c_stack_bytes_max = size_t(1) << 20;  // LuaJIT itself has no limit on nested C calls
    size_t intents_per_callback = 16;
    size_t logs_per_callback = 100;
    size_t notes_per_callback = 64;  // each of skips, states, timers
    int failures_to_quarantine = 3;  // one after another
    bool jit = true;
};

}  // namespace tide
