#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/broker_statement.hpp"
#include "app/commands.hpp"
#include "app/engine_settings.hpp"
#include "app/paths.hpp"

namespace tide {
namespace {

constexpr uintmax_t kStatementBytesMax = 64U << 20;

Result<std::string> read_text(const std::string& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (error) return make_error(ErrorCode::not_found, fmt::format("{}: {}", file, error.message()));
    if (size > kStatementBytesMax) return make_error(ErrorCode::input, fmt::format("{}: larger than 64 MB", file));
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return make_error(ErrorCode::io, fmt::format("{}: cannot be read", file));
    return text.str();
}

void print(const Statement& statement, const StatementMatch& match, size_t fills) {
    fmt::print("{} trade(s) of the statement ({}), {} fill(s) of ours: {} the same\n", statement.trades.size(),
               statement.format, fills, match.matched);
    if (match.charges_theirs)
        fmt::print("charges: ours {}, theirs {}\n", to_string(match.charges_ours), to_string(*match.charges_theirs));
    for (const auto& difference : match.differences) {
        const std::string line = difference.line > 0 ? fmt::format(" (line {})", difference.line) : "";
        fmt::print("{:<17} {}{} {}\n", difference.what, difference.subject, line, difference.values);
    }
}

void print_json(const Statement& statement, const StatementMatch& match, size_t fills) {
    auto differences = nlohmann::ordered_json::array();
    for (const auto& d : match.differences) {
        nlohmann::ordered_json row{{"what", d.what}, {"subject", d.subject}, {"values", d.values}};
        row["line"] = d.line > 0 ? nlohmann::ordered_json(d.line) : nlohmann::ordered_json(nullptr);
        differences.push_back(std::move(row));
    }
    nlohmann::ordered_json document{
        {"schema_version", 1}, {"format", statement.format}, {"trades", statement.trades.size()},
        {"fills", fills},      {"matched", match.matched},   {"differences", std::move(differences)}};
    if (match.charges_theirs)
        document["charges"] = {{"ours", to_string(match.charges_ours)},
                               {"statement", to_string(*match.charges_theirs)}};
    std::cout << document.dump(2) << "\n";
}

}  // namespace

Result<ExitCode> statement_import_command(const StatementOptions& options) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    EngineSettings settings;
    if (auto read =
            settings.read_file(options.config_file.empty() ? paths->config_file().string() : options.config_file);
        !read) {
        return read.error();
    }
    const auto day = options.date.empty() ? std::nullopt : parse_date(options.date);
    if (!options.date.empty() && !day)
        return make_error(ErrorCode::usage, fmt::format("--date {}: give it as 2026-11-20", options.date));
    const auto text = read_text(options.file);
    if (!text) return text.error();
    const auto statement = parse_statement(*text, options.file, day);
    if (!statement) return statement.error();
    auto ledger = LedgerReader::open(paths->ledger().string());
    if (!ledger) return ledger.error();
    RowFilter filter;
    filter.session = options.session;
    filter.from = at(statement->first_day, Duration(0));
    filter.to = at(statement->last_day + std::chrono::days(1), Duration(0));
    const auto fills = ledger->fills(filter);
    if (!fills) return fills.error();
    StatementTolerance tolerance;
    tolerance.time = Duration(static_cast<int64_t>(settings.session.reconcile.statement_time_s * 1e9));
    tolerance.charges = settings.session.reconcile.charges_tolerance;
    const StatementMatch match = match_statement(*statement, *fills, tolerance);
    options.json ? print_json(*statement, match, fills->size()) : print(*statement, match, fills->size());
    return match.differences.empty() ? ExitCode::done : ExitCode::does_not_hold;
}

}  // namespace tide
