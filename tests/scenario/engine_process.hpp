#pragma once
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "support/paths.hpp"

// Runs the built engine as a user would, in a home folder of the test's own.
namespace tide {

struct EngineOutput {
    int code = -1;
    std::string out;
    std::string err;
    // The one line that the contract promises for bad input.
    std::string error_line() const {
        std::istringstream lines(err);
        std::string line, found;
        while (std::getline(lines, line)) {
            if (line.rfind("engine: ", 0) == 0) found = line;
        }
        return found;
    }
    nlohmann::json json() const { return nlohmann::json::parse(out, nullptr, false); }
};

class EngineTest : public ::testing::Test {
  protected:
    void SetUp() override {
        const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
        folder_ = std::filesystem::temp_directory_path() /
                  ("tide-" + std::to_string(::getpid()) + "-" + std::string(info->name()).substr(0, 40));
        std::filesystem::create_directories(folder_);
    }
    void TearDown() override {
        if (process_ > 0) {
            ::kill(process_, SIGKILL);
            ::waitpid(process_, nullptr, 0);
        }
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    std::filesystem::path folder() const { return folder_; }
    std::string home() const { return (folder_ / "home").string(); }

    std::string write(const std::string& name, const std::string& text) const {
        const auto file = folder_ / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
        return file.string();
    }

    // `arguments` as in a shell; --home is added where the command takes it by `with_home`.
    EngineOutput engine(const std::string& arguments) const {
        const auto out = folder_ / "stdout";
        const auto err = folder_ / "stderr";
        const std::string command =
            engine_program().string() + " " + arguments + " >" + out.string() + " 2>" + err.string() + " </dev/null";
        const int status = std::system(command.c_str());
        return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read(out), read(err)};
    }
    EngineOutput paper(const std::string& script, const std::string& more = "") const {
        return engine("run --script " + script + " --paper --speed max --home " + home() + " " + more);
    }

    static std::string read(const std::filesystem::path& file) {
        std::ifstream in(file);
        std::ostringstream text;
        text << in.rdbuf();
        return text.str();
    }

    // Real market data beside the checkout, or nothing.
    static std::filesystem::path data_folder() {
        const std::filesystem::path folder = tide::data_folder();
        return std::filesystem::exists(folder) ? folder : std::filesystem::path();
    }

    pid_t process_ = -1;  // an engine that runs beside the test

  private:
    std::filesystem::path folder_;
};

}  // namespace tide
