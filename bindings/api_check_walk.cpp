#include <algorithm>
#include <charconv>
#include <optional>

#include "bindings/api_check_rules.hpp"
#include "bindings/lua_lexer.hpp"

// A descent over the grammar of Lua 5.1 (with goto) that follows scopes and what is known of values. The source has
// been compiled, so it is well formed; where the walk meets something else it gives up.
namespace tide {
namespace {

constexpr int kDepthMax = 220;  // LuaJIT itself allows 200 levels

struct Local {
    std::string name;
    SourceValue value;
};

class Walker {
  public:
    Walker(std::vector<LuaToken> tokens, std::string file, SourceRules& rules, const SourceFacts& known,
           SourceFacts* facts)
        : tokens_(std::move(tokens)), file_(std::move(file)), rules_(rules), known_(known), facts_(facts) {}

    bool run() {
        block();
        return !lost_ && at_end();
    }

  private:
    // ---- tokens

    bool at_end() const { return at_ >= tokens_.size(); }
    std::string_view look(size_t ahead = 0) const {
        return at_ + ahead < tokens_.size() ? tokens_[at_ + ahead].bytes : std::string_view();
    }
    LuaTokenKind kind() const { return at_end() ? LuaTokenKind::symbol : tokens_[at_].kind; }
    bool is(std::string_view bytes) const { return !at_end() && kind() != LuaTokenKind::text && look() == bytes; }
    // Two bytes that stand together: "==", "<=", "~=".
    bool is_pair(char first, char second) const {
        return look().size() == 1 && look()[0] == first && look(1).size() == 1 && look(1)[0] == second &&
               tokens_[at_ + 1].offset == tokens_[at_].offset + 1;
    }
    int line() const { return at_end() ? (tokens_.empty() ? 1 : tokens_.back().line) : tokens_[at_].line; }
    bool accept(std::string_view bytes) {
        if (!is(bytes)) return false;
        ++at_;
        return true;
    }
    void expect(std::string_view bytes) {
        if (!accept(bytes)) lose();
    }
    void lose() {
        lost_ = true;
        at_ = tokens_.size();
    }
    static bool is_keyword(std::string_view word) {
        constexpr std::string_view kWords[] = {"and", "break",    "do",     "else", "elseif", "end",   "false",
                                               "for", "function", "if",     "in",   "local",  "nil",   "not",
                                               "or",  "repeat",   "return", "then", "true",   "until", "while"};
        return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
    }
    std::string name() {
        if (kind() != LuaTokenKind::word || is_keyword(look())) {
            lose();
            return {};
        }
        return std::string(tokens_[at_++].bytes);
    }

    // ---- scopes

    const Local* find_local(std::string_view wanted) const {
        for (size_t i = locals_.size(); i-- > 0;) {
            if (locals_[i].name == wanted) return &locals_[i];
        }
        return nullptr;
    }
    // A number or text that is never set again is known wherever it is used; a local that is, is what all that is given
    // to it is.
    void declare(std::string wanted, const SourceValue& value, size_t token) {
        const auto changed = known_.changed.find({file_, token});
        Local local{std::move(wanted), kept(value)};
        if (changed != known_.changed.end()) {
            GivenType given = changed->second;
            if (!given.type().empty()) given.add(value);
            local.value = typed(given.type());
        } else if (value.literal && (value.type == "number" || value.type == "string")) {
            local.value = value;
        }
        declared_at_.push_back(token);
        locals_.push_back(std::move(local));
    }
    void leave(size_t count) {
        locals_.resize(count);
        declared_at_.resize(count);
    }
    void note_change(std::string_view wanted, const SourceValue& given) {
        for (size_t i = locals_.size(); i-- > 0;) {
            if (locals_[i].name != wanted) continue;
            if (facts_ != nullptr) facts_->changed[{file_, declared_at_[i]}].add(given);
            return;
        }
    }
    std::vector<std::string> local_names() const {
        std::vector<std::string> names;
        for (const Local& local : locals_) names.push_back(local.name);
        return names;
    }

    // ---- statements

    bool block_ends() const { return at_end() || is("end") || is("else") || is("elseif") || is("until"); }
    void block() {
        const size_t outer = locals_.size();
        statements();
        leave(outer);
    }
    void statements() {
        if (++depth_ > kDepthMax) lose();
        while (!block_ends()) statement();
        --depth_;
    }

