#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

struct lua_State;

namespace tide {

// A plain value on its way between a test file and its market: no functions, no metatables, no references.
struct TestValue {
    enum class Kind { nil, boolean, number, text, table };
    Kind kind = Kind::nil;
    bool flag = false;
    double number = 0;
    std::string text;
    std::vector<TestValue> list;              // a table's elements 1, 2, …
    std::map<std::string, TestValue> fields;  // and its named ones

    TestValue() = default;
    TestValue(double value) : kind(Kind::number), number(value) {}              // NOLINT: a number is a value
    TestValue(int64_t value) : TestValue(static_cast<double>(value)) {}         // NOLINT
    TestValue(std::string value) : kind(Kind::text), text(std::move(value)) {}  // NOLINT
    TestValue(std::string_view value) : kind(Kind::text), text(value) {}        // NOLINT
    TestValue(const char* value) : kind(Kind::text), text(value) {}             // NOLINT
    static TestValue boolean(bool value);
    static TestValue table();

    bool is_nil() const { return kind == Kind::nil; }
    bool is_number() const { return kind == Kind::number; }
    bool is_text() const { return kind == Kind::text; }
    bool is_table() const { return kind == Kind::table; }
    // A named field; nullptr where it is missing.
    const TestValue* find(const std::string& name) const;
    // "a number", "a text", …: for messages.
    const char* kind_name() const;
};

// Reads the value at `index`. False: it holds something that is not plain, or is nested too deeply; `problem` says
// what.
bool read_test_value(lua_State* state, int index, TestValue& value, std::string& problem);
// May raise a Lua error (memory); the value must not be a local of the caller.
void push_test_value(lua_State* state, const TestValue& value);

}  // namespace tide
