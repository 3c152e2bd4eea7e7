#pragma once
#include "bindings/worker_ring.hpp"

namespace tide {

// The life of a worker process: confines itself, then runs one strategy for the engine (the same LuaHost that runs
// strategies in the engine's process), whose questions to the engine cross the rings as well. Never returns.
[[noreturn]] void run_worker(WorkerMemory& memory);
// On a machine without a filter of system calls: confined by the rest alone.
[[noreturn]] void run_worker_unfiltered(WorkerMemory& memory);

}  // namespace tide