    void statement() {
        if (accept(";")) return;
        if (accept("::")) {
            name();
            return expect("::");
        }
        if (accept("if")) return if_statement();
        if (accept("while")) {
            expression();
            expect("do");
            block();
            return expect("end");
        }
        if (accept("do")) {
            block();
            return expect("end");
        }
        if (accept("for")) return for_statement();
        if (accept("repeat")) return repeat_statement();
        if (accept("function")) return function_statement();
        if (is("local") && look(1) == "function") return local_function();
        if (accept("local")) return local_statement();
        if (accept("return")) return return_statement();
        if (accept("break")) return;
        if (is("goto") && at_ + 1 < tokens_.size() && tokens_[at_ + 1].kind == LuaTokenKind::word) {
            at_ += 2;
            return;
        }
        expression_statement();
    }

    void if_statement() {
        do {
            expression();
            expect("then");
            block();
        } while (accept("elseif"));
        if (accept("else")) block();
        expect("end");
    }

    void repeat_statement() {
        const size_t outer = locals_.size();
        statements();
        expect("until");
        expression();
        leave(outer);
    }

    void for_statement() {
        const size_t outer = locals_.size();
        std::vector<std::pair<std::string, size_t>> names;
        do {
            const size_t token = at_;
            names.emplace_back(name(), token);
        } while (accept(","));
        SourceValue element;
        if (accept("=")) {
            expressions();
        } else {
            expect("in");
            list_element_.clear();
            expressions();
            element.type = list_element_;
        }
        expect("do");
        for (size_t i = 0; i < names.size(); ++i)
            declare(names[i].first, i == 1 ? element : SourceValue{}, names[i].second);
        block();
        leave(outer);
        expect("end");
    }

    static std::optional<std::string_view> callback_named(std::string_view wanted) {
        const ApiName* entry = find_api_member("", wanted);
        if (entry == nullptr || entry->kind != ApiKind::callback) return std::nullopt;
        return entry->name;
    }

    // function a.b.c:d(…)
    void function_statement() {
        const int at_line = line();
        const std::string first = name();
        const Local* local = find_local(first);
        const bool of_strategy = local != nullptr && local->value.type == "strategy_table";
        std::string last;
        bool method = false;
        while (is(".") || is(":")) {
            method = look() == ":";
            ++at_;
            last = name();
            if (facts_ != nullptr) facts_->fields.insert(last);
        }
        if (last.empty()) {
            if (local != nullptr) {
                note_change(first, {});
            } else {
                set_global(first, at_line);
            }
            if (callback_named(first) && (local == nullptr || !of_strategy))
                rules_.never_called(first, strategy_name_, at_line);
        }
        const auto callback = of_strategy && !method ? callback_named(last) : std::nullopt;
        if (callback) rules_.defined_callback(*callback, at_line);
        function_body(callback.value_or(""), method);
    }

    void local_function() {
        at_ += 2;
        const int at_line = line();
        const size_t token = at_;
        const std::string own = name();
        declare(own, {}, token);
        function_body("", false);
        if (callback_named(own) && !mentioned_after(own)) rules_.never_called(own, strategy_name_, at_line);
    }
    // Is the name used in what follows (S.on_bar = on_bar)?
    bool mentioned_after(std::string_view wanted) const {
        for (size_t i = at_; i < tokens_.size(); ++i) {
            const bool field = i > 0 && (tokens_[i - 1].bytes == "." || tokens_[i - 1].bytes == ":");
            if (tokens_[i].kind == LuaTokenKind::word && tokens_[i].bytes == wanted && !field) return true;
        }
        return false;
    }

    void local_statement() {
        std::vector<std::pair<std::string, size_t>> names;
        do {
            const size_t token = at_;
            names.emplace_back(name(), token);
        } while (accept(","));
        std::vector<SourceValue> values;
        if (accept("=")) values = expressions();
        for (size_t i = 0; i < names.size(); ++i) {
            const SourceValue value = nth(values, i);
            if (value.type == "strategy_table") strategy_name_ = names[i].first;
            declare(names[i].first, value, names[i].second);
        }
    }
    // Of a list of expressions: nil where it is too short, unless its last one gives several.
    static SourceValue nth(const std::vector<SourceValue>& values, size_t i) {
        if (i < values.size()) return values[i];
        return values.empty() || !values.back().several ? literal("nil", "nil") : SourceValue{};
    }

    void return_statement() {
        const int at_line = line();
        std::vector<SourceValue> values;
        if (!block_ends() && !is(";")) values = expressions();
        accept(";");
        if (in_exit_check_ && !values.empty()) rules_.decision(values.front(), at_line);
    }

