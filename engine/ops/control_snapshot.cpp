#include "ops/control_snapshot.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "session/runtime_settings.hpp"

namespace tide {
namespace {

PositionRow row_of(const Position& position, const InstrumentBook& book, const std::string& session_id) {
    PositionRow row;
    row.session_id = session_id;
    row.id = position.id.value();
    row.group = position.group.value();
    row.strategy = position.strategy_name;
    row.script_version = position.script_version;
    row.instrument = book.get(position.instrument).symbol;
    row.side = name_of(position.side);
    row.tag = position.tag;
    row.why = position.why;
    row.stop_rule = position.levels.stop_rule;
    row.quantity = position.quantity.units();
    row.opened_quantity = position.opened_quantity.units();
    row.entry = position.entry_price;
    row.last = position.last_price;
    row.last_underlying = position.last_underlying;
    row.stop = position.levels.stop;
    row.target = position.levels.target;
    row.levels_on_premium = position.levels.on_premium;
    row.gross = position.gross();
    row.charges = position.charges;
    row.net = position.net();
    row.opened = position.opened;
    row.closed = position.closed;
    row.model_priced = position.model_priced;
    return row;
}

OrderRow row_of(const Order& order, const InstrumentBook& book, const std::string& session_id) {
    OrderRow row;
    row.session_id = session_id;
    row.id = order.id.value();
    row.group = order.group.value();
    row.intent = order.intent.value();
    row.position = order.position.value();
    row.broker_order = order.broker_order.value();
    row.client_id = order.client_id;
    row.instrument = book.get(order.instrument).symbol;
    row.side = name_of(order.side);
    row.purpose = name_of(order.purpose);
    row.style = order.style == PriceStyle::passive ? "passive" : "aggressive";
    row.state = name_of(order.state);
    row.tag = order.tag;
    row.why = order.why;
    row.state_reason = order.state_reason;
    row.quantity = order.quantity.units();
    row.filled = order.filled.units();
    row.limit = order.limit;
    if (row.filled > 0) row.average = Price::from_units(order.filled_value.units() / row.filled);
    row.reprices = order.reprices;
    row.created = order.created;
    row.updated = order.updated;
    return row;
}

void add_held(ControlSnapshot& snapshot, const Session& session) {
    for (const IntentId id : session.parents().live()) {
        const ParentOrder& parent = *session.parents().find(id);
        ControlSnapshot::Held row;
        row.intent = id.value();
        const auto& scripts = session.scripts();
        const StrategyId strategy = parent.intent.strategy;
        row.strategy = strategy.valid() ? scripts[strategy.value() - 1U]->name() : "operator";
        row.instrument = session.market().prices().instruments().get(parent.intent.instrument).symbol;
        row.side = name_of(parent.intent.side);
        row.state = name_of(parent.state);
        row.terms = terms_text(parent.intent.terms);
        row.tag = parent.intent.tag;
        row.why = parent.intent.why;
        row.quantity = parent.quantity.units();
        row.filled = parent.filled.units();
        row.trigger = parent.trigger;
        row.accepted = parent.accepted;
        if (parent.until != ParentOrder::kNever) row.until = parent.until;
        snapshot.held.push_back(std::move(row));
    }
}

void add_money(ControlSnapshot& snapshot, const Portfolio& portfolio, Money margin_used) {
    snapshot.start = portfolio.start();
    snapshot.equity = portfolio.equity();
    snapshot.cash = portfolio.cash();
    snapshot.day_start = portfolio.day_start_equity();
    snapshot.day_gross = portfolio.day_gross();
    snapshot.day_charges = portfolio.day_charges();
    snapshot.day_net = portfolio.day_net();
    snapshot.day_peak = portfolio.day_peak_equity();
    snapshot.margin_used = margin_used;
    snapshot.losing_streak = portfolio.losing_streak();
}

}  // namespace

ControlSnapshot snapshot_of(const Session& session, std::string session_id, std::string feed) {
    ControlSnapshot snapshot;
    snapshot.session_id = std::move(session_id);
    snapshot.feed = std::move(feed);
    snapshot.mode = session.config().mode;
    snapshot.phase = session.current_phase();
    snapshot.now = session.now();
    const HaltState& halts = session.halts();
    for (size_t i = 0; i < kHaltKindCount; ++i) {
        const auto kind = static_cast<HaltKind>(i);
        if (!halts.active(kind)) continue;
        const Halt& halt = halts.of(kind);
        snapshot.halts.push_back({std::string(name_of(kind)), halt.values, halt.text, halt.since});
    }
    for (const StrategyHalt& halt : halts.strategy_halts()) {
        snapshot.halts.push_back({std::string(kStrategyLoss), halt.values, halt.text, halt.since});
    }
    for (const auto& script : session.scripts()) {
        snapshot.strategies.push_back({script->version_text(), script->active()});
    }
    snapshot.stopping = session.stopping();
    snapshot.killed = halts.killed();
    snapshot.manual_mode = session.manual_mode();
    snapshot.limited_mode = halts.mode(session.now()) == TradingMode::limited;
    snapshot.size_factor = halts.size_factor(session.now());
    snapshot.max_positions = halts.max_positions(session.now());
    add_money(snapshot, session.portfolio(), session.margin_used());
    const VixReading& vix = session.market().prices().vix();
    if (vix.known()) snapshot.vix = vix.level;
    const InstrumentBook& book = session.market().prices().instruments();
    for (const Position& position : session.portfolio().open()) {
        snapshot.positions.push_back(row_of(position, book, snapshot.session_id));
        const ProtectiveLevels& levels = position.levels;
        snapshot.levels.push_back({levels.premium_stop, levels.premium_target, levels.trail_pct});
    }
    const uint64_t newest = session.desk().newest().value();
    for (uint64_t id = newest > kSnapshotOrdersMax ? newest - kSnapshotOrdersMax + 1 : 1; id <= newest; ++id) {
        const Order* order = session.desk().find(OrderId(id));
        if (order != nullptr) snapshot.orders.push_back(row_of(*order, book, snapshot.session_id));
    }
    add_held(snapshot, session);
    snapshot.live_orders = static_cast<int64_t>(session.desk().live().size());
    SessionConfig config = session.config();
    SettingsRegistry registry;
    config.register_settings(registry);
    for (const auto& setting : runtime_settings()) {
        snapshot.settings.emplace_back(setting.key, registry.value_of(setting.key).value_or(""));
    }
    return snapshot;
}

bool entries_halted(const ControlSnapshot& snapshot) {
    return std::any_of(snapshot.halts.begin(), snapshot.halts.end(),
                       [](const auto& halt) { return halt.kind != kStrategyLoss; });
}

std::string_view state_of(const ControlSnapshot& snapshot) {
    if (snapshot.killed) return "killed";
    if (snapshot.stopping) return "stopping";
    const bool paused = std::any_of(snapshot.halts.begin(), snapshot.halts.end(),
                                    [](const auto& halt) { return halt.kind == "paused"; });
    if (paused) return "paused";
    return entries_halted(snapshot) ? "halted" : "running";
}

}  // namespace tide
