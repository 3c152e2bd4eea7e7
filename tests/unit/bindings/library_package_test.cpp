#include "bindings/library_package.hpp"

#include <gtest/gtest.h>

namespace tide {
namespace {

// The order that deb-version(7) and the Debian policy (5.6.12) give.
TEST(PackageVersions, are_in_the_order_of_the_debian_policy) {
    const char* const ascending[] = {"0.9~~",   "0.9~~a",  "0.9~",    "0.9",     "0.9a",       "0.9+b",   "0.09.1",
                                     "0.10",    "1.0~rc1", "1.0~rc2", "1.0",     "1.0-1~bpo1", "1.0-1",   "1.0-1+b1",
                                     "1.0-1.1", "1.0-2",   "1.0-10",  "1.0.1-1", "1:0.1-1",    "1:0.1-2", "2:0"};
    for (size_t i = 0; i < std::size(ascending); ++i) {
        EXPECT_EQ(compare_package_versions(ascending[i], ascending[i]), 0) << ascending[i];
        for (size_t j = i + 1; j < std::size(ascending); ++j) {
            EXPECT_LT(compare_package_versions(ascending[i], ascending[j]), 0) << ascending[i] << " " << ascending[j];
            EXPECT_GT(compare_package_versions(ascending[j], ascending[i]), 0) << ascending[i] << " " << ascending[j];
        }
    }
    EXPECT_EQ(compare_package_versions("1.02-1", "1.2-01"), 0) << "zeros before a number";
    EXPECT_EQ(compare_package_versions("0:1.0", "1.0"), 0) << "no epoch is epoch 0";
}

std::string status_with(const std::string& version, const std::string& state = "install ok installed") {
    return "Package: libluajit-5.1-common\nStatus: install ok installed\nVersion: 9\n\n"
           "Package: libluajit-5.1-2\nStatus: " +
           state + "\nPriority: optional\nArchitecture: amd64\nVersion: " + version +
           "\nDescription: x\n Version: 1\n\n"
           "Package: other\nStatus: install ok installed\nVersion: 0.1\n";
}

TEST(PackageVersions, are_read_from_the_status_of_the_package_itself) {
    EXPECT_EQ(installed_package(status_with("2.1.0-4"), "libluajit-5.1-2"), "2.1.0-4");
    EXPECT_EQ(installed_package(status_with("2.1.0-4", "deinstall ok config-files"), "libluajit-5.1-2"), "");
    EXPECT_EQ(installed_package(status_with("2.1.0-4"), "libluajit"), "");
    EXPECT_EQ(installed_package("", "libluajit-5.1-2"), "");
}

TEST(LuaPackage, without_the_security_fixes_runs_no_scripts) {
    EXPECT_TRUE(check_lua_package(status_with("2.1.0~beta3+git20220320+dfsg-4.1+deb12u1")));
    EXPECT_TRUE(check_lua_package(status_with("2.1.0+openresty20240314-1"))) << "of a later release";
    EXPECT_TRUE(check_lua_package("")) << "another distribution";
    // As Debian 12 came out with it, and as Debian 11 has it.
    for (const char* version : {"2.1.0~beta3+git20220320+dfsg-4.1", "2.1.0~beta3+dfsg-5.3"}) {
        const auto checked = check_lua_package(status_with(version));
        ASSERT_FALSE(checked) << version;
        EXPECT_EQ(checked.error().message,
                  std::string("libluajit-5.1-2 ") + version +
                      " is not fit to run strategies: it lacks security fixes; at least "
                      "2.1.0~beta3+git20220320+dfsg-4.1+deb12u1 is needed: apt-get update, then apt-get install "
                      "libluajit-5.1-2");
    }
}

}  // namespace
}  // namespace tide
