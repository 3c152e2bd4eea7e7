#include "bindings/worker_zygote.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include "core/digest.hpp"

namespace tide {
namespace {

constexpr int kZygoteLine = 3;  // of the zygote: its only descriptor besides /dev/null

Error failure(const char* what) {
    return make_error(ErrorCode::unreachable,
                      fmt::format("no process for a script: {}: {}", what, std::strerror(errno)));
}

// One message with one descriptor.
struct Parcel {
    int32_t number = 0;  // a process id, or an error number below 0
    int descriptor = -1;
};
bool send(int line, const Parcel& parcel) {
    iovec bytes{const_cast<int32_t*>(&parcel.number), sizeof parcel.number};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    if (parcel.descriptor >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        cmsghdr* head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(head), &parcel.descriptor, sizeof(int));
    }
    return ::sendmsg(line, &message, MSG_NOSIGNAL) == sizeof parcel.number;
}
bool receive(int line, Parcel& parcel) {
    iovec bytes{&parcel.number, sizeof parcel.number};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t got = 0;
    do {
        got = ::recvmsg(line, &message, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got != sizeof parcel.number) return false;
    if (const cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr && head->cmsg_type == SCM_RIGHTS)
        std::memcpy(&parcel.descriptor, CMSG_DATA(head), sizeof(int));
    return true;
}

WorkerMemory* map_memory(int descriptor) {
    void* memory = ::mmap(nullptr, sizeof(WorkerMemory), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    return memory == MAP_FAILED ? nullptr : static_cast<WorkerMemory*>(memory);
}

// ---- in the zygote and in workers

[[noreturn]] void be_worker(WorkerZygote::Main main, int memory_descriptor, pid_t engine) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (::getppid() != engine) ::_exit(1);  // it ended before it could be noticed
    WorkerMemory* memory = map_memory(memory_descriptor);
    if (memory != nullptr) main(*memory);
    ::_exit(1);
}

// A child of our parent: the engine, which can then wait for it, and whose end it hears of.
pid_t fork_sibling(int& process_descriptor) {
    const unsigned long flags = CLONE_PARENT | CLONE_PIDFD | SIGCHLD;
#if defined(__x86_64__)
    return static_cast<pid_t>(::syscall(SYS_clone, flags, nullptr, &process_descriptor, nullptr, 0UL));
#else
    return static_cast<pid_t>(::syscall(SYS_clone, flags, nullptr, &process_descriptor, 0UL, nullptr));
#endif
}

[[noreturn]] void be_zygote(WorkerZygote::Main main, pid_t engine) {
    for (;;) {
        Parcel asked;
        if (!receive(kZygoteLine, asked)) ::_exit(0);
        Parcel answer;
        answer.number = fork_sibling(answer.descriptor);
        if (answer.number == 0) be_worker(main, asked.descriptor, engine);
        if (answer.number < 0) answer = {-errno, -1};
        const bool told = send(kZygoteLine, answer);
        if (answer.descriptor >= 0) ::close(answer.descriptor);
        if (asked.descriptor >= 0) ::close(asked.descriptor);
        if (!told) ::_exit(0);
    }
}

// Nothing of the engine's is left open: no lock that would outlive it, no pipe that somebody reads to its end.
void keep_only(int line) {
    ::dup2(line, kZygoteLine);
    ::syscall(SYS_close_range, static_cast<unsigned>(kZygoteLine) + 1, ~0U, 0U);
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = 0; i < kZygoteLine; ++i) ::dup2(null, i);
    if (null > kZygoteLine) ::close(null);
}

}  // namespace

// ---- in the engine

WorkerProcess::~WorkerProcess() {
    kill();
    ::munmap(memory_, sizeof(WorkerMemory));
}

