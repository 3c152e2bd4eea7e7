#include <fmt/format.h>
#include <unistd.h>

#include <iostream>

#include "app/commands.hpp"
#include "app/paths.hpp"
#include "app/terminal.hpp"
#include "ops/audit_commands.hpp"
#include "ops/report_commands.hpp"
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
    if (!std::cout) {
        return make_error(ErrorCode::io, "the output could not be written (disk full, or the reader is gone)");
    }
    return static_cast<ExitCode>(*code);
}

// A date, or a moment with or without an offset (India). `end`: a date means the moment after it.
Result<std::optional<ReceiveTime>> moment_of(const std::string& text, const char* option, bool end) {
    if (text.empty()) return std::optional<ReceiveTime>();
    if (const auto date = parse_date(text)) return std::optional(at(*date + std::chrono::days(end ? 1 : 0), {}));
    if (const auto moment = parse_timestamp(text)) return std::optional(as_receive_time(*moment));
    return make_error(ErrorCode::usage,
                      fmt::format("{} {}: give a date YYYY-MM-DD or a time YYYY-MM-DDTHH:MM:SS", option, text));
}

template <class Filter>
Result<Filter> filter_of(const StoreOptions& options) {
    Filter filter;
    filter.session = options.session;
    filter.limit = options.limit;
    const auto from = moment_of(options.from, "--from", false);
    if (!from) return from.error();
    const auto to = moment_of(options.to, "--to", true);
    if (!to) return to.error();
    filter.from = *from;
    filter.to = *to;
    return filter;
}

// Reads the store with the filter that the options say.
template <class Filter, class Show>
Result<ExitCode> with_filter(const StoreOptions& options, const Show& show) {
    const auto filter = filter_of<Filter>(options);
    if (!filter) return filter.error();
    return with_store(
        options, [&](const LedgerReader& ledger, const OutputStyle& style) { return show(ledger, *filter, style); });
}

Result<AuditFilter> audit_filter_of(const StoreOptions& options) {
    auto filter = filter_of<AuditFilter>(options);
    if (!filter) return filter;
    filter->kind = options.kind;
    if (options.order) filter->order = static_cast<uint64_t>(*options.order);
    return filter;
}

Result<ReportForm> form_of(const StoreOptions& options) {
    if (options.json && options.csv) return make_error(ErrorCode::usage, "--json and --csv: give one of them");
    return options.json ? ReportForm::json : options.csv ? ReportForm::csv : ReportForm::table;
}

// Rows of the running session are its own; of any other the store's.
bool asks_for_now(const StoreOptions& options) {
    return options.session.empty() && options.from.empty() && options.to.empty() && options.limit == 0;
}

}  // namespace

Result<ExitCode> sessions_command(const StoreOptions& options) {
    return with_store(options, [](const LedgerReader& ledger, const OutputStyle& style) {
        return run_sessions_command(ledger, style, std::cout);
    });
}
Result<ExitCode> trades_command(const StoreOptions& options) {
    return with_filter<RowFilter>(options,
                                  [](const LedgerReader& ledger, const RowFilter& filter, const OutputStyle& style) {
                                      return run_trades_command(ledger, filter, style, std::cout);
                                  });
}
Result<ExitCode> orders_command(const StoreOptions& options) {
    if (asks_for_now(options)) {
        auto shown = show_running_engine(ControlView::orders, options.home, options.json);
        if (!shown) return shown.error();
        if (*shown) return ExitCode::done;
    }
    return with_filter<RowFilter>(options,
                                  [](const LedgerReader& ledger, const RowFilter& filter, const OutputStyle& style) {
                                      return run_orders_command(ledger, filter, style, std::cout);
                                  });
}
Result<ExitCode> positions_command(const StoreOptions& options) {
    if (asks_for_now(options)) {
        auto shown = show_running_engine(ControlView::positions, options.home, options.json);
        if (!shown) return shown.error();
        if (*shown) return ExitCode::done;
    }
    return with_filter<PositionFilter>(
        options, [](const LedgerReader& ledger, const PositionFilter& filter, const OutputStyle& style) {
            return run_positions_command(ledger, filter, style, std::cout);
        });
}
Result<ExitCode> audit_command(const StoreOptions& options) {
    const auto filter = audit_filter_of(options);
    if (!filter) return filter.error();
    return with_store(options, [&](const LedgerReader& ledger, const OutputStyle& style) {
        return run_audit_command(ledger, *filter, style, std::cout);
    });
}
Result<ExitCode> audit_export_command(const StoreOptions& options) {
    if (options.json == options.csv) return make_error(ErrorCode::usage, "audit export: give --csv or --json");
    auto filter = audit_filter_of(options);
    if (!filter) return filter.error();
    if (options.session.empty()) filter->session = "all";
    return with_store(options, [&](const LedgerReader& ledger, const OutputStyle&) {
        return run_audit_export_command(ledger, *filter, options.json, std::cout);
    });
}
Result<ExitCode> audit_why_command(const StoreOptions& options) {
    return with_store(options, [&](const LedgerReader& ledger, const OutputStyle& style) {
        return run_audit_why_command(ledger, options.session, options.subject, style, std::cout);
    });
}
Result<ExitCode> pnl_command(const StoreOptions& options) {
    const auto form = form_of(options);
    if (!form) return form.error();
    const PnlBy by = options.by == "month"      ? PnlBy::month
                     : options.by == "strategy" ? PnlBy::strategy
                     : options.by == "symbol"   ? PnlBy::symbol
                                                : PnlBy::day;
    return with_filter<RowFilter>(options,
                                  [&](const LedgerReader& ledger, const RowFilter& filter, const OutputStyle& style) {
                                      return run_pnl_command(ledger, filter, by, *form, style, std::cout);
                                  });
}
Result<ExitCode> tax_report_command(const StoreOptions& options) {
    const auto form = form_of(options);
    if (!form) return form.error();
    return with_store(options, [&](const LedgerReader& ledger, const OutputStyle& style) {
        return run_tax_command(ledger, options.year, *form, style, std::cout);
    });
}
Result<ExitCode> audit_verify_command(const StoreOptions& options) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    const auto anchors = read_anchors(paths->audit_anchors().string());
    if (!anchors) return anchors.error();
    return with_store(options, [&](const LedgerReader& ledger, const OutputStyle& style) {
        return run_audit_verify_command(ledger, options.session.empty() ? "all" : options.session, *anchors, style,
                                        std::cout);
    });
}

}  // namespace tide
