#pragma once
#include <filesystem>
#include <functional>

#include "core/result.hpp"

namespace tide {

// Serves a paper exchange on a Unix socket, until `stop` says so (asked several times a second). With `once` also when
// a session has ended or what it left has been closed, or nobody was connected for a minute. Errors: io.
Result<void> serve_exchange(const std::filesystem::path& socket, bool once, const std::function<bool()>& stop);

}  // namespace tide
