#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "market/contract_master.hpp"

// One row of a contract master as text, and what it says. Of concern to master_file.cpp only.
namespace tide {

enum class MasterColumn : uint8_t {
    exchange,
    segment,
    token,
    symbol,
    name,        // the underlying
    instrument,  // kind of contract
    expiry,
    strike,
    right,
    lot,
    tick,
    freeze,
    series,
    status,
    valid_from,
    valid_to,
};
inline constexpr size_t kMasterColumnCount = 16;

enum class MasterDialect : uint8_t { angel, dhan, kite, own };

class MasterRow {
  public:
    std::string& operator[](MasterColumn column) { return fields_[static_cast<size_t>(column)]; }
    std::string_view operator[](MasterColumn column) const { return fields_[static_cast<size_t>(column)]; }
    void clear() {
        for (std::string& field : fields_) field.clear();
    }

  private:
    std::array<std::string, kMasterColumnCount> fields_;
};

enum class MasterRowFate : uint8_t { kept, elsewhere, bad };

// Fills `contract` (all but its line). `problem` says what is wrong with a bad row.
MasterRowFate read_master_row(MasterDialect dialect, const MasterRow& row, ListedContract& contract,
                              std::string& problem);

// "2026-11-24", "2026-11-24 14:30:00", "24NOV2026", "24-NOV-2026", "24-11-2026", "24/11/2026", "24/11/26"; nothing
// else.
std::optional<Date> parse_master_date(std::string_view text);

}  // namespace tide
