#include "bindings/lua_lexer.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace tide {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) {
    // Bytes from 0x80 are letters to LuaJIT (lj_char.c).
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

class Lexer {
  public:
    Lexer(std::string_view source, std::string_view file) : source_(source), file_(file) {}

    Result<std::vector<LuaToken>> run() {
        std::vector<LuaToken> tokens;
        tokens.reserve(source_.size() / 4);
        while (!at_end() && !error_) next(tokens);
        if (error_) return *error_;
        return tokens;
    }

    Error fail(std::string_view what) const {
        return make_error(ErrorCode::script, fmt::format("{}:{}: {}", file_, line_, what));
    }

  private:
    bool at_end() const { return position_ >= source_.size(); }
    char peek(size_t ahead = 0) const { return position_ + ahead < source_.size() ? source_[position_ + ahead] : '\0'; }
    void advance() {
        const char c = source_[position_++];
        if (c != '\n' && c != '\r') return;
        // "\r\n" and "\n\r" are one line end.
        if (!at_end() && (peek() == '\n' || peek() == '\r') && peek() != c) ++position_;
        ++line_;
    }
    void refuse(std::string_view what) {
        if (!error_) error_ = fail(what);
    }

    void next(std::vector<LuaToken>& tokens) {
        const char c = peek();
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') return advance();
        if (c == '-' && peek(1) == '-') return skip_comment();
        LuaToken token{LuaTokenKind::symbol, {}, position_, line_};
        if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
            token.kind = LuaTokenKind::number;
            read_number();
        } else if (is_word(c)) {
            token.kind = LuaTokenKind::word;
            while (is_word(peek())) ++position_;
        } else if (c == '"' || c == '\'') {
            token.kind = LuaTokenKind::text;
            read_quoted(c);
        } else if (const auto level = c == '[' ? long_bracket() : std::nullopt) {
            token.kind = LuaTokenKind::text;
            read_long(*level, "unfinished long string");
        } else {
            read_symbol(c);
        }
        token.bytes = source_.substr(token.offset, position_ - token.offset);
        tokens.push_back(token);
    }

    void read_symbol(char c) {
        size_t length = 1;
        if (c == '.') length = peek(1) != '.' ? 1 : peek(2) != '.' ? 2 : 3;
        if (c == ':' && peek(1) == ':') length = 2;
        position_ += length;
    }

    // A number runs over word bytes, points, and a sign after its exponent letter, as in lex_number of lj_lex.c.
    void read_number() {
        const bool hex = peek() == '0' && lower(peek(1)) == 'x';
        const char exponent = hex ? 'p' : 'e';
        char previous = '\0';
        while (is_word(peek()) || peek() == '.' || ((peek() == '-' || peek() == '+') && lower(previous) == exponent)) {
            previous = peek();
            const char letter = lower(previous);
            if (letter == 'l' || letter == 'u' || letter == 'i')
                return refuse("number suffixes (LL, ULL, i) are not part of the strategy language");
            ++position_;
        }
    }

    void read_quoted(char quote) {
        ++position_;
        while (peek() != quote) {
            if (at_end() || peek() == '\n' || peek() == '\r') return refuse("unfinished string");
            if (peek() == '\\') {
                read_escape();
            } else {
                ++position_;
            }
        }
        ++position_;
    }

    void read_escape() {
        ++position_;
        if (at_end()) return;
        if (peek() != 'z') return advance();  // digits and braces that follow are plain bytes to us
        ++position_;
        while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') advance();
    }

    // "[[", "[=[", …: the number of equal signs; none when it is a plain bracket.
    std::optional<size_t> long_bracket() const {
        size_t level = 0;
        while (peek(1 + level) == '=') ++level;
        return peek(1 + level) == '[' ? std::optional(level) : std::nullopt;
    }

    void read_long(size_t level, std::string_view unfinished) {
        position_ += level + 2;
        const std::string closing = "]" + std::string(level, '=') + "]";
        while (!at_end()) {
            if (source_.substr(position_).starts_with(closing)) {
                position_ += closing.size();
                return;
            }
            advance();
        }
        refuse(unfinished);
    }

    void skip_comment() {
        position_ += 2;
        if (const auto level = peek() == '[' ? long_bracket() : std::nullopt)
            return read_long(*level, "unfinished long comment");
        while (!at_end() && peek() != '\n' && peek() != '\r') ++position_;
    }

    std::string_view source_;
    std::string_view file_;
    size_t position_ = 0;
    int line_ = 1;
    std::optional<Error> error_;
};

std::optional<std::string> forbidden_bytes(std::string_view source) {
    if (source.starts_with('\x1b')) return "compiled Lua (bytecode) is refused; give the source text";
    if (source.starts_with("\xEF\xBB\xBF")) return "starts with a byte order mark; save the file as UTF-8 without one";
    if (source.starts_with('#')) return "a first line that starts with # is refused";
    int line = 1;
    for (const char c : source) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\n') ++line;
        if ((byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f)
            return fmt::format("control byte 0x{:02x} on line {}", byte, line);
    }
    return std::nullopt;
}

}  // namespace

Result<std::vector<LuaToken>> lex_lua(std::string_view source, std::string_view file, size_t bytes_max) {
    Lexer lexer(source, file);
    if (source.size() > bytes_max)
        return lexer.fail(fmt::format("{} bytes of source; at most {} are allowed", source.size(), bytes_max));
    if (const auto problem = forbidden_bytes(source)) return lexer.fail(*problem);
    return lexer.run();
}

}  // namespace tide
