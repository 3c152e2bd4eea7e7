#include <fmt/format.h>

#include <algorithm>

#include "session/session.hpp"

// Intents to orders, orders to fills, fills to positions; the guardian's word becomes exits.
namespace tide {
namespace {

std::string percent(double fraction) { return fmt::format("{:.0f}%", fraction * 100); }

}  // namespace

RiskContext Session::risk_context() const {
    return {now_,
            market_.prices(),
            portfolio_,
            desk_,
            hours_,
            halts_,
            charges_,
            config_.use_option_model,
            config_.over_history,
            manual_mode_,
            &market_.quality(),
            &market_.gaps(),
            &parents_,
            &groups_};
}

RiskVerdict Session::process(Intent intent, const ScriptRunner* owner) {
    if (!intent.id.valid()) intent.id = reserve_intent_id();
    intent.strategy = owner == nullptr ? StrategyId() : owner->id();
    intent.decided = now_;
    if (owner != nullptr) intent.decision_bar = owner->decision_bar;
    const Position* position = intent.position.valid() ? portfolio_.find(intent.position) : nullptr;
    const Order* order = intent.order.valid() ? desk_.find(intent.order) : nullptr;
    const ParentOrder* parent = intent.parent.valid() ? parents_.find(intent.parent) : nullptr;
    const OrderGroup* group = intent.kind == IntentKind::exit_group ? groups_.find(intent.group) : nullptr;
    const InstrumentId subject = intent.kind == IntentKind::enter ? intent.instrument
                                 : !intent.legs.empty()           ? intent.legs.front().instrument
                                 : group != nullptr               ? group->underlying
                                 : position != nullptr            ? position->instrument
                                 : order != nullptr               ? order->instrument
                                 : parent != nullptr              ? parent->intent.instrument
                                                                  : InstrumentId();
    const std::string script = owner == nullptr ? "" : owner->version_text();
    const RiskVerdict verdict = judge(intent, subject, script, owner == nullptr ? "" : callback_text());
    if (!verdict.passed()) return verdict;
    switch (intent.kind) {
        case IntentKind::enter:
            if (intent.terms.held()) {
                hold(intent);
            } else {
                enter(intent, owner);
            }
            break;
        case IntentKind::exit:
            if (close_with_group(*position, intent.reason)) break;
            leave(intent, *position, owner == nullptr ? "operator" : "script", script);
            break;
        case IntentKind::set_stop:
        case IntentKind::set_target:
            move_level(intent);
            break;
        case IntentKind::set_trail:
            set_trail(intent);
            break;
        case IntentKind::cancel:
            if (parent != nullptr) {
                parents_.cancel(intent.parent, now_, "asked for by the script");
                work_parents();
            } else {
                desk_.cancel(intent.order, now_, "asked for by the script");
            }
            break;
        case IntentKind::enter_group:
            enter_group(intent, owner);
            break;
        case IntentKind::exit_group:
            close_groups({{intent.group, intent.reason}});
            break;
    }
    return verdict;
}

RiskVerdict Session::judge(const Intent& intent, InstrumentId subject, const std::string& script,
                           std::string callback) {
    record(IntentRecord{intent, symbol_of(subject), script, std::move(callback), cause_text(), sequence_,
                        legs_text(intent)});
    const RiskVerdict verdict = gate_.evaluate(intent, risk_context());
    record(RiskRecord{intent.id,
                      {},
                      intent.strategy,
                      symbol_of(subject),
                      verdict.passed(),
                      std::string(name_of(verdict.code)),
                      verdict.values,
                      verdict.text});
    if (!verdict.passed()) {
        tell_refusal(intent, verdict, symbol_of(subject));
    }
    return verdict;
}

void Session::tell_refusal(const Intent& intent, const RiskVerdict& verdict, const std::string& symbol) {
    OrderMessage message;
    message.intent = intent.id.value();
    message.group = intent.group.value();
    if (intent.kind == IntentKind::enter) message.parent = intent.parent.value();
    message.symbol = symbol;
    message.side = name_of(intent.side);
    message.state = name_of(OrderState::refused);
    message.code = name_of(verdict.code);
    message.tag = intent.tag;
    queue_order_call(intent.strategy, message, verdict.text);
}

void Session::enter(const Intent& intent, const ScriptRunner* owner) {
    const Instrument& instrument = book().get(intent.instrument);
    PositionPlan plan;
    plan.strategy = intent.strategy;
    plan.strategy_name = owner == nullptr ? "operator" : owner->name();
    plan.script_version = owner == nullptr ? "" : owner->version_text();
    plan.instrument = intent.instrument;
    plan.side = intent.side;
    plan.stop = intent.stop;
    plan.target = intent.target;
    plan.stop_pct = intent.stop_pct;
    plan.target_pct = intent.target_pct;
    plan.premium = intent.premium;
    plan.trail_stop_pct = intent.trail_stop_pct;
    plan.tag = intent.tag;
    plan.why = intent.why;
    const ParentOrder* parent = intent.parent.valid() ? parents_.find(intent.parent) : nullptr;
    if (parent == nullptr) gate_.note_accepted(intent, now_);
    // What an earlier part of the same entry has opened, or may still open.
    const bool adds = parent != nullptr && parent->position.valid() &&
                      (portfolio_.find(parent->position) != nullptr || portfolio_.planned(parent->position));
    const PositionId position = adds ? parent->position : portfolio_.plan(std::move(plan));
    OrderRequest request = entry_request(intent, instrument, position);
    request.leave_before = gate_.entries_until(instrument, risk_context());
    order_watch_.note_decision(intent.id, Quantity(intent.lots * instrument.lot.units()));
    if (parent != nullptr) {
        parents_.released(parent->id(), intent.id, request.quantity, position, now_, intent.why);
        if (parent->rests()) request.rest_until = parent->until;
    }
    if (auto orders = desk_.submit(request, now_); !orders) {
        record(NoteRecord{"warning", "engine", orders.error().message});
        if (parent != nullptr) parents_.unsent(intent.id, now_, orders.error().message);
    }
}

void Session::leave(const Intent& intent, const Position& position, std::string_view decided_by,
                    const std::string& script) {
    const Instrument& instrument = book().get(position.instrument);
    OrderRequest request = exit_request(position, instrument, intent.fraction, intent.reason, intent.id, desk_);
    request.mandatory = decided_by != "script";
    parents_.cancel_for(position.id, now_, "an exit takes its place");
    if (request.quantity.units() <= 0) return;
    if (std::find(no_exit_.begin(), no_exit_.end(), position.instrument) != no_exit_.end()) {
        record(NoteRecord{"error", "engine",
                          fmt::format("no exit of position {} in {}: the broker holds less of it than we do, so it "
                                      "would open something; look at the terminal, then 'engine recover --acknowledge'",
                                      position.id.value(), instrument.symbol)});
        return;
    }
    record(ExitRecord{position.id, position.strategy, instrument.symbol, intent.reason, intent.fraction,
                      std::string(decided_by), script, position.last_underlying, position.last_price, cause_text(),
                      sequence_});
    exit_reasons_[position.id] = intent.reason;
    const auto orders = desk_.submit(request, now_);
    if (orders && !orders->empty()) {
        portfolio_.set_exit_order(position.id, orders->front());
    } else if (!orders) {
        record(NoteRecord{"error", "engine", orders.error().message});
    }
}

void Session::engine_exit(PositionId id, const ExitReason& reason, std::string_view decided_by, double fraction) {
    const Position* position = portfolio_.find(id);
    if (position == nullptr || !position->open()) return;
    // The guardian asks for a leg when its turn has come; anybody else means the group.
    if (decided_by != "engine" && close_with_group(*position, reason)) return;
    Intent intent;
    intent.id = reserve_intent_id();
    intent.kind = IntentKind::exit;
    intent.decided = now_;
    intent.position = id;
    intent.fraction = fraction;
    intent.reason = reason;
    const ScriptRunner* owner = runner(position->strategy);
    leave(intent, *position, decided_by, owner == nullptr ? "" : owner->version_text());
}

void Session::move_level(const Intent& intent) {
    const Position& position = *portfolio_.find(intent.position);
    const bool is_stop = intent.kind == IntentKind::set_stop;
    const Price tick = book().get(position.underlying).tick;
    const int direction = position.underlying_direction;
    const Price level =
        is_stop ? round_stop(intent.level, tick, direction) : round_target(intent.level, tick, direction);
    const auto& current = is_stop ? position.levels.stop : position.levels.target;
    if (current == level) return;
    // The gate let pass what was asked for; the rounding must not take the stop back behind where it is (a stop made
    // from a percentage need not lie on a tick).
    const bool back = is_stop && current && (position.underlying_direction > 0 ? level < *current : level > *current);
    if (back) return;
    const bool done = is_stop ? portfolio_.set_stop(intent.position, level, false, intent.reason.rule)
                              : portfolio_.set_target(intent.position, level, false);
    TIDE_ASSERT(done);
    record(PositionRecord{*portfolio_.find(intent.position), symbol_of(position.instrument),
                          is_stop ? "stop" : "target", intent.reason.text.empty() ? intent.why : intent.reason.text});
    queue_position_call(*portfolio_.find(intent.position), is_stop ? "stop" : "target");
}

void Session::apply(GuardianActions& actions) {
    // Taken out first: what follows may make the guardian ask for more.
    GuardianActions taken = std::exchange(actions, {});
    // The close of a day ends waiting orders; what is held has hours of its own (ParentOrder::until).
    const bool halted =
        std::any_of(taken.halts.begin(), taken.halts.end(), [](const auto& halt) { return halt.active; });
    for (auto& halt : taken.halts) {
        risk_notes_.push_back({std::string(name_of(halt.kind)), "", "", "", halt.values, halt.text, halt.active});
        record(HaltRecord{std::string(name_of(halt.kind)), halt.active, std::move(halt.values), std::move(halt.text)});
    }
    for (auto& halt : taken.strategy_halts) {
        const ScriptRunner* owner = runner(halt.strategy);
        risk_notes_.push_back({std::string(kStrategyLoss), owner == nullptr ? "" : owner->name(), "", "", halt.values,
                               halt.text, halt.active});
        record(HaltRecord{std::string(kStrategyLoss), halt.active, std::move(halt.values), std::move(halt.text)});
        if (!halt.active) continue;
        parents_.cancel_of(halt.strategy, now_, kStrategyLoss);
        desk_.cancel_entries_of(halt.strategy, now_, kStrategyLoss);
        work_parents();
    }
    for (auto& warning : taken.warnings) {
        record(NoteRecord{"warning", "risk", fmt::format("{}: {} ({})", warning.rule, warning.text, warning.values)});
    }
    if (taken.cancel_all) {
        cancel_everything(taken.cancel_reason, true);
    } else if (taken.cancel_entries && halted) {
        cancel_entries(taken.cancel_reason);
    } else if (taken.cancel_entries) {
        desk_.cancel_entries(now_, taken.cancel_reason);
    }
    for (const auto& exit : taken.exits) engine_exit(exit.position, exit.reason, "engine");
    if (!taken.group_exits.empty()) close_groups(taken.group_exits);
}

// A new price: marks first, then what the engine must do, before any script sees it.
void Session::on_price(InstrumentId id) {
    if (portfolio_.concerns(id)) {
        mark(id);
        trail_stops(id);
    }
    guardian_.on_price(id, now_, actions_);
    if (!desk_.idle()) desk_.on_price(id, now_);
    if (!actions_.empty()) apply(actions_);
    if (!parents_.idle()) follow_triggers(id);
}

void Session::mark(InstrumentId id) {
    if (const Quote* quote = market_.prices().fed(id)) {
        portfolio_.mark(id, quote->last);
    } else if (const auto last = market_.prices().last(id, now_)) {
        portfolio_.mark(id, *last);
    }
    if (!market_.prices().has_option_model()) return;
    // An option priced by model moves with its underlying.
    model_marks_.clear();
    for (const Position& position : portfolio_.open()) {
        if (position.underlying == id && position.instrument != id) model_marks_.push_back(position.instrument);
    }
    for (const InstrumentId leg : model_marks_) {
        const auto quote = market_.prices().quote(leg, now_);
        if (quote && quote->model()) portfolio_.mark(leg, quote->last);
    }
}

void Session::on_order(const Order& order, OrderState from, std::string_view detail) {
    const std::string symbol = symbol_of(order.instrument);
    record(OrderRecord{order, from, symbol, std::string(detail)});
    if (order.purpose == OrderPurpose::entry) parents_.on_order(order, from, now_);
    // An exit that ended may leave its position uncovered: the guardian looks again.
    // So may the end of a leg's entry: its hedge waits for that.
    if ((order.purpose == OrderPurpose::exit || order.group.valid()) && !order.live()) account_changed_ = true;
    note_answer(order, from);
    watch_order(order, from);
    if (order.group.valid()) groups_changed_ = true;
    if (order.state == from && order.state != OrderState::created) return;
    OrderMessage message;
    message.id = order.id.value();
    message.intent = order.intent.value();
    if (const ParentOrder* parent = parents_.parent_of(order.intent)) message.parent = parent->id().value();
    message.group = order.group.value();
    message.symbol = symbol;
    message.side = name_of(order.side);
    message.state = name_of(order.state);
    message.tag = order.tag;
    message.quantity = static_cast<double>(order.quantity.units());
    message.filled = static_cast<double>(order.filled.units());
    message.limit = order.limit.to_double();
    if (order.filled.units() > 0) {
        message.average = order.filled_value.to_double() / static_cast<double>(order.filled.units());
    }
    queue_order_call(order.strategy, message, order.state_reason);
}

void Session::on_fill(const Fill& booked, const Order& order, Money turnover_before) {
    Fill fill = booked;
    const Instrument& instrument = book().get(fill.instrument);
    ChargeQuery query;
    query.kind = instrument.kind;
    query.exchange = instrument.exchange;
    query.side = fill.side;
    query.date = ist_date(now_);
    query.turnover = fill.price * fill.quantity;
    query.turnover_before = turnover_before;
    ChargeBreakdown charges;
    if (auto found = charges_.charges_for(query)) {
        charges = *found;
    } else {
        // The gate refuses entries whose charges are not known; an exit must never wait for a table.
        record(NoteRecord{"error", "engine", found.error().message + "; this fill carries no charges"});
    }
    fill.charges = charges.total();
    const Money turnover = fill.price * fill.quantity;
    traded_value_ += fill.side == Side::sell ? turnover : -turnover;
    FillRecord row;
    row.fill = fill;
    row.instrument = instrument.symbol;
    const auto quote = market_.prices().quote(fill.instrument, now_);
    if (quote && quote->has_bid()) row.bid = quote->bid;
    if (quote && quote->has_ask()) row.ask = quote->ask;
    const auto underlying = market_.prices().underlying_last(instrument);
    if (underlying) row.underlying = *underlying;
    row.brokerage = charges.brokerage;
    row.stt = charges.stt;
    row.exchange = charges.exchange;
    row.sebi = charges.sebi;
    row.stamp = charges.stamp;
    row.gst = charges.gst;
    row.ipft = charges.ipft;
    const FillOutcome outcome = portfolio_.apply(fill, underlying);
    row.realised = outcome.realised;
    record(std::move(row));
    queue_fill_call(fill, order);
    if (auto wrong = order_watch_.on_fill(fill, order, instrument)) wrong_.push_back({order.id, std::move(*wrong)});
    if (order.purpose == OrderPurpose::entry) {
        Fill placed = fill;
        placed.position = outcome.position;
        parents_.on_fill(placed, order.intent, now_);
    }
    record_outcome(outcome, fill);
    market_.quality().watch(fill.instrument, portfolio_.concerns(fill.instrument), now_);
    account_changed_ = true;
    if (order.group.valid()) groups_changed_ = true;
}

Money Session::margin_used() const {
    return margin_of_positions(portfolio_.open(), book(), config_.risk.margin, {now_, market_.prices().vix().level});
}

void Session::record_outcome(const FillOutcome& outcome, const Fill& fill) {
    if (outcome.surplus.valid()) {
        record(NoteRecord{"error", "engine",
                          fmt::format("more was filled than was open in {}: the rest is closed at once",
                                      symbol_of(fill.instrument))});
        surplus_.push_back(outcome.surplus);
    }
    const std::string symbol = symbol_of(fill.instrument);
    if (outcome.effect != FillEffect::closed) {
        if (outcome.effect == FillEffect::reduced) portfolio_.mark_half_taken(outcome.position);
        const Position* position = portfolio_.find(outcome.position);
        TIDE_ASSERT(position != nullptr);
        record(PositionRecord{*position, symbol, std::string(name_of(outcome.effect)),
                              outcome.effect == FillEffect::reduced
                                  ? percent(static_cast<double>(position->quantity.units()) /
                                            static_cast<double>(position->opened_quantity.units())) +
                                        " left"
                                  : ""});
        queue_position_call(*position, name_of(outcome.effect));
        return;
    }
    const Position closed = portfolio_.last_closed();
    record(PositionRecord{closed, symbol, "closed", ""});
    parents_.cancel_for(closed.id, now_, "its position is closed");
    queue_position_call(closed, "closed");
    TradeRecord trade;
    trade.position = closed;
    trade.instrument = symbol;
    trade.underlying = symbol_of(closed.underlying);
    if (const auto found = exit_reasons_.find(closed.id); found != exit_reasons_.end()) {
        trade.exit = found->second;
        exit_reasons_.erase(found);
    }
    trade.number = ++trade_number_;
    const int64_t lot = book().get(closed.instrument).lot.units();
    trade.lot_text = fmt::format("{} x {}", closed.opened_quantity.units() / lot, lot);
    record(std::move(trade));
}

void Session::on_contradiction(OrderId order, InstrumentId instrument, std::string_view text) {
    record(NoteRecord{"error", "engine",
                      fmt::format("order {} in {}: {}; the instrument is blocked until an operator resolves it",
                                  order.value(), symbol_of(instrument), text)});
}

void Session::on_unclear(const Order& order, std::string_view text) {
    raise_halt(HaltKind::order_unclear, fmt::format("order={}", order.id.value()),
               fmt::format("{} ({}): look at the broker's terminal, then 'engine order resolve {}' and 'engine resume'",
                           text, symbol_of(order.instrument), order.id.value()));
}

std::string Session::cause_text() const {
    if (handling_ == nullptr) return "time";
    const EventPayload& payload = handling_->payload;
    if (const auto* tick = std::get_if<TickEvent>(&payload)) {
        return fmt::format("tick {} {}", symbol_of(tick->instrument), to_string(tick->last));
    }
    if (const auto* bar = std::get_if<BarEvent>(&payload)) {
        return fmt::format("bar {} {} {} close {}", symbol_of(bar->bar.instrument), name_of(bar->bar.timeframe),
                           format_iso(bar->bar.start), to_string(bar->bar.close));
    }
    if (const auto* update = std::get_if<OrderUpdateEvent>(&payload)) {
        return fmt::format("broker's word on order {}", update->order.value());
    }
    if (const auto* command = std::get_if<CommandEvent>(&payload)) {
        return fmt::format("command of {}", command->operator_name);
    }
    if (const auto* day = std::get_if<DayEndEvent>(&payload)) return "day end " + format_date(day->date);
    return "session event";
}

}  // namespace tide
