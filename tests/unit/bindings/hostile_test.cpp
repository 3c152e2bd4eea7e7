#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/paths.hpp"
#include "worker_fixture.hpp"

// Every file of tests/hostile is run with the compiler on and off, in this process and in one of its own. Its first
// lines say what must come of it ("-- expect: budget", several with '|'); the body runs in on_bar unless it says "--
// run: load".
namespace tide::test {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::vector<std::string> expectations(const std::string& text) {
    const std::string key = "-- expect: ";
    const size_t at = text.find(key);
    if (at == std::string::npos) return {};
    std::istringstream line(text.substr(at + key.size(), text.find('\n', at) - at - key.size()));
    std::vector<std::string> all;
    for (std::string one; std::getline(line, one, '|');) all.push_back(one);
    return all;
}

bool about_memory(const std::string& message) { return message.find("memory limit") != std::string::npos; }
bool about_budget(const std::string& message) {
    return message.find("instruction budget") != std::string::npos ||
           message.find("nested too deeply") != std::string::npos ||
           message.find("too much output") != std::string::npos;
}

struct Outcome {
    std::string verdict;
    std::string message;
    size_t intents = 0;
};

std::string verdict_of(const CallbackResult& result) {
    if (about_memory(result.message)) return "memory";
    if (result.status == CallbackStatus::budget || about_budget(result.message)) return "budget";
    if (result.status == CallbackStatus::stopped) return "stopped";
    return result.status == CallbackStatus::ok ? "ok" : "error";
}

std::unique_ptr<StrategyHost> make_host(bool jit, bool in_worker) {
    LuaLimits limits;
    limits.jit = jit;
    if (in_worker) return make_worker_host(limits);
    return std::make_unique<LuaHost>(limits);
}

// The first thing that went wrong, or "ok".
Outcome run(const std::string& text, bool jit, bool in_worker) {
    const std::unique_ptr<StrategyHost> own_host = make_host(jit, in_worker);
    StrategyHost& host = *own_host;
    FakeServices services;
    const bool at_load = text.find("-- run: load") != std::string::npos;
    const std::string source = at_load ? text : strategy_text("function S.on_bar(ctx, bar)\n" + text + "\nend");
    const ScriptBundle bundle = bundle_of(source, {{"circle", "require 'other'"}, {"other", "require 'circle'"}});
    const auto loaded = host.load(kSlot, bundle, services);
    if (!loaded) {
        const std::string& message = loaded.error().message;
        return {about_memory(message) ? "memory" : about_budget(message) ? "budget" : "refused", message, 0};
    }
    CallbackOutput started;
    if (auto result = host.call(kSlot, StartMessage{}, started); result.status > CallbackStatus::not_defined)
        return {verdict_of(result), result.message, started.intents.size()};
    Outcome outcome{"ok", {}, 0};
    for (int64_t i = 0; i < 30 && outcome.verdict == "ok"; ++i) {
        const BarMessage bar = bar_of(1'704'080'700 + 60 * i, 100, 101, 99, 100.5);
        services.now = (bar.start_s + 60) * 1'000'000'000;
        host.push_bar(kSlot, bar);
        CallbackOutput output;
        const CallbackResult result = host.call(kSlot, bar, output);
        outcome = {verdict_of(result), result.message, output.intents.size()};
    }
    return outcome;
}

// "0x" with at least six hex digits.
bool has_address(const std::string& text) {
    for (size_t at = text.find("0x"); at != std::string::npos; at = text.find("0x", at + 1)) {
        if (text.find_first_not_of("0123456789abcdef", at + 2) - (at + 2) >= 6) return true;
    }
    return false;
}

class HostileScript : public testing::TestWithParam<std::tuple<std::string, bool, bool>> {};

TEST_P(HostileScript, is_contained) {
    const auto& [name, jit, in_worker] = GetParam();
    const std::string text = read(source_dir() / "tests/hostile" / (name + ".lua"));
    const std::vector<std::string> expected = expectations(text);
    ASSERT_FALSE(expected.empty()) << "no '-- expect:' line";
    const std::clock_t begin = std::clock();  // of the processor: a busy machine is not a script's fault
    const Outcome outcome = run(text, jit, in_worker);
    const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    EXPECT_TRUE(std::find(expected.begin(), expected.end(), outcome.verdict) != expected.end())
        << outcome.verdict << ": " << outcome.message;
    EXPECT_EQ(outcome.message.find("ESCAPED"), std::string::npos) << outcome.message;
    EXPECT_FALSE(has_address(outcome.message)) << outcome.message;
    EXPECT_LT(outcome.message.size(), 5000u);
    EXPECT_TRUE(std::none_of(outcome.message.begin(), outcome.message.end(),
                             [](char c) { return c == '\x1b' || c == '\0' || c == '\r'; }));
    EXPECT_TRUE(outcome.verdict == "ok" || outcome.intents == 0);
    EXPECT_LT(seconds, 10) << "took too long to be stopped";
}

std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const auto& entry : fs::directory_iterator(source_dir() / "tests/hostile"))
        if (entry.path().extension() == ".lua") all.push_back(entry.path().stem().string());
    std::sort(all.begin(), all.end());
    return all;
}

INSTANTIATE_TEST_SUITE_P(all, HostileScript,
                         testing::Combine(testing::ValuesIn(names()), testing::Bool(), testing::Bool()),
                         [](const auto& which) {
                             return std::get<0>(which.param) +
                                    (std::get<1>(which.param) ? "_compiled" : "_interpreted") +
                                    (std::get<2>(which.param) ? "_in_a_worker" : "");
                         });

}  // namespace
}  // namespace tide::test
