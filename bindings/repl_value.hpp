#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tide {

// A value on its way between the REPL's Lua and the world around it: what a view answers, what an expression gives.
// Plain data, without cycles.
struct ReplValue {
    enum class Kind : uint8_t { nil, boolean, number, text, list, record, opaque };
    using Names = std::shared_ptr<const std::vector<std::string>>;

    Kind kind = Kind::nil;
    bool flag = false;             // boolean
    bool cut = false;              // list, record: there was more than is here
    double number = 0;             // number
    std::string text;              // text; opaque: what it is ("function")
    std::vector<ReplValue> items;  // list; record: the values of `names`, nil where it has none
    Names names;                   // record: in the order in which they are shown; rows of one kind share them

    static ReplValue of(double number);
    static ReplValue of(std::string text);
    static ReplValue of(const char* text) { return of(std::string(text)); }
    static ReplValue of(bool flag);
    bool is(Kind wanted) const { return kind == wanted; }
    // The value of a record's field, nullptr where it has none.
    const ReplValue* find(const std::string& name) const;
};

}  // namespace tide
