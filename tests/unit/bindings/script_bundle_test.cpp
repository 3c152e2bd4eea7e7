#include "bindings/script_bundle.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace tide {
namespace {

namespace fs = std::filesystem;

class ScriptBundleTest : public testing::Test {
  protected:
    void SetUp() override {
        root_ = fs::path(testing::TempDir()) /
                ("bundle_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
        fs::remove_all(root_);
        fs::create_directories(root_ / "strategies");
        fs::create_directories(root_ / "scripts");
    }
    void TearDown() override { fs::remove_all(root_); }
    void write(const std::string& path, const std::string& text) const { std::ofstream(root_ / path) << text; }
    Result<ScriptBundle> load() const { return load_bundle(root_ / "strategies/s.lua", {root_ / "scripts"}); }

    fs::path root_;
};

TEST_F(ScriptBundleTest, modules_come_before_what_requires_them) {
    write("strategies/s.lua",
          "local a = require 'a' local b = require(\"b\") -- require 'c'\nlocal t = 'require \"d\"'");
    write("scripts/a.lua", "require [[b]] return 1");
    write("scripts/b.lua", "return 2");
    write("scripts/a.txt", "");
    const auto strange = load();
    ASSERT_FALSE(strange);  // a long string is not the usual way to name a module
    write("scripts/a.lua", "require 'b' return 1");
    const auto bundle = load();
    ASSERT_TRUE(bundle) << bundle.error().message;
    EXPECT_EQ(bundle->name, "s");
    ASSERT_EQ(bundle->modules.size(), 2u);
    EXPECT_EQ(bundle->modules[0].name, "b");
    EXPECT_EQ(bundle->modules[1].name, "a");
}

TEST_F(ScriptBundleTest, the_strategys_own_folder_comes_first) {
    write("strategies/s.lua", "require 'a'");
    write("strategies/a.lua", "own");
    write("scripts/a.lua", "shared");
    const auto bundle = load();
    ASSERT_TRUE(bundle);
    EXPECT_EQ(bundle->modules.at(0).text, "own");
}

TEST_F(ScriptBundleTest, a_missing_module_says_where_it_was_looked_for) {
    write("strategies/s.lua", "require 'adx_catgory'");
    write("scripts/adx_category.lua", "");
    const auto bundle = load();
    ASSERT_FALSE(bundle);
    const std::string& message = bundle.error().message;
    EXPECT_NE(message.find("s.lua: module 'adx_catgory' not found"), std::string::npos) << message;
    EXPECT_NE(message.find((root_ / "scripts").string()), std::string::npos) << message;
    EXPECT_NE(message.find("did you mean 'adx_category'?"), std::string::npos) << message;
}

TEST_F(ScriptBundleTest, paths_are_no_module_names) {
    for (const char* name : {"../secret", "/etc/passwd", "a/b", "a.b", ""}) {
        write("strategies/s.lua", std::string("require '") + name + "'");
        const auto bundle = load();
        ASSERT_FALSE(bundle) << name;
        EXPECT_NE(bundle.error().message.find("letters, digits and underscores only"), std::string::npos)
            << bundle.error().message;
    }
}

TEST_F(ScriptBundleTest, circles_are_refused) {
    write("strategies/s.lua", "require 'a'");
    write("scripts/a.lua", "require 'b'");
    write("scripts/b.lua", "require 'a'");
    const auto bundle = load();
    ASSERT_FALSE(bundle);
    EXPECT_NE(bundle.error().message.find("a -> b -> a"), std::string::npos) << bundle.error().message;
}

TEST_F(ScriptBundleTest, a_file_that_is_not_there_is_named) {
    const auto bundle = load();
    ASSERT_FALSE(bundle);
    EXPECT_NE(bundle.error().message.find("strategies/s.lua"), std::string::npos);
    EXPECT_EQ(bundle.error().code, ErrorCode::not_found);
}

TEST(BundleDigest, changes_with_any_text_name_or_order) {
    const ScriptBundle base{"s", "text", {{"a", "1"}, {"b", "2"}}, "", 0};
    ScriptBundle renamed = base, edited = base, swapped = base, shifted = base, seeded = base;
    renamed.modules[0].name = "c";
    edited.modules[1].text = "3";
    std::swap(swapped.modules[0], swapped.modules[1]);
    shifted.modules = {{"a", "1b"}, {"", "2"}};
    seeded.seed = 9;
    const std::string digest = bundle_sha256(base);
    for (const ScriptBundle& other : {renamed, edited, swapped, shifted}) EXPECT_NE(bundle_sha256(other), digest);
    EXPECT_EQ(bundle_sha256(seeded), digest);
}

}  // namespace
}  // namespace tide