    void set_global(std::string_view wanted, int at_line) {
        if (facts_ != nullptr) facts_->globals.insert(std::string(wanted));
        rules_.set_global(wanted, at_line);
    }

    // What an assignment sets.
    struct Target {
        std::string local, global;
        std::string field;  // of an object
        bool of_strategy = false;
        int line = 0;
    };
    void expression_statement() {
        std::vector<Target> targets;
        do {
            const size_t before = at_;
            const int at_line = line();
            suffixed(true);
            target_.line = at_line;
            targets.push_back(target_);
            if (at_ == before) return lose();
        } while (accept(","));
        if (!is("=") || is_pair('=', '=')) return;  // a call
        ++at_;
        const bool callback = targets.size() == 1 && targets[0].of_strategy && is("function");
        const auto known = callback ? callback_named(targets[0].field) : std::nullopt;
        std::vector<SourceValue> values;
        if (known) {
            ++at_;
            rules_.defined_callback(*known, line());
            function_body(*known, false);
            values.push_back(typed("function"));
        } else {
            values = expressions();
        }
        for (size_t i = 0; i < targets.size(); ++i) set(targets[i], nth(values, i));
    }
    void set(const Target& target, const SourceValue& value) {
        if (!target.global.empty()) {
            set_global(target.global, target.line);
        } else if (!target.local.empty()) {
            note_change(target.local, value);
        } else if (facts_ != nullptr && !target.field.empty()) {
            facts_->fields.insert(target.field);
            facts_->given_fields[target.field].add(value);
        }
    }

    // ---- expressions

    std::vector<SourceValue> expressions() {
        std::vector<SourceValue> values;
        do {
            if (!values.empty()) values.back().several = false;
            values.push_back(expression());
        } while (accept(","));
        return values;
    }

    // "" where none follows.
    std::string_view binary_operator() {
        for (const std::string_view one : {"==", "~=", "<=", ">="}) {
            if (!is_pair(one[0], one[1])) continue;
            at_ += 2;
            return one;
        }
        constexpr std::string_view kOperators[] = {"+", "-", "*", "/", "%", "^", "<", ">", "..", "and", "or"};
        for (const std::string_view one : kOperators) {
            if (accept(one)) return one;
        }
        return {};
    }
    static bool is_arithmetic(std::string_view sign) {
        return sign.size() == 1 && std::string_view("+-*/%^").find(sign) != std::string_view::npos;
    }
    static bool is_order(std::string_view sign) { return sign == "<" || sign == ">" || sign == "<=" || sign == ">="; }
    // An operand between two operators, or one and none, belongs to the one that binds tighter. Between two of one kind
    // it is either's.
    struct Operand {
        SourceValue value;
        size_t from = 0, to = 0;  // its tokens
    };
    // As it is written, where that is short.
    std::string_view written(const Operand& operand) const {
        constexpr size_t kShown = 40;
        if (operand.from >= operand.to || operand.to > tokens_.size()) return "this";
        const LuaToken& first = tokens_[operand.from];
        const LuaToken& last = tokens_[operand.to - 1];
        const size_t bytes = last.offset + last.bytes.size() - first.offset;
        return first.line == last.line && bytes <= kShown ? std::string_view(first.bytes.data(), bytes) : "this";
    }
    void judge(const Operand& operand, SourceRules::Operand kind, std::string_view sign) {
        const int at_line = operand.from < tokens_.size() ? tokens_[operand.from].line : line();
        if (!lost_) rules_.operand(operand.value, kind, sign, written(operand), at_line);
    }
    void judge(const Operand& operand, std::string_view left, std::string_view right) {
        using Kind = SourceRules::Operand;
        for (const std::string_view sign : {right, left}) {
            if (is_arithmetic(sign)) return judge(operand, Kind::number, sign);
        }
        if (left == ".." || right == "..") return judge(operand, Kind::joined, "..");
        const auto loose = [](std::string_view sign) { return sign.empty() || sign == "and" || sign == "or"; };
        if (is_order(right) && loose(left)) return judge(operand, Kind::compared, right);
        if (is_order(left) && loose(right)) judge(operand, Kind::compared, left);
    }

