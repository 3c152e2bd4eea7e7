#include "bindings/worker_messages.hpp"

#include <algorithm>
#include <cmath>

#include "bindings/api_limits.hpp"
#include "bindings/script_bundle.hpp"

namespace tide {
namespace {

// The limits of the texts that a script can make, as the bindings keep them: what is longer did not come from there.
constexpr size_t kLongTextMax = size_t(64) << 10;
constexpr size_t kMessageMax = size_t(16) << 10;
constexpr size_t kSavedMax = size_t(2) << 20;
constexpr size_t kDeclaredMax = 1000;  // symbols, timeframes, parameters
constexpr double kPriceMax = 1e9;      // rupees
constexpr double kLotsMax = 1e6;
constexpr double kTimerMax_s = 7 * 86400;  // and its name's bytes: what ctx:after takes
constexpr size_t kTimerNameMax = 64;

bool plain(std::string_view text, size_t bytes_max) {
    return text.size() <= bytes_max && std::none_of(text.begin(), text.end(), [](char c) {
               const auto byte = static_cast<unsigned char>(c);
               return byte < 0x20 || byte == 0x7f;
           });
}
// Of an error: lines are allowed.
bool lines(std::string_view text, size_t bytes_max) {
    return text.size() <= bytes_max && std::none_of(text.begin(), text.end(), [](char c) {
               const auto byte = static_cast<unsigned char>(c);
               return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
           });
}
bool sound(const std::optional<Price>& price) {
    return !price || (price->units() >= 0 && price->to_double() <= kPriceMax);
}
bool sound(const std::optional<double>& percent) { return !percent || (*percent > 0 && *percent <= 100); }

bool sound(const EntryTerms& terms) {
    return sound(terms.trigger) && sound(terms.trail) && sound(terms.trail_pct) && terms.good_till_minute >= 0 &&
           terms.good_till_minute < 24 * 60 && terms.display_lots >= 0 && terms.over_min >= 0 &&
           terms.over_min <= kApiOverMinutesMax && terms.slices >= 0 && terms.slices <= kApiSlicesMax;
}

bool texts_are_plain(const Intent& intent) {
    for (const std::string* text : {&intent.tag, &intent.why, &intent.reason.rule, &intent.reason.values,
                                    &intent.reason.text, &intent.terms.oco}) {
        if (!plain(*text, kLongTextMax)) return false;
    }
    return true;
}

const char* wrong_in_group(const Intent& intent, const ExpectedOutput& expected) {
    const bool group = intent.kind == IntentKind::enter_group;
    if (group ? intent.legs.size() < kGroupLegsMin || intent.legs.size() > kGroupLegsMax : !intent.legs.empty())
        return "a group with a number of legs out of range";
    for (const IntentLeg& leg : intent.legs) {
        if (!std::binary_search(expected.instruments.begin(), expected.instruments.end(), leg.instrument))
            return "a leg on an instrument that the script cannot know";
        if (leg.lots < 1 || static_cast<double>(leg.lots) > kLotsMax || !sound(leg.limit)) return "a leg out of range";
    }
    const bool time =
        !intent.timeout_s || (*intent.timeout_s >= kApiGroupTimeoutMin_s && *intent.timeout_s <= kApiGroupTimeoutMax_s);
    const bool loss = !intent.max_loss || (*intent.max_loss > Money() && intent.max_loss->to_double() <= kPriceMax);
    if (!time || !loss || (!group && (intent.timeout_s || intent.max_loss))) return "a group out of range";
    return nullptr;
}

}  // namespace

const char* wrong_in(const Intent& intent, const ExpectedOutput& expected) {
    if (intent.strategy != expected.strategy) return "an intent of another strategy";
    if (intent.decided != ReceiveTime(Duration(expected.now_ns))) return "an intent of another time";
    if (intent.instrument.valid() &&
        !std::binary_search(expected.instruments.begin(), expected.instruments.end(), intent.instrument)) {
        return "an intent on an instrument that the script cannot know";
    }
    const bool entry = intent.kind == IntentKind::enter;
    if (entry != intent.instrument.valid()) return "an intent without its instrument";
    if (entry ? intent.lots < 1 || static_cast<double>(intent.lots) > kLotsMax : intent.lots != 0)
        return "an intent with a number of lots out of range";
    if (!sound(intent.limit) || !sound(intent.stop) || !sound(intent.target) || !sound(intent.stop_pct) ||
        !sound(intent.target_pct) || !sound(std::optional(intent.level))) {
        return "an intent with a price out of range";
    }
    const PremiumLevels& premium = intent.premium;
    if (!sound(premium.stop) || !sound(premium.target) || !sound(premium.stop_pct) || !sound(intent.trail_stop_pct) ||
        (premium.target_pct && !(*premium.target_pct > 0 && *premium.target_pct <= kApiPremiumTargetMax)) ||
        !sound(intent.terms)) {
        return "an intent with terms out of range";
    }
    if (entry && (intent.parent.valid() || intent.position.valid())) return "an entry that adds to another one";
    if (const char* wrong = wrong_in_group(intent, expected)) return wrong;
    if (!(intent.fraction > 0 && intent.fraction <= 1)) return "an intent on more than all of a position";
    if (intent.reason.priority < 2 || intent.reason.priority > 5) return "an intent with the engine's own priority";
    if (!texts_are_plain(intent)) return "an intent with a text that is none";
    return nullptr;
}

const char* wrong_in(const CallbackResult& result, const CallbackOutput& output, const ExpectedOutput& expected) {
    const LuaLimits& limits = expected.limits;
    if (!lines(result.message, kMessageMax)) return "an error that is no text";
    if (result.status != CallbackStatus::ok && !output.intents.empty()) return "intents of a callback that failed";
    // What loading said comes out with on_start.
    const size_t logs_max = 2 * limits.logs_per_callback + 16;
    if (output.intents.size() > limits.intents_per_callback || output.logs.size() > logs_max ||
        output.skips.size() > limits.notes_per_callback || output.states.size() > limits.notes_per_callback ||
        output.plots.size() > limits.notes_per_callback || output.timers.size() > limits.notes_per_callback) {
        return "more than one callback may say";
    }
    size_t given_out = 0;
    for (const Intent& intent : output.intents) {
        if (const char* wrong = wrong_in(intent, expected)) return wrong;
        while (given_out < expected.intent_ids.size() && expected.intent_ids[given_out] != intent.id.value())
            ++given_out;
        if (given_out++ >= expected.intent_ids.size()) return "an intent with an id that it was not given";
    }
    for (const auto& log : output.logs)
        if (!plain(log.level, 32) || !plain(log.text, kLongTextMax)) return "a log line that is no text";
    for (const auto& skip : output.skips)
        if (!plain(skip.symbol, kLongTextMax) || !plain(skip.why, kLongTextMax)) return "a skip that is no text";
    for (const auto& state : output.states) {
        for (const std::string* text : {&state.symbol, &state.name, &state.value, &state.values})
            if (!plain(*text, kLongTextMax)) return "a state that is no text";
    }
    for (const auto& plot : output.plots) {
        if (!plain(plot.symbol, kLongTextMax) || !plain(plot.name, kLongTextMax)) return "a plot that is no text";
        const bool hole = !plot.mark && std::isnan(plot.value);
        if (!hole && !(std::abs(plot.value) <= kApiPlotMax)) return "a plot out of range";
    }
    for (const auto& timer : output.timers) {
        if (!(timer.seconds > 0 && timer.seconds <= kTimerMax_s) || timer.name.size() > kTimerNameMax)
            return "a timer out of range";
    }
    if (output.saved && output.saved->size() > kSavedMax) return "a saved state that is too large";
    return nullptr;
}

const char* wrong_in(const Result<StrategyDeclaration>& loaded, const ScriptBundle& bundle) {
    if (!loaded) {
        if (loaded.error().code != ErrorCode::script && loaded.error().code != ErrorCode::internal)
            return "an error that is not a script's";
        return lines(loaded.error().message, kMessageMax) ? nullptr : "an error that is no text";
    }
    const StrategyDeclaration& declared = *loaded;
    if (declared.sha256 != bundle_sha256(bundle)) return "another digest than its sources have";
    if (!plain(declared.name, 200) || !plain(declared.version, 200)) return "a name that is no text";
    if (declared.symbols.size() > kDeclaredMax || declared.timeframes.size() > kTimeframeCount ||
        declared.timeframe_names.size() != declared.timeframes.size() || declared.parameters.size() > kDeclaredMax) {
        return "more declared than can be";
    }
    for (const auto& symbol : declared.symbols)
        if (!plain(symbol, 200)) return "a symbol that is no text";
    for (const auto& name : declared.timeframe_names)
        if (!plain(name, 64)) return "a timeframe that is no text";
    for (const auto& [timeframe, bars] : declared.history_bars)
        if (bars < 0 || bars > 1'000'000'000) return "history out of range";
    if (declared.chain_strikes < 0 || declared.chain_strikes > 100'000) return "strikes out of range";
    if (declared.callbacks >> kScriptCallbackCount != 0) return "callbacks that there are not";
    for (const auto& [name, value] : declared.parameters)
        if (!plain(name, 200) || !lines(value, kLongTextMax)) return "a parameter that is no text";
    if (declared.parameter_definitions.size() != declared.parameters.size()) return "parameters without a definition";
    for (const auto& made : declared.parameter_definitions) {
        if (!plain(made.kind, 32) || !lines(made.help, kLongTextMax) || made.choices.size() > kDeclaredMax ||
            std::isnan(made.min) || std::isnan(made.max))
            return "a parameter's definition out of range";
        for (const auto& choice : made.choices)
            if (!lines(choice, kLongTextMax)) return "a choice that is no text";
    }
    return nullptr;
}

}  // namespace tide
