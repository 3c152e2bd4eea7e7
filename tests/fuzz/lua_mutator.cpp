#include "lua_mutator.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "bindings/lua_lexer.hpp"

namespace tide::fuzz {
namespace {

constexpr size_t kLargest = 16'384;
constexpr size_t kSourceMax = size_t(256) << 10;

// What a compiler, a verifier of its output, and a meter of work stumble over.
constexpr std::array<std::string_view, 62> kPool{" 0",
                                                 " -0",
                                                 " 1e308",
                                                 " 0/0",
                                                 " 1/0",
                                                 " 2^53",
                                                 " -2^31",
                                                 " 0x7fffffff",
                                                 " 1e-320",
                                                 " ''",
                                                 " nil",
                                                 " true",
                                                 " {}",
                                                 " ...",
                                                 " (...)",
                                                 " #",
                                                 " ..",
                                                 " ^",
                                                 " %",
                                                 " ==",
                                                 " ~=",
                                                 " <",
                                                 " not",
                                                 " and",
                                                 " or",
                                                 " =",
                                                 " ,",
                                                 " ;",
                                                 " (",
                                                 " )",
                                                 " {",
                                                 " }",
                                                 " [",
                                                 " ]",
                                                 " do",
                                                 " end",
                                                 " while true do",
                                                 " repeat",
                                                 " until false",
                                                 " for i = 1, 1e9 do",
                                                 " for k, v in pairs(_G) do",
                                                 " for k, v in next, {} do",
                                                 " function(...)",
                                                 " local function f(...)",
                                                 " return",
                                                 " break",
                                                 " goto l",
                                                 " ::l::",
                                                 " local",
                                                 " pcall",
                                                 " error",
                                                 " select('#', ...)",
                                                 " setmetatable",
                                                 " string.rep",
                                                 " table.concat",
                                                 " ('x'):rep(1e6)",
                                                 " tostring",
                                                 " string.format('%s',",
                                                 " bit.lshift",
                                                 " unpack",
                                                 " _F",
                                                 " ctx"};
constexpr std::array<std::array<std::string_view, 2>, 10> kWrappers{{
    {" while true do ", " end "},
    {" for _ = 1, 300 do ", " end "},
    {" repeat ", " until true "},
    {" pcall(function(...) ", " end) "},
    {" (function(...) ", " end)(...) "},
    {" if ctx then ", " else local x = 1 end "},
    {" do local a, b, c = 1, {}, 'x' ", " end "},
    {" local t = setmetatable({}, { __index = function(t, k) ", " end }) local _ = t.x "},
    {" table.sort({ 3, 2, 1 }, function(a, b) ", " return a < b end) "},
    {" for w in string.gmatch('a b c', '%a') do ", " end "},
}};

class Dice {
  public:
    explicit Dice(uint64_t seed) : state_(seed) {}
    // SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
    uint64_t next() {
        uint64_t z = (state_ += 0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    size_t below(size_t limit) { return limit == 0 ? 0 : static_cast<size_t>(next() % limit); }

  private:
    uint64_t state_;
};

using Tokens = std::vector<std::string>;

Tokens::iterator at(Tokens& tokens, size_t place) {
    return tokens.begin() + static_cast<std::ptrdiff_t>(std::min(place, tokens.size()));
}

bool is_name(const std::string& token) {
    const size_t first = token.find_first_not_of(" \t\n");
    return first != std::string::npos && (std::isalpha(static_cast<unsigned char>(token[first])) != 0);
}

}  // namespace

LuaMutator::LuaMutator(const std::vector<std::string>& sources) {
    for (const std::string& text : sources) {
        const auto lexed = lex_lua(text, "source.lua", kSourceMax);
        if (!lexed) continue;
        Source source;
        size_t end = 0;
        int line = 0;
        for (const LuaToken& token : *lexed) {
            if (token.line != line) source.statements.push_back(source.tokens.size());
            line = token.line;
            const size_t next = token.offset + token.bytes.size();
            // Comments between tokens are left out; line ends stay.
            std::string_view gap = std::string_view(text).substr(end, token.offset - end);
            source.tokens.push_back((gap.find('\n') != std::string_view::npos ? "\n" : " ") + std::string(token.bytes));
            end = next;
        }
        if (!source.tokens.empty()) sources_.push_back(std::move(source));
    }
}

std::string LuaMutator::make(uint64_t seed) const {
    Dice dice(seed);
    const Source& base = sources_[dice.below(sources_.size())];
    Tokens tokens = base.tokens;
    for (size_t changes = 1 + dice.below(3); changes > 0; --changes) {
        const size_t place = dice.below(tokens.size() + 1);
        const size_t length = std::min(1 + dice.below(12), tokens.size() - std::min(place, tokens.size()));
        switch (dice.below(12)) {
            case 0:
                tokens.erase(at(tokens, place), at(tokens, place + length));
                break;
            case 1: {
                const Tokens piece(at(tokens, place), at(tokens, place + length));
                tokens.insert(at(tokens, dice.below(tokens.size() + 1)), piece.begin(), piece.end());
                break;
            }
            case 2:
                tokens.insert(at(tokens, place), std::string(kPool[dice.below(kPool.size())]));
                break;
            case 3:
                if (place < tokens.size()) tokens[place] = kPool[dice.below(kPool.size())];
                break;
            case 4:
            case 8:
            case 9: {  // some lines of another source, at the beginning of a line
                const Source& other = sources_[dice.below(sources_.size())];
                const size_t first = dice.below(other.statements.size());
                const size_t last = std::min(first + 1 + dice.below(6), other.statements.size() - 1);
                const auto from = other.tokens.begin() + static_cast<std::ptrdiff_t>(other.statements[first]);
                const auto to = other.tokens.begin() + static_cast<std::ptrdiff_t>(other.statements[last]);
                const size_t where = base.statements[dice.below(base.statements.size())];
                tokens.insert(at(tokens, where), from, std::max(from, to));
                break;
            }
            case 5: {
                // Mostly whole lines: what is inside then is a statement.
                const auto& wrapper = kWrappers[dice.below(kWrappers.size())];
                tokens.insert(at(tokens, place + length), std::string(wrapper[1]));
                tokens.insert(at(tokens, place), std::string(wrapper[0]));
                break;
            }
            case 6:
            case 10: {  // one name for another
                const size_t other = dice.below(tokens.size());
                if (place < tokens.size() && is_name(tokens[place]) && is_name(tokens[other]))
                    tokens[place] = tokens[other];
                break;
            }
            default: {  // two places change sides
                const size_t other = dice.below(tokens.size());
                if (place < tokens.size() && other < tokens.size()) std::swap(tokens[place], tokens[other]);
                break;
            }
        }
        if (tokens.empty()) tokens.push_back(" return");
    }
    std::string text;
    for (const std::string& token : tokens) text += token;
    if (text.size() > kLargest) text.resize(kLargest);
    return text;
}

}  // namespace tide::fuzz
