#include "app/paths.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace tide {
namespace fs = std::filesystem;
namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

bool holds_resources(const fs::path& folder) {
    std::error_code ignored;
    return fs::exists(folder / "config" / "engine.toml", ignored);
}

Result<fs::path> find_resources() {
    if (const std::string named = environment("TIDE_RESOURCES"); !named.empty()) {
        if (holds_resources(named)) return fs::path(named);
        return make_error(ErrorCode::config, fmt::format("TIDE_RESOURCES={}: no config/engine.toml there", named));
    }
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    if (!error) {
        for (fs::path folder = program.parent_path(); folder.has_relative_path(); folder = folder.parent_path()) {
            if (holds_resources(folder)) return folder;
            if (holds_resources(folder / "share" / "tide")) return folder / "share" / "tide";
        }
    }
    return make_error(
        ErrorCode::config,
        "config/engine.toml not found near the program; set TIDE_RESOURCES to the folder that holds config/, "
        "scripts/ and strategies/");
}

fs::path default_home(const fs::path& resources) {
    if (const std::string named = environment("TIDE_HOME"); !named.empty()) return named;
    if (fs::exists(resources / "CMakeLists.txt")) return resources / "data";
    const std::string user_home = environment("HOME");
    return fs::path(user_home.empty() ? "." : user_home) / ".local" / "share" / "tide";
}

}  // namespace

Result<Paths> find_paths(const std::string& home_option) {
    auto resources = find_resources();
    if (!resources) return resources.error();
    return Paths{*resources, home_option.empty() ? default_home(*resources) : fs::path(home_option)};
}

Result<void> prepare_home(const Paths& paths) {
    std::error_code error;
    fs::create_directories(paths.journals(), error);
    if (error || ::access(paths.home.c_str(), W_OK) != 0 || ::access(paths.journals().c_str(), W_OK) != 0) {
        const std::string reason = error ? error.message() : std::strerror(errno);
        return make_error(ErrorCode::io,
                          fmt::format("home folder {} cannot be written: {}; choose another with --home DIR",
                                      paths.home.string(), reason));
    }
    return {};
}

std::string operator_name() {
    const passwd* entry = ::getpwuid(::getuid());
    return entry != nullptr ? entry->pw_name : fmt::format("uid {}", ::getuid());
}

}  // namespace tide
