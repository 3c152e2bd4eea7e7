#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "app/scripted_tape.hpp"
#include "bindings/test_value.hpp"

namespace tide {

// Reads the table that a test gave to a function of its market. The first thing that is wrong is kept; what is asked
// for after that is missing.
class TestArguments {
  public:
    // `who`: "market:bar". Fields that are not `known` are wrong, with a guess at what was meant.
    TestArguments(std::string who, const TestValue& given, std::initializer_list<const char*> known);

    std::optional<double> number(const char* name);
    std::optional<int64_t> whole(const char* name);
    std::optional<Price> price(const char* name);  // above 0
    std::optional<std::string> text(const char* name);
    const TestValue* table(const char* name);
    const TestValue* any(const char* name) const { return given_.find(name); }
    void wrong(std::string problem);
    const std::optional<Error>& error() const { return error_; }

  private:
    const TestValue* find(const char* name, TestValue::Kind kind, const char* wanted);
    std::string who_;
    const TestValue& given_;
    std::optional<Error> error_;
};

// An argument that must be one number or one text.
Result<double> test_number(const std::string& who, const TestValue& given);
Result<std::string> test_text(const std::string& who, const TestValue& given);

// One bar: a number (its close) or a table with open, high, low, close, volume, oi; what is missing follows from the
// rest and `before`, the close before it. Prices go to the nearest tick.
Result<ScriptedBar> test_bar(const std::string& who, const TestValue& given, Price before, Price tick);

}  // namespace tide
