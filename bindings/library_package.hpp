#pragma once
#include <string>
#include <string_view>

#include "core/result.hpp"

// Which version of the distribution's LuaJIT package is installed. The library cannot say it: security fixes of the
// distribution do not change its own version text.
namespace tide {

// The oldest version that has the fixes of CVE-2024-25176, -25177 and -25178 (Debian 12).
inline constexpr std::string_view kOldestLuaPackage = "2.1.0~beta3+git20220320+dfsg-4.1+deb12u1";

// Below, at or above 0: the order of package versions (deb-version(7)).
int compare_package_versions(std::string_view one, std::string_view other);

// The installed version of a package, from the text of dpkg's status file; empty: it is not installed.
std::string installed_package(std::string_view status, std::string_view package);

// Whether the installed package may run scripts, from the text of dpkg's status file. Fits where none is known: a
// library from elsewhere cannot be judged by a version.
Result<void> check_lua_package(std::string_view status);

}  // namespace tide
