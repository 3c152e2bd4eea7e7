#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/percent.hpp"
#include "session/session.hpp"

// What a callback may ask the engine, at once. Nothing here changes trading state.
namespace tide {
InstrumentId Session::find_instrument(std::string_view symbol) const {
    const Instrument* found = book().find(symbol);
    if (found == nullptr) found = book().find(canonical_symbol(symbol));
    return found == nullptr ? InstrumentId() : found->id;
}

Result<IndicatorInfo> Session::indicator(StrategyId strategy, std::string_view symbol, Timeframe timeframe,
                                         std::string_view name, std::span<const double> parameters) {
    ScriptRunner* owner = served(strategy);
    TIDE_ASSERT(owner != nullptr);
    const InstrumentId id = find_instrument(symbol);
    if (!id.valid()) {
        return make_error(ErrorCode::script, fmt::format("no data for '{}'; ask ctx:has(symbol) first", symbol));
    }
    auto info = market_.indicators().request(id, timeframe, name, parameters);
    if (!info) return info.error();
    owner->follow_indicator(id, timeframe, info->handle);
    IndicatorInfo out;
    out.handle = info->handle;
    for (const auto& output : info->outputs) out.outputs.emplace_back(output);
    out.history = info->history;
    return out;
}

std::optional<Timeframe> Session::activity_frame(const ActivitySpec& spec, bool declare) {
    // What is tried beside a running version changes nothing.
    if (declare && candidate_ == nullptr) return market_.activity_frames().place(spec);
    const auto found = market_.activity_frames().find(spec);
    frame_refused_ = frame_refused_ || !found;
    return found;
}

double Session::indicator_history(int32_t handle, size_t output, size_t back) const {
    return market_.indicators().value(handle, output, back);
}

size_t Session::bar_count(StrategyId strategy, int32_t symbol_index, Timeframe timeframe) const {
    const ScriptRunner* owner = served(strategy);
    TIDE_ASSERT(owner != nullptr);
    const InstrumentId id = owner->symbol(symbol_index);
    return id.valid() ? market_.series().count(id, timeframe) : 0;
}

BarMessage Session::bar(StrategyId strategy, int32_t symbol_index, Timeframe timeframe, size_t back) const {
    const ScriptRunner* owner = served(strategy);
    TIDE_ASSERT(owner != nullptr);
    const Bar* found = market_.series().at(owner->symbol(symbol_index), timeframe, back);
    TIDE_ASSERT(found != nullptr);
    return message_of(*owner, *found);
}

Result<ChainSnapshot> Session::chain(std::string_view underlying, std::string_view expiry, int64_t min_days,
                                     int64_t strikes) const {
    const InstrumentId id = find_instrument(underlying);
    if (!id.valid()) return make_error(ErrorCode::script, fmt::format("unknown symbol '{}'", underlying));
    const auto spot = market_.prices().last(id, now_);
    if (!spot) return make_error(ErrorCode::script, fmt::format("no price of {} yet", underlying));
    const Date earliest = ist_date(now_) + std::chrono::days(min_days);
    const auto options = options_of(id, expiry, earliest);
    if (options.empty()) {
        return make_error(ErrorCode::script,
                          fmt::format("no {} {} options with at least {} days left", underlying, expiry, min_days));
    }
    ChainSnapshot snapshot;
    snapshot.underlying = book().get(id).symbol;
    snapshot.spot = spot->to_double();
    snapshot.expiry = format_date(*options.front()->expiry);
    snapshot.days_to_expiry = (*options.front()->expiry - ist_date(now_)).count();
    // Strikes each side of the one at the money; more in gap mode.
    std::vector<Price> levels;
    for (const Instrument* option : options) {
        if (levels.empty() || levels.back() != option->strike) levels.push_back(option->strike);
    }
    const Price at_the_money = nearest_strike(levels, *spot);
    snapshot.atm_strike = at_the_money.to_double();
    snapshot.strike_step = strike_step(levels, at_the_money).to_double();
    if (market_.gap_mode(id)) strikes = std::max(strikes, config_.chain.gap_strikes);
    const auto centre = std::find(levels.begin(), levels.end(), at_the_money) - levels.begin();
    const Price low = levels[static_cast<size_t>(std::max<int64_t>(0, centre - strikes))];
    const Price high =
        levels[static_cast<size_t>(std::min<int64_t>(static_cast<int64_t>(levels.size()) - 1, centre + strikes))];
    value_chain(options, *spot);
    for (size_t i = 0; i < options.size(); ++i) {
        if (options[i]->strike >= low && options[i]->strike <= high) snapshot.rows.push_back(chain_row(*options[i], i));
    }
    add_figures(snapshot);
    return snapshot;
}

VixMessage Session::vix() const {
    const VixReading& reading = market_.prices().vix();
    VixMessage message;
    message.source = name_of(reading.source);
    if (!reading.known()) return message;
    message.level = reading.level;
    message.change_10m = market_.volatility().vix_change(now_, minutes(10));
    return message;
}

// With limits of its own a strategy is told of its own capital, so that what it sizes by equity keeps to it.
AccountMessage Session::account(StrategyId strategy) const {
    AccountMessage message;
    message.equity = percent_of(portfolio_.equity(), config_.risk.capital_pct_of(strategy)).to_double();
    message.cash = portfolio_.cash().to_double();
    message.day_net = portfolio_.day_net().to_double();
    message.open_positions = static_cast<int64_t>(portfolio_.open().size());
    message.max_positions = halts_.max_positions(now_);
    if (const StrategyLimits* own = config_.risk.limits_of(strategy); own != nullptr && own->max_positions) {
        message.max_positions = std::min(message.max_positions, *own->max_positions);
    }
    message.size_factor = halts_.size_factor(now_);
    const Halt* halt = halts_.first();
    const bool own_halt = halts_.of_strategy(strategy) != nullptr;
    message.entries_allowed = halt == nullptr && !own_halt;
    if (own_halt) message.entries_reason = kStrategyLoss;
    if (halt != nullptr) message.entries_reason = name_of(halt->kind);
    return message;
}

std::vector<PositionMessage> Session::positions(StrategyId strategy) const {
    std::vector<PositionMessage> out;
    for (const Position& position : portfolio_.open()) {
        if (position.strategy == strategy) out.push_back(message_of(position));
    }
    return out;
}

double Session::last_price(std::string_view symbol) const {
    const InstrumentId id = find_instrument(symbol);
    const auto last = id.valid() ? market_.prices().last(id, now_) : std::nullopt;
    return last ? last->to_double() : kMissing;
}

std::optional<Refusal> Session::precheck(const Intent& intent) const {
    Intent asked = intent;
    asked.decided = now_;
    if (const ScriptRunner* owner = runner(intent.strategy)) asked.decision_bar = owner->decision_bar;
    const RiskVerdict verdict = gate_.evaluate(asked, risk_context());
    if (verdict.passed()) return std::nullopt;
    // Recorded once the callback is over: nothing is recorded in the middle of one.
    prechecked_.push_back({{},
                           {},
                           intent.strategy,
                           symbol_of(intent.legs.empty() ? intent.instrument : intent.legs.front().instrument),
                           false,
                           std::string(name_of(verdict.code)),
                           verdict.values,
                           verdict.text});
    return Refusal{std::string(name_of(verdict.code)), verdict.text, verdict.max_lots};
}

}  // namespace tide
