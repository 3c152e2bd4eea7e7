#include "targets.hpp"

namespace tide::fuzz {
namespace {

constexpr Target kTargets[] = {
    {"journal_file", journal_file, 1500},
    {"journal_record", journal_record, 20'000},
    {"bars_csv", bars_csv, 1500},
    {"ticks_csv", ticks_csv, 1500},
    {"ticks_ndjson", ticks_ndjson, 1500},
    {"bars_json", bars_json, 1500},
    {"contract_master", contract_master, 1500},
    {"greeks_rows", greeks_rows, 2000},
    {"settings_lines", settings_lines, 2000},
    {"config_toml", config_toml, 1000},
    {"calendar_toml", calendar_toml, 500},
    {"contracts_toml", contracts_toml, 500},
    {"charges_toml", charges_toml, 500},
    {"lua_load", lua_load, 300},
    {"lua_on_bar", lua_on_bar, 200},
    {"lua_pattern", lua_pattern, 5000},
    {"saved_state", saved_state, 5000},
    {"state_file", state_file, 5000},
    {"indicator_set", indicator_set, 2000},
    {"plain_values", plain_values, 20'000},
    {"tick_stream", tick_stream, 2000},
    {"control_request", control_request, 20'000},
    {"session_query", session_query, 20'000},
    {"exchange_frames", exchange_frames, 5000},
    {"exchange_books", exchange_books, 20'000},
    {"option_chain", option_chain, 1500},
    {"bars_manifest", bars_manifest, 5000},
    {"ledger_manifest", ledger_manifest, 1500},
    {"record_text", record_text, 20'000},
    {"audit_anchors", audit_anchors, 5000},
    {"synthetic_feed", synthetic_feed, 20'000},
    {"operator_commands", operator_commands, 1500},
    {"broker_statement", broker_statement, 3000},
    {"broker_books", broker_books, 20'000},
    {"worker_message", worker_message, 20'000},
};

}  // namespace

std::span<const Target> targets() { return kTargets; }

}  // namespace tide::fuzz
