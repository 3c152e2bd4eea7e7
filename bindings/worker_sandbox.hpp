#pragma once
#include "core/result.hpp"

// What a worker process may still do once it runs somebody's script: compute, and talk through memory it already has.
namespace tide {

// Gives up everything else, for good: descriptors, new files, memory beyond 512 MB, new processes, core dumps, tracing,
// and every system call but the few that LuaJIT and the rings need (not this where the machine has no filter:
// `filter_calls` false). Called by a process of one thread. An error leaves the process as it was stripped so far; it
// must then end.
Result<void> enter_worker_sandbox(bool filter_calls);

// Whether this machine lets a process filter its system calls. Tries it in a child.
bool system_calls_can_be_filtered();

}  // namespace tide
