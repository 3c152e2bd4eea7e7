#include "session/operator_argument.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tide {
namespace {

constexpr size_t kPairsMax = 16;

}  // namespace

Result<OperatorArgument> OperatorArgument::parse(std::string_view text) {
    OperatorArgument argument;
    while (!text.empty()) {
        const size_t end = text.find(';');
        const std::string_view part = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        const size_t equals = part.find('=');
        if (equals == 0 || equals == std::string_view::npos) {
            return make_error(ErrorCode::usage, fmt::format("'{}' is not key=value", part));
        }
        const std::string_view key = part.substr(0, equals);
        if (argument.find(key)) return make_error(ErrorCode::usage, fmt::format("'{}' is given twice", key));
        if (argument.pairs_.size() == kPairsMax) {
            return make_error(ErrorCode::usage, fmt::format("more than {} values", kPairsMax));
        }
        argument.pairs_.emplace_back(key, part.substr(equals + 1));
    }
    return argument;
}

std::optional<std::string_view> OperatorArgument::find(std::string_view key) const {
    const auto found = std::find_if(pairs_.begin(), pairs_.end(), [&](const auto& pair) { return pair.first == key; });
    return found == pairs_.end() ? std::nullopt : std::optional(found->second);
}

std::string_view OperatorArgument::unknown_key(std::initializer_list<std::string_view> known) const {
    for (const auto& [key, value] : pairs_) {
        if (std::find(known.begin(), known.end(), key) == known.end()) return key;
    }
    return {};
}

}  // namespace tide
