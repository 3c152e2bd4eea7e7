#include "bindings/library_package.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/lines.hpp"

namespace tide {
namespace {

constexpr std::string_view kPackage = "libluajit-5.1-2";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// '~' comes before the end, which comes before letters, which come before everything else.
int weight(std::string_view text) {
    if (text.empty() || is_digit(text.front())) return 0;
    const char c = text.front();
    if (c == '~') return -1;
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter ? c : c + 256;
}

std::string_view take_number(std::string_view& text) {
    size_t end = 0;
    while (end < text.size() && is_digit(text[end])) ++end;
    std::string_view number = text.substr(0, end);
    text.remove_prefix(end);
    number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
    return number;
}

// Parts without digits and numbers, in turn.
int compare_parts(std::string_view one, std::string_view other) {
    while (!one.empty() || !other.empty()) {
        while ((!one.empty() && !is_digit(one.front())) || (!other.empty() && !is_digit(other.front()))) {
            if (const int differs = weight(one) - weight(other); differs != 0) return differs;
            one.remove_prefix(1);
            other.remove_prefix(1);
        }
        const std::string_view mine = take_number(one), theirs = take_number(other);
        if (mine.size() != theirs.size()) return mine.size() < theirs.size() ? -1 : 1;
        if (const int differs = mine.compare(theirs); differs != 0) return differs;
    }
    return 0;
}

struct PackageVersion {
    std::string_view epoch = "0", upstream, revision;
};
PackageVersion split(std::string_view text) {
    PackageVersion parts;
    if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
        parts.epoch = text.substr(0, colon);
        text.remove_prefix(colon + 1);
    }
    const size_t dash = text.rfind('-');
    parts.upstream = text.substr(0, dash);
    if (dash != std::string_view::npos) parts.revision = text.substr(dash + 1);
    return parts;
}

}  // namespace

int compare_package_versions(std::string_view one, std::string_view other) {
    const PackageVersion mine = split(one), theirs = split(other);
    if (const int epoch = compare_parts(mine.epoch, theirs.epoch); epoch != 0) return epoch;
    if (const int upstream = compare_parts(mine.upstream, theirs.upstream); upstream != 0) return upstream;
    return compare_parts(mine.revision, theirs.revision);
}

std::string installed_package(std::string_view status, std::string_view package) {
    constexpr std::string_view kName = "Package: ", kVersion = "Version: ", kState = "Status: ";
    bool ours = false, installed = false;
    for (const std::string_view line : lines_of(status)) {
        if (line.starts_with(kName)) {
            ours = line.substr(kName.size()) == package;
            installed = false;
        } else if (ours && line.starts_with(kState)) {
            installed = line.ends_with(" installed");
        } else if (ours && installed && line.starts_with(kVersion)) {
            return std::string(line.substr(kVersion.size()));
        }
    }
    return {};
}

Result<void> check_lua_package(std::string_view status) {
    const std::string version = installed_package(status, kPackage);
    if (version.empty() || compare_package_versions(version, kOldestLuaPackage) >= 0) return {};
    return make_error(ErrorCode::internal,
                      fmt::format("{} {} is not fit to run strategies: it lacks security fixes; at least {} is needed: "
                                  "apt-get update, then apt-get install {}",
                                  kPackage, version, kOldestLuaPackage, kPackage));
}

}  // namespace tide
