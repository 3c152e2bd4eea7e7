#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bindings/lua_limits.hpp"
#include "bindings/wire.hpp"
#include "session/strategy_host.hpp"

// What the engine and a worker process say to each other. A message is its kind, a number and a body: the number of the
// load or call that it belongs to, or of the question.
namespace tide {

enum class WorkerMessage : uint8_t {
    load,       // LuaLimits, ScriptBundle; answered by `loaded`
    bar,        // BarMessage, for the mirror; no answer
    indicator,  // handle, values, for the mirror; no answer
    call,       // now_ns, CallMessage; answered by `called`
    answer,     // to a question: what the service answered
    loaded,     // Result<StrategyDeclaration>
    called,     // CallbackResult, CallbackOutput, ScriptUsage
    question,   // ServiceQuestion
};

// The services of StrategyServices that a script in a worker can reach.
struct AskIndicator {
    std::string_view symbol, name;
    Timeframe timeframe = Timeframe::m1;
    std::vector<double> parameters;
};
struct AskActivityFrame {
    ActivitySpec spec;
    bool declare = false;
};
struct AskIndicatorRows {  // all outputs of `count` bars from `newest` bars ago backwards
    int32_t handle = 0;
    uint32_t newest = 0, count = 0;
};
struct AskBarCount {
    int32_t symbol_index = 0;
    Timeframe timeframe = Timeframe::m1;
};
struct AskBars {  // `count` bars from `newest` bars ago backwards
    int32_t symbol_index = 0;
    Timeframe timeframe = Timeframe::m1;
    uint32_t newest = 0, count = 0;
};
struct AskChain {
    std::string_view underlying, expiry;
    int64_t min_days = 0, strikes = 0;
};
struct AskVix {};
struct AskVolatility {};
struct AskRegime {
    std::string_view symbol;
};
struct AskQuality {
    std::string_view symbol;
};
struct AskOpeningGap {
    std::string_view symbol;
};
struct AskAccount {};
struct AskPositions {};
struct AskLastPrice {
    std::string_view symbol;
};
struct AskPhase {};
struct AskPrecheck {
    Intent intent;
};
struct AskInstrument {
    std::string_view symbol;
};
struct AskIntentId {};
using ServiceQuestion = std::variant<AskIndicator, AskActivityFrame, AskIndicatorRows, AskBarCount, AskBars, AskChain,
                                     AskVix, AskVolatility, AskRegime, AskQuality, AskOpeningGap, AskAccount,
                                     AskPositions, AskLastPrice, AskPhase, AskPrecheck, AskInstrument, AskIntentId>;
inline constexpr uint32_t kRowsAtOnce = 256;  // of AskBars and AskIndicatorRows

// Larger than anything that may cross: a bundle of sources one way, a saved state the other.
inline constexpr size_t kMessageToWorkerMax = size_t(16) << 20;
inline constexpr size_t kMessageToEngineMax = size_t(4) << 20;
inline constexpr size_t kMessageHeadBytes = 4 + 1 + 8;  // size of what follows it, kind, number

// Begins a message in `out`; `end_message` writes its size.
inline void begin_message(std::string& out, WorkerMessage kind, uint64_t number) {
    out.assign(4, '\0');
    WireOut wire(out);
    wire(kind, number);
}
inline void end_message(std::string& out) {
    const auto size = static_cast<uint32_t>(out.size() - 4);
    std::memcpy(out.data(), &size, sizeof size);
}
template <class... Body>
void write_message(std::string& out, WorkerMessage kind, uint64_t number, const Body&... body) {
    begin_message(out, kind, number);
    WireOut wire(out);
    wire(body...);
    end_message(out);
}

// Is this something that a script's callback can have produced? Numbers in range, texts of a length and without control
// bytes, no more of anything than the limits allow, intents of this strategy and of now with ids that were given out
// for them (in order, each once) and instruments that the script was told of. What is wrong, or nothing.
struct ExpectedOutput {
    const LuaLimits& limits;
    StrategyId strategy;
    int64_t now_ns = 0;
    const std::vector<uint64_t>& intent_ids;       // given out in this call
    const std::vector<InstrumentId>& instruments;  // that the script was told of, ascending
};
const char* wrong_in(const CallbackResult& result, const CallbackOutput& output, const ExpectedOutput& expected);
const char* wrong_in(const Intent& intent, const ExpectedOutput& expected);
// Is this something that this bundle can declare?
const char* wrong_in(const Result<StrategyDeclaration>& loaded, const ScriptBundle& bundle);

// ---- parts of the structs, for both directions. Structured bindings: a new member does not compile until it is here.

template <>
struct WireLast<Timeframe> {
    static constexpr auto value = Timeframe::a8;
};
template <>
struct WireLast<ActivityKind> {
    static constexpr auto value = ActivityKind::range;
};
template <>
struct WireLast<Liquidity> {
    static constexpr auto value = Liquidity::liquid;
};
template <>
struct WireLast<IntentKind> {
    static constexpr auto value = IntentKind::exit_group;
};
template <>
struct WireLast<TriggerOn> {
    static constexpr auto value = TriggerOn::underlying;
};
template <>
struct WireLast<SliceAlgo> {
    static constexpr auto value = SliceAlgo::vwap;
};
template <>
struct WireLast<GoodTill> {
    static constexpr auto value = GoodTill::date;
};
template <>
struct WireLast<Side> {
    static constexpr auto value = Side::sell;
};
template <>
struct WireLast<CallbackStatus> {
    static constexpr auto value = CallbackStatus::quarantined;  // the others are never a worker's own word
};
template <>
struct WireLast<ErrorCode> {
    static constexpr auto value = ErrorCode::internal;
};
template <>
struct WireLast<Severity> {
    static constexpr auto value = Severity::critical;
};
template <>
struct WireLast<WorkerMessage> {
    static constexpr auto value = WorkerMessage::question;
};

template <class Wire>
void fields(Wire& wire, Error& value) {
    auto& [code, message, severity, retryable] = value;
    wire(code, message, severity, retryable);
}
template <class Wire>
void fields(Wire& wire, LuaLimits& value) {
    auto& [callback_units, load_units, memory_soft, memory_hard, block, churn, text, source, c_stack, intents, logs,
           notes, failures, jit] = value;
    wire(callback_units, load_units, memory_soft, memory_hard, block, churn, text, source, c_stack, intents, logs,
         notes, failures, jit);
}
template <class Wire>
void fields(Wire& wire, ScriptSource& value) {
    auto& [name, text] = value;
    wire(name, text);
}
template <class Wire>
void fields(Wire& wire, ScriptBundle& value) {
    auto& [name, text, modules, parameters, seed, strategy] = value;
    wire(name, text, modules, parameters, seed, strategy);
}
template <class Wire>
void fields(Wire& wire, ParameterDefinition& value) {
    auto& [kind, min, max, choices, help] = value;
    wire(kind, min, max, choices, help);
}
template <class Wire>
void fields(Wire& wire, StrategyDeclaration& value) {
    auto& [name, version, sha256, symbols, timeframes, timeframe_names, history_bars, wants_vix, wants_ticks,
           chain_strikes, callbacks, parameters, parameter_definitions] = value;
    wire(name, version, sha256, symbols, timeframes, timeframe_names, history_bars, wants_vix, wants_ticks,
         chain_strikes, callbacks, parameters, parameter_definitions);
}
template <class Wire>
void fields(Wire& wire, ScriptUsage& value) {
    auto& [failures, fuel_units, memory_bytes] = value;
    wire(failures, fuel_units, memory_bytes);
}
template <class Wire>
void fields(Wire& wire, ActivitySpec& value) {
    auto& [kind, size] = value;
    wire(kind, size);
}
template <class Wire>
void fields(Wire& wire, IndicatorInfo& value) {
    auto& [handle, outputs, history] = value;
    wire(handle, outputs, history);
}
template <class Wire>
void fields(Wire& wire, ChainRow& value) {
    auto& [symbol, strike, right, last, bid, ask, oi, volume, age_s, lot, model, liquidity, mid, iv, delta, gamma,
           theta, vega, oi_change, build_up, crossed, stale, no_quote, iv_of_pair] = value;
    wire(symbol, strike, right, last, bid, ask, oi, volume, age_s, lot, model, liquidity, mid, iv, delta, gamma, theta,
         vega, oi_change, build_up, crossed, stale, no_quote, iv_of_pair);
}
template <class Wire>
void fields(Wire& wire, ChainSnapshot& value) {
    auto& [underlying, spot, atm_strike, expiry, days_to_expiry, rows, strike_step, forward, forward_source, pcr,
           pcr_volume, max_pain, atm_iv, skew, risk_reversal, expected_move, iv_rank, iv_percentile] = value;
    wire(underlying, spot, atm_strike, expiry, days_to_expiry, rows, strike_step, forward, forward_source, pcr,
         pcr_volume, max_pain, atm_iv, skew, risk_reversal, expected_move, iv_rank, iv_percentile);
}
template <class Wire>
void fields(Wire& wire, AccountMessage& value) {
    auto& [equity, cash, day_net, open_positions, max_positions, size_factor, entries_allowed, entries_reason] = value;
    wire(equity, cash, day_net, open_positions, max_positions, size_factor, entries_allowed, entries_reason);
}
template <class Wire>
void fields(Wire& wire, VixMessage& value) {
    auto& [level, change_10m, source] = value;
    wire(level, change_10m, source);
}
template <class Wire>
void fields(Wire& wire, VolatilityMessage& value) {
    auto& [level, vix_class, change_5m, change_10m, change_30m, change_today] = value;
    wire(level, vix_class, change_5m, change_10m, change_30m, change_today);
}
template <class Wire>
void fields(Wire& wire, QualityMessage& value) {
    auto& [known, bad, age_s, cadence_s, missing_pct, skew_s] = value;
    wire(known, bad, age_s, cadence_s, missing_pct, skew_s);
}
template <class Wire>
void fields(Wire& wire, GapMessage& value) {
    auto& [pct, mode] = value;
    wire(pct, mode);
}
template <class Wire>
void fields(Wire& wire, Refusal& value) {
    auto& [code, text, max_lots] = value;
    wire(code, text, max_lots);
}
template <class Wire>
void fields(Wire& wire, SkipNote& value) {
    auto& [symbol, why] = value;
    wire(symbol, why);
}
template <class Wire>
void fields(Wire& wire, LogNote& value) {
    auto& [level, text] = value;
    wire(level, text);
}
template <class Wire>
void fields(Wire& wire, StateNote& note) {
    auto& [symbol, name, value, values] = note;
    wire(symbol, name, value, values);
}
template <class Wire>
void fields(Wire& wire, PlotNote& note) {
    auto& [symbol, name, value, mark] = note;
    wire(symbol, name, value, mark);
}
template <class Wire>
void fields(Wire& wire, TimerRequest& value) {
    auto& [delay_s, name] = value;
    wire(delay_s, name);
}
template <class Wire>
void fields(Wire& wire, CallbackOutput& value) {
    auto& [intents, skips, logs, states, plots, timers, saved] = value;
    wire(intents, skips, logs, states, plots, timers, saved);
}
template <class Wire>
void fields(Wire& wire, CallbackResult& value) {
    auto& [status, message] = value;
    wire(status, message);
}
template <class Wire>
void fields(Wire& wire, ExitReason& value) {
    auto& [priority, rule, values, text] = value;
    wire(priority, rule, values, text);
}
template <class Wire>
void fields(Wire& wire, PremiumLevels& value) {
    auto& [stop, target, stop_pct, target_pct] = value;
    wire(stop, target, stop_pct, target_pct);
}
template <class Wire>
void fields(Wire& wire, EntryTerms& value) {
    auto& [trigger, trail, trail_pct, trigger_on, good_till, good_till_minute, good_till_date, after_market,
           display_lots, algo, over_min, slices, oco] = value;
    wire(trigger, trail, trail_pct, trigger_on, good_till, good_till_minute, good_till_date, after_market, display_lots,
         algo, over_min, slices, oco);
}
template <class Wire>
void fields(Wire& wire, IntentLeg& value) {
    auto& [instrument, side, lots, limit] = value;
    wire(instrument, side, lots, limit);
}
template <class Wire>
void fields(Wire& wire, Intent& value) {
    auto& [id, kind, strategy, decided, decision_bar, instrument, side, lots, limit, stop, target, stop_pct, target_pct,
           premium, trail_stop_pct, cover, terms, tag, why, parent, position, fraction, level, reason, order, legs,
           timeout_s, max_loss, group] = value;
    wire(id, kind, strategy, decided, decision_bar, instrument, side, lots, limit, stop, target, stop_pct, target_pct,
         premium, trail_stop_pct, cover, terms, tag, why, parent, position, fraction, level, reason, order, legs,
         timeout_s, max_loss, group);
}
template <class Wire>
void fields(Wire& wire, BarMessage& value) {
    auto& [symbol_index, timeframe, history, start_s, open, high, low, close, volume, oi, flags] = value;
    wire(symbol_index, timeframe, history, start_s, open, high, low, close, volume, oi, flags);
}
template <class Wire>
void fields(Wire& wire, TickMessage& value) {
    auto& [symbol_index, time_ns, last, bid, ask, volume, oi] = value;
    wire(symbol_index, time_ns, last, bid, ask, volume, oi);
}
template <class Wire>
void fields(Wire& wire, PositionMessage& value) {
    auto& [id, group, symbol, underlying, right, strike, days_to_expiry, direction, lots, quantity, entry_price,
           last_price, underlying_entry, underlying_last, underlying_best, stop, target, unrealised, net, opened_s,
           minutes_held, half_taken, tag] = value;
    wire(id, group, symbol, underlying, right, strike, days_to_expiry, direction, lots, quantity, entry_price,
         last_price, underlying_entry, underlying_last, underlying_best, stop, target, unrealised, net, opened_s,
         minutes_held, half_taken, tag);
}
template <class Wire>
void fields(Wire& wire, QuoteMessage& value) {
    auto& [last, bid, ask, underlying, age_s, model] = value;
    wire(last, bid, ask, underlying, age_s, model);
}
template <class Wire>
void fields(Wire& wire, OrderMessage& value) {
    auto& [id, intent, parent, group, symbol, side, state, code, text, tag, quantity, filled, limit, average] = value;
    wire(id, intent, parent, group, symbol, side, state, code, text, tag, quantity, filled, limit, average);
}
template <class Wire>
void fields(Wire& wire, FillMessage& value) {
    auto& [order, position, symbol, side, quantity, price, charges] = value;
    wire(order, position, symbol, side, quantity, price, charges);
}
template <class Wire>
void fields(Wire& wire, RiskMessage& value) {
    auto& [kind, symbol, from, to, values, text, active] = value;
    wire(kind, symbol, from, to, values, text, active);
}
template <class Wire>
void fields(Wire& wire, LinkMessage& value) {
    auto& [kind, what, state, symbol, values, text] = value;
    wire(kind, what, state, symbol, values, text);
}
template <class Wire>
void fields(Wire&, StartMessage&) {}
template <class Wire>
void fields(Wire& wire, StopMessage& value) {
    auto& [reason] = value;
    wire(reason);
}
template <class Wire>
void fields(Wire& wire, ExitCheckMessage& value) {
    auto& [position, quote] = value;
    wire(position, quote);
}
template <class Wire>
void fields(Wire& wire, PositionChangeMessage& value) {
    auto& [position, change] = value;
    wire(position, change);
}
template <class Wire>
void fields(Wire& wire, TimerMessage& value) {
    auto& [name] = value;
    wire(name);
}
template <class Wire>
void fields(Wire& wire, PhaseMessage& value) {
    auto& [phase] = value;
    wire(phase);
}
template <class Wire>
void fields(Wire& wire, ChainMessage& value) {
    auto& [symbol_index] = value;
    wire(symbol_index);
}
template <class Wire>
void fields(Wire& wire, ParamsMessage& value) {
    auto& [parameters] = value;
    wire(parameters);
}
template <class Wire>
void fields(Wire&, SaveMessage&) {}
template <class Wire>
void fields(Wire& wire, LoadMessage& value) {
    auto& [saved, from_version] = value;
    wire(saved, from_version);
}
template <class Wire>
void fields(Wire& wire, AskIndicator& value) {
    auto& [symbol, name, timeframe, parameters] = value;
    wire(symbol, name, timeframe, parameters);
}
template <class Wire>
void fields(Wire& wire, AskActivityFrame& value) {
    auto& [spec, declare] = value;
    wire(spec, declare);
}
template <class Wire>
void fields(Wire& wire, AskIndicatorRows& value) {
    auto& [handle, newest, count] = value;
    wire(handle, newest, count);
}
template <class Wire>
void fields(Wire& wire, AskBarCount& value) {
    auto& [symbol_index, timeframe] = value;
    wire(symbol_index, timeframe);
}
template <class Wire>
void fields(Wire& wire, AskBars& value) {
    auto& [symbol_index, timeframe, newest, count] = value;
    wire(symbol_index, timeframe, newest, count);
}
template <class Wire>
void fields(Wire& wire, AskChain& value) {
    auto& [underlying, expiry, min_days, strikes] = value;
    wire(underlying, expiry, min_days, strikes);
}
template <class Wire>
void fields(Wire&, AskVix&) {}
template <class Wire>
void fields(Wire&, AskVolatility&) {}
template <class Wire>
void fields(Wire& wire, AskRegime& value) {
    auto& [symbol] = value;
    wire(symbol);
}
template <class Wire>
void fields(Wire& wire, AskQuality& value) {
    auto& [symbol] = value;
    wire(symbol);
}
template <class Wire>
void fields(Wire& wire, AskOpeningGap& value) {
    auto& [symbol] = value;
    wire(symbol);
}
template <class Wire>
void fields(Wire&, AskAccount&) {}
template <class Wire>
void fields(Wire&, AskPositions&) {}
template <class Wire>
void fields(Wire& wire, AskLastPrice& value) {
    auto& [symbol] = value;
    wire(symbol);
}
template <class Wire>
void fields(Wire&, AskPhase&) {}
template <class Wire>
void fields(Wire& wire, AskPrecheck& value) {
    auto& [intent] = value;
    wire(intent);
}
template <class Wire>
void fields(Wire& wire, AskInstrument& value) {
    auto& [symbol] = value;
    wire(symbol);
}
template <class Wire>
void fields(Wire&, AskIntentId&) {}

}  // namespace tide
