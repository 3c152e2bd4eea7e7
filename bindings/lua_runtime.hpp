#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "bindings/fuel_transform.hpp"
#include "bindings/lua_arena.hpp"
#include "bindings/lua_limits.hpp"
#include "core/result.hpp"

struct lua_State;

namespace tide {

// Why a call was stopped by a limit. Once set it stays until the next call: the script cannot go on after it.
enum class LuaStop : uint8_t { none, fuel, memory, output, c_stack, stack };

enum class LuaOutcome : uint8_t {
    ok,
    error,      // a Lua error
    limit,      // a limit (LuaStop)
    abandoned,  // a hard memory limit: the state is gone
};
struct LuaCallResult {
    LuaOutcome outcome = LuaOutcome::ok;
    std::string message;
};

// One lua_State with its memory, its fuel and its random numbers. Knows nothing about trading.
class LuaRuntime {
  public:
    explicit LuaRuntime(const LuaLimits& limits, uint64_t seed);
    ~LuaRuntime();
    LuaRuntime(const LuaRuntime&) = delete;
    LuaRuntime& operator=(const LuaRuntime&) = delete;

    lua_State* state() const { return state_; }
    bool alive() const { return state_ != nullptr; }
    const LuaLimits& limits() const { return limits_; }
    LuaArena& arena() { return arena_; }
    const LuaArena& arena() const { return arena_; }

    // Calls the function under `arguments` values on the stack with a budget of `units`; leaves `results` values on
    // success and nothing otherwise.
    LuaCallResult call(int arguments, int results, int64_t units);
    // Compiles a script with fuel and leaves its function on the stack (chunk name "@name.lua").
    Result<void> compile(std::string_view name, std::string_view source);

    // Takes `units` from the budget; false when there was not that much left.
    bool pay(int64_t units) {
        remaining_ -= units;
        if (remaining_ >= 0) return true;
        if (stop_ == LuaStop::none) stop_ = LuaStop::fuel;
        return false;
    }
    int64_t remaining() const { return remaining_; }
    // Of the last call's budget; what a slice still held counts as used.
    int64_t spent() const { return budget_ - remaining_; }
    bool stopped() const { return stop_ != LuaStop::none; }
    void stop(LuaStop reason) {
        if (stop_ == LuaStop::none) stop_ = reason;
        remaining_ = -1;
    }
    bool c_stack_is_deep() const;
    uint64_t next_random();
    // One line for a person about the limit that was hit. Valid until the next call.
    const char* stop_text();

    static constexpr int kHandlerSlot = 1;  // of the stack: the function that adds traceback and position to errors
    static constexpr int64_t kSlice = 1000;

  private:
    void open();
    void abandon();
    LuaCallResult finish(int status, int results);
    Result<void> compile_fueled(const FueledSource& source, const std::string& file);
    LuaCallResult abandoned_result();

    LuaLimits limits_;
    LuaArena arena_;
    lua_State* state_ = nullptr;
    int64_t budget_ = 0;
    int64_t remaining_ = 0;
    LuaStop stop_ = LuaStop::none;
    const char* c_stack_top_ = nullptr;
    uint64_t random_state_;
    char stop_text_[160] = {};
};

}  // namespace tide
