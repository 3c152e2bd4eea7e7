#pragma once
#include <string>

namespace tide {
// What identifies this build in journals: version, compiler and build type.
const std::string& build_id();
}  // namespace tide
