#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace tide::fuzz {

// Damages Lua sources by tokens and statements, so that many of the results still compile: pieces swapped, repeated,
// removed, taken from other sources, wrapped in loops, functions and pcall, names and numbers exchanged for awkward
// ones. The same seed gives the same source.
class LuaMutator {
  public:
    // Sources that the lexer refuses are left out.
    explicit LuaMutator(const std::vector<std::string>& sources);
    std::string make(uint64_t seed) const;
    size_t sources() const { return sources_.size(); }

  private:
    struct Source {
        std::vector<std::string> tokens;  // with the white space before each
        std::vector<size_t> statements;   // tokens that begin a line
    };
    std::vector<Source> sources_;
};

}  // namespace tide::fuzz
