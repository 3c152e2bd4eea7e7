#pragma once
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <variant>

#include "core/bar.hpp"

// What a strategy is told: one message for each kind of callback, and what fills its mirror of the market. Numbers and
// texts only, so that the same messages can cross to a worker process. Prices are rupees as doubles. NaN = missing.
// Texts are views that live as long as the call.
namespace tide {

inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

struct BarMessage {
    int32_t symbol_index = 0;  // into StrategyDeclaration::symbols
    Timeframe timeframe = Timeframe::m1;
    bool history = false;
    int64_t start_s = 0;  // Unix seconds
    double open = 0, high = 0, low = 0, close = 0;
    double volume = kMissing;
    double oi = kMissing;
    uint16_t flags = 0;  // of BarFlag: gap filled, has gap, partial, model price, future volume
};
struct TickMessage {
    int32_t symbol_index = 0;
    int64_t time_ns = 0;
    double last = 0;
    double bid = kMissing, ask = kMissing, volume = kMissing, oi = kMissing;
};
// New values of one indicator, one per output, right after the bar that made them.
struct IndicatorMessage {
    int32_t handle = 0;
    std::span<const double> values;
};
struct PositionMessage {
    uint64_t id = 0;
    uint64_t group = 0;       // that it is a leg of; 0: none
    std::string_view symbol;  // of the leg
    std::string_view underlying;
    std::string_view right;  // "CE", "PE", ""
    double strike = kMissing;
    int64_t days_to_expiry = -1;  // calendar days; -1 = no expiry
    int direction = 1;            // +1 profits when the underlying rises
    int64_t lots = 0;
    double quantity = 0;
    double entry_price = 0, last_price = 0;
    double underlying_entry = 0, underlying_last = 0, underlying_best = 0;
    double stop = kMissing, target = kMissing;
    double unrealised = 0, net = 0;  // rupees
    int64_t opened_s = 0;
    double minutes_held = 0;
    bool half_taken = false;
    std::string_view tag;
};
struct QuoteMessage {
    double last = kMissing, bid = kMissing, ask = kMissing;
    double underlying = kMissing;
    double age_s = kMissing;
    bool model = false;
};
struct OrderMessage {
    uint64_t id = 0;      // 0: no order of its own: refused, or an entry that the engine holds
    uint64_t intent = 0;  // what led to it
    uint64_t parent = 0;  // of an order that a held entry let go, and of the held entry itself: that entry's intent
    uint64_t group = 0;   // that it is a leg of; 0: none
    std::string_view symbol, side, state, code, text, tag;
    double quantity = 0, filled = 0, limit = 0, average = kMissing;
};
struct FillMessage {
    uint64_t order = 0;
    uint64_t position = 0;
    std::string_view symbol, side;
    double quantity = 0, price = 0, charges = 0;
};

// A breaker or limit acted or ended, the VIX changed its class, or an underlying its regime.
struct RiskMessage {
    std::string_view kind;      // the halt's name ("vix_spike", "underlying_move", …), "vix_class", "regime"
    std::string_view symbol;    // empty for halts
    std::string_view from, to;  // of a class or a regime
    std::string_view values, text;
    bool active = true;  // of a halt: it began; else it ended
};
// The feed came up, degraded, went down or was switched; market data became doubtful or good again; gap mode.
struct LinkMessage {
    std::string_view kind;    // "feed", "quality", "gap"
    std::string_view what;    // feed: its name; quality: "stale", "frozen", …; gap: "gap_mode"
    std::string_view state;   // feed: "up", "degraded", "down"; else "bad", "good"
    std::string_view symbol;  // empty: the feed
    std::string_view values, text;
};
// The script begins, or a new version of it does: after on_load where there is something to load.
struct StartMessage {};
// "session_end", "reload", "stopped"
struct StopMessage {
    std::string_view reason;
};
struct ExitCheckMessage {
    PositionMessage position;
    QuoteMessage quote;
};
// A position of the script was opened, changed its size, a level or its state, or was closed.
struct PositionChangeMessage {
    PositionMessage position;
    std::string_view change;  // "opened", "increased", "reduced", "closed", "stop", "target"
};
struct TimerMessage {
    std::string_view name;
};
// "pre_open", "open", "entry_cutoff", "square_off", "closed"
struct PhaseMessage {
    std::string_view phase;
};
// The chain of a declared symbol has new prices; the script asks for it.
struct ChainMessage {
    int32_t symbol_index = 0;
};
// An operator changed parameters: "name=value" lines of all of them, as in force from now on.
struct ParamsMessage {
    std::string_view parameters;
};
// Asks for the state to keep across reload and restart; the answer is CallbackOutput::saved.
struct SaveMessage {};
// What an earlier version, or the same one before a restart, answered to SaveMessage.
struct LoadMessage {
    std::string_view saved;
    std::string_view from_version;
};

// In the order of ScriptCallback.
using CallMessage = std::variant<StartMessage, StopMessage, BarMessage, TickMessage, ExitCheckMessage, OrderMessage,
                                 FillMessage, TimerMessage, PhaseMessage, RiskMessage, ChainMessage, LinkMessage,
                                 PositionChangeMessage, ParamsMessage, SaveMessage, LoadMessage>;

// The callbacks that a script can define, as strategy files name them.
enum class ScriptCallback : uint8_t {
    start,
    stop,
    bar,
    tick,
    exit_check,
    order,
    fill,
    timer,
    session,
    risk,
    chain,
    link,
    position,
    params,
    save,
    load
};
inline constexpr size_t kScriptCallbackCount = std::variant_size_v<CallMessage>;
inline constexpr const char* kScriptCallbackNames[kScriptCallbackCount] = {
    "on_start",   "on_stop", "on_bar",   "on_tick", "on_exit_check", "on_order",  "on_fill", "on_timer",
    "on_session", "on_risk", "on_chain", "on_link", "on_position",   "on_params", "on_save", "on_load"};
constexpr const char* name_of(ScriptCallback callback) { return kScriptCallbackNames[static_cast<size_t>(callback)]; }
inline ScriptCallback callback_of(const CallMessage& message) { return static_cast<ScriptCallback>(message.index()); }

}  // namespace tide
