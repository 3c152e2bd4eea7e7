#pragma once
#include <sys/types.h>

#include <memory>
#include <optional>

#include "bindings/worker_ring.hpp"
#include "core/result.hpp"
#include "net/file_descriptor.hpp"

namespace tide {

// One worker process, still or again without a script. Killed when this goes.
class WorkerProcess {
  public:
    WorkerProcess(WorkerMemory* memory, FileDescriptor process, pid_t id)
        : memory_(memory), process_(std::move(process)), id_(id) {}
    ~WorkerProcess();
    WorkerProcess(const WorkerProcess&) = delete;
    WorkerProcess& operator=(const WorkerProcess&) = delete;

    WorkerMemory& memory() { return *memory_; }
    pid_t id() const { return id_; }
    bool ended();
    // "signal 11", "code 3"; once ended.
    std::string how_it_ended();
    void kill();
    // A worker that computes without being asked to ends by itself: so much processor time from now on, in seconds.
    void allow_processor(int64_t seconds);

  private:
    WorkerMemory* memory_;
    FileDescriptor process_;
    pid_t id_;
    bool ended_ = false;
    int signal_ = 0;  // that ended it
    int code_ = 0;
};

// A small process that was forked before the engine had threads, and forks workers when asked to. They are children of
// the engine, not its own: its end harms none of them. It ends with the engine, and so do they.
class WorkerZygote {
  public:
    // What a worker does with the memory it shares with the engine; never returns to the zygote.
    using Main = void (*)(WorkerMemory& memory);

    // Forks. The calling process must have one thread, and that thread must live as long as the process.
    static Result<std::unique_ptr<WorkerZygote>> start(Main main);
    ~WorkerZygote();
    WorkerZygote(const WorkerZygote&) = delete;
    WorkerZygote& operator=(const WorkerZygote&) = delete;

    // Asks for a worker without waiting for it.
    void prepare();
    // The one that was asked for, or a new one. Waits at most until `deadline`. An error (unreachable): there is none,
    // nor will there be.
    Result<std::unique_ptr<WorkerProcess>> take(RingWait::Clock::time_point deadline);
    pid_t id() const { return id_; }

  private:
    WorkerZygote(FileDescriptor line, pid_t id) : line_(std::move(line)), id_(id) {}
    bool ask();

    FileDescriptor line_;
    pid_t id_;
    WorkerMemory* asked_ = nullptr;  // the memory of the worker that was asked for
};

}  // namespace tide
