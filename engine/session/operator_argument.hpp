#pragma once
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.hpp"

namespace tide {

// The argument of a CommandEvent: "key=value" pairs joined by ';'. Views into the text it was read from.
class OperatorArgument {
  public:
    // At most 16 pairs, each key once. Errors (usage) name the part that is wrong.
    static Result<OperatorArgument> parse(std::string_view text);

    std::optional<std::string_view> find(std::string_view key) const;
    // The operator said that this is meant.
    bool confirmed() const { return find("confirm") == "yes"; }
    // The first key that is not in `known`, or empty.
    std::string_view unknown_key(std::initializer_list<std::string_view> known) const;
    const std::vector<std::pair<std::string_view, std::string_view>>& pairs() const { return pairs_; }

  private:
    std::vector<std::pair<std::string_view, std::string_view>> pairs_;
};

}  // namespace tide
