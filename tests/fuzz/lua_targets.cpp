#include <algorithm>

#include "bindings/api_check.hpp"
#include "bindings/fuel_transform.hpp"
#include "bindings/lua_lexer.hpp"
#include "bindings/lua_pattern.hpp"
#include "bindings/script_bundle.hpp"
#include "core/assert.hpp"
#include "targets.hpp"
#include "unit/bindings/fake_services.hpp"

namespace tide::fuzz {
namespace {

// All a person or a record sees of a run.
struct Said {
    std::vector<std::string> words;
    bool loaded = true;
    // How much memory a script takes depends on what the compiler keeps out of it.
    bool about_memory() const {
        return std::any_of(words.begin(), words.end(),
                           [](const std::string& word) { return word.find("memory limit") != std::string::npos; });
    }
    void add(std::string word) { words.push_back(std::move(word)); }
    void add(const CallbackResult& result, const CallbackOutput& output) {
        add(fmt::format("{} {}", static_cast<int>(result.status), result.message));
        for (const auto& log : output.logs) add(log.text);
        for (const auto& skip : output.skips) add(skip.symbol + skip.why);
        for (const auto& state : output.states) add(state.name + state.value + state.values);
        for (const auto& timer : output.timers) add(fmt::format("{} {}", timer.name, timer.seconds));
        add(fmt::format("{} intents", output.intents.size()));
        const bool failed = result.status > CallbackStatus::not_defined;
        TIDE_ASSERT(!failed || output.intents.empty());
        check_text(result.message);
    }
    static void check_text(const std::string& text) {
        TIDE_ASSERT(text.size() < 20'000);
        TIDE_ASSERT(
            std::none_of(text.begin(), text.end(), [](char c) { return c == '\x1b' || c == '\0' || c == '\r'; }));
    }
    bool operator==(const Said&) const = default;
};

constexpr int64_t kBars = 3;
constexpr int64_t kBarsUntilCompiled = 150;  // LuaJIT compiles a function after some hundred calls

Said run(const std::string& source, bool jit, int64_t bars = kBars) {
    LuaLimits limits;
    limits.jit = jit;
    // A tenth, so that a fuzzer meets the limits often and quickly.
    limits.callback_units /= 10;
    limits.load_units /= 100;
    LuaHost host(limits);
    test::FakeServices services;
    Said said;
    const auto bundle = test::bundle_of(source, {{"helper", "return { one = 1 }"}});
    const auto loaded = host.load(test::kSlot, bundle, services);
    for (const auto& finding : check_sources(bundle, loaded)) Said::check_text(text_of(finding));
    if (!loaded) {
        said.loaded = false;
        said.add(loaded.error().message);
        Said::check_text(loaded.error().message);
        return said;
    }
    CallbackOutput output;
    said.add(host.call(test::kSlot, StartMessage{}, output), output);
    for (int64_t i = 0; i < bars; ++i) {
        const BarMessage bar = test::bar_of(1'704'080'700 + 60 * i, 100, 101, 99, 100.5);
        services.now = (bar.start_s + 60) * 1'000'000'000;
        host.push_bar(test::kSlot, bar);
        output = {};
        said.add(host.call(test::kSlot, bar, output), output);
    }
    return said;
}

void tell_difference(const Said& compiled, const Said& interpreted) {
    for (size_t i = 0; i < std::max(compiled.words.size(), interpreted.words.size()); ++i) {
        const std::string first = i < compiled.words.size() ? compiled.words[i] : "(nothing)";
        const std::string second = i < interpreted.words.size() ? interpreted.words[i] : "(nothing)";
        if (first == second) continue;
        fmt::print(stderr, "word {}\n compiled: {}\n interpreted: {}\n", i, first, second);
        return;
    }
}

}  // namespace

void lua_load(std::string_view bytes) {
    const LuaLimits limits;
    const auto tokens = lex_lua(bytes, "probe.lua", limits.source_bytes_max);
    const auto fueled = add_fuel(bytes, "probe.lua", limits);
    TIDE_ASSERT(tokens || !fueled);
    if (tokens) {
        size_t at = 0;
        for (const LuaToken& token : *tokens) {
            TIDE_ASSERT(token.offset >= at && token.offset + token.bytes.size() <= bytes.size());
            at = token.offset + token.bytes.size();
        }
    }
    if (fueled) {
        const auto lines = [](std::string_view text) { return std::count(text.begin(), text.end(), '\n'); };
        TIDE_ASSERT(lines(fueled->text) == lines(bytes));
    }
    static_cast<void>(required_modules(bytes, "probe.lua"));
    run(std::string(bytes), true);
}

void lua_on_bar(std::string_view bytes) {
    const std::string source = test::strategy_text("function S.on_bar(ctx, bar)\n" + std::string(bytes) + "\nend");
    TIDE_ASSERT(run(source, true) == run(source, true));
}

bool lua_compiled_or_not(std::string_view bytes) {
    lua_load(bytes);
    const bool whole = bytes.find("strategy") != std::string_view::npos;
    const std::string source =
        whole ? std::string(bytes)
              : test::strategy_text("function S.on_bar(ctx, bar)\n" + std::string(bytes) + "\nend");
    const Said compiled = run(source, true, kBarsUntilCompiled);
    const Said interpreted = run(source, false, kBarsUntilCompiled);
    const bool same = compiled == interpreted || compiled.about_memory() || interpreted.about_memory();
    if (!same) tell_difference(compiled, interpreted);
    TIDE_ASSERT(same);
    return compiled.loaded;
}

void lua_pattern(std::string_view bytes) {
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    std::string_view pattern = bytes.substr(0, end);
    const std::string_view subject = bytes.substr(std::min(end + 1, bytes.size()));
    const bool anchored = pattern.starts_with('^');
    if (anchored) pattern.remove_prefix(1);
    int64_t steps = 20'000;
    LuaPatternMatch match(subject, pattern, steps);
    const char* begin = nullptr;
    const char* const found = match.search(subject.data(), anchored, begin);
    const char* const last = subject.data() + subject.size();
    if (found == nullptr || match.problem() != LuaPatternMatch::Problem::none) return;
    TIDE_ASSERT(begin >= subject.data() && begin <= found && found <= last);
    for (int i = 0; i < match.captures(); ++i) {
        const auto& capture = match.capture(i);
        TIDE_ASSERT(capture.begin >= subject.data() && capture.begin <= last);
        TIDE_ASSERT(capture.length <= last - capture.begin);
    }
}

}  // namespace tide::fuzz
