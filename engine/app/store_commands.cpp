#include <unistd.h>

#include <iostream>

#include "app/commands.hpp"
#include "app/paths.hpp"
#include "app/terminal.hpp"
#include "ops/store_commands.hpp"
#include "ops/terminal_width.hpp"

// The commands that read the store.
namespace tide {
namespace {

Result<LedgerReader> open_store(const StoreOptions& options) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    return LedgerReader::open(paths->ledger().string());
}

template <class Show>
Result<ExitCode> with_store(const StoreOptions& options, const Show& show) {
    auto ledger = open_store(options);
    if (!ledger) return ledger.error();
    const Result<int> code = show(*ledger, OutputStyle{options.json, !options.json && colour_allowed(STDOUT_FILENO),
                                                       terminal_width(STDOUT_FILENO)});
    if (!code) return code.error();
    std::cout.flush();
    return static_cast<ExitCode>(*code);
}

template <class Filter>
Filter filter_of(const StoreOptions& options) {
    Filter filter;
    filter.session = options.session;
    filter.limit = options.limit;
    return filter;
}

}  // namespace

Result<ExitCode> sessions_command(const StoreOptions& options) {
    return with_store(options, [](const LedgerReader& ledger, const OutputStyle& style) {
        return run_sessions_command(ledger, style, std::cout);
    });
}
Result<ExitCode> trades_command(const StoreOptions& options) {
    return with_store(options, [&](const LedgerReader& ledger, const OutputStyle& style) {
        return run_trades_command(ledger, filter_of<RowFilter>(options), style, std::cout);
    });
}
Result<ExitCode> orders_command(const StoreOptions& options) {
    return with_store(options, [&](const LedgerReader& ledger, const OutputStyle& style) {
        return run_orders_command(ledger, filter_of<RowFilter>(options), style, std::cout);
    });
}
Result<ExitCode> positions_command(const StoreOptions& options) {
    return with_store(options, [&](const LedgerReader& ledger, const OutputStyle& style) {
        return run_positions_command(ledger, filter_of<PositionFilter>(options), style, std::cout);
    });
}
Result<ExitCode> audit_command(const StoreOptions& options) {
    return with_store(options, [&](const LedgerReader& ledger, const OutputStyle& style) {
        auto filter = filter_of<AuditFilter>(options);
        filter.kind = options.kind;
        if (options.order) filter.order = static_cast<uint64_t>(*options.order);
        return run_audit_command(ledger, filter, style, std::cout);
    });
}
Result<ExitCode> audit_verify_command(const StoreOptions& options) {
    return with_store(options, [&](const LedgerReader& ledger, const OutputStyle& style) {
        return run_audit_verify_command(ledger, options.session.empty() ? "all" : options.session, style, std::cout);
    });
}

}  // namespace tide
