#pragma once
#include <optional>
#include <string>
#include <vector>

#include "app/exit_code.hpp"
#include "app/run_options.hpp"
#include "core/result.hpp"
#include "ops/control_protocol.hpp"

// One function a command. Each prints its result to stdout and returns the exit code, or the error that main prints as
// one line.
namespace tide {

Result<ExitCode> run_command(const RunOptions& options);
Result<ExitCode> backtest_command(const RunOptions& options);

struct ReplayOptions {
    std::string journal;
    bool verify = false;
    bool json = false;
};
Result<ExitCode> replay_command(const ReplayOptions& options);

struct ReplOptions {
    std::string home;
    std::string journal;  // instead of the running engine
    std::string moment;   // with a journal: "11:05", "2024-01-25T11:05:00"
    std::string code;
    bool evaluates = false;  // `code` alone, then ends
    bool json = false;
};
// Lua over a read-only view of a session. Exit 1 when the code fails, 3 when no engine runs.
Result<ExitCode> repl_command(const ReplOptions& options);

struct CheckOptions {
    std::vector<std::string> scripts;
    std::vector<std::string> parameters;
    bool json = false;
};
Result<ExitCode> check_command(const CheckOptions& options);

struct StrategyTestOptions {
    std::vector<std::string> files;  // none: every *_test.lua in strategies/
    std::string filter;              // only tests whose full name has this
    bool json = false;
};
// Exit 1 when a test fails, 5 when a strategy under test or a test file is rejected.
Result<ExitCode> strategy_test_command(const StrategyTestOptions& options);

struct NewOptions {
    std::string name;
    std::string folder;  // empty: strategies/
};
// Writes a commented strategy and its test. Errors (usage): a bad name, a file that is there already.
Result<ExitCode> new_command(const NewOptions& options);

struct ApiOptions {
    std::string name;          // "ctx:enter"; empty: all names
    bool markdown = false;     // docs/lua-api.md
    bool annotations = false;  // scripts/_meta/tide.lua
};
Result<ExitCode> api_command(const ApiOptions& options);

// What a command that reads the store was asked for.
struct StoreOptions {
    std::string home;
    std::string session;  // empty: the latest; "all"
    std::string kind;     // audit: only rows of this kind
    std::optional<int64_t> order;
    std::string from, to;    // dates or moments; the whole of the last date
    std::string by = "day";  // pnl: day, month, strategy, symbol
    std::string year;        // tax-report: 2026-27
    std::string subject;     // audit why
    int64_t limit = 0;       // 0: all
    bool json = false;
    bool csv = false;
};
Result<ExitCode> trades_command(const StoreOptions& options);
Result<ExitCode> orders_command(const StoreOptions& options);
Result<ExitCode> positions_command(const StoreOptions& options);
Result<ExitCode> audit_command(const StoreOptions& options);
Result<ExitCode> audit_verify_command(const StoreOptions& options);
Result<ExitCode> audit_export_command(const StoreOptions& options);
Result<ExitCode> audit_why_command(const StoreOptions& options);
Result<ExitCode> pnl_command(const StoreOptions& options);
Result<ExitCode> tax_report_command(const StoreOptions& options);
Result<ExitCode> sessions_command(const StoreOptions& options);

struct DataOptions {
    std::string data;
    std::string timeframe;  // --to
    std::string set;        // indicators
    bool list = false;      // indicators: the registry instead of a file
    bool markdown = false;  // indicators --list as docs/indicators.md
    bool csv = false;
    bool lenient = false;
};
Result<ExitCode> indicators_command(const DataOptions& options);
Result<ExitCode> aggregate_command(const DataOptions& options);
Result<ExitCode> resample_command(const DataOptions& options);
Result<ExitCode> greeks_command();

struct BackupOptions {
    std::string home;
    std::string config_file;
    std::string file;      // restore: the backup's database
    bool now = false;      // backup: make one; else list them
    bool confirm = false;  // restore, retire
    bool json = false;
};
Result<ExitCode> backup_command(const BackupOptions& options);
Result<ExitCode> restore_command(const BackupOptions& options);
// Removes sessions that are older than the audit is kept, after a backup.
Result<ExitCode> audit_retire_command(const BackupOptions& options);

// What one trade costs by the shipped tables.
struct ChargesOptions {
    std::string exchange = "NSE";
    std::string kind = "option";
    std::string broker = "angelone";
    std::string date;
    std::string buy, sell;         // prices
    std::string exercise, strike;  // settlement price of the underlying, strike
    int64_t quantity = 0;          // units
    bool json = false;
};
Result<ExitCode> charges_command(const ChargesOptions& options);

struct ChainOptions {
    std::string data;
    std::string at;      // a timestamp; empty: the last row
    std::string expiry;  // empty: the nearest
    double rate = 0.065;
    int64_t strikes = 15;  // shown each side of the forward; 0: all
    bool lenient = false;
    bool json = false;
};
Result<ExitCode> chain_command(const ChainOptions& options);

struct CalendarOptions {
    std::string exchange;  // empty: NSE, or that of `expiries`
    std::string date;      // empty, as `from`: today
    std::string from, to;
    std::string expiries;  // an underlying: its expiries instead of the days
    bool json = false;
};
Result<ExitCode> calendar_command(const CalendarOptions& options);

struct InstrumentsOptions {
    std::string master;      // file
    std::string on;          // date; empty: today. Contracts that expired before are left out
    std::string underlying;  // empty, as the two below: all
    std::string expiry;
    std::string strike;
    bool summary = false;  // one row an expiry
    bool check = false;    // compare with the dated rules; exit 1 on a difference
    bool json = false;
};
Result<ExitCode> instruments_command(const InstrumentsOptions& options);

struct ConfigOptions {
    std::string config_file;
    std::string home;
    bool json = false;
};
Result<ExitCode> config_show_command(const ConfigOptions& options);
Result<ExitCode> config_validate_command(const ConfigOptions& options);

struct ResumeOptions {
    std::string home;
    std::string config_file;
    bool confirm_safe = false;
    std::string reason;
};
Result<ExitCode> resume_command(const ResumeOptions& options);
// Ends limited mode for the sessions to come.
Result<ExitCode> mode_normal_command(const std::string& home);
// Completes the store from the journals: rows that an interruption kept from it. Exit 1 when something was missing.
struct RecoverOptions {
    std::string home;
    bool acknowledge = false;  // instead: an operator has looked into what differed from the broker's books
    std::string reason;
    bool json = false;
};
Result<ExitCode> recover_command(const RecoverOptions& options);

// Operating the running engine through its control socket. Errors: unreachable when none runs in this home.
struct StatementOptions {
    std::string home;
    std::string config_file;
    std::string file;
    std::string session = "all";
    std::string date;  // of times without one
    bool json = false;
};
// A broker's statement of trades against the store's fills. Exit 1 when they differ.
Result<ExitCode> statement_import_command(const StatementOptions& options);

struct OperateOptions {
    std::string home;
    std::string reason;
    std::string argument;  // as in CommandEvent
    bool json = false;
    bool confirm = false;
};
// Latches the kill switch: of the running engine at once, else for the next one by the EMERGENCY_STOP file.
Result<ExitCode> kill_switch_command(const OperateOptions& options);
// Reads the broker's books and compares them; exit 1 when they differ.
Result<ExitCode> reconcile_command(const OperateOptions& options);
Result<ExitCode> acknowledge_command(const OperateOptions& options);
Result<ExitCode> operate_command(CommandKind kind, const OperateOptions& options);
// Reads the running engine, or the store when none runs.
Result<ExitCode> status_command(const OperateOptions& options);
Result<ExitCode> balance_command(const OperateOptions& options);
Result<ExitCode> risk_command(const OperateOptions& options);
// True when the running engine has answered (and its answer is printed).
Result<bool> show_running_engine(ControlView view, const std::string& home, bool json);

struct ExchangeOptions {
    std::string home;
    bool once = false;
    bool show = false;
    bool json = false;
};
// Serves a paper exchange until SIGTERM, or shows the books of the one that runs. Errors: unreachable.
Result<ExitCode> paper_exchange_command(const ExchangeOptions& options);

struct ZygoteOptions {
    int64_t engine_process = 0;
    bool unconfined = false;
};
// What an engine starts when the processes that start its scripts' processes have ended. Ends with it.
Result<ExitCode> script_zygote(const ZygoteOptions& options);

struct HealthOptions {
    std::string home;
    std::string config_file;
    bool full = false;
    bool json = false;
};
// Exit 1 when a check fails.
Result<ExitCode> health_check_command(const HealthOptions& options);

}  // namespace tide
