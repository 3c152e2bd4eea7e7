#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "session/session.hpp"

// Scripts: loading, what they are told, and what comes back.
namespace tide {
namespace {

// Order and fill callbacks may make intents, whose orders make callbacks; more rounds than this in one event is a
// script that answers itself.
constexpr int kCallbackRoundsMax = 64;

constexpr uint16_t kFlagsForScripts = kBarGapFilled | kBarHasGap | kBarPartial | kBarModelPrice | kBarFutureVolume;

double volume_of(const Bar& bar) { return bar.has_volume() ? static_cast<double>(bar.volume) : kMissing; }
double oi_of(const Bar& bar) { return bar.has_oi() ? static_cast<double>(bar.oi) : kMissing; }

}  // namespace

ScriptRunner* Session::runner(StrategyId id) {
    return id.valid() && id.value() <= runners_.size() ? runners_[id.value() - 1].get() : nullptr;
}
const ScriptRunner* Session::runner(StrategyId id) const {
    return id.valid() && id.value() <= runners_.size() ? runners_[id.value() - 1].get() : nullptr;
}

void Session::load_script(const ScriptEvent& script) {
    bundle_.name = std::string(script.name);
    bundle_.text = std::string(script.text);
    bundle_.parameters = std::string(script.parameters);
    bundle_.strategy = script.strategy;
    bundle_.seed = static_cast<uint64_t>(config_.seed) + script.strategy.value();
    if (ScriptRunner* running = runner(script.strategy); running != nullptr) {
        running->offered = std::move(bundle_);
        return;
    }
    TIDE_ASSERT(script.strategy.value() == runners_.size() + 1);
    runners_.push_back(std::make_unique<ScriptRunner>(script.strategy, bundle_.name));
    ScriptRunner& owner = *runners_.back();
    config_.risk.bind_strategy(owner.name(), owner.id());
    const auto refuse = [&](const std::string& message) {
        script_refused_ = true;
        if (script_error_.empty()) script_error_ = message;
        record(ScriptRecord{owner.id(), owner.name(), "", to_hex(sha256(bundle_.text)), "refused", message});
    };
    owner.set_slot(free_slot());
    auto declaration = host_.load(owner.slot(), bundle_, *this);
    if (!declaration) return refuse(declaration.error().message);
    owner.declare(std::move(*declaration), book());
    owner.set_bundle(bundle_);
    for (size_t i = 0; i < owner.declaration().symbols.size(); ++i) {
        if (owner.symbol(static_cast<int32_t>(i)).valid()) continue;
        // The strategy names more symbols than this market has: it goes on with those that are there.
        record(NoteRecord{"warning", owner.name(),
                          fmt::format("no data for {}: it will not be traded", owner.declaration().symbols[i])});
    }
    if (followed_instruments().empty())
        return refuse(fmt::format("{}: none of its symbols is in the data", owner.name()));
    owner.activate();
    const auto& declared = owner.declaration();
    record(ScriptRecord{owner.id(), declared.name, declared.version, declared.sha256, "loaded",
                        carried_.empty() ? "" : fmt::format("with the state that {} saved", carried_version_)});
    follow_needs_of(owner);
    if (!carried_.empty()) owner.set_saved(carried_, carried_version_, now_);
    // A script that could not prepare itself must not trade; the session goes on and guards what is open.
    const auto prepare = [&](const CallMessage& message) {
        const CallbackResult done = call(owner, message);
        const bool failed = done.status == CallbackStatus::error || done.status == CallbackStatus::budget;
        if (failed && owner.active()) quarantine(owner, done.message);
    };
    if (!carried_.empty()) prepare(LoadMessage{carried_, carried_version_});
    if (owner.active()) prepare(StartMessage{});
}

ScriptSlot Session::free_slot() const {
    for (uint32_t slot = 1;; ++slot) {
        const bool taken = std::any_of(runners_.begin(), runners_.end(),
                                       [slot](const auto& owner) { return owner->slot().value() == slot; });
        if (!taken) return ScriptSlot(slot);
    }
}

CallbackResult Session::run(ScriptSlot slot, const CallMessage& message, CallbackOutput& output) {
    const uint64_t intents_before = next_intent_;
    const size_t indicators_before = market_.indicators().size();
    CallbackResult result = host_.call(slot, message, output);
    if (!without_process(result.status)) return result;
    next_intent_ = intents_before;
    market_.indicators().forget_from(indicators_before);
    prechecked_.clear();
    output.clear();
    return result;
}

CallbackResult Session::call(ScriptRunner& owner, const CallMessage& message, std::string_view subject,
                             std::string_view default_symbol, uint64_t order) {
    const ScriptCallback callback = callback_of(message);
    // What loading said comes out with on_start, defined or not.
    if (!owner.declaration().defines(callback) && callback != ScriptCallback::start)
        return {CallbackStatus::not_defined, {}};
    output_.clear();
    owner.recent.keep(message);
    running_ = {callback, subject, std::get_if<BarMessage>(&message), order};
    CallbackResult result = run(owner.slot(), message, output_);
    // At the end nothing can be traded any more; before the start, nothing yet.
    if (callback == ScriptCallback::stop || callback == ScriptCallback::load) output_.intents.clear();
    take_output(owner, result, output_, default_symbol);
    return result;
}

BarMessage Session::message_of(const ScriptRunner& owner, const Bar& bar) const {
    BarMessage message;
    message.symbol_index = owner.symbol_index(bar.instrument);
    message.timeframe = bar.timeframe;
    message.history = bar.is_history();
    message.start_s = std::chrono::floor<seconds>(bar.start.time_since_epoch()).count();
    message.open = bar.open.to_double();
    message.high = bar.high.to_double();
    message.low = bar.low.to_double();
    message.close = bar.close.to_double();
    message.volume = volume_of(bar);
    message.oi = oi_of(bar);
    message.flags = static_cast<uint16_t>(bar.flags & kFlagsForScripts);
    return message;
}

void Session::deliver_bars() {
    if (hold_bars_) return;
    for (const auto& owner : runners_) {
        if (owner->active()) deliver_bars_to(*owner);
    }
    market_.take_closed();
}

void Session::push_bars(ScriptRunner& owner) {
    deliveries_.clear();
    for (const Bar& bar : market_.closed()) {
        if (owner.symbol_index(bar.instrument) < 0) continue;
        if (owner.follows(bar.timeframe)) {
            const BarMessage message = message_of(owner, bar);
            host_.push_bar(owner.slot(), message);
            plan_delivery(message, bar.start);
        }
        for (const int32_t handle : owner.followed(bar.instrument, bar.timeframe)) {
            host_.push_indicator(owner.slot(), {handle, market_.indicators().values(handle)});
        }
    }
}

// By timeframe, and within one by symbol; of equal ones the first that closed comes first.
void Session::plan_delivery(const BarMessage& message, ExchangeTime start) {
    auto at = deliveries_.end();
    const auto later = [&message](const BarMessage& other) {
        return std::pair(other.timeframe, other.symbol_index) > std::pair(message.timeframe, message.symbol_index);
    };
    while (at != deliveries_.begin() && later(std::prev(at)->message)) --at;
    deliveries_.insert(at, {message, start});
}

// All values of this moment are in the mirror before the first callback.
void Session::deliver_bars_to(ScriptRunner& owner) {
    push_bars(owner);
    for (const BarDelivery& bar : deliveries_) {
        if (!owner.active()) return;
        owner.decision_bar = bar.start;
        const std::string_view symbol = owner.declaration().symbols[static_cast<size_t>(bar.message.symbol_index)];
        call(owner, bar.message, symbol, symbol);
        owner.decision_bar = {};
    }
}

void Session::deliver_tick(const TickEvent& tick) {
    for (const auto& owner : runners_) {
        const int32_t index = owner->symbol_index(tick.instrument);
        if (!owner->active() || !owner->declaration().wants_ticks || index < 0) continue;
        TickMessage message;
        message.symbol_index = index;
        message.time_ns = now_ns();
        message.last = tick.last.to_double();
        if (tick.has(kTickHasBid)) message.bid = tick.bid.to_double();
        if (tick.has(kTickHasAsk)) message.ask = tick.ask.to_double();
        if (tick.has(kTickHasVolume)) message.volume = static_cast<double>(tick.volume);
        if (tick.has(kTickHasOi)) message.oi = static_cast<double>(tick.oi);
        const std::string_view symbol = owner->declaration().symbols[static_cast<size_t>(index)];
        call(*owner, message, symbol, symbol);
    }
}

PositionMessage Session::message_of(const Position& position) const {
    const Instrument& instrument = book().get(position.instrument);
    PositionMessage message;
    message.id = position.id.value();
    message.group = position.group.value();
    message.symbol = instrument.symbol;
    message.underlying = book().get(position.underlying).symbol;
    message.right = name_of(instrument.right);
    if (instrument.is_option()) message.strike = instrument.strike.to_double();
    if (instrument.expiry) message.days_to_expiry = (*instrument.expiry - ist_date(now_)).count();
    message.direction = position.underlying_direction;
    message.lots = position.quantity.units() / instrument.lot.units();
    message.quantity = static_cast<double>(position.quantity.units());
    message.entry_price = position.entry_price.to_double();
    message.last_price = position.last_price.to_double();
    message.underlying_entry = position.underlying_entry.to_double();
    message.underlying_last = position.last_underlying.to_double();
    message.underlying_best = position.best_underlying.to_double();
    if (position.levels.stop) message.stop = position.levels.stop->to_double();
    if (position.levels.target) message.target = position.levels.target->to_double();
    message.unrealised = position.unrealised().to_double();
    message.net = position.net().to_double();
    message.opened_s = std::chrono::floor<seconds>(position.opened.time_since_epoch()).count();
    message.minutes_held = std::chrono::duration<double, std::ratio<60>>(now_ - position.opened).count();
    message.half_taken = position.half_taken;
    message.tag = position.tag;
    return message;
}

QuoteMessage Session::quote_message(const Position& position) const {
    QuoteMessage message;
    message.underlying = position.last_underlying.to_double();
    if (const auto quote = market_.prices().quote(position.instrument, now_)) {
        message.last = quote->last.to_double();
        if (quote->has_bid()) message.bid = quote->bid.to_double();
        if (quote->has_ask()) message.ask = quote->ask.to_double();
        message.age_s = std::chrono::duration<double>(now_ - quote->time).count();
        message.model = quote->model();
    }
    return message;
}

void Session::check_exits(InstrumentId moved) {
    // Ids first: a decision may close positions and move the list.
    exit_checks_.clear();
    for (const Position& position : portfolio_.open()) {
        if (position.instrument == moved || position.underlying == moved) exit_checks_.push_back(position.id);
    }
    for (const PositionId id : exit_checks_) {
        const Position* position = portfolio_.find(id);
        ScriptRunner* owner = position == nullptr ? nullptr : runner(position->strategy);
        if (owner == nullptr || !owner->active() || !owner->declaration().defines(ScriptCallback::exit_check)) continue;
        if (desk_.exiting(id) >= position->quantity) continue;
        const std::string symbol = symbol_of(position->underlying);
        call(*owner, ExitCheckMessage{message_of(*position), quote_message(*position)}, symbol, symbol);
    }
}

void Session::take_output(ScriptRunner& owner, const CallbackResult& result, CallbackOutput& output,
                          std::string_view default_symbol) {
    if (result.status == CallbackStatus::not_defined) return;
    if (!prechecked_.empty()) {
        for (auto& refusal : std::exchange(prechecked_, {})) record(std::move(refusal));
    }
    for (auto& log : output.logs) record(NoteRecord{log.level, owner.name(), std::move(log.text)});
    if (result.status != CallbackStatus::ok) return record_fault(owner, result);
    if (output.empty()) return;
    for (auto& skip : output.skips) {
        if (skip.symbol.empty()) skip.symbol = default_symbol;
        if (auto finished = owner.add_skip(skip, now_)) record(std::move(*finished));
    }
    for (auto& state : output.states) {
        std::string& known = states_[{owner.id(), state.symbol + "\n" + state.name}];
        if (known == state.value) continue;
        record(CategoryRecord{owner.id(), state.symbol, state.name, known, state.value, state.values});
        known = state.value;
    }
    for (auto& plot : output.plots) {
        const auto value = std::isnan(plot.value) ? std::nullopt : std::optional(plot.value);
        record(PlotRecord{owner.id(), std::move(plot.symbol), std::move(plot.name), plot.mark, value});
    }
    for (auto& timer : output.timers) {
        const auto wait = Duration(static_cast<int64_t>(timer.seconds * 1e9));
        if (!timers_.add(now_ + std::max(Duration(1), wait), TimerKind::script, owner.id(), timer.name)) {
            record(NoteRecord{"warning", owner.name(), "too many timers: one was dropped"});
        }
    }
    if (output.intents.empty()) return;
    auto intents = std::exchange(output.intents, {});
    for (Intent& intent : intents) process(std::move(intent), &owner);
}

void Session::record_fault(ScriptRunner& owner, const CallbackResult& result) {
    const bool quarantined = result.status == CallbackStatus::quarantined;
    const char* status = quarantined ? "quarantined" : result.status == CallbackStatus::budget ? "budget" : "error";
    const auto& declared = owner.declaration();
    if (quarantined) return quarantine(owner, result.message);
    if (result.status == CallbackStatus::stopped) return note_stop(owner, result.message);
    if (result.status == CallbackStatus::late)
        return quarantine(owner, fmt::format("{} in {}", result.message, callback_text()));
    record(ScriptRecord{owner.id(), declared.name, declared.version, declared.sha256, status, result.message});
}

void Session::note_stop(ScriptRunner& owner, const std::string& message) {
    const auto& declared = owner.declaration();
    record(ScriptRecord{owner.id(), declared.name, declared.version, declared.sha256, "stopped",
                        fmt::format("{} in {}", message, callback_text())});
    owner.deactivate();
    owner.stopped = stops_wait_ = true;
    ++owner.stops;
}

void Session::restart_stopped() {
    stops_wait_ = false;
    for (const auto& owner : runners_) {
        if (!std::exchange(owner->stopped, false)) continue;
        if (owner->stops >= config_.scripts.stops_to_quarantine) {
            quarantine(*owner, fmt::format("{} was stopped {} times in this session", owner->name(), owner->stops));
        } else if (auto again = restart(*owner); !again) {
            quarantine(*owner, fmt::format("{} was stopped, and could not be started again: {}", owner->name(),
                                           again.error().message));
        }
    }
}

void Session::quarantine(ScriptRunner& owner, const std::string& message) {
    const auto& declared = owner.declaration();
    record(ScriptRecord{owner.id(), declared.name, declared.version, declared.sha256, "quarantined", message});
    owner.deactivate();
    script_quarantined_ = true;
    if (script_error_.empty()) script_error_ = message;
    timers_.drop(owner.id());
    parents_.cancel_of(owner.id(), now_, "quarantined");
    int64_t positions = 0;
    for (const Position& position : portfolio_.open()) positions += position.strategy == owner.id() ? 1 : 0;
    record(NoteRecord{"error", "engine",
                      fmt::format("{} is quarantined; {} open position{} of it {} guarded by the "
                                  "engine's stops and mandatory exits",
                                  declared.name, positions, positions == 1 ? "" : "s", positions == 1 ? "is" : "are")});
}

void Session::queue_order_call(StrategyId strategy, OrderMessage message, std::string_view text) {
    const ScriptRunner* owner = runner(strategy);
    if (owner == nullptr || !owner->active() || !owner->declaration().defines(ScriptCallback::order)) return;
    PendingCall call;
    call.strategy = strategy;
    call.symbol = message.symbol;
    call.state = message.state;
    call.code = message.code;
    call.text = text;
    call.tag = message.tag;
    call.order = message;
    pending_.push_back(std::move(call));
}

void Session::queue_fill_call(const Fill& fill, const Order& order) {
    const ScriptRunner* owner = runner(order.strategy.valid() ? order.strategy : fill.strategy);
    if (owner == nullptr || !owner->active() || !owner->declaration().defines(ScriptCallback::fill)) return;
    PendingCall call;
    call.strategy = owner->id();
    call.kind = PendingCall::Kind::fill;
    call.symbol = symbol_of(fill.instrument);
    call.fill.order = fill.order.value();
    call.fill.position = fill.position.value();
    call.fill.side = name_of(fill.side);
    call.fill.quantity = static_cast<double>(fill.quantity.units());
    call.fill.price = fill.price.to_double();
    call.fill.charges = fill.charges.to_double();
    pending_.push_back(std::move(call));
}

void Session::queue_position_call(const Position& position, std::string_view change) {
    const ScriptRunner* owner = runner(position.strategy);
    if (owner == nullptr || !owner->active() || !owner->declaration().defines(ScriptCallback::position)) return;
    PendingCall call;
    call.strategy = owner->id();
    call.kind = PendingCall::Kind::position;
    call.symbol = symbol_of(position.underlying);
    call.state = change;
    call.position = position;
    pending_.push_back(std::move(call));
}

void Session::deliver_pending() {
    for (int round = 0; !pending_.empty(); ++round) {
        PendingCall call = std::move(pending_.front());
        pending_.pop_front();
        ScriptRunner* owner = runner(call.strategy);
        if (owner == nullptr || !owner->active()) continue;
        if (round >= kCallbackRoundsMax) {
            pending_.clear();
            record(NoteRecord{"error", owner->name(),
                              "order callbacks answer themselves without end: the rest were dropped"});
            return;
        }
        if (call.kind == PendingCall::Kind::fill) {
            call.fill.symbol = call.symbol;
            this->call(*owner, call.fill, call.symbol, call.symbol, call.fill.order);
        } else if (call.kind == PendingCall::Kind::position) {
            this->call(*owner, PositionChangeMessage{message_of(*call.position), call.state}, call.state, call.symbol);
        } else {
            call.order.symbol = call.symbol;
            call.order.state = call.state;
            call.order.code = call.code;
            call.order.text = call.text;
            call.order.tag = call.tag;
            this->call(*owner, call.order, call.state, call.symbol, call.order.id);
        }
        if (!actions_.empty()) apply(actions_);
    }
}

std::string Session::callback_text() const {
    std::string text = name_of(running_.callback);
    if (running_.order != 0) text += fmt::format(" order {}", running_.order);
    if (!running_.subject.empty()) text += fmt::format(" {}", running_.subject);
    if (running_.bar != nullptr) {
        const ExchangeTime start{seconds(running_.bar->start_s)};
        text += fmt::format(" {} {}", name_of(running_.bar->timeframe), format_iso(start));
    }
    return text;
}

}  // namespace tide
