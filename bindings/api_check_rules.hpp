#pragma once
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

// What all sources of a strategy do, from a first walk over them.
struct SourceFacts {
    std::set<std::string, std::less<>> globals;        // names they set
    std::set<std::string, std::less<>> fields;         // fields they set on anything
    std::set<std::string, std::less<>> methods;        // methods they call
    std::set<std::pair<std::string, size_t>> changed;  // locals set again: file, token of the declaration
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
