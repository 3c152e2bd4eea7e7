#pragma once
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <memory>

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

inline size_t open_descriptors() {
    size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
    return count;
}

}  // namespace tide::test
