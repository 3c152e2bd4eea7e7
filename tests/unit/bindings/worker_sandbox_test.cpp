#include "bindings/worker_sandbox.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace tide::test {
namespace {

// How a confined child ends that tries this: its wait status.
int status_of(void (*attempt)()) {
    const pid_t child = ::fork();
    if (child == 0) {
        if (!enter_worker_sandbox(true)) ::_exit(100);
        attempt();
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
}

struct Attempt {
    const char* name;
    void (*make)();
};

class WorkerSandboxKills : public testing::TestWithParam<Attempt> {
  protected:
    void SetUp() override {
        if (!system_calls_can_be_filtered()) GTEST_SKIP() << "this machine lets no process filter its system calls";
    }
};

TEST_P(WorkerSandboxKills, a_process_that_tries_it) {
    const int status = status_of(GetParam().make);
    ASSERT_TRUE(WIFSIGNALED(status)) << "exit status " << WEXITSTATUS(status);
    EXPECT_EQ(WTERMSIG(status), SIGSYS);
}

constexpr Attempt kAttempts[] = {
    {"open", [] { (void)::open("/etc/passwd", O_RDONLY); }},
    {"read",
     [] {
         char byte;
         (void)!::syscall(SYS_read, 0, &byte, 1);
     }},
    {"socket", [] { (void)::socket(AF_INET, SOCK_STREAM, 0); }},
    {"fork", [] { (void)::fork(); }},
    {"exec", [] { ::execl("/bin/true", "true", nullptr); }},
    {"kill", [] { ::kill(::getppid(), SIGTERM); }},
    {"kill_raw", [] { ::syscall(SYS_kill, 1, 0); }},
    {"ptrace", [] { ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); }},
    {"process_memory", [] { ::syscall(SYS_process_vm_readv, 1, nullptr, 0, nullptr, 0, 0); }},
    {"prctl", [] { ::syscall(SYS_prctl, 4, 1, 0, 0, 0); }},
    {"io_uring", [] { ::syscall(425, 1, nullptr); }},
    {"x32_numbers", [] { ::syscall(0x40000000 + SYS_getpid); }},
};

INSTANTIATE_TEST_SUITE_P(all, WorkerSandboxKills, testing::ValuesIn(kAttempts),
                         [](const auto& which) { return std::string(which.param.name); });

TEST(WorkerSandbox, leaves_memory_and_machine_code) {
    if (!system_calls_can_be_filtered()) GTEST_SKIP() << "this machine lets no process filter its system calls";
    const int status = status_of([] {
        void* code = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (code == MAP_FAILED || ::mprotect(code, 4096, PROT_READ | PROT_EXEC) != 0) ::_exit(1);
        void* memory = std::malloc(size_t(8) << 20);
        if (memory == nullptr) ::_exit(2);
        std::free(memory);
    });
    ASSERT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(WorkerSandbox, memory_has_an_end) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "the sanitizer's own memory is beyond every limit";
#endif
    const int status = status_of([] {
        void* memory = ::mmap(nullptr, size_t(1) << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ::_exit(memory == MAP_FAILED ? 7 : 0);
    });
    ASSERT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    EXPECT_EQ(WEXITSTATUS(status), 7);
}

}  // namespace
}  // namespace tide::test
