#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "app/paths.hpp"
#include "core/result.hpp"

// The journal is the truth; the store can always be made from it. Nobody else may use the home meanwhile.
namespace tide {

// What became of one session's rows.
struct Recovered {
    std::string session;
    uint64_t rows_before = 0;
    uint64_t rows = 0;
    bool interrupted = false;
    size_t open_positions = 0;
    std::string cut;  // of its journal, for a person
};
// Plays every journal again and adds what the store lacks. Errors name the journal.
Result<std::vector<Recovered>> complete_store(const Paths& paths);

struct StoreRepair {
    bool damaged = false;
    std::vector<std::string> lines;  // for a person
};
// Sets a damaged store aside under a dated name and puts the newest good backup in its place; complete_store adds the
// rest. `thorough` looks at every row, too.
Result<StoreRepair> repair_store(const Paths& paths, bool thorough);

}  // namespace tide
