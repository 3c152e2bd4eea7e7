#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/intent_arguments.hpp"
#include "bindings/lua_runtime.hpp"
#include "session/strategy_host.hpp"

namespace tide {

// One loaded version of one strategy: its state, its mirror of market data, and the callbacks it defines.
class LuaStrategy {
  public:
    static Result<std::unique_ptr<LuaStrategy>> load(const ScriptBundle& bundle, StrategyServices& services,
                                                     const LuaLimits& limits);
    const StrategyDeclaration& declaration() const { return declaration_; }
    const LuaRuntime& runtime() const { return runtime_; }
    bool quarantined() const { return quarantined_; }
    ScriptUsage usage() const {
        return {failures_, runtime_.spent(), static_cast<int64_t>(runtime_.arena().used_bytes())};
    }

    void push_bar(const BarMessage& bar);
    void push_indicator(const IndicatorMessage& values);

    CallbackResult call(const CallMessage& message, CallbackOutput& output);

    // What the C functions of the API need (lua_api_functions.cpp). Nothing here raises Lua errors or calls Lua, except
    // where a comment says so.
    LuaRuntime& runtime() { return runtime_; }
    StrategyServices& services() { return *services_; }
    const ScriptBundle& bundle() const { return bundle_; }
    StrategyId id() const { return bundle_.strategy; }

    // An answer to ctx:enter and its like: an intent id; or a code, a text and, where size is the reason, how many lots
    // would pass.
    struct Answer {
        uint64_t id = 0;
        std::string code, text;
        std::optional<int64_t> max_lots;
    };
    // Checks, asks the engine, and keeps the intent. `answer()` has the outcome. False when the script makes too many.
    bool propose(const char* who, const char* position, IntentOrText intent) noexcept;
    const Answer& answer() const { return answer_; }
    bool log(const char* level, std::string_view text) noexcept;
    bool skip(std::string_view symbol, std::string_view why) noexcept;
    bool state(std::string_view symbol, std::string_view name, std::string_view value,
               std::string_view values) noexcept;
    bool plot(std::string_view symbol, std::string_view name, double value, bool mark) noexcept;
    bool timer(double delay_s, std::string_view name) noexcept;
    // The answer to a SaveMessage: the table at `index`. False with the reason in `text`; empty: a limit.
    bool keep_saved(int index) noexcept;
    // Of the LoadMessage being handled; checked.
    std::string_view saved() const { return saved_; }

    // Results of the engine's services, kept here while a C function pushes them.
    std::optional<IndicatorInfo> indicator_info;
    std::optional<ChainSnapshot> chain;
    std::vector<PositionMessage> positions;
    std::optional<QualityMessage> quality;
    std::string text;
    std::optional<Timeframe> frame;  // the answer of find_timeframe

    // A group of columns in the mirror: rings that Lua reads and `write` fills. One group for the bars of a symbol and
    // timeframe, one for each indicator.
    static constexpr int kBarColumns = 8;
    struct Columns {
        int first = 0;  // slot on the mirror's stack; 0 = the script has not asked for it
        int count = 0;
        int64_t capacity = 0;
        int64_t written = 0;
        bool active() const { return first != 0; }
    };
    Columns& bar_columns(size_t symbol_index, Timeframe timeframe);
    Columns& indicator_columns(int32_t handle);
    // One new value in each column. Missing is NaN.
    void write(Columns& columns, const double* values);
    void write_bar(Columns& columns, const BarMessage& bar);
    // Fills new columns with what there already is.
    void fill_bars(Columns& columns, size_t symbol_index, Timeframe timeframe) noexcept;
    void fill_indicator(Columns& columns) noexcept;
    lua_State* mirror() const { return mirror_; }
    int column_slots() const { return column_slots_; }
    void add_column_slots(int count) { column_slots_ += count; }

    // Prelude functions, as registry references.
    int add_position_ref = 0, forget_position_ref = 0, list_position_ref = 0, host_ref = 0, environment_ref = 0;
    // Whether the script has a table for the position; remembers it if not, and says in `forgotten` which one (or 0)
    // makes room.
    bool know_position(uint64_t id, uint64_t& forgotten) noexcept;
    // Compiles a module and leaves its function on the stack; false with the reason in `text`.
    bool compile_module(const char* name) noexcept;

  private:
    static constexpr int kFirstCallbackSlot = LuaRuntime::kHandlerSlot + 1;

    LuaStrategy(const ScriptBundle& bundle, StrategyServices& services, const LuaLimits& limits);
    Result<void> run_preludes();
    Result<void> run_script();
    Result<void> finish_script();
    void read_declaration(int table);
    void keep_entries(int table);
    void open_mirror();
    int64_t units_of(ScriptCallback callback) const;
    // Each pushes what its callback is given, and returns how many values that is.
    int push(const StartMessage&) { return 0; }
    int push(const StopMessage& stop) { return push_text(stop.reason); }
    int push(const BarMessage& bar);
    int push(const PositionMessage& position);
    int push(const TickMessage& tick);
    int push(const ExitCheckMessage& check);
    int push(const OrderMessage& order);
    int push(const FillMessage& fill);
    int push(const TimerMessage& timer) { return push_text(timer.name); }
    int push(const PhaseMessage& session) { return push_text(session.phase); }
    int push(const RiskMessage& risk);
    int push(const ChainMessage& given);
    int push(const LinkMessage& link);
    int push(const PositionChangeMessage& position);
    int push(const ParamsMessage& params) { return push_text(params.parameters); }
    int push(const SaveMessage&) { return 0; }
    int push(const LoadMessage& load) { return push_text(load.from_version); }
    bool is_own_position(PositionId id) const;
    CallbackResult settle(ScriptCallback callback, LuaCallResult called);
    int push_text(std::string_view text);
    std::string with_file(std::string message) const;

    ScriptBundle bundle_;
    StrategyServices* services_;
    LuaRuntime runtime_;
    StrategyDeclaration declaration_;
    CallbackOutput* output_ = nullptr;
    CallbackOutput early_output_;  // what loading said; handed over with on_start
    ExchangeTime decision_bar_{};
    Answer answer_;
    std::string_view saved_;
    uint64_t own_intent_ids_ = 0;
    std::string last_refusal_;

    lua_State* mirror_ = nullptr;  // a Lua thread that never runs: its stack holds the mirror's columns
    int column_slots_ = 0;
    std::vector<Columns> bar_columns_;        // by symbol, then timeframe
    std::vector<Columns> indicator_columns_;  // by handle
    std::vector<uint64_t> known_positions_;   // the script has a table for each; oldest first

    int failures_ = 0;
    bool quarantined_ = false;
    std::string quarantine_reason_;
};

// The table of host functions is on top of the stack.
void add_api_functions(lua_State* state, LuaStrategy& strategy);
void add_market_functions(lua_State* state, LuaStrategy& strategy);
// keep_saved and load_saved (lua_saved_functions.cpp); the table is on top as well.
void add_saved_functions(lua_State* state, LuaStrategy& strategy);
// Pushes the numbers that the prelude's refresh_position takes; returns how many.
int push_position_numbers(lua_State* state, const PositionMessage& position);
// Calls the prelude so that the script's table for the position exists. May raise.
void introduce_position(lua_State* state, LuaStrategy& strategy, const PositionMessage& position);

}  // namespace tide
