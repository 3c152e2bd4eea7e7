#include "bindings/fuel_transform.hpp"

#include <fmt/format.h>

#include "bindings/lua_lexer.hpp"

namespace tide {
namespace {

std::string unused_name(std::string_view source, char letter) {
    for (int i = 0;; ++i) {
        std::string name = fmt::format("_{}{}", letter, i);
        if (source.find(name) == std::string_view::npos) return name;
    }
}

class FuelWriter {
  public:
    FuelWriter(std::string_view source, std::string_view file)
        : source_(source),
          file_(file),
          counter_(unused_name(source, 'f')),
          refill_(unused_name(source, 'x')),
          select_(unused_name(source, 's')) {
        text_ = fmt::format("local {},{},{}=0,... ", counter_, refill_, select_);
        payment_ = fmt::format(" {0}={0}-1 if {0}<0 then {0}={1}() end ", counter_, refill_);
        // Arguments are copied at each call, so their number is paid for too.
        vararg_payment_ =
            fmt::format(" {0}={0}-1-{2}('#',...)/8 if {0}<0 then {0}={1}() end ", counter_, refill_, select_);
    }

    Result<FueledSource> run(const std::vector<LuaToken>& tokens) {
        for (size_t i = 0; i < tokens.size(); ++i) {
            if (tokens[i].kind != LuaTokenKind::word) continue;
            const std::string_view word = tokens[i].bytes;
            if (word == "do" || word == "repeat") {
                pay_at(end_of(tokens[i]), payment_);
            } else if (word == "function") {
                pay_at_entry(tokens, i);
            } else if (word == "goto") {
                if (!is_jump(tokens, i))
                    return make_error(ErrorCode::script,
                                      fmt::format("{}:{}: goto may not be used as a name", file_, tokens[i].line));
                pay_at(tokens[i].offset, payment_);
            }
        }
        text_ += source_.substr(copied_);
        return FueledSource{std::move(text_), std::move(counter_)};
    }

  private:
    static size_t end_of(const LuaToken& token) { return token.offset + token.bytes.size(); }

    void pay_at(size_t offset, std::string_view payment) {
        text_ += source_.substr(copied_, offset - copied_);
        text_ += payment;
        copied_ = offset;
    }

    // A parameter list has no nested parentheses and no blocks. A header without an end is left for the compiler to
    // complain about; looking on for one would take the text behind it twice.
    void pay_at_entry(const std::vector<LuaToken>& tokens, size_t header) {
        bool has_varargs = false;
        for (size_t i = header + 1; i < tokens.size() && !pays(tokens[i]); ++i) {
            if (tokens[i].bytes == "...") has_varargs = true;
            if (tokens[i].bytes == ")") return pay_at(end_of(tokens[i]), has_varargs ? vararg_payment_ : payment_);
        }
    }
    static bool pays(const LuaToken& token) {
        return token.bytes == "do" || token.bytes == "repeat" || token.bytes == "function" || token.bytes == "goto";
    }

    // To LuaJIT `goto` is a keyword only before a name.
    static bool is_jump(const std::vector<LuaToken>& tokens, size_t i) {
        const bool before_name = i + 1 < tokens.size() && tokens[i + 1].kind == LuaTokenKind::word;
        const bool is_field = i > 0 && (tokens[i - 1].bytes == "." || tokens[i - 1].bytes == ":");
        return before_name && !is_field;
    }

    std::string_view source_;
    std::string_view file_;
    std::string counter_, refill_, select_;
    std::string payment_, vararg_payment_;
    std::string text_;
    size_t copied_ = 0;
};

}  // namespace

Result<FueledSource> add_fuel(std::string_view source, std::string_view file, const LuaLimits& limits) {
    const auto tokens = lex_lua(source, file, limits.source_bytes_max);
    if (!tokens) return tokens.error();
    return FuelWriter(source, file).run(*tokens);
}

}  // namespace tide
