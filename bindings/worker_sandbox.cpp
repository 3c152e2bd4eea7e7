#include "bindings/worker_sandbox.hpp"

#include <fmt/format.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <vector>

namespace tide {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
constexpr uint32_t kOtherTable = 0x40000000;  // the x32 numbers of the same calls
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
constexpr uint32_t kOtherTable = 0xffffffff;
#else
#error "no list of system calls for this processor"
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // its shadow memory and its reports need more
#else
constexpr bool kSanitized = false;
#endif

// Memory (for LuaJIT's machine code mprotect too), the futexes of the rings, the seed of LuaJIT's hashes, the clock
// that the rings' short waits look at, and the end. No descriptor is open, so there is nothing to read or write.
constexpr long kAllowed[] = {SYS_mmap,         SYS_munmap,        SYS_mprotect,  SYS_mremap,
                             SYS_brk,          SYS_madvise,       SYS_futex,     SYS_restart_syscall,
                             SYS_rt_sigreturn, SYS_clock_gettime, SYS_getrandom, SYS_sched_yield,
                             SYS_exit,         SYS_exit_group};
constexpr long kAllowedSanitized[] = {
    SYS_sigaltstack, SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_write,
    SYS_gettid,      SYS_getpid,         SYS_pipe2,        SYS_close};  // how it asks whether memory can be read

std::vector<sock_filter> filter_program() {
    std::vector<sock_filter> program;
    const auto load = [&](size_t offset) {
        program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)));
    };
    const auto give = [&](uint32_t verdict) { program.push_back(BPF_STMT(BPF_RET | BPF_K, verdict)); };
    load(offsetof(seccomp_data, arch));
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0));
    give(SECCOMP_RET_KILL_PROCESS);
    load(offsetof(seccomp_data, nr));
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kOtherTable, 0, 1));
    give(SECCOMP_RET_KILL_PROCESS);
    const auto allow = [&](long number) {
        program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(number), 0, 1));
        give(SECCOMP_RET_ALLOW);
    };
    for (const long number : kAllowed) allow(number);
    if (kSanitized) {
        for (const long number : kAllowedSanitized) allow(number);
    }
    give(SECCOMP_RET_KILL_PROCESS);
    return program;
}

Error failure(const char* what) {
    return make_error(ErrorCode::internal,
                      fmt::format("a worker cannot be confined: {}: {}", what, std::strerror(errno)));
}

Result<void> filter_system_calls() {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failure("no_new_privs");
    auto program = filter_program();
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) != 0) return failure("seccomp");
    return {};
}

Result<void> limit_resources() {
    struct Limit {
        __rlimit_resource resource;
        rlim_t value;
    };
    constexpr Limit kLimits[] = {{RLIMIT_CORE, 0},
                                 {RLIMIT_NPROC, 0},
                                 {RLIMIT_NOFILE, 0},
                                 {RLIMIT_FSIZE, 0},
                                 {RLIMIT_MSGQUEUE, 0},
                                 {RLIMIT_STACK, rlim_t(16) << 20},
                                 {RLIMIT_AS, rlim_t(512) << 20}};
    for (const Limit& limit : kLimits) {
        if (kSanitized && (limit.resource == RLIMIT_AS || limit.resource == RLIMIT_NOFILE)) continue;
        const rlimit both{limit.value, limit.value};
        if (::setrlimit(limit.resource, &both) != 0) return failure("setrlimit");
    }
    return {};
}

}  // namespace

Result<void> enter_worker_sandbox(bool filter_calls) {
    ::setsid();
    // strftime looks for the machine's time zone, in a file, unless one is set.
    ::setenv("TZ", "UTC0", 1);
    ::tzset();
    if (::syscall(SYS_close_range, 0U, ~0U, 0U) != 0) return failure("close_range");
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return failure("dumpable");
    ::setpriority(PRIO_PROCESS, 0, 5);
    if (auto limited = limit_resources(); !limited) return limited;
    return filter_calls ? filter_system_calls() : Result<void>();
}

bool system_calls_can_be_filtered() {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(filter_system_calls() ? 0 : 1);
    int status = 0;
    return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace tide
