#pragma once
#include <map>
#include <string>
#include <vector>

#include "scenario.hpp"

namespace tide::simulation {

struct Outcome {
    std::string failure;  // the first broken rule; empty = none
    uint64_t failed_at = 0;
    std::vector<std::string> last_records;
    uint64_t events = 0;
    uint64_t messages = 0;
    uint64_t entries = 0;  // that the gate let pass
    uint64_t fills = 0;
    std::map<std::string, uint64_t> halts;  // how often each was raised
    bool failed() const { return !failure.empty(); }
};

// Runs the day of a scenario: once as it happens, with a restart from the journal where the scenario has one, then once
// more from the journal alone.
Outcome simulate(const Scenario& scenario);
// A smaller scenario that fails too: each fault left out that is not needed, then an earlier end of the day.
Scenario shrink(const Scenario& failing);

}  // namespace tide::simulation
