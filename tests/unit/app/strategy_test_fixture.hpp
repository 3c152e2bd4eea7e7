#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "app/exit_code.hpp"
#include "app/strategy_test_market.hpp"
#include "bindings/script_bundle.hpp"
#include "bindings/test_file.hpp"
#include "support/paths.hpp"

// Test files in Lua, run as `engine test` runs them, in a folder of their own.
namespace tide {

class StrategyTestFixture : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        Paths paths;
        paths.resources = source_dir();
        auto loaded = TestTables::load(paths);
        if (!loaded) throw std::runtime_error(loaded.error().message);
        tables_ = new TestTables(std::move(*loaded));
    }
    static void TearDownTestSuite() {
        delete tables_;
        tables_ = nullptr;
    }
    StrategyTestFixture() {
        const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
        folder_ = std::filesystem::temp_directory_path() /
                  ("tide_" + std::to_string(::getpid()) + "_" + std::string(info->name()).substr(0, 40));
        std::filesystem::create_directories(folder_);
    }
    ~StrategyTestFixture() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    void write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }

    // Loads `text` as a test file. Its tests run with run(0), run(1), …
    Result<void> load(const std::string& text) {
        write("some_test.lua", text);
        auto bundle = load_bundle(folder_ / "some_test.lua", {tables_->paths.resources / "scripts"});
        if (!bundle) return bundle.error();
        markets_ = std::make_unique<StrategyTestMarkets>(*tables_, folder_);
        auto file = LuaTestFile::load(*bundle, *markets_);
        if (!file) return file.error();
        file_ = std::move(*file);
        return {};
    }
    // Runs `body` as the one test of a file; "" when it passes, else the message without a traceback.
    std::string run(const std::string& body) {
        if (auto loaded = load("it('runs', function()\n" + body + "\nend)"); !loaded) return loaded.error().message;
        const auto ran = file_->run(0);
        code_ = ran ? ErrorCode::internal : ran.error().code;
        if (ran) return "";
        return code_ == ErrorCode::mismatch ? ran.error().message : one_line(ran.error().message);
    }

    static TestTables* tables_;
    std::filesystem::path folder_;
    std::unique_ptr<StrategyTestMarkets> markets_;
    std::unique_ptr<LuaTestFile> file_;
    ErrorCode code_ = ErrorCode::internal;  // of the last failure
};
inline TestTables* StrategyTestFixture::tables_ = nullptr;

}  // namespace tide
