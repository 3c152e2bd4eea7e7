#pragma once
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "ledger/ledger_reader.hpp"
#include "ops/text_table.hpp"

// What the commands over the store share in their output.
namespace tide {

using Json = nlohmann::ordered_json;

// "2026-11-18 10:15:00"
std::string shown_time(ReceiveTime time);
// A record's text for people: `first_ns=1794973800400000000` as `first=10:00:00`, with the date where it is not `day`.
std::string with_clock_times(std::string_view text, Date day);
TableWriter::Cell amount_cell(Money amount);
Json time_json(const std::optional<ReceiveTime>& time);
// {"schema_version": 1, "ledger": path}
Json document(const LedgerReader& ledger);
// Bytes that are not UTF-8 are replaced. Gives 0, the exit code.
int write_json(const Json& json, std::ostream& out);
// One field of a CSV line, quoted where it must be (RFC 4180).
std::string csv_field(std::string_view text);

}  // namespace tide