    SourceValue expression() {
        if (++depth_ > kDepthMax) lose();
        const auto next = [this] {
            Operand read{{}, at_, 0};
            read.value = operand();
            read.to = at_;
            return read;
        };
        Operand last = next();
        SourceValue value = last.value;
        bool only_and = true;
        bool combined = false;
        std::string_view before;
        while (!at_end()) {
            only_and = only_and && is("and");
            const std::string_view sign = binary_operator();
            judge(last, before, sign);
            before = {};
            if (sign.empty()) break;
            combined = true;
            before = sign;
            last = next();
            value = only_and ? kept(last.value) : SourceValue{};
        }
        if (!before.empty()) judge(last, before, {});  // at the end of the source
        if (combined) value.several = false;
        --depth_;
        return value;
    }

    SourceValue operand() {
        if (accept("not") || accept("#")) {
            operand();
            return {};
        }
        if (is("-")) {
            const size_t from = ++at_;
            SourceValue value = operand();
            judge({value, from, at_}, SourceRules::Operand::number, "-");
            if (!value.literal || value.type != "number") return {};
            value.number = -value.number;
            return value;
        }
        return simple();
    }

    static SourceValue literal(std::string_view type, std::string text = {}) {
        SourceValue value;
        value.type = type;
        value.literal = true;
        value.text = std::move(text);
        return value;
    }

    SourceValue simple() {
        if (at_end()) {
            lose();
            return {};
        }
        if (kind() == LuaTokenKind::number) return number();
        if (kind() == LuaTokenKind::text) {
            return text();
        }
        for (const std::string_view word : {"nil", "true", "false"}) {
            if (accept(word)) return literal(word == "nil" ? "nil" : "boolean", std::string(word));
        }
        if (accept("...")) {
            SourceValue value;
            value.several = true;
            return value;
        }
        if (is("{")) return table();
        if (accept("function")) {
            function_body("", false);
            SourceValue value;
            value.type = "function";
            return value;
        }
        return suffixed();
    }

    SourceValue number() {
        const std::string_view bytes = tokens_[at_++].bytes;
        SourceValue value;
        double read = 0;
        const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), read);
        if (error != std::errc() || end != bytes.data() + bytes.size()) return value;  // hexadecimal
        value = literal("number");
        value.number = read;
        return value;
    }

    // A text with escapes or in long brackets is a text of unknown bytes.
    SourceValue text() {
        const std::string_view bytes = tokens_[at_++].bytes;
        if (bytes.front() == '[' || bytes.find('\\') != std::string_view::npos) return {};
        return literal("string", std::string(bytes.substr(1, bytes.size() - 2)));
    }

    SourceValue table() {
        expect("{");
        auto made = std::make_shared<SourceTable>();
        while (!at_end() && !is("}")) {
            if (kind() == LuaTokenKind::word && look(1) == "=" &&
                !(at_ + 2 < tokens_.size() && look(2) == "=" &&
                  tokens_[at_ + 2].offset == tokens_[at_ + 1].offset + 1)) {
                const int at_line = line();
                std::string key = name();
                ++at_;
                SourceValue value = expression();
                if (facts_ != nullptr) facts_->given_fields[key].add(value);
                made->fields.push_back({std::move(key), at_line, std::move(value)});
            } else if (accept("[")) {
                made->computed = true;
                const SourceValue key = expression();
                expect("]");
                expect("=");
                const SourceValue value = expression();
                if (facts_ != nullptr && key.literal && key.type == "string") facts_->given_fields[key.text].add(value);
            } else {
                made->computed = true;
                expression();
            }
            if (!accept(",") && !accept(";")) break;
        }
        expect("}");
        SourceValue value;
        value.type = "table";
        value.table = std::move(made);
        return value;
    }

    // ( names ) block end. `callback`: of the engine, which says what it gives.
    void function_body(std::string_view callback, bool method) {
        const size_t outer = locals_.size();
        const bool before = std::exchange(in_exit_check_, callback == "on_exit_check");
        if (method) declare("self", {}, at_);
        const ApiName* entry = callback.empty() ? nullptr : find_api_member("", callback);
        expect("(");
        for (size_t i = 0; !at_end() && !is(")"); ++i) {
            if (accept("...")) break;
            const size_t token = at_;
            std::string parameter = name();
            SourceValue value;
            if (entry != nullptr && i < entry->arguments.size() &&
                find_api_owner(entry->arguments[i].type) != nullptr && entry->arguments[i].type != "string" &&
                entry->arguments[i].type != "table")
                value.type = entry->arguments[i].type;
            if (callback == "on_params" && i == 1) value.type = "params";
            if (entry == nullptr && parameter == "ctx") value.type = "ctx";
            declare(std::move(parameter), std::move(value), token);
            if (!accept(",")) break;
        }
        expect(")");
        statements();
        leave(outer);
        in_exit_check_ = before;
        expect("end");
    }

