#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/lua_runtime.hpp"
#include "bindings/test_value.hpp"
#include "session/strategy_host.hpp"

namespace tide {

// What a test file's markets do. Errors become errors of the line that asked: code `script` for a strategy that was
// refused, anything else for a wrong call or a strategy that failed.
class TestMarkets {
  public:
    virtual ~TestMarkets() = default;
    // scripted_market { … }: the new market's number, 1, 2, … since the last reset.
    virtual Result<TestValue> open(const TestValue& spec) = 0;
    virtual Result<TestValue> act(size_t market, std::string_view operation, const TestValue& argument) = 0;
    // A test begins: the markets of the one before are gone.
    virtual void reset() = 0;
};

// A file of strategy tests (docs/strategy-guide.md, "Testing"): the language and limits of a strategy's sandbox, with
// describe, it, expect and scripted_market in place of strategy and ctx.
class LuaTestFile {
  public:
    struct Test {
        std::vector<std::string> groups;  // of describe, outermost first
        std::string name;
    };
    // Runs the file, which collects its tests. Errors (script) name file and line.
    static Result<std::unique_ptr<LuaTestFile>> load(const ScriptBundle& bundle, TestMarkets& markets);
    const std::vector<Test>& tests() const { return tests_; }
    // Runs one test. Errors: mismatch when an expectation does not hold, script when the strategy under test was
    // refused, else input. The message begins with file and line; it may have further lines.
    Result<void> run(size_t index);
    // What the test that ran last printed.
    const std::vector<std::string>& printed() const { return printed_; }

    // For the C functions (test_file.cpp).
    LuaRuntime& runtime() { return runtime_; }
    bool compile_module(const char* name) noexcept;
    // False: `text` has the error.
    bool market(size_t number, const char* operation) noexcept;
    void print(std::string_view line) noexcept;
    void keep_failure(const char* position, std::string_view message) noexcept;
    void reset_markets() noexcept { markets_.reset(); }
    TestValue value;   // of a call's argument, then its answer
    std::string text;  // of a call's error
    int environment_ref = 0;

  private:
    LuaTestFile(const ScriptBundle& bundle, TestMarkets& markets);
    Result<void> run_preludes();
    Result<void> run_file();
    Error error_of(const LuaCallResult& result);

    ScriptBundle bundle_;
    TestMarkets& markets_;
    LuaRuntime runtime_;
    std::vector<Test> tests_;
    std::vector<std::string> printed_;
    std::string failure_;  // of an expectation, in full; empty: none failed
    bool strategy_refused_ = false;
    int api_ref_ = 0;  // what the prelude gave: tests(), run(i)
};

}  // namespace tide
