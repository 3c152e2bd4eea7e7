#pragma once
#include <memory>
#include <string>
#include <vector>

#include "bindings/child_process.hpp"
#include "bindings/worker_ring.hpp"
#include "core/result.hpp"

namespace tide {

// One worker process, still or again without a script. Killed when this goes.
class WorkerProcess final : public ChildProcess {
  public:
    WorkerProcess(WorkerMemory* memory, FileDescriptor process, pid_t id)
        : ChildProcess(std::move(process), id), memory_(memory) {}
    ~WorkerProcess();

    WorkerMemory& memory() { return *memory_; }

  private:
    WorkerMemory* memory_;
};

// Two small processes, forked before the engine had threads: one forks workers when asked to, the other stands by. What
// they fork are children of the engine, not their own: their end harms none of them. When the first ends, the other
// takes its place and forks a new stand-by, which only a process with one thread can. When both have ended, this
// program is started anew as a zygote. They end with the engine, and so do workers.
class WorkerZygote {
  public:
    // What a worker does with the memory it shares with the engine; never returns to the zygote.
    using Main = void (*)(WorkerMemory& memory);

    // Forks both. The calling process must have one thread, and that thread must live as long as the process.
    static Result<std::unique_ptr<WorkerZygote>> start(Main main);
    ~WorkerZygote();
    WorkerZygote(const WorkerZygote&) = delete;
    WorkerZygote& operator=(const WorkerZygote&) = delete;

    // What is started when both have ended: a program and its arguments, to which this process's id is added. It must
    // come to `run_zygote` before it has a second thread.
    void start_again_with(std::vector<std::string> command) { command_ = std::move(command); }

    // Asks for a worker without waiting for it.
    void prepare();
    // The one that was asked for, or a new one. Waits at most until `deadline`. An error (unreachable): there is none;
    // the next may still be had, unless nothing can be started any more.
    Result<std::unique_ptr<WorkerProcess>> take(RingWait::Clock::time_point deadline);
    // Has a process that has ended replaced. Waits for nothing; to be called now and then.
    void tend();
    // What an operator should know, said once.
    std::vector<std::string> take_notes() { return std::exchange(notes_, {}); }

    // Of the one that forks workers, and of the one that stands by; 0: there is none.
    pid_t id() const { return front_.process.id(); }
    pid_t reserve_id() const { return reserve_.process.id(); }

  private:
    struct Zygote {
        FileDescriptor line;
        ChildProcess process;
        bool lives() { return line.valid() && !process.ended(); }
    };
    enum class Heard : uint8_t { something, nothing, lost };

    explicit WorkerZygote(Zygote front) : front_(std::move(front)) {}
    Heard ask_worker();
    bool ask_reserve();
    Heard hear(int64_t longest_ms);
    Heard hear_worker(RingWait::Clock::time_point deadline);
    void lose_front(const std::string& how);
    bool start_again();

    Zygote front_, reserve_;
    WorkerMemory* asked_ = nullptr;         // the memory of the worker that was asked for
    std::unique_ptr<WorkerProcess> ready_;  // it
    FileDescriptor reserve_line_;           // to the stand-by that was asked for
    int refused_ = 0;                       // the error of the last fork
    std::vector<std::string> command_;
    int started_in_vain_ = 0;  // since a process was last heard of
    std::vector<std::string> notes_;
};

// The life of a process that was started to be a zygote, with its line to the engine as descriptor 3.
[[noreturn]] void run_zygote(WorkerZygote::Main main, pid_t engine);

}  // namespace tide
