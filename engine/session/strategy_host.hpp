#pragma once
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/bar.hpp"
#include "core/events.hpp"
#include "core/result.hpp"
#include "core/strong_id.hpp"
#include "market/strike_window.hpp"
#include "session/script_messages.hpp"
#include "trading/intent.hpp"

// The border between the Session and the scripts: what a strategy declares, what it may ask, what it answers. Prices
// are rupees as doubles here; the Session turns them into integers by named rounding rules. NaN = missing.
namespace tide {

// What param.… says of a parameter.
struct ParameterDefinition {
    std::string kind;  // "number", "integer", "percent", "choice", "bool", "time", "text"
    double min = 0, max = 0;
    std::vector<std::string> choices;
    std::string help;
};

// What a strategy file declares (its `strategy { … }` table).
struct StrategyDeclaration {
    std::string name;
    std::string version;
    std::string sha256;                         // of all its sources, modules included
    std::vector<std::string> symbols;           // in declared order
    std::vector<Timeframe> timeframes;          // in closing order
    std::vector<std::string> timeframe_names;   // of the same: "5m", "500t"
    std::map<Timeframe, int64_t> history_bars;  // wanted before the first bar
    bool wants_vix = false;
    bool wants_ticks = false;   // on_tick declared in needs
    int64_t chain_strikes = 0;  // strikes each side of at-the-money; 0 = no chain
    uint32_t callbacks = 0;     // bits, by ScriptCallback
    bool defines(ScriptCallback callback) const { return (callbacks >> static_cast<unsigned>(callback) & 1U) != 0; }
    void define(ScriptCallback callback) { callbacks |= 1U << static_cast<unsigned>(callback); }
    std::vector<std::pair<std::string, std::string>> parameters;  // name, value in force
    std::vector<ParameterDefinition> parameter_definitions;       // of the same
};

struct ScriptSource {
    std::string name;
    std::string text;
};
struct ScriptBundle {
    std::string name;  // the strategy's file name without ".lua"
    std::string text;
    std::vector<ScriptSource> modules;  // what `require` may reach
    std::string parameters;             // "name=value" lines
    uint64_t seed = 0;                  // of math.random
    StrategyId strategy{};              // on whose behalf it runs
};

struct IndicatorInfo {
    int32_t handle = 0;
    std::vector<std::string> outputs;  // "adx", "plus_di", "minus_di"
    size_t history = 0;                // values already there; fetched with indicator_history
};

struct ChainRow {
    std::string symbol;
    double strike = 0;
    std::string right;  // "CE", "PE"
    double last = kMissing, bid = kMissing, ask = kMissing, oi = kMissing, volume = kMissing;
    double age_s = kMissing;
    int64_t lot = 1;
    bool model = false;
    Liquidity liquidity = Liquidity::unknown;
    double mid = kMissing, iv = kMissing;                                          // iv a year, 0.14 = 14 %
    double delta = kMissing, gamma = kMissing, theta = kMissing, vega = kMissing;  // theta a calendar day, vega a point
    double oi_change = kMissing;                                                   // since the day's first value
    std::string_view build_up = "";                                                // "long_build_up", … or ""
    bool crossed = false, stale = false, no_quote = false, iv_of_pair = false;
};
struct ChainSnapshot {
    std::string underlying;
    double spot = kMissing;
    double atm_strike = kMissing;  // the listed strike nearest to the spot
    std::string expiry;            // "2024-01-25"
    int64_t days_to_expiry = -1;
    std::vector<ChainRow> rows;     // by strike, calls before puts
    double strike_step = kMissing;  // between strikes near the money
    // Of all strikes of the expiry (market/option_chain.hpp).
    double forward = kMissing;
    std::string_view forward_source = "none";  // "parity", "future", "spot"
    double pcr = kMissing, pcr_volume = kMissing, max_pain = kMissing;
    double atm_iv = kMissing, skew = kMissing, risk_reversal = kMissing, expected_move = kMissing;
    double iv_rank = kMissing, iv_percentile = kMissing;  // of the VIX among its last 252 days
};
struct AccountMessage {
    double equity = 0, cash = 0;
    double day_net = 0;  // today's P&L after charges
    int64_t open_positions = 0;
    int64_t max_positions = 0;
    double size_factor = 1;  // below 1 in limited mode
    bool entries_allowed = false;
    std::string_view entries_reason;  // why not
};
struct VixMessage {
    double level = kMissing;
    double change_10m = kMissing;
    std::string_view source;  // "tick", "1m", "daily", "realised", "chain", "none"
};
struct VolatilityMessage {
    double level = kMissing;     // of the VIX, points; its changes too
    std::string_view vix_class;  // "low", "normal", "elevated", "high", "extreme", ""
    double change_5m = kMissing, change_10m = kMissing, change_30m = kMissing;
    double change_today = kMissing;  // against the last reading of the day before
};
// What is known of the data of one symbol. Names of what is wrong, comma-separated; empty when nothing is.
struct QualityMessage {
    bool known = false;
    std::string bad;  // "stale,frozen", "suspect", …
    double age_s = kMissing;
    double cadence_s = kMissing;
    double missing_pct = kMissing;
    double skew_s = kMissing;  // of the feed
};
struct GapMessage {
    double pct = kMissing;  // of the opening against the previous close; missing before it is known
    bool mode = false;      // gap mode: no entries for a while, a wider strike window
};
struct Refusal {
    std::string code;  // stable
    std::string text;
    std::optional<int64_t> max_lots = std::nullopt;  // so many would pass this limit; none: it is not one on size
};

// What a callback may ask the engine, at once. Implemented by the Session. Nothing here changes trading state.
class StrategyServices {
  public:
    virtual ~StrategyServices() = default;
    virtual int64_t now_ns() const = 0;
    virtual Result<IndicatorInfo> indicator(StrategyId strategy, std::string_view symbol, Timeframe timeframe,
                                            std::string_view name, std::span<const double> parameters) = 0;
    // The timeframe that these tick, volume or range bars stand for in this session. With `declare` they are made from
    // now on; nothing when there are too many kinds of them, or, without `declare`, nobody declared them.
    virtual std::optional<Timeframe> activity_frame(const ActivitySpec& spec, bool declare) = 0;
    // Value of output `output`, `back` bars ago, NaN where there is none; for filling a mirror once.
    virtual double indicator_history(int32_t handle, size_t output, size_t back) const = 0;
    // Bars of a declared symbol, newest first; for filling a mirror once.
    virtual size_t bar_count(StrategyId strategy, int32_t symbol_index, Timeframe timeframe) const = 0;
    virtual BarMessage bar(StrategyId strategy, int32_t symbol_index, Timeframe timeframe, size_t back) const = 0;
    // expiry: "weekly" (the nearest of any kind), "next" (the one after it), "monthly" or a date, each with at least
    // `min_days` calendar days left. In gap mode there are more strikes than asked for.
    virtual Result<ChainSnapshot> chain(std::string_view underlying, std::string_view expiry, int64_t min_days,
                                        int64_t strikes) const = 0;
    virtual VixMessage vix() const = 0;
    virtual VolatilityMessage volatility() const { return {}; }
    // "trending", "ranging", "volatile", "quiet", "gap"; empty while it is not known.
    virtual std::string_view regime(std::string_view /*symbol*/) const { return {}; }
    virtual QualityMessage quality(std::string_view symbol) const = 0;
    virtual GapMessage opening_gap(std::string_view symbol) const = 0;
    virtual AccountMessage account(StrategyId strategy) const = 0;
    virtual std::vector<PositionMessage> positions(StrategyId strategy) const = 0;
    virtual double last_price(std::string_view symbol) const = 0;
    // Session phase: "pre_open", "open", "entry_cutoff", "square_off", "closed".
    virtual std::string_view phase() const = 0;
    // Would the risk gate refuse this now? Prices already on the intent; instrument by symbol.
    virtual std::optional<Refusal> precheck(const Intent& intent) const = 0;
    virtual InstrumentId find_instrument(std::string_view symbol) const = 0;
    // The id of the next intent, so that a script can be told it at once; the Session keeps the id that an intent comes
    // with. None: the host counts by itself. A failed callback leaves a gap.
    virtual IntentId reserve_intent_id() { return {}; }
};

struct SkipNote {
    std::string symbol;
    std::string why;
};
struct LogNote {
    std::string level;  // info, warning
    std::string text;
};
struct StateNote {  // ctx:state(symbol, name, value, values)
    std::string symbol, name, value, values;
};
struct PlotNote {  // ctx:plot(name, value, symbol), ctx:mark(name, price, symbol)
    std::string symbol, name;
    double value = kMissing;  // missing: a hole in the curve
    bool mark = false;
};
struct TimerRequest {
    double seconds = 0;
    std::string name;
};
// All a callback produced. On an error the intents are discarded as a whole.
struct CallbackOutput {
    std::vector<Intent> intents;
    std::vector<SkipNote> skips;
    std::vector<LogNote> logs;
    std::vector<StateNote> states;
    std::vector<PlotNote> plots;
    std::vector<TimerRequest> timers;
    std::optional<std::string> saved;  // the answer to a SaveMessage
    bool empty() const {
        return intents.empty() && skips.empty() && logs.empty() && states.empty() && plots.empty() && timers.empty();
    }
    void clear() {
        intents.clear();
        skips.clear();
        logs.clear();
        states.clear();
        plots.clear();
        timers.clear();
        saved.reset();
    }
};
enum class CallbackStatus : uint8_t {
    ok,
    not_defined,
    error,
    budget,
    quarantined,
    // Its process is gone and the slot is empty; no replay would show this by itself.
    stopped,  // it ended, sent nonsense, or the machine gave it no time to answer
    late,     // it did not answer in time, and nothing excuses it: the script is quarantined
};
// Of such a call nothing stays.
constexpr bool without_process(CallbackStatus status) {
    return status == CallbackStatus::stopped || status == CallbackStatus::late;
}
struct CallbackResult {
    CallbackStatus status = CallbackStatus::ok;
    std::string message;  // "adx_trend.lua:31: attempt to index a nil value (…)" with traceback
};

// A place for one loaded version of a strategy; numbers are given by the Session.
using ScriptSlot = StrongId<struct ScriptSlotTag, uint32_t>;

// What a script uses, as far as its host can tell at once. For whoever looks on: nothing may depend on it.
struct ScriptUsage {
    std::optional<int64_t> failures;      // of callbacks, one after another
    std::optional<int64_t> fuel_units;    // of the last callback, in steps of a slice
    std::optional<int64_t> memory_bytes;  // live, and garbage not collected yet
};

// Runs strategies. One host serves all strategies of a Session; each loaded version has a state of its own. No call
// throws; no call reads a clock, a file or a random device. After a failed callback the intents of it are gone.
class StrategyHost {
  public:
    virtual ~StrategyHost() = default;
    // Compiles and runs the chunk, reads the declaration. What was in the slot before stays until success.
    virtual Result<StrategyDeclaration> load(ScriptSlot slot, const ScriptBundle& bundle,
                                             StrategyServices& services) = 0;
    virtual void unload(ScriptSlot slot) = 0;

    // Mirror updates; no script code runs.
    virtual void push_bar(ScriptSlot slot, const BarMessage& bar) = 0;
    virtual void push_indicator(ScriptSlot slot, const IndicatorMessage& values) = 0;

    // Runs one callback. `output` was cleared by the caller.
    virtual CallbackResult call(ScriptSlot slot, const CallMessage& message, CallbackOutput& output) = 0;

    virtual ScriptUsage usage(ScriptSlot /*slot*/) const { return {}; }
};

}  // namespace tide
