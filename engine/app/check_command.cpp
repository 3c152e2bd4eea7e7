#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/paths.hpp"
#include "app/script_files.hpp"
#include "bindings/api_check.hpp"
#include "bindings/lua_host.hpp"

namespace tide {
namespace {

bool has_errors(const std::vector<ScriptFinding>& findings) {
    return std::any_of(findings.begin(), findings.end(), [](const ScriptFinding& finding) { return finding.error; });
}

nlohmann::json describe(const std::vector<ScriptFinding>& findings) {
    auto list = nlohmann::json::array();
    for (const auto& finding : findings) {
        list.push_back({{"file", finding.file},
                        {"line", finding.line},
                        {"severity", finding.error ? "error" : "warning"},
                        {"text", finding.text}});
    }
    return list;
}

nlohmann::json describe(const std::string& name, const Result<StrategyDeclaration>& checked,
                        const std::vector<ScriptFinding>& findings) {
    if (!checked) {
        return {{"script", name}, {"ok", false}, {"error", checked.error().message}, {"findings", describe(findings)}};
    }
    auto parameters = nlohmann::json::object();
    for (const auto& [key, value] : checked->parameters) parameters[key] = value;
    return {{"script", name},
            {"ok", !has_errors(findings)},
            {"name", checked->name},
            {"version", checked->version},
            {"sha256", checked->sha256},
            {"symbols", checked->symbols},
            {"bars", checked->timeframe_names},
            {"parameters", parameters},
            {"findings", describe(findings)}};
}

}  // namespace

Result<ExitCode> check_command(const CheckOptions& options) {
    auto paths = find_paths("");
    if (!paths) return paths.error();
    if (auto fit = LuaHost::self_test(); !fit) return fit.error();
    auto document = nlohmann::json::array();
    ExitCode worst = ExitCode::done;
    for (const auto& name : options.scripts) {
        auto bundles = read_scripts(*paths, {name}, options.parameters);
        if (!bundles && bundles.error().code != ErrorCode::script) return bundles.error();
        const auto checked = bundles ? check_script(bundles->front()) : Result<StrategyDeclaration>(bundles.error());
        // What is wrong with the command line is not looked for in the sources.
        const bool look = bundles && (checked || checked.error().code == ErrorCode::script);
        const auto findings = look ? check_sources(bundles->front(), checked) : std::vector<ScriptFinding>();
        if (!checked) worst = exit_code_of(checked.error().code);
        if (checked && has_errors(findings)) worst = exit_code_of(ErrorCode::script);
        document.push_back(describe(name, checked, findings));
        if (options.json) continue;
        for (const auto& finding : findings) fmt::print(stderr, "engine: {}\n", one_line(text_of(finding)));
        if (!checked && findings.empty()) fmt::print(stderr, "engine: {}\n", one_line(checked.error().message));
        if (!checked || has_errors(findings)) continue;
        fmt::print("{}: ok: {} {} (sha256 {})\n", name, checked->name, checked->version, checked->sha256.substr(0, 16));
        for (const auto& [key, value] : checked->parameters) fmt::print("    {} = {}\n", key, value);
    }
    if (options.json) std::cout << nlohmann::json{{"schema_version", 1}, {"scripts", document}}.dump(2) << "\n";
    return worst;
}

}  // namespace tide
