#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/api_check.hpp"
#include "bindings/api_registry.hpp"

namespace tide {

// What is known of the value of an expression.
struct SourceTable;
struct SourceValue {
    std::string type;      // an owner of the registry, "leg[]", "number", "string", …; empty: not known
    bool literal = false;  // written as it is: number or text below
    double number = 0;
    std::string text;
    bool several = false;                // a call or "...": may be any number of values
    std::shared_ptr<SourceTable> table;  // of a table constructor
};
struct SourceTable {
    struct Field {
        std::string name;
        int line = 0;
        SourceValue value;
    };
    std::vector<Field> fields;
    bool computed = false;  // has keys that are not names
};

// What a value keeps when it is given to a name: its type, where that is an object of the engine or a table of the
// script's own, which others may change meanwhile.
SourceValue kept(const SourceValue& value);
inline constexpr std::string_view kOwnTable = "own table";

// What a name that is set in several places is: the type of all that is given to it. Nil and false are "not yet".
class GivenType {
  public:
    void add(const SourceValue& value);
    // Empty: not known, or now this, now that.
    std::string_view type() const { return differs_ ? std::string_view() : type_; }

  private:
    std::string type_;
    bool differs_ = false;
};

// What all sources of a strategy do, from a first walk over them.
struct SourceFacts {
    std::set<std::string, std::less<>> globals;  // names they set
    std::set<std::string, std::less<>> fields;   // fields they set on anything
    std::set<std::string, std::less<>> methods;  // methods they call
    bool metatables = false;                     // they call setmetatable: a table of their own may be a number
    // Locals set again (file, token of the declaration), and fields by their name, whatever they belong to.
    std::map<std::pair<std::string, size_t>, GivenType> changed;
    std::map<std::string, GivenType, std::less<>> given_fields;
};

// Judges names, fields and calls; keeps what it found.
class SourceRules {
  public:
    SourceRules(const SourceFacts& facts, const StrategyDeclaration* declaration)
        : facts_(facts), declaration_(declaration) {}

    void begin_file(std::string file, bool is_strategy);
    // Reading a global: its value.
    SourceValue global(std::string_view name, int line, const std::vector<std::string>& locals);
    void set_global(std::string_view name, int line);
    // object.name, not called.
    SourceValue field(const SourceValue& object, std::string_view name, int line);
    // object:name(…) or, without `colon`, object.name(…); what it gives.
    SourceValue call(const SourceValue& object, std::string_view name, bool colon,
                     const std::vector<SourceValue>& arguments, int line);
    SourceValue call_global(std::string_view name, const std::vector<SourceValue>& arguments, int line);
    void decision(const SourceValue& returned, int line);
    // What `sign` works on, as it is written: a number, a number or a text, one of two that are compared.
    enum class Operand : uint8_t { number, joined, compared };
    void operand(const SourceValue& value, Operand kind, std::string_view sign, std::string_view name, int line);
    void never_called(std::string_view callback, std::string_view strategy, int line);
    void defined_callback(std::string_view callback, int line);

    void error(int line, std::string text) { findings_.push_back({file_, line, true, std::move(text)}); }
    void warning(int line, std::string text) { findings_.push_back({file_, line, false, std::move(text)}); }
    std::vector<ScriptFinding> take() { return std::move(findings_); }

  private:
    SourceValue result_of(const ApiName& entry) const;
    void check_arguments(const ApiName& entry, const std::vector<SourceValue>& arguments, int line);
    void check_argument(const ApiName& entry, const ApiArgument& argument, const SourceValue& value, int line);
    void check_table(std::string_view who, std::string_view owner, const SourceTable& table, int line);
    void check_declared(const ApiName& entry, const std::vector<SourceValue>& arguments, int line);
    bool misses(const SourceValue& object, std::string_view name) const;
    std::string no_number(const SourceValue& value, std::string_view name) const;

    const SourceFacts& facts_;
    const StrategyDeclaration* declaration_;
    std::string file_;
    bool is_strategy_ = false;
    std::vector<ScriptFinding> findings_;
};

// Walks over one source that LuaJIT has compiled. `facts` is filled where it is given. False when the walk lost its
// way: then nothing that it found counts.
bool walk_source(std::string_view text, const std::string& file, bool is_strategy, SourceRules& rules,
                 const SourceFacts& known, SourceFacts* facts);

}  // namespace tide
