#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/script_files.hpp"
#include "app/strategy_test_market.hpp"
#include "app/terminal.hpp"
#include "bindings/lua_host.hpp"
#include "bindings/script_bundle.hpp"
#include "bindings/test_file.hpp"

namespace tide {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kEnding = "_test.lua";

struct TestResult {
    LuaTestFile::Test test;
    std::optional<Error> failure;
    double milliseconds = 0;
    std::vector<std::string> printed;
};
struct FileResult {
    std::string file;
    std::optional<Error> refused;  // the file itself
    std::vector<TestResult> tests;
};

double milliseconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

std::string full_name(const LuaTestFile::Test& test) {
    std::string name;
    for (const std::string& group : test.groups) name += group + " ";
    return name + test.name;
}

Result<std::vector<fs::path>> files_to_run(const Paths& paths, const std::vector<std::string>& names) {
    std::vector<fs::path> files;
    for (const std::string& name : names) {
        auto file = find_script(paths, name);
        if (!file) return file.error();
        files.push_back(*file);
    }
    if (!names.empty()) return files;
    const fs::path folder = paths.resources / "strategies";
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        if (entry.path().filename().string().ends_with(kEnding)) files.push_back(entry.path());
    }
    if (files.empty()) {
        return make_error(ErrorCode::usage, fmt::format("no strategy tests (*{}) in {}; engine new NAME makes a "
                                                        "strategy with one",
                                                        kEnding, folder.string()));
    }
    std::sort(files.begin(), files.end());
    return files;
}

Result<FileResult> run_file(const fs::path& file, const TestTables& tables, const std::string& filter) {
    FileResult result;
    result.file = file.filename().string();
    auto bundle = load_bundle(file, {tables.paths.resources / "scripts"});
    if (!bundle && bundle.error().code != ErrorCode::script) return bundle.error();
    StrategyTestMarkets markets(tables, file.parent_path());
    auto tests = bundle ? LuaTestFile::load(*bundle, markets) : Result<std::unique_ptr<LuaTestFile>>(bundle.error());
    if (!tests) {
        result.refused = tests.error();
        return result;
    }
    for (size_t i = 0; i < (*tests)->tests().size(); ++i) {
        TestResult one;
        one.test = (*tests)->tests()[i];
        if (full_name(one.test).find(filter) == std::string::npos) continue;
        const auto start = std::chrono::steady_clock::now();
        if (auto ran = (*tests)->run(i); !ran) one.failure = ran.error();
        one.milliseconds = milliseconds_since(start);
        one.printed = (*tests)->printed();
        result.tests.push_back(std::move(one));
    }
    return result;
}

// How results look: signs and colours where the terminal has them.
struct Style {
    const char* passed = "ok  ";
    const char* failed = "FAIL";
    const char *green = "", *red = "", *plain = "";

    static Style of_terminal() {
        Style style;
        if (speaks_utf8(STDOUT_FILENO)) {
            style.passed = "✓";
            style.failed = "✗";
        }
        if (colour_allowed(STDOUT_FILENO)) {
            style.green = "\033[32m";
            style.red = "\033[31m";
            style.plain = "\033[0m";
        }
        return style;
    }
};

void print_indented(std::string_view text, const std::string& indent) {
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        fmt::print("{}{}\n", indent, text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

// An expectation's text is for the reader as it is; a Lua error comes with its traceback.
std::string failure_text(const Error& error) {
    return error.code == ErrorCode::mismatch ? error.message : one_line(error.message);
}

void print_file(const FileResult& result, const Style& style) {
    fmt::print("{}\n", result.file);
    if (result.refused) {
        fmt::print("  {}{}{}\n", style.red, style.failed, style.plain);
        print_indented(one_line(result.refused->message), "      ");
    }
    std::vector<std::string> groups;
    for (const TestResult& one : result.tests) {
        size_t common = 0;
        while (common < std::min(groups.size(), one.test.groups.size()) && groups[common] == one.test.groups[common])
            ++common;
        for (size_t i = common; i < one.test.groups.size(); ++i)
            fmt::print("{}{}\n", std::string(2 * (i + 1), ' '), one.test.groups[i]);
        groups = one.test.groups;
        const std::string indent(2 * (groups.size() + 1), ' ');
        fmt::print("{}{}{}{} {} ({:.1f} ms)\n", indent, one.failure ? style.red : style.green,
                   one.failure ? style.failed : style.passed, style.plain, one.test.name, one.milliseconds);
        if (one.failure) print_indented(failure_text(*one.failure), indent + "    ");
        for (const std::string& line : one.printed) fmt::print("{}    | {}\n", indent, line);
    }
}

nlohmann::json to_json(const FileResult& result) {
    auto tests = nlohmann::json::array();
    for (const TestResult& one : result.tests) {
        nlohmann::json row{{"name", one.test.name},
                           {"groups", one.test.groups},
                           {"ok", !one.failure.has_value()},
                           {"milliseconds", one.milliseconds}};
        if (one.failure) row["failure"] = failure_text(*one.failure);
        if (!one.printed.empty()) row["printed"] = one.printed;
        tests.push_back(std::move(row));
    }
    nlohmann::json document{{"file", result.file}, {"tests", tests}};
    if (result.refused) document["error"] = one_line(result.refused->message);
    return document;
}

struct Totals {
    size_t passed = 0, failed = 0;
    bool rejected = false;  // a strategy, or a test file

    void add(const FileResult& result) {
        rejected = rejected || result.refused.has_value();
        for (const TestResult& one : result.tests) {
            ++(one.failure ? failed : passed);
            rejected = rejected || (one.failure && one.failure->code == ErrorCode::script);
        }
    }
    ExitCode exit_code() const {
        if (rejected) return ExitCode::script;
        return failed > 0 ? ExitCode::does_not_hold : ExitCode::done;
    }
};

}  // namespace

Result<ExitCode> strategy_test_command(const StrategyTestOptions& options) {
    auto paths = find_paths("");
    if (!paths) return paths.error();
    if (auto fit = LuaHost::self_test(); !fit) return fit.error();
    auto files = files_to_run(*paths, options.files);
    if (!files) return files.error();
    auto tables = TestTables::load(*paths);
    if (!tables) return tables.error();
    const Style style = Style::of_terminal();
    const auto start = std::chrono::steady_clock::now();
    auto document = nlohmann::json::array();
    Totals totals;
    for (const fs::path& file : *files) {
        auto result = run_file(file, *tables, options.filter);
        if (!result) return result.error();
        totals.add(*result);
        const bool left_out = !options.filter.empty() && result->tests.empty() && !result->refused;
        if (options.json) document.push_back(to_json(*result));
        if (!options.json && !left_out) print_file(*result, style);
    }
    if (options.json) {
        std::cout << nlohmann::json{{"schema_version", 1},
                                    {"files", document},
                                    {"passed", totals.passed},
                                    {"failed", totals.failed}}
                         .dump(2)
                  << "\n";
        return totals.exit_code();
    }
    if (totals.passed + totals.failed == 0 && !totals.rejected)
        return make_error(ErrorCode::usage, options.filter.empty()
                                                ? "there is no test: it(\"…\", function() … end) makes one"
                                                : fmt::format("no test's name has '{}'", options.filter));
    fmt::print("{} passed, {}{} failed{}, {:.0f} ms\n", totals.passed, totals.failed > 0 ? style.red : "",
               totals.failed, totals.failed > 0 ? style.plain : "", milliseconds_since(start));
    return totals.exit_code();
}

}  // namespace tide
