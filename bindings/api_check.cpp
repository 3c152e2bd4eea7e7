#include "bindings/api_check.hpp"

#include <algorithm>
#include <charconv>
#include <lua.hpp>

#include "bindings/api_check_rules.hpp"
#include "bindings/lua_runtime.hpp"

namespace tide {
namespace {

constexpr int kFactRounds = 4;

// "adx_trend.lua:12: what\ntraceback" of a message, as a finding.
ScriptFinding finding_of(std::string_view message, const std::string& default_file) {
    message = message.substr(0, message.find('\n'));
    ScriptFinding finding{default_file, 0, true, std::string(message)};
    const size_t colon = message.find(".lua:");
    if (colon == std::string_view::npos) return finding;
    const std::string_view file = message.substr(0, colon + 4);
    if (file.find_first_of(" '\"") != std::string_view::npos) return finding;
    std::string_view rest = message.substr(colon + 5);
    int line = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), line);
    if (error == std::errc()) {
        rest.remove_prefix(static_cast<size_t>(end - rest.data()));
        if (rest.starts_with(':')) rest.remove_prefix(1);
        finding.line = line;
    }
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    finding.file = file;
    finding.text = rest;
    return finding;
}

struct CheckedSource {
    std::string file;
    std::string_view name, text;
    bool is_strategy = false;
    bool sound = true;  // it compiles, and the walk found its way
};

std::vector<CheckedSource> sources_of(const ScriptBundle& bundle) {
    std::vector<CheckedSource> sources;
    for (const ScriptSource& module : bundle.modules)
        sources.push_back({module.name + ".lua", module.name, module.text});
    sources.push_back({bundle.name + ".lua", bundle.name, bundle.text, true});
    return sources;
}

void compile_all(std::vector<CheckedSource>& sources, std::vector<ScriptFinding>& findings) {
    LuaRuntime runtime(LuaLimits(), 0);
    for (CheckedSource& source : sources) {
        const int top = lua_gettop(runtime.state());
        const auto compiled = runtime.compile(source.name, source.text);
        lua_settop(runtime.state(), top);
        if (compiled) continue;
        source.sound = false;
        findings.push_back(finding_of(compiled.error().message, source.file));
    }
}

// What loading said, unless the same place has an error already.
void add_load_error(const ScriptBundle& bundle, const Error& error, std::vector<ScriptFinding>& findings) {
    ScriptFinding refused = finding_of(error.message, bundle.name + ".lua");
    const bool known = std::any_of(findings.begin(), findings.end(), [&](const ScriptFinding& other) {
        return other.error && other.file == refused.file && other.line == refused.line;
    });
    if (!known) findings.push_back(std::move(refused));
}

}  // namespace

std::vector<ScriptFinding> check_sources(const ScriptBundle& bundle, const Result<StrategyDeclaration>& loaded) {
    std::vector<CheckedSource> sources = sources_of(bundle);
    std::vector<ScriptFinding> findings;
    compile_all(sources, findings);
    const StrategyDeclaration* declaration = loaded ? &*loaded : nullptr;
    // What is known of a file may stand in a later one, and of a name in a later line, which may give it to one more.
    SourceFacts facts;
    for (int round = 0; round < kFactRounds; ++round) {
        SourceFacts found = facts;
        found.changed.clear();
        found.given_fields.clear();
        SourceRules unheard(facts, declaration);
        for (CheckedSource& source : sources)
            source.sound =
                source.sound && walk_source(source.text, source.file, source.is_strategy, unheard, facts, &found);
        facts = std::move(found);
    }
    for (const CheckedSource& source : sources) {
        if (!source.sound) continue;
        SourceRules rules(facts, declaration);
        walk_source(source.text, source.file, source.is_strategy, rules, facts, nullptr);
        for (ScriptFinding& finding : rules.take()) findings.push_back(std::move(finding));
    }
    if (!loaded) add_load_error(bundle, loaded.error(), findings);
    const auto place = [&](const std::string& file) {
        return std::find_if(sources.begin(), sources.end(), [&](const auto& source) { return source.file == file; }) -
               sources.begin();
    };
    std::stable_sort(findings.begin(), findings.end(), [&](const ScriptFinding& one, const ScriptFinding& other) {
        return std::pair(place(one.file), one.line) < std::pair(place(other.file), other.line);
    });
    return findings;
}

}  // namespace tide
