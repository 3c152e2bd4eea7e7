#pragma once
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "bindings/worker_host.hpp"
#include "bindings/worker_process.hpp"
#include "fake_services.hpp"

namespace tide::test {

// Far more than any script takes on a busy machine: where a test is not about waiting, nothing may end by the clock.
inline constexpr WorkerPatience kPatient{std::chrono::seconds(30), std::chrono::seconds(30)};

inline std::unique_ptr<WorkerHost> make_worker_host(const LuaLimits& limits = {}, WorkerPatience patience = kPatient,
                                                    WorkerZygote::Main main = &run_worker) {
    auto zygote = WorkerZygote::start(main);
    EXPECT_TRUE(zygote) << (zygote ? "" : zygote.error().message);
    return std::make_unique<WorkerHost>(std::move(*zygote), limits, patience);
}

// The state of a process as /proc says it: 'R', 'S', 'T', 'Z'; 0 when there is none.
inline char state_of(pid_t process) {
    std::ifstream file(fmt::format("/proc/{}/stat", process));
    std::string text;
    std::getline(file, text);
    const size_t at = text.rfind(") ");
    return at == std::string::npos ? '\0' : text[at + 2];
}
// Returns when it does; it sleeps, or is about to, and a busy machine may take its time with the signal.
inline void make_stand_still(pid_t process) {
    ASSERT_GT(process, 0) << "no worker runs";
    ::kill(process, SIGSTOP);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (state_of(process) != 'T' && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    ASSERT_EQ(state_of(process), 'T');
}

inline size_t open_descriptors() {
    size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
    return count;
}

}  // namespace tide::test
