#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"
#include "risk/risk_settings.hpp"

namespace tide {

// Why nothing new may be opened. The order is the order in which they are named when several hold.
enum class HaltKind : uint8_t {
    kill_switch,    // latched until an operator resumes
    stopping,       // the session is ending
    paused,         // an operator's word
    reconciling,    // the broker's books are being read after a reconnect
    recovering,     // after an interruption, until the broker's books have been compared
    books_differ,   // from ours, and nothing explains it; until an operator acknowledges
    order_unclear,  // the broker's books do not say what became of an order; until an operator resumes
    wrong_order,    // what was sent or filled is not what was decided; until an operator resumes
    broker_down,
    session_expired,  // the login at the broker has ended (in market hours it also trips the kill switch)
    session_ending,   // it is about to, and positions are being closed
    feed_down,
    market_halt,    // the exchange has stopped trading, or its index limits say that it has
    after_outage,   // for a while after a medium outage
    equity_floor,   // 80 % of the day's start (also trips the kill switch)
    margin,         // 95 % (also trips the kill switch)
    error_rate,     // more than half of the broker's answers are errors (also trips the kill switch)
    long_outage,    // until the next day
    daily_loss,     // until the next day
    drawdown,       // until the next day
    losing_streak,  // until the next day
    vix_extreme,    // until the next day
    vix_kill,       // +7 in 5 minutes (also trips the kill switch)
    vix_spike,
    vix_high,
    underlying_move,
    volume_spike,
};
inline constexpr size_t kHaltKindCount = 27;
std::string_view name_of(HaltKind kind);
// Ends by itself at the next day.
bool lasts_for_day(HaltKind kind);
// Ends by itself when its cause does; size then begins small and grows.
bool is_volatility(HaltKind kind);

struct Halt {
    HaltKind kind = HaltKind::paused;
    bool active = false;
    ReceiveTime since;
    std::string values;
    std::string text;
};

// One strategy has lost as much as it may in a day; the others go on.
struct StrategyHalt {
    StrategyId strategy;
    ReceiveTime since;
    std::string values;
    std::string text;
};
inline constexpr std::string_view kStrategyLoss = "strategy_loss";  // its name in records

enum class TradingMode : uint8_t { normal, limited };

// Which halts are on, and the mode that follows them. No timers of its own: every question carries `now`.
class HaltState {
  public:
    explicit HaltState(const RiskSettings& settings) : settings_(settings) {}
    // True when this changed something (the first raise wins; later ones are ignored until cleared).
    bool raise(HaltKind kind, ReceiveTime now, std::string values, std::string text);
    bool clear(HaltKind kind, ReceiveTime now);
    bool active(HaltKind kind) const { return (bits_ & bit(kind)) != 0; }
    bool any() const { return bits_ != 0; }
    bool killed() const { return active(HaltKind::kill_switch); }
    const Halt& of(HaltKind kind) const { return halts_[static_cast<size_t>(kind)]; }
    // The most important one, or nullptr.
    const Halt* first() const;

    // For the rest of the day, whatever an operator resumes. False: it was halted already.
    bool raise_strategy(StrategyHalt halt);
    // nullptr: the strategy is not halted by itself.
    const StrategyHalt* of_strategy(StrategyId strategy) const;
    const std::vector<StrategyHalt>& strategy_halts() const { return strategy_halts_; }

    // Day halts end, and an hour of limited mode follows them by itself; the kill switch, a pause and the like stay.
    void start_day(ReceiveTime now);
    // An operator's resume: ends a pause and the kill switch with what tripped it. After the kill switch limited mode
    // begins and lasts until an operator's `mode normal`.
    void resume(ReceiveTime now);
    // Limited mode until an operator's `mode normal`: after the kill switch, also when another session starts.
    void begin_limited(ReceiveTime now);
    // Back to full size. Errors: halted while a halt is on or before the hour is over.
    Result<void> set_mode_normal(ReceiveTime now);
    TradingMode mode(ReceiveTime now) const;
    // 1 in normal mode; 0.5 in limited mode; 0.25, 0.5, 0.75 after a volatility halt; the lowest of those that hold.
    double size_factor(ReceiveTime now) const;
    int64_t max_positions(ReceiveTime now) const;

  private:
    static constexpr uint32_t bit(HaltKind kind) { return 1U << static_cast<unsigned>(kind); }
    const RiskSettings& settings_;
    uint32_t bits_ = 0;
    std::array<Halt, kHaltKindCount> halts_{};
    std::vector<StrategyHalt> strategy_halts_;
    std::optional<ReceiveTime> limited_since_;
    bool limited_until_operator_ = false;    // after a kill switch: only `mode normal` ends it
    std::optional<ReceiveTime> ramp_since_;  // a volatility halt ended
};

}  // namespace tide
