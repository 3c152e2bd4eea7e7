#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/paths.hpp"
#include "app/script_files.hpp"
#include "bindings/lua_host.hpp"

namespace tide {
namespace {

nlohmann::json describe(const std::string& name, const Result<StrategyDeclaration>& checked) {
    if (!checked) return {{"script", name}, {"ok", false}, {"error", checked.error().message}};
    auto parameters = nlohmann::json::object();
    for (const auto& [key, value] : checked->parameters) parameters[key] = value;
    return {{"script", name},
            {"ok", true},
            {"name", checked->name},
            {"version", checked->version},
            {"sha256", checked->sha256},
            {"symbols", checked->symbols},
            {"bars", checked->timeframe_names},
            {"parameters", parameters}};
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
        if (!checked) worst = exit_code_of(checked.error().code);
        document.push_back(describe(name, checked));
        if (options.json) continue;
        if (!checked) {
            fmt::print(stderr, "engine: {}\n", one_line(checked.error().message));
            continue;
        }
        fmt::print("{}: ok: {} {} (sha256 {})\n", name, checked->name, checked->version, checked->sha256.substr(0, 16));
        for (const auto& [key, value] : checked->parameters) fmt::print("    {} = {}\n", key, value);
    }
    if (options.json) std::cout << nlohmann::json{{"schema_version", 1}, {"scripts", document}}.dump(2) << "\n";
    return worst;
}

}  // namespace tide
