#include "bindings/worker_zygote.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>

#include "core/digest.hpp"

namespace tide {
namespace {

constexpr int kZygoteLine = 3;  // of the zygote: its only descriptor besides /dev/null

Error failure(const char* what) {
    return make_error(ErrorCode::unreachable,
                      fmt::format("no process for a script: {}: {}", what, std::strerror(errno)));
}

enum class Wanted : int32_t { worker, zygote };

// One message with one descriptor: to the zygote what is wanted, with the memory or the line of it; back, its process.
struct Parcel {
    struct {
        Wanted wanted = Wanted::worker;
        int32_t number = 0;  // a process id, or an error number below 0
    } said;
    int descriptor = -1;
};
bool send(int line, const Parcel& parcel) {
    iovec bytes{const_cast<void*>(static_cast<const void*>(&parcel.said)), sizeof parcel.said};
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
    return ::sendmsg(line, &message, MSG_NOSIGNAL) == sizeof parcel.said;
}
bool receive(int line, Parcel& parcel) {
    iovec bytes{&parcel.said, sizeof parcel.said};
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
    if (got != sizeof parcel.said) return false;
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

// Nothing of the engine's is left open: no lock that would outlive it, no pipe that somebody reads to its end.
void keep_only(int line) {
    ::dup2(line, kZygoteLine);
    ::syscall(SYS_close_range, static_cast<unsigned>(kZygoteLine) + 1, ~0U, 0U);
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = 0; i < kZygoteLine; ++i) ::dup2(null, i);
    if (null > kZygoteLine) ::close(null);
}

// A Ctrl-C is the engine's to hear; a crash is one.
void reset_signals() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(number, SIG_IGN);
    for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS}) std::signal(number, SIG_DFL);
}

// OpenSSL reads its configuration at its first use, and a worker opens no file.
void open_what_workers_need() { (void)sha256({}); }

void prepare_zygote(int line, pid_t engine) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (::getppid() != engine) ::_exit(1);
    ::setsid();
    keep_only(line);
}

[[noreturn]] void be_zygote(WorkerZygote::Main main, pid_t engine) {
    for (;;) {
        Parcel asked;
        if (!receive(kZygoteLine, asked)) ::_exit(0);
        Parcel answer{{asked.said.wanted, 0}, -1};
        answer.said.number = fork_sibling(answer.descriptor);
        if (answer.said.number == 0 && asked.said.wanted == Wanted::worker) be_worker(main, asked.descriptor, engine);
        if (answer.said.number == 0) {
            prepare_zygote(asked.descriptor, engine);
            continue;  // the stand-by: it hears on a line of its own
        }
        if (answer.said.number < 0) answer = {{asked.said.wanted, -errno}, -1};
        const bool told = send(kZygoteLine, answer);
        if (answer.descriptor >= 0) ::close(answer.descriptor);
        if (asked.descriptor >= 0) ::close(asked.descriptor);
        if (!told) ::_exit(0);
    }
}

// A worker that never got to the engine would wait for ever: it reads a counter that cannot be, and ends.
void give_up(WorkerMemory* memory) {
    memory->to_worker.head.store(~uint64_t(0), std::memory_order_seq_cst);
    ring_wake(memory->to_worker.data_signal, memory->to_worker.reader_waits);
    ::munmap(memory, sizeof(WorkerMemory));
}

struct Line {
    FileDescriptor ours, theirs;
};
std::optional<Line> make_line() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return std::nullopt;
    return Line{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

// A program that ends before it is heard of would be started for ever.
constexpr int kStartsInVainMax = 3;

// Once, at the start: a machine without a process for this long has more than scripts to worry about.
constexpr int64_t kReserveWait_ms = 5000;

}  // namespace

void run_zygote(WorkerZygote::Main main, pid_t engine) {
    reset_signals();
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    open_what_workers_need();
    prepare_zygote(kZygoteLine, engine);
    be_zygote(main, engine);
}

// ---- in the engine

WorkerProcess::~WorkerProcess() {
    kill();
    ::munmap(memory_, sizeof(WorkerMemory));
}

Result<std::unique_ptr<WorkerZygote>> WorkerZygote::start(Main main) {
    auto line = make_line();
    if (!line) return failure("socketpair");
    const pid_t engine = ::getpid();
    open_what_workers_need();
    const pid_t child = ::fork();
    if (child < 0) return failure("fork");
    if (child == 0) {
        reset_signals();
        prepare_zygote(line->theirs.get(), engine);
        be_zygote(main, engine);
    }
    ChildProcess process(FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, child, 0U))), child);
    std::unique_ptr<WorkerZygote> zygote(new WorkerZygote({std::move(line->ours), std::move(process)}));
    if (!zygote->ask_reserve() || zygote->hear(kReserveWait_ms) != Heard::something || !zygote->reserve_.lives())
        return failure("no second zygote");
    return zygote;
}

WorkerZygote::~WorkerZygote() {
    if (asked_ != nullptr) (void)hear_worker(RingWait::Clock::now() + std::chrono::milliseconds(200));
    if (asked_ != nullptr) give_up(asked_);
}

