#include "feeds/synthetic_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace tide {
namespace {

constexpr std::string_view kFeedName = "synthetic";

constexpr std::array<std::pair<SyntheticScenario, std::string_view>, 11> kScenarios{{
    {SyntheticScenario::usual, "usual"},
    {SyntheticScenario::trend, "trend"},
    {SyntheticScenario::range, "range"},
    {SyntheticScenario::gap_up, "gap_up"},
    {SyntheticScenario::gap_down, "gap_down"},
    {SyntheticScenario::flash_crash, "flash_crash"},
    {SyntheticScenario::vix_spike, "vix_spike"},
    {SyntheticScenario::expiry, "expiry"},
    {SyntheticScenario::dead_feed, "dead_feed"},
    {SyntheticScenario::frozen_feed, "frozen_feed"},
    {SyntheticScenario::closing_auction, "closing_auction"},
}};

using Settings = SyntheticSettings;
constexpr std::array<SyntheticKnob, 11> kKnobs{{
    {"vix", 8, 80, false, "VIX at the previous close; prices move accordingly",
     [](Settings& s, double v) { s.vix = v; }},
    {"volatility", 0.1, 5, false, "how far prices move, a multiple of what goes with the VIX",
     [](Settings& s, double v) { s.volatility = v; }},
    {"drift", -10, 10, false, "percent that today drifts, before chance",
     [](Settings& s, double v) { s.drift_pct = v; }},
    {"jumps", 0, 20, false, "jumps expected today", [](Settings& s, double v) { s.jumps = v; }},
    {"spread", 0.1, 20, false, "of options, a multiple of the usual", [](Settings& s, double v) { s.spread = v; }},
    {"rate", 1, 50, true, "ticks a second of each index",
     [](Settings& s, double v) { s.rate = static_cast<int64_t>(v); }},
    {"strikes", 1, 40, true, "strikes quoted each side of the money",
     [](Settings& s, double v) { s.chain_strikes = static_cast<int64_t>(v); }},
    {"lag_ms", 0, 600'000, true, "how far exchange stamps are behind the receipt",
     [](Settings& s, double v) { s.lag_ms = static_cast<int64_t>(v); }},
    {"drop", 0, 0.9, false, "share of ticks that get lost", [](Settings& s, double v) { s.drop = v; }},
    {"repeat", 0, 0.9, false, "share of ticks that come twice", [](Settings& s, double v) { s.repeat = v; }},
    {"spike", 0, 0.1, false, "share of ticks whose price is 8 % wrong", [](Settings& s, double v) { s.spike = v; }},
}};

Error refused(std::string_view feed, std::string_view why) {
    return make_error(ErrorCode::usage, fmt::format("feed '{}': {}", feed, why));
}

template <class Number>
bool read(std::string_view text, Number& value) {
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    return failure == std::errc() && end == text.data() + text.size() && !text.empty();
}

// Takes what stands before the next `mark` off the front of `rest`.
std::string_view take_until(std::string_view& rest, char mark) {
    const std::string_view word = rest.substr(0, rest.find(mark));
    rest.remove_prefix(word.size());
    return word;
}

// ":SCENARIO:SEED", each at most once and in this order.
bool read_words(std::string_view words, Settings& settings) {
    bool named = false, seeded = false;
    while (!words.empty()) {
        if (words.front() != ':' || seeded) return false;
        words.remove_prefix(1);
        const std::string_view word = take_until(words, ':');
        const auto scenario =
            std::find_if(kScenarios.begin(), kScenarios.end(), [&](const auto& s) { return s.second == word; });
        if (scenario != kScenarios.end() && !named) {
            settings.scenario = scenario->first;
            named = true;
            continue;
        }
        if (!read(word, settings.seed)) return false;
        seeded = true;
    }
    return true;
}

Result<void> read_knob(std::string_view feed, std::string_view name, std::string_view value, Settings& settings) {
    if (name == "date") {
        const auto date = parse_date(value);
        if (!date) return refused(feed, fmt::format("date={}: give YYYY-MM-DD", value));
        settings.session_date = *date;
        return {};
    }
    const auto knob =
        std::find_if(kKnobs.begin(), kKnobs.end(), [&](const SyntheticKnob& k) { return k.name == name; });
    if (knob == kKnobs.end()) {
        std::string names = "date";
        for (const SyntheticKnob& known : kKnobs) names += fmt::format(", {}", known.name);
        return refused(feed, fmt::format("there is no '{}'; there are {}", name, names));
    }
    double number = 0;
    const bool fits = read(value, number) && number >= knob->lowest && number <= knob->highest &&
                      (!knob->whole || number == std::floor(number));
    if (!fits) {
        return refused(feed, fmt::format("{}={}: give a {}number from {} to {} ({})", name, value,
                                         knob->whole ? "whole " : "", knob->lowest, knob->highest, knob->meaning));
    }
    knob->set(settings, number);
    return {};
}

}  // namespace

std::string_view name_of(SyntheticScenario scenario) {
    for (const auto& [value, name] : kScenarios) {
        if (value == scenario) return name;
    }
    return "";
}

std::span<const SyntheticKnob> synthetic_knobs() { return kKnobs; }

Result<SyntheticSettings> parse_synthetic_feed(std::string_view text) {
    Settings settings;
    std::string_view rest = text;
    std::string_view words = take_until(rest, ',');
    const bool ours = words.starts_with(kFeedName);
    if (ours) words.remove_prefix(kFeedName.size());
    if (!ours || !read_words(words, settings)) {
        std::string names;
        for (const auto& [value, name] : kScenarios) names += (names.empty() ? "" : ", ") + std::string(name);
        return refused(text,
                       fmt::format("expected synthetic[:SCENARIO][:SEED][,NAME=VALUE]..., scenario one of {}", names));
    }
    while (!rest.empty()) {
        rest.remove_prefix(1);
        std::string_view value = take_until(rest, ',');
        const std::string_view name = take_until(value, '=');
        if (value.empty()) return refused(text, fmt::format("'{}': give NAME=VALUE", name));
        value.remove_prefix(1);
        if (auto done = read_knob(text, name, value, settings); !done) return done.error();
    }
    return settings;
}

std::string describe(const SyntheticSettings& settings) {
    const Settings usual;
    std::string out;
    if (settings.scenario != SyntheticScenario::usual) out += fmt::format("scenario {}, ", name_of(settings.scenario));
    out += fmt::format("seed {}", settings.seed);
    const auto add = [&](const char* name, const auto& value, const auto& default_value) {
        if (value != default_value) out += fmt::format(", {}={}", name, value);
    };
    if (settings.vix) out += fmt::format(", vix={}", *settings.vix);
    add("volatility", settings.volatility, usual.volatility);
    if (settings.drift_pct) out += fmt::format(", drift={}", *settings.drift_pct);
    if (settings.jumps) out += fmt::format(", jumps={}", *settings.jumps);
    add("spread", settings.spread, usual.spread);
    add("rate", settings.rate, usual.rate);
    add("strikes", settings.chain_strikes, usual.chain_strikes);
    add("lag_ms", settings.lag_ms, usual.lag_ms);
    add("drop", settings.drop, usual.drop);
    add("repeat", settings.repeat, usual.repeat);
    add("spike", settings.spike, usual.spike);
    return out;
}

}  // namespace tide
