#pragma once
#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

#include "net/file_descriptor.hpp"

namespace tide {

// A child of this process, known by a descriptor, which no other process can take over as it can a number. Killed and
// waited for when this goes.
class ChildProcess {
  public:
    ChildProcess() = default;  // none: ended
    ChildProcess(FileDescriptor process, pid_t id) : process_(std::move(process)), id_(id), ended_(false) {}
    ~ChildProcess() { kill(); }
    ChildProcess(ChildProcess&& other) noexcept { *this = std::move(other); }
    ChildProcess& operator=(ChildProcess&& other) noexcept;

    // 0: none.
    pid_t id() const { return id_; }
    bool ended();
    // "signal 11", "code 3"; once ended.
    std::string how_it_ended() const;
    void kill();
    // Processor time that it has used; to within a tick of the machine's scheduler (4 ms). Nothing: it has ended.
    std::optional<std::chrono::nanoseconds> processor_time() const;
    // A signal made it stand still.
    bool stands_still() const;
    // A process that computes without being asked to ends by itself: so much processor time from now on, in seconds.
    void allow_processor(int64_t seconds);

  private:
    FileDescriptor process_;
    pid_t id_ = 0;
    bool ended_ = true;
    int signal_ = 0;  // that ended it
    int code_ = 0;
};

}  // namespace tide
