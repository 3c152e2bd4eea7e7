#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "market/contract_master.hpp"

namespace tide {

struct MasterProblem {
    int64_t line = 0;
    std::string reason;
};

// What a contract master's file held.
struct MasterReport {
    static constexpr size_t kProblemsKept = 10;
    std::string file;
    std::string format;      // "Angel One JSON", "Dhan compact CSV", …
    int64_t rows = 0;        // read, without a header
    int64_t kept = 0;        // contracts of the master
    int64_t elsewhere = 0;   // other segments and series (commodities, currencies, bonds), other underlyings
    int64_t expired = 0;     // before `MasterOptions::on`
    int64_t duplicates = 0;  // said twice, with the same terms
    int64_t clashes = 0;     // two rows that cannot both be right: the first is kept
    int64_t bad = 0;         // rows of our segments that cannot be read
    std::vector<MasterProblem> problems;  // the first ten of the bad ones, then of the clashes
};

struct MasterOptions {
    std::optional<Date> on;                // contracts that expired before are left out
    std::vector<std::string> underlyings;  // only these (and their indices); empty: all
};

struct MasterFile {
    ContractMaster master;
    MasterReport report;
};

// Reads a contract master, plain or gzip, told by its content: Angel One (JSON array), Dhan (compact, detailed and
// trimmed CSV), Kite (CSV) and the engine's own CSV (docs/cli.md, "Contract masters"). Columns are found by name. Keeps
// indices, index and share options and futures of NSE and BSE, and NSE shares of series EQ. A row that cannot be read
// is counted and left out. A JSON file of any size is read in bounded memory, besides what is kept. Errors: not_found,
// io, corrupt (truncated or broken), input (no known format; nothing kept).
Result<MasterFile> read_contract_master(const std::filesystem::path& file, const MasterOptions& options = {});

}  // namespace tide
