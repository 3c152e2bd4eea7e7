#pragma once
#include <span>
#include <string_view>

// Every parser of bytes from outside: given any bytes it answers with a value or an error, and what it accepted keeps
// its properties (written and read again it is the same, sums fit, the same twice). A function returns, or stops the
// program. libFuzzer drives each with clang; the fuzz_corpus test drives them all with seeds and fixed mutations of
// them.
namespace tide::fuzz {

void journal_file(std::string_view bytes);    // a whole journal
void journal_record(std::string_view bytes);  // first byte the kind, then a payload; the frame around it is made to fit
void bars_csv(std::string_view bytes);        // CSV or gzip
void ticks_csv(std::string_view bytes);
void ticks_ndjson(std::string_view bytes);
void bars_json(std::string_view bytes);
void contract_master(std::string_view bytes);  // JSON or CSV of a broker
void greeks_rows(std::string_view bytes);
void settings_lines(std::string_view bytes);
void config_toml(std::string_view bytes);
void calendar_toml(std::string_view bytes);
void contracts_toml(std::string_view bytes);
void charges_toml(std::string_view bytes);
void lua_load(std::string_view bytes);    // a strategy file
void lua_on_bar(std::string_view bytes);  // the body of on_bar
// A strategy file or the body of an on_bar: does the same compiled and interpreted, unless it meets a memory limit.
// True when it loads. Driven by lua_mutations.
bool lua_compiled_or_not(std::string_view bytes);
void lua_pattern(std::string_view bytes);  // pattern and subject, a line each
void saved_state(std::string_view bytes);  // what on_load gets
void state_file(std::string_view bytes);   // it between two sessions
void indicator_set(std::string_view bytes);
void control_request(std::string_view bytes);
void session_query(std::string_view bytes);    // a line of the control socket
void exchange_frames(std::string_view bytes);  // what a client says to the paper exchange's process
void exchange_books(std::string_view bytes);   // what it answers
void option_chain(std::string_view bytes);     // a recorded chain
void bars_manifest(std::string_view bytes);    // of backed-up bars
void ledger_manifest(std::string_view bytes);  // of a backed-up store
void record_text(std::string_view bytes);      // a canonical line of the audit trail
void audit_anchors(std::string_view bytes);
void synthetic_feed(std::string_view bytes);     // what stands after --feed
void operator_commands(std::string_view bytes);  // commands, a line each, to a Session
void broker_statement(std::string_view bytes);   // a statement of trades, CSV
void broker_books(std::string_view bytes);       // a broker's order book, trade book and positions
void worker_message(std::string_view bytes);     // what a script's process says: answer, declaration or question
void plain_values(std::string_view bytes);       // times, dates, prices, amounts, symbols
void tick_stream(std::string_view bytes);        // ticks, 12 bytes each, through the bar builders

struct Target {
    std::string_view name;  // of its folder in corpus/ as well
    void (*run)(std::string_view bytes);
    int mutations;  // in the fuzz_corpus test: as many as take about a second
};
std::span<const Target> targets();

}  // namespace tide::fuzz
