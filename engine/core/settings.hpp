#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/money.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

// Numbers that a trader may want to change: one registered setting each, with default, range, unit and help. The
// registry is what reads a configuration, refuses what is unknown or out of range, and documents itself.
namespace tide {

struct Setting {
    // Where the value lives. A percentage is a double in percent; a TimeOfDay is written "HH:MM"; one that is not set
    // is written "none".
    using Target = std::variant<bool*, int64_t*, double*, std::string*, Money*, TimeOfDay*, std::optional<int64_t>*,
                                std::optional<double>*>;
    std::string key;  // "risk.max_positions"
    Target target;
    double min = 0;  // for int64, double (and Money, in rupees)
    double max = 0;
    std::string unit;
    std::string help;
    std::vector<std::string> choices;  // of a string; empty = any
};

class SettingsRegistry {
  public:
    void add(std::string key, bool& value, std::string help);
    void add(std::string key, int64_t& value, int64_t min, int64_t max, std::string unit, std::string help);
    void add(std::string key, double& value, double min, double max, std::string unit, std::string help);
    void add(std::string key, Money& value, int64_t min_rupees, int64_t max_rupees, std::string help);
    void add(std::string key, TimeOfDay& value, std::string help);
    void add(std::string key, std::string& value, std::vector<std::string> choices, std::string help);
    void add(std::string key, std::optional<int64_t>& value, int64_t min, int64_t max, std::string unit,
             std::string help);
    void add(std::string key, std::optional<double>& value, double min, double max, std::string unit, std::string help);
    // Settings that exist once a name: "PREFIX.NAME.KEY". The first value given for a name makes its settings: `make`
    // registers "PREFIX.NAME.KEY" for each of `keys`. Names are small letters, digits, '_' and '-'.
    void add_family(std::string prefix, std::vector<std::string> keys, std::function<void(const std::string&)> make);

    // Sets one value from its text. Errors name the key, what was given and what would be right.
    Result<void> set(std::string_view key, std::string_view value);
    // Reads "key = value" lines ('#' starts a comment). `where` names the text in errors.
    Result<void> read_lines(std::string_view text, std::string_view where);
    // The current values, one "key = value" line each, sorted by key: the canonical form.
    std::string to_lines() const;
    std::optional<std::string> value_of(std::string_view key) const;
    const std::vector<Setting>& settings() const { return settings_; }

  private:
    struct Family {
        std::string prefix;
        std::vector<std::string> keys;
        std::function<void(const std::string&)> make;
    };
    const Setting* find(std::string_view key) const;
    std::string nearest_key(std::string_view key) const;
    Result<void> make_member(const Family& family, std::string_view key);
    std::vector<Setting> settings_;
    std::vector<Family> families_;
};

// The candidate nearest to `word` by edit distance, or empty when none is near (for "did you mean").
std::string nearest_word(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace tide