    bool call_follows() const { return is("(") || is("{") || kind_is_text(); }
    bool kind_is_text() const { return !at_end() && kind() == LuaTokenKind::text; }

    std::vector<SourceValue> arguments() {
        if (kind_is_text()) return {text_argument()};
        if (is("{")) return {table()};
        expect("(");
        std::vector<SourceValue> values;
        if (!is(")")) values = expressions();
        expect(")");
        return values;
    }
    SourceValue text_argument() {
        SourceValue value = text();
        if (value.type.empty()) value.type = "text";
        return value;
    }

    // `target`: it begins a statement, so that "=" or "," after a name sets it.
    SourceValue suffixed(bool target = false) {
        SourceValue value;
        std::string global_call;
        target_ = Target{};
        const int first_line = line();
        if (accept("(")) {
            value = expression();
            expect(")");
            value.several = false;
        } else {
            const std::string first = name();
            if (lost_) return {};
            if (facts_ != nullptr && first == "setmetatable") facts_->metatables = true;
            if (const Local* local = find_local(first)) {
                value = local->value;
                target_.local = first;
            } else {
                target_.global = first;
                if (!(target && is_set())) value = rules_.global(first, first_line, local_names());
                global_call = first;
            }
        }
        suffixes(value, global_call, target);
        return value;
    }
    bool is_set() const { return is(",") || (is("=") && !is_pair('=', '=')); }

    void suffixes(SourceValue& value, std::string global_call, bool target) {
        while (!at_end() && !lost_) {
            const int at_line = line();
            if (is(".") || is(":")) {
                const bool colon = look() == ":";
                ++at_;
                member(value, colon, at_line, target);
            } else if (accept("[")) {
                const SourceValue key = expression();
                expect("]");
                // bar["close"] is bar.close
                if (key.literal && key.type == "string" && !value.type.ends_with("[]") && !call_follows()) {
                    value = target && is_set() ? SourceValue{} : rules_.field(value, key.text, at_line);
                    target_ = Target{};
                    target_.field = key.text;
                    global_call.clear();
                    continue;
                }
                const bool list = value.type.ends_with("[]");
                const std::string element = list ? value.type.substr(0, value.type.size() - 2) : "";
                value = {};
                value.type = element;
                target_ = Target{};
            } else if (call_follows()) {
                const auto given = arguments();
                target_ = Target{};
                if ((global_call == "ipairs" || global_call == "pairs") && !given.empty() &&
                    given[0].type.ends_with("[]"))
                    list_element_ = given[0].type.substr(0, given[0].type.size() - 2);
                value = global_call.empty() ? SourceValue{} : rules_.call_global(global_call, given, at_line);
                value.several = true;
            } else {
                return;
            }
            global_call.clear();
        }
    }

    void member(SourceValue& value, bool colon, int at_line, bool target) {
        const bool of_strategy = value.type == "strategy_table";
        const std::string own = name();
        if (lost_) return;
        if (call_follows()) {
            if (facts_ != nullptr) facts_->methods.insert(own);
            const SourceValue object = value.literal && value.type == "string" ? typed("string") : value;
            value = rules_.call(object, own, colon, arguments(), at_line);
            value.several = true;
            target_ = Target{};
            return;
        }
        value = target && is_set() ? SourceValue{} : rules_.field(value, own, at_line);
        target_ = Target{};
        target_.field = own;
        target_.of_strategy = of_strategy;
    }
    static SourceValue typed(std::string_view type) {
        SourceValue value;
        value.type = type;
        return value;
    }

    std::vector<LuaToken> tokens_;
    std::string file_;
    SourceRules& rules_;
    const SourceFacts& known_;
    SourceFacts* facts_;
    size_t at_ = 0;
    int depth_ = 0;
    bool lost_ = false;
    bool in_exit_check_ = false;
    std::vector<Local> locals_;
    std::vector<size_t> declared_at_;  // token of each local
    std::string strategy_name_;        // the local that strategy { … } was given to
    std::string list_element_;         // type of what ipairs goes over
    Target target_;
};

}  // namespace

bool walk_source(std::string_view text, const std::string& file, bool is_strategy, SourceRules& rules,
                 const SourceFacts& known, SourceFacts* facts) {
    auto tokens = lex_lua(text, file, LuaLimits{}.source_bytes_max);
    if (!tokens) return false;
    rules.begin_file(file, is_strategy);
    return Walker(std::move(*tokens), file, rules, known, facts).run();
}

}  // namespace tide