// `nothing`: there is no memory to share.
WorkerZygote::Heard WorkerZygote::ask_worker() {
    const FileDescriptor memory(::memfd_create("worker", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory.valid() || ::ftruncate(memory.get(), sizeof(WorkerMemory)) != 0) return Heard::nothing;
    // Were it made shorter, touching it would end us.
    ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    asked_ = map_memory(memory.get());
    if (asked_ == nullptr) return Heard::nothing;
    if (send(front_.line.get(), {{Wanted::worker, 0}, memory.get()})) return Heard::something;
    ::munmap(std::exchange(asked_, nullptr), sizeof(WorkerMemory));
    return Heard::lost;
}

bool WorkerZygote::ask_reserve() {
    auto line = make_line();
    if (!line || !send(front_.line.get(), {{Wanted::zygote, 0}, line->theirs.get()})) return false;
    reserve_line_ = std::move(line->ours);
    return true;
}

// One answer of the front's, waited for at most so long.
WorkerZygote::Heard WorkerZygote::hear(int64_t longest_ms) {
    pollfd line{front_.line.get(), POLLIN, 0};
    if (::poll(&line, 1, static_cast<int>(std::max<int64_t>(longest_ms, 0))) != 1) return Heard::nothing;
    Parcel answer;
    if (!receive(front_.line.get(), answer)) return Heard::lost;
    started_in_vain_ = 0;
    FileDescriptor process(answer.descriptor);
    if (answer.said.number <= 0) refused_ = -answer.said.number;
    if (answer.said.wanted == Wanted::zygote) {
        FileDescriptor own_line = std::exchange(reserve_line_, {});
        if (answer.said.number > 0)
            reserve_ = {std::move(own_line), ChildProcess(std::move(process), answer.said.number)};
    } else if (asked_ != nullptr) {
        WorkerMemory* memory = std::exchange(asked_, nullptr);
        if (answer.said.number > 0) {
            ready_ = std::make_unique<WorkerProcess>(memory, std::move(process), answer.said.number);
        } else {
            ::munmap(memory, sizeof(WorkerMemory));
        }
    }
    return Heard::something;
}

// Until the worker that was asked for is ready or refused.
WorkerZygote::Heard WorkerZygote::hear_worker(RingWait::Clock::time_point deadline) {
    while (asked_ != nullptr) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - RingWait::Clock::now()).count();
        if (const Heard heard = hear(left); heard != Heard::something) return heard;
    }
    return Heard::something;
}

// The stand-by takes the front's place.
void WorkerZygote::lose_front(const std::string& how) {
    while (hear(0) == Heard::something) {  // what it still said
    }
    if (asked_ != nullptr) give_up(std::exchange(asked_, nullptr));
    reserve_line_.reset();
    front_ = std::exchange(reserve_, {});
    if (front_.lives()) {
        notes_.push_back(fmt::format("the process that starts scripts' processes {}; another one took its place", how));
        (void)ask_reserve();
    } else if (start_again()) {
        notes_.push_back(fmt::format(
            "both processes that start scripts' processes are gone (the last one {}); another one is started", how));
        (void)ask_reserve();
    } else {
        front_ = {};
        notes_.push_back(
            fmt::format("both processes that start scripts' processes are gone (the last one {}), and no other can be "
                        "started: no script can be started or replaced; those that run go on",
                        how));
    }
}

// By a program of its own, for a process with threads cannot fork one that goes on.
bool WorkerZygote::start_again() {
    if (command_.empty() || started_in_vain_ >= kStartsInVainMax) return false;
    auto line = make_line();
    if (!line) return false;
    ++started_in_vain_;
    std::vector<std::string> words(command_);
    words.push_back(std::to_string(::getpid()));
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, line->theirs.get(), kZygoteLine);
    pid_t child = 0;
    const int failed = ::posix_spawn(&child, words[0].c_str(), &actions, nullptr, arguments.data(), ::environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) return false;
    ChildProcess process(FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, child, 0U))), child);
    front_ = {std::move(line->ours), std::move(process)};
    return true;
}

void WorkerZygote::prepare() {
    if (asked_ == nullptr && ready_ == nullptr) (void)ask_worker();
}

void WorkerZygote::tend() {
    if (!front_.line.valid()) return;
    if (front_.process.ended()) lose_front(fmt::format("ended ({})", front_.process.how_it_ended()));
    if (!front_.line.valid()) return;
    while (hear(0) == Heard::something) {
    }
    if (reserve_.line.valid() && reserve_.process.ended()) {
        notes_.push_back(
            fmt::format("the process that stands by to start scripts' processes ended ({}); another one is "
                        "made",
                        reserve_.process.how_it_ended()));
        reserve_ = {};
    }
    if (!reserve_.line.valid() && !reserve_line_.valid()) (void)ask_reserve();
}

Result<std::unique_ptr<WorkerProcess>> WorkerZygote::take(RingWait::Clock::time_point deadline) {
    const auto silent = [] {
        return make_error(ErrorCode::unreachable, "no process for a script: its zygote does not answer");
    };
    if (!front_.line.valid()) {
        started_in_vain_ = 0;  // somebody asks: perhaps it goes now
        (void)start_again();
    }
    while (ready_ == nullptr && front_.line.valid()) {
        refused_ = 0;
        Heard heard = asked_ == nullptr ? ask_worker() : Heard::something;
        if (heard == Heard::nothing) return failure("memory to share");
        // A front that is asked in vain leaves its successor half of the time.
        const auto now = RingWait::Clock::now();
        if (heard == Heard::something) heard = hear_worker(reserve_.lives() ? now + (deadline - now) / 2 : deadline);
        if (heard == Heard::something) break;
        const bool all = heard == Heard::nothing && !reserve_.lives();
        // Nothing is waited for twice; one that has just been started may still be on its way.
        if (all && (command_.empty() || started_in_vain_ > 0)) return silent();
        front_.process.kill();
        lose_front(heard == Heard::nothing ? "did not answer" : "ended");
        if (all) return silent();
    }
    if (ready_ != nullptr) return std::move(ready_);
    errno = refused_;
    if (refused_ != 0) return failure("fork");
    return make_error(ErrorCode::unreachable, "no process for a script: the processes that start them have ended");
}

}  // namespace tide
