#include "app/config_file.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include "market/toml_reader.hpp"

namespace tide {
namespace {

std::string text_of(const toml::node& node) {
    if (const auto* value = node.as_string()) return value->get();
    if (const auto* value = node.as_boolean()) return value->get() ? "true" : "false";
    if (const auto* value = node.as_integer()) return fmt::format("{}", value->get());
    if (const auto* value = node.as_floating_point()) return fmt::format("{}", value->get());
    if (const auto* value = node.as_time())
        return fmt::format("{:02d}:{:02d}:{:02d}", value->get().hour, value->get().minute, value->get().second);
    return "(not a single value)";
}

Result<void> read_table(const toml::table& table, const std::string& prefix, const std::string& file,
                        SettingsRegistry& registry) {
    for (const auto& [key, node] : table) {
        const std::string name = prefix + std::string(key.str());
        if (const auto* inner = node.as_table()) {
            if (auto done = read_table(*inner, name + ".", file, registry); !done) return done;
        } else if (auto done = registry.set(name, text_of(node)); !done) {
            return make_error(ErrorCode::config,
                              fmt::format("{}:{}: {}", file, key.source().begin.line, done.error().message));
        }
    }
    return {};
}

}  // namespace

Result<void> read_config_file(const std::filesystem::path& file, SettingsRegistry& registry) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) {
        return make_error(ErrorCode::config, fmt::format("config file {} not found", file.string()));
    }
    const auto text = read_toml_text(file);
    if (!text) return text.error();
    try {
        return read_table(toml::parse(*text, file.string()), "", file.string(), registry);
    } catch (const toml::parse_error& parse_error) {
        return make_error(ErrorCode::config, fmt::format("{}:{}: {}", file.string(), parse_error.source().begin.line,
                                                         parse_error.description()));
    }
}

}  // namespace tide
