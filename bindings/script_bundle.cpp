#include "bindings/script_bundle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "bindings/lua_lexer.hpp"
#include "core/digest.hpp"
#include "core/settings.hpp"

namespace tide {
namespace {

namespace fs = std::filesystem;

Error fail(ErrorCode code, std::string message) { return make_error(code, std::move(message)); }

bool is_module_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

Result<std::string> read_file(const fs::path& path) {
    std::error_code ignored;
    if (fs::is_directory(path, ignored))
        return fail(ErrorCode::not_found, fmt::format("{} is a folder, not a script", path.string()));
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(ErrorCode::not_found, fmt::format("cannot open {}", path.string()));
    std::ostringstream text;
    text << file.rdbuf();
    if (file.bad()) return fail(ErrorCode::io, fmt::format("cannot read {}", path.string()));
    return text.str();
}

std::vector<std::string> lua_names_in(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        if (entry.path().extension() == ".lua") names.push_back(entry.path().stem().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

// Reads a strategy's modules depth first, so that each comes after what it needs.
class BundleReader {
  public:
    explicit BundleReader(std::vector<fs::path> folders) : folders_(std::move(folders)) {}

    Result<void> add_modules_of(std::string_view text, const std::string& file) {
        const auto names = required_modules(text, file);
        if (!names) return names.error();
        for (const std::string& name : *names) {
            if (auto added = add(name, file); !added) return added.error();
        }
        return {};
    }
    std::vector<ScriptSource> take() { return std::move(modules_); }

  private:
    Result<void> add(const std::string& name, const std::string& wanted_by) {
        const auto same = [&](const ScriptSource& module) { return module.name == name; };
        if (std::any_of(modules_.begin(), modules_.end(), same)) return {};
        if (const auto open = std::find(open_.begin(), open_.end(), name); open != open_.end()) {
            std::vector<std::string> circle(open, open_.end());
            circle.push_back(name);
            return fail(ErrorCode::script, fmt::format("{}: modules need each other in a circle: {}", wanted_by,
                                                       fmt::join(circle, " -> ")));
        }
        const auto path = find(name);
        if (!path) return not_found(name, wanted_by);
        auto text = read_file(*path);
        if (!text) return text.error();
        open_.push_back(name);
        if (auto added = add_modules_of(*text, name + ".lua"); !added) return added;
        open_.pop_back();
        modules_.push_back({name, std::move(*text)});
        return {};
    }

    std::optional<fs::path> find(const std::string& name) const {
        std::error_code ignored;
        for (const fs::path& folder : folders_) {
            fs::path candidate = folder / (name + ".lua");
            if (fs::is_regular_file(candidate, ignored)) return candidate;
        }
        return std::nullopt;
    }

    Error not_found(const std::string& name, const std::string& wanted_by) const {
        std::vector<std::string> searched, names;
        for (const fs::path& folder : folders_) {
            searched.push_back(folder.string());
            for (std::string& found : lua_names_in(folder)) names.push_back(std::move(found));
        }
        const std::string near = nearest_word(name, names);
        return fail(ErrorCode::not_found, fmt::format("{}: module '{}' not found; looked for {}.lua in {}{}", wanted_by,
                                                      name, name, fmt::join(searched, ", "),
                                                      near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
    }

    std::vector<fs::path> folders_;
    std::vector<ScriptSource> modules_;
    std::vector<std::string> open_;
};

}  // namespace

Result<std::vector<std::string>> required_modules(std::string_view text, std::string_view file) {
    const auto tokens = lex_lua(text, file, LuaLimits{}.source_bytes_max);
    if (!tokens) return tokens.error();
    std::vector<std::string> names;
    for (size_t i = 0; i + 1 < tokens->size(); ++i) {
        if ((*tokens)[i].kind != LuaTokenKind::word || (*tokens)[i].bytes != "require") continue;
        const bool field = i > 0 && ((*tokens)[i - 1].bytes == "." || (*tokens)[i - 1].bytes == ":");
        const size_t at = (*tokens)[i + 1].bytes == "(" ? i + 2 : i + 1;
        if (field || at >= tokens->size() || (*tokens)[at].kind != LuaTokenKind::text) continue;
        const LuaToken& token = (*tokens)[at];
        const std::string name(token.bytes.substr(1, token.bytes.size() - 2));
        if (!is_module_name(name))
            return fail(ErrorCode::script,
                        fmt::format("{}:{}: require {}: a module's name has letters, digits and underscores only", file,
                                    token.line, token.bytes));
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    return names;
}

Result<ScriptBundle> load_bundle(const fs::path& strategy_file, const std::vector<fs::path>& module_folders) {
    auto text = read_file(strategy_file);
    if (!text) return text.error();
    ScriptBundle bundle;
    bundle.name = strategy_file.stem().string();
    bundle.text = std::move(*text);
    std::vector<fs::path> folders{strategy_file.has_parent_path() ? strategy_file.parent_path() : fs::path(".")};
    for (const fs::path& folder : module_folders) {
        if (std::find(folders.begin(), folders.end(), folder) == folders.end()) folders.push_back(folder);
    }
    BundleReader reader(std::move(folders));
    if (auto added = reader.add_modules_of(bundle.text, bundle.name + ".lua"); !added) return added.error();
    bundle.modules = reader.take();
    return bundle;
}

std::string bundle_sha256(const ScriptBundle& bundle) {
    Sha256 digest;
    const auto add = [&](std::string_view name, std::string_view text) {
        digest.update(fmt::format("{}\n{}\n", name, text.size())).update(text);
    };
    for (const ScriptSource& module : bundle.modules) add(module.name, module.text);
    add(bundle.name, bundle.text);
    return to_hex(digest.finish());
}

}  // namespace tide
