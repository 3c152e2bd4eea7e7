#include "bindings/child_process.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <ctime>

namespace tide {

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
    if (this == &other) return *this;
    kill();
    process_ = std::move(other.process_);
    id_ = std::exchange(other.id_, 0);
    ended_ = std::exchange(other.ended_, true);
    signal_ = other.signal_;
    code_ = other.code_;
    return *this;
}

bool ChildProcess::ended() {
    if (ended_) return true;
    siginfo_t info{};
    const int waited = ::waitid(P_PIDFD, static_cast<id_t>(process_.get()), &info, WEXITED | WNOHANG);
    if (waited != 0 && errno == EINTR) return false;
    // Somebody else has waited for it: ended as well.
    ended_ = waited != 0 || info.si_pid != 0;
    if (ended_ && waited == 0) (info.si_code == CLD_EXITED ? code_ : signal_) = info.si_status;
    return ended_;
}

std::string ChildProcess::how_it_ended() const {
    return signal_ != 0 ? fmt::format("signal {}", signal_) : fmt::format("code {}", code_);
}

// Waits for its end, so that no zombie stays: some milliseconds at most, for nothing holds a process that only
// computes.
void ChildProcess::kill() {
    if (ended()) return;
    ::syscall(SYS_pidfd_send_signal, process_.get(), SIGKILL, nullptr, 0U);
    siginfo_t info{};
    while (::waitid(P_PIDFD, static_cast<id_t>(process_.get()), &info, WEXITED) != 0 && errno == EINTR) {
    }
    signal_ = SIGKILL;
    ended_ = true;
}

std::optional<std::chrono::nanoseconds> ChildProcess::processor_time() const {
    clockid_t clock{};
    timespec used{};
    if (::clock_getcpuclockid(id_, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return std::nullopt;
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

bool ChildProcess::stands_still() const {
    siginfo_t info{};
    return ::waitid(P_PIDFD, static_cast<id_t>(process_.get()), &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid != 0;
}

void ChildProcess::allow_processor(int64_t seconds) {
    const auto used = processor_time();
    if (!used) return;
    const auto most = static_cast<rlim_t>(std::chrono::floor<std::chrono::seconds>(*used).count() + 1 + seconds);
    const rlimit limit{most, most + 1};
    ::prlimit(id_, RLIMIT_CPU, &limit, nullptr);
}

}  // namespace tide
