#pragma once
#include <string>
#include <vector>

#include "app/paths.hpp"

namespace tide {

enum class HealthState { good, warning, failed };
struct HealthCheck {
    std::string name;
    HealthState state = HealthState::good;
    std::string text;
};
struct HealthRequest {
    Paths paths;
    std::string config_file;  // empty: the shipped one
    bool full = false;
};
// Whether a session may start here: home, disk, clock, configuration, calendar, store; with `full` also the audit
// chain, the last session's journal, what it left open, and every strategy. Order and names are stable.
std::vector<HealthCheck> check_health(const HealthRequest& request);

// "2026-11-20T09:15:00+05:30", by the clock on the wall.
std::string wall_clock_text();

}  // namespace tide