bool WorkerProcess::ended() {
    if (ended_) return true;
    siginfo_t info{};
    const int waited = ::waitid(P_PIDFD, static_cast<id_t>(process_.get()), &info, WEXITED | WNOHANG);
    if (waited != 0 && errno == EINTR) return false;
    // Somebody else has waited for it: ended as well.
    ended_ = waited != 0 || info.si_pid != 0;
    if (ended_ && waited == 0) (info.si_code == CLD_EXITED ? code_ : signal_) = info.si_status;
    return ended_;
}

std::string WorkerProcess::how_it_ended() {
    return signal_ != 0 ? fmt::format("signal {}", signal_) : fmt::format("code {}", code_);
}

// Waits for its end, so that no zombie stays: some milliseconds at most, for nothing holds a process that only
// computes.
void WorkerProcess::kill() {
    if (ended()) return;
    ::syscall(SYS_pidfd_send_signal, process_.get(), SIGKILL, nullptr, 0U);
    siginfo_t info{};
    while (::waitid(P_PIDFD, static_cast<id_t>(process_.get()), &info, WEXITED) != 0 && errno == EINTR) {
    }
    signal_ = SIGKILL;
    ended_ = true;
}

void WorkerProcess::allow_processor(int64_t seconds) {
    clockid_t clock{};
    timespec used{};
    if (::clock_getcpuclockid(id_, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return;
    const auto most = static_cast<rlim_t>(used.tv_sec + 1 + seconds);
    const rlimit limit{most, most + 1};
    ::prlimit(id_, RLIMIT_CPU, &limit, nullptr);
}

Result<std::unique_ptr<WorkerZygote>> WorkerZygote::start(Main main) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return failure("socketpair");
    FileDescriptor ours(ends[0]);
    FileDescriptor theirs(ends[1]);
    const pid_t engine = ::getpid();
    (void)sha256({});  // OpenSSL reads its configuration at its first use, and a worker opens no file
    const pid_t child = ::fork();
    if (child < 0) return failure("fork");
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (::getppid() != engine) ::_exit(1);
        ::setsid();
        keep_only(theirs.get());
        // A Ctrl-C is the engine's to hear; a crash is one.
        for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(number, SIG_IGN);
        for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS}) std::signal(number, SIG_DFL);
        be_zygote(main, engine);
    }
    return std::unique_ptr<WorkerZygote>(new WorkerZygote(std::move(ours), child));
}

WorkerZygote::~WorkerZygote() {
    if (asked_ != nullptr) (void)take(RingWait::Clock::now() + std::chrono::milliseconds(200));
    line_.reset();
    ::kill(id_, SIGKILL);
    while (::waitpid(id_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

bool WorkerZygote::ask() {
    const FileDescriptor memory(::memfd_create("worker", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory.valid() || ::ftruncate(memory.get(), sizeof(WorkerMemory)) != 0) return false;
    // Were it made shorter, touching it would end us.
    ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    asked_ = map_memory(memory.get());
    if (asked_ == nullptr) return false;
    if (send(line_.get(), {0, memory.get()})) return true;
    ::munmap(asked_, sizeof(WorkerMemory));
    asked_ = nullptr;
    return false;
}

void WorkerZygote::prepare() {
    if (asked_ == nullptr) (void)ask();
}

Result<std::unique_ptr<WorkerProcess>> WorkerZygote::take(RingWait::Clock::time_point deadline) {
    if (asked_ == nullptr && !ask()) return failure("its zygote does not hear");
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - RingWait::Clock::now()).count();
    pollfd line{line_.get(), POLLIN, 0};
    Parcel answer;
    const bool there = ::poll(&line, 1, static_cast<int>(std::max<int64_t>(left, 0))) == 1;
    if (!there) return failure("its zygote does not answer");
    WorkerMemory* memory = std::exchange(asked_, nullptr);
    if (!receive(line_.get(), answer) || answer.number <= 0) {
        if (answer.number < 0) errno = -answer.number;
        ::munmap(memory, sizeof(WorkerMemory));
        return failure("its zygote has ended");
    }
    return std::make_unique<WorkerProcess>(memory, FileDescriptor(answer.descriptor), answer.number);
}

}  // namespace tide
