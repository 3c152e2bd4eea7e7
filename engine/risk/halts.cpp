#include "risk/halts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace tide {
namespace {

Duration minutes_of(double m) { return Duration(static_cast<int64_t>(std::llround(m * 60e9))); }

// What the kill switch stands for beside an operator's word; a resume ends them with it.
constexpr std::array kKillCauses{HaltKind::kill_switch, HaltKind::wrong_order, HaltKind::equity_floor,
                                 HaltKind::margin,      HaltKind::error_rate,  HaltKind::vix_kill};

}  // namespace

std::string_view name_of(HaltKind kind) {
    static constexpr std::array<std::string_view, kHaltKindCount> kNames{
        "kill_switch",   "stopping",        "paused",        "reconciling",     "recovering",     "books_differ",
        "order_unclear", "wrong_order",     "broker_down",   "session_expired", "session_ending", "feed_down",
        "market_halt",   "after_outage",    "equity_floor",  "margin",          "error_rate",     "long_outage",
        "daily_loss",    "drawdown",        "losing_streak", "vix_extreme",     "vix_kill",       "vix_spike",
        "vix_high",      "underlying_move", "volume_spike"};
    return kNames[static_cast<size_t>(kind)];
}

bool lasts_for_day(HaltKind kind) {
    return kind == HaltKind::daily_loss || kind == HaltKind::drawdown || kind == HaltKind::losing_streak ||
           kind == HaltKind::vix_extreme || kind == HaltKind::long_outage;
}
bool is_volatility(HaltKind kind) {
    return kind == HaltKind::vix_spike || kind == HaltKind::vix_high || kind == HaltKind::underlying_move ||
           kind == HaltKind::volume_spike || kind == HaltKind::market_halt;
}

bool HaltState::raise(HaltKind kind, ReceiveTime now, std::string values, std::string text) {
    if (active(kind)) return false;
    bits_ |= bit(kind);
    halts_[static_cast<size_t>(kind)] = {kind, true, now, std::move(values), std::move(text)};
    return true;
}

bool HaltState::clear(HaltKind kind, ReceiveTime now) {
    if (!active(kind)) return false;
    bits_ &= ~bit(kind);
    halts_[static_cast<size_t>(kind)].active = false;
    if (is_volatility(kind)) ramp_since_ = now;
    return true;
}

const Halt* HaltState::first() const {
    return bits_ == 0 ? nullptr : &halts_[static_cast<size_t>(std::countr_zero(bits_))];
}

bool HaltState::raise_strategy(StrategyHalt halt) {
    if (of_strategy(halt.strategy) != nullptr) return false;
    strategy_halts_.push_back(std::move(halt));
    return true;
}

const StrategyHalt* HaltState::of_strategy(StrategyId strategy) const {
    const auto found = std::find_if(strategy_halts_.begin(), strategy_halts_.end(),
                                    [&](const StrategyHalt& halt) { return halt.strategy == strategy; });
    return found == strategy_halts_.end() ? nullptr : &*found;
}

void HaltState::start_day(ReceiveTime now) {
    bool ended = false;
    strategy_halts_.clear();
    for (size_t i = 0; i < kHaltKindCount; ++i) {
        const auto kind = static_cast<HaltKind>(i);
        // A breaker's windows begin anew with the day, so a spike of yesterday is over.
        const bool over = lasts_for_day(kind) || (is_volatility(kind) && kind != HaltKind::vix_high);
        if (over && clear(kind, now)) ended = ended || lasts_for_day(kind);
    }
    // The first hour in which entries are possible.
    if (ended) limited_since_ = std::max(now, at(ist_date(now), settings_.entry_from));
}

void HaltState::resume(ReceiveTime now) {
    const bool was_killed = std::any_of(kKillCauses.begin(), kKillCauses.end(), [&](HaltKind k) { return active(k); });
    for (const HaltKind kind : kKillCauses) clear(kind, now);
    clear(HaltKind::paused, now);
    if (was_killed) {
        begin_limited(now);
    }
}

void HaltState::begin_limited(ReceiveTime now) {
    limited_since_ = now;
    limited_until_operator_ = true;
}

Result<void> HaltState::set_mode_normal(ReceiveTime now) {
    if (const Halt* halt = first()) {
        return make_error(ErrorCode::halted, fmt::format("still halted: {} ({})", name_of(halt->kind), halt->text));
    }
    if (limited_since_ && now < *limited_since_ + minutes_of(settings_.limited_minutes)) {
        return make_error(ErrorCode::halted,
                          fmt::format("limited mode lasts at least until {}",
                                      format_iso(*limited_since_ + minutes_of(settings_.limited_minutes))));
    }
    limited_since_.reset();
    limited_until_operator_ = false;
    return {};
}

TradingMode HaltState::mode(ReceiveTime now) const {
    const bool in_time = limited_since_ && now < *limited_since_ + minutes_of(settings_.limited_minutes);
    return limited_until_operator_ || in_time ? TradingMode::limited : TradingMode::normal;
}

double HaltState::size_factor(ReceiveTime now) const {
    double factor = mode(now) == TradingMode::limited ? settings_.limited_size_pct / 100.0 : 1.0;
    if (ramp_since_) {
        const auto steps = (now - *ramp_since_) / minutes_of(settings_.resume_step_min);
        factor = std::min(factor, settings_.resume_size_pct / 100.0 * static_cast<double>(steps + 1));
    }
    return factor;
}

int64_t HaltState::max_positions(ReceiveTime now) const {
    return mode(now) == TradingMode::limited ? std::min(settings_.limited_positions, settings_.max_positions)
                                             : settings_.max_positions;
}

}  // namespace tide
