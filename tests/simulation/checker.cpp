#include "checker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tide::simulation {
namespace {

constexpr size_t kRecordsShown = 30;
constexpr Duration kPathKept = minutes(10);
// Unanswered cancels take 7 s, an exit that failed is asked for again within 16 s and walks to its widest band in 25 s.
constexpr Duration kTimeToGetOut = minutes(3);

}  // namespace

Checker::Checker(const Scenario& scenario, const Exchange& exchange)
    : scenario_(scenario),
      limits_(scenario.config),
      exchange_(exchange),
      cash_(scenario.config.account.equity),
      peak_(cash_),
      positions_max_(scenario.config.risk.max_positions) {}

void Checker::fail(std::string what) {
    if (failed()) return;
    failure_ = std::move(what);
    failed_at_ = event_;
}

// ---- what comes in

void Checker::before(const Event& event) {
    event_ = event.sequence;
    now_ = event.received;
    pass_time();
    for (const auto& counted : filter_.due(now_)) {
        see_tick(counted.tick, now_);
        quotes_[counted.tick.instrument.value()].time = counted.received;
    }
    if (const auto* tick = std::get_if<TickEvent>(&event.payload)) {
        for (const auto& counted : filter_.see(*tick, now_)) see_tick(counted.tick, now_);
    } else if (const auto* added = std::get_if<InstrumentEvent>(&event.payload)) {
        filter_.add(added->instrument);
    } else if (const auto* bar = std::get_if<BarEvent>(&event.payload)) {
        KnownQuote& known = quotes_[bar->bar.instrument.value()];
        known.has_bid = known.has_ask = false;
        filter_.see_bar(bar->bar.instrument, bar->bar.close.to_double());
        price(bar->bar.instrument, bar->bar.close, now_);
    } else if (const auto* command = std::get_if<CommandEvent>(&event.payload)) {
        on_command(*command);
    } else if (const auto* status = std::get_if<FeedStatusEvent>(&event.payload)) {
        status->feed == kBrokerLine ? on_line(*status) : on_feed(*status);
    } else if (const auto* service = std::get_if<ServiceStatusEvent>(&event.payload)) {
        on_service(*service);
    }
}

void Checker::on_feed(const FeedStatusEvent& status) {
    const bool was_down = std::exchange(feed_down_, status.state == FeedState::down);
    if (feed_down_ && !was_down) feed_down_since_ = now_;
    if (status.state == FeedState::up && was_down) end_outage(feed_down_since_);
}

void Checker::on_line(const FeedStatusEvent& status) {
    const bool was_down = std::exchange(line_down_, status.state == FeedState::down);
    if (line_down_ && !was_down) line_down_since_ = now_;
    if (status.state == FeedState::up && was_down) end_outage(line_down_since_);
}

// option-bot-flow 13.14.2: five minutes without data or without the broker, and half an hour.
void Checker::end_outage(ReceiveTime since) {
    const ReceiveTime open = at(kTradingDay, scenario_.hours.open), close = at(kTradingDay, scenario_.hours.close);
    const Duration out = std::min(now_, close) - std::max(since, open);
    if (out > minutes(30)) {
        outage_day_ = true;
    } else if (out >= minutes(5)) {
        quiet_until_ = std::max(quiet_until_, now_ + minutes(15));
    }
}

void Checker::on_service(const ServiceStatusEvent& status) {
    if (status.service == Service::exchange) {
        exchange_halted_ = status.state == ServiceState::down;
        index_halt_until_ = now_;  // its own word counts
        exchange_opens_.reset();
        if (exchange_halted_ && status.until > now_) exchange_opens_ = status.until;
    } else if (status.state == ServiceState::ending) {
        session_until_ = status.until;
    } else {
        session_until_.reset();
        session_closing_ = session_over_ = false;
    }
    pass_time();
}

// Positions are closed ten minutes before the broker's session ends; when it has ended the kill switch acts.
void Checker::pass_time() {
    if (exchange_opens_ && now_ >= *exchange_opens_) exchange_halted_ = false;
    if (!session_until_ || *session_until_ >= at(kTradingDay, scenario_.hours.close)) return;
    session_closing_ = session_closing_ || now_ >= *session_until_ - minutes(10);
    if (now_ < *session_until_) return;
    session_until_.reset();
    session_over_ = true;
    on_kill();
}

// Orders of this moment may be cancelled at once; what is made later keeps to the throttle.
void Checker::on_kill() {
    killed_ = true;
    note_emergency();
}

void Checker::note_emergency() {
    for (const auto& [id, known] : orders_) {
        if (known.order.live()) emergency_.insert(id);
    }
}

// Market-wide limits, once a day each (docs/decisions/trading-and-risk.md).
void Checker::look_at_index(Price last) {
    if (!scenario_.has(Fault::index_limit)) return;
    const double move = std::fabs(last.to_double() / kNiftyStart - 1) * 100;
    const int level = move >= 20 ? 3 : move >= 15 ? 2 : move >= 10 ? 1 : 0;
    const bool open = now_ >= at(kTradingDay, scenario_.hours.open) && now_ < at(kTradingDay, scenario_.hours.close);
    if (level <= index_level_ || !open) return;
    index_level_ = level;
    const auto length = index_halt_length(move, now_ - at(kTradingDay, Duration(0)));
    if (!length) return;
    index_halt_until_ = now_ + *length;
    if (exchange_halted_) exchange_opens_ = index_halt_until_;
}

void Checker::see_tick(const TickEvent& tick, ReceiveTime now) {
    KnownQuote& known = quotes_[tick.instrument.value()];
    known.has_bid = tick.has(kTickHasBid);
    known.has_ask = tick.has(kTickHasAsk);
    known.bid = tick.bid;
    known.ask = tick.ask;
    price(tick.instrument, tick.last, now);
}

void Checker::price(InstrumentId id, Price last, ReceiveTime now) {
    quotes_[id.value()].last = last;
    quotes_[id.value()].time = now;
    marks_[id.value()] = last;
    own_marks_[id.value()] = false;
    if (id.value() == kNifty) look_at_index(last);
    if (id.value() >= kFirstOption) return;
    auto& path = paths_[id.value()];
    path.push_back({now, last.to_double()});
    while (now - path.front().time > kPathKept) path.pop_front();
}

void Checker::on_command(const CommandEvent& command) {
    switch (command.kind) {
        case CommandKind::kill_switch:
            on_kill();
            break;
        case CommandKind::stop_immediate:
            note_emergency();
            [[fallthrough]];
        case CommandKind::stop:
            stopping_ = flatten_asked_ = true;
            break;
        case CommandKind::stop_no_exit:
            stopping_ = true;
            break;
        case CommandKind::pause:
            paused_ = true;
            break;
        case CommandKind::resume:
            limited_ = limited_ || killed_;
            if (std::exchange(killed_, false)) emergency_.clear();
            paused_ = false;
            for (const char* cause :
                 {"kill_switch", "wrong_order", "equity_floor", "margin", "error_rate", "vix_kill"}) {
                engine_halts_.erase(cause);
            }
            break;
        default:
            break;
    }
}

void Checker::record(const Record& row) {
    if (last_records_.size() == kRecordsShown) last_records_.pop_front();
    last_records_.push_back(
        fmt::format("{:>6} {} {}", row.event_sequence, format_time_of_day(ist_since_midnight(row.time)), row.text));
    check_chain(row);
    if (const auto* intent = std::get_if<IntentRecord>(&row.body)) {
        asked_ = intent->intent;
    } else if (const auto* exit = std::get_if<ExitRecord>(&row.body)) {
        exit_is_script_s_ = exit->decided_by == "script";
    } else if (const auto* risk = std::get_if<RiskRecord>(&row.body)) {
        if (!risk->passed || !asked_) return;
        if (asked_->kind == IntentKind::cancel) check_cancel(*asked_);
        if (asked_->kind == IntentKind::enter_group) check_group_entry(*asked_, row.time);
        if (asked_->kind != IntentKind::enter) return;
        if (asked_->terms.held()) return check_held(*asked_, row.time);
        if (asked_->group.valid()) {
            check_leg_release(*asked_, row.time);
            intents_.emplace(asked_->id, *asked_);
            return;
        }
        ++entries_;
        if (asked_->parent.valid()) check_child(*asked_);
        check_entry(*asked_, row.time);
        intents_.emplace(asked_->id, *asked_);
    } else if (const auto* order = std::get_if<OrderRecord>(&row.body)) {
        on_order(*order);
    } else if (const auto* parent = std::get_if<ParentRecord>(&row.body)) {
        on_parent(*parent);
    } else if (const auto* fill = std::get_if<FillRecord>(&row.body)) {
        on_fill(*fill);
    } else if (const auto* halt = std::get_if<HaltRecord>(&row.body)) {
        on_halt(*halt);
    } else if (const auto* trade = std::get_if<TradeRecord>(&row.body)) {
        Money net = trade->position.realised_gross - trade->position.charges;
        if (const GroupId group = trade->position.group; group.valid()) {
            // One trade, when the last of its legs is closed.
            net = groups_[group].result += net;
            const auto open = session_->portfolio().open();
            if (std::any_of(open.begin(), open.end(), [&](const Position& leg) { return leg.group == group; })) return;
            groups_[group].result = Money();
        }
        losing_streak_ = net < Money() ? losing_streak_ + 1 : 0;
    } else if (const auto* group = std::get_if<GroupRecord>(&row.body)) {
        on_group(*group);
    } else if (const auto* word = std::get_if<CommandRecord>(&row.body)) {
        if (word->command == "mode_normal" && word->outcome == "normal mode") limited_ = false;
        if (word->code != "ok") return;
        if (word->command == "manual_mode") manual_ = word->argument == "on";
        if (word->command == "set") on_setting(word->argument);
    }
}

void Checker::on_halt(const HaltRecord& row) {
    if (row.active) ++halts_[row.kind];
    if (row.kind == "paused" || row.kind == "feed_down") return;           // known from the events themselves
    if (row.kind == "manual_mode" || row.kind == "strategy_loss") return;  // not of everybody
    if (row.active) {
        engine_halts_.insert(row.kind);
        if (row.kind == "kill_switch") on_kill();
        // What trips it acts anew when it has acted already.
        static const std::set<std::string> kTrips{"wrong_order", "equity_floor",    "margin",
                                                  "error_rate",  "session_expired", "vix_kill"};
        if (kTrips.contains(row.kind)) note_emergency();
    } else {
        engine_halts_.erase(row.kind);
    }
}

void Checker::on_setting(std::string_view argument) {
    const size_t equals = argument.find('=');
    const std::string_view key = argument.substr(0, equals);
    const double value = std::stod(std::string(argument.substr(equals + 1)));
    RiskSettings& risk = limits_.risk;
    if (key == "risk.max_positions") risk.max_positions = static_cast<int64_t>(value);
    if (key == "risk.max_per_underlying") risk.max_per_underlying = static_cast<int64_t>(value);
    if (key == "risk.losing_streak") risk.losing_streak = static_cast<int64_t>(value);
    if (key == "risk.position_size_pct") risk.position_size_pct = value;
    if (key == "risk.trade_loss_pct") risk.trade_loss_pct = value;
    if (key == "risk.underlying_exposure_pct") risk.underlying_exposure_pct = value;
    if (key == "risk.same_direction_pct") risk.same_direction_pct = value;
    if (key == "breakers.vix_high") risk.vix_high = value;
    if (key == "orders.messages_per_second") limits_.orders.messages_per_second = static_cast<int64_t>(value);
    if (key == "orders.max_in_flight") limits_.orders.max_in_flight = static_cast<int64_t>(value);
    positions_max_ = std::max(positions_max_, risk.max_positions);
}

// sha256(previous hash || row || time || text), as docs/architecture.md has it.
void Checker::check_chain(const Record& row) {
    check(row.row == rows_ + 1, "the audit chain has every row");
    check(row.hash == AuditChain::hash_of(head_, row.row, row.time, row.text), "the audit chain verifies");
    head_ = row.hash;
    rows_ = row.row;
}

void Checker::on_order(const OrderRecord& row) {
    const bool is_new = !orders_.contains(row.order.id);
    KnownOrder& known = orders_[row.order.id];
    known.order = row.order;
    if (is_new) {
        for (const OrderId id : orders_of_[row.order.intent])
            check(orders_[id].order.created == row.order.created, "a decision becomes orders once");
        orders_of_[row.order.intent].push_back(row.order.id);
        known.mandatory = row.order.purpose == OrderPurpose::exit && !exit_is_script_s_;
        check_new_order(row.order);
    }
    if (row.order.purpose == OrderPurpose::entry) check_intent_quantity(row.order);
    if (is_new && row.order.purpose == OrderPurpose::entry) check_whole(row.order);
}

void Checker::on_fill(const FillRecord& row) {
    const Fill& fill = row.fill;
    check(fills_.insert(fill.id).second, "a fill is booked once");
    const auto& trades = exchange_.trades();
    const bool known = fill.id.valid() && fill.id.value() <= trades.size();
    check(known, "every fill is the exchange's");
    if (!known) return;
    const Trade& trade = trades[fill.id.value() - 1];
    check(trade.order == fill.order && trade.instrument == fill.instrument && trade.side == fill.side &&
              trade.quantity == fill.quantity && trade.price == fill.price,
          "a fill is booked as it was traded");
    check_charges(row);
    KnownOrder& known_order = orders_[fill.order];
    if (known_order.order.purpose == OrderPurpose::entry && !known_order.order.live()) late_.insert(fill.position);
    const bool buy = fill.side == Side::buy;
    if (buy ? fill.price > known_order.furthest : fill.price < known_order.furthest) {
        wrong_fill_ = true;
        note_emergency();
    }
    known_order.order.filled += fill.quantity;
    on_group_fill(fill, known_order.order);
    const auto i = fill.instrument.value();
    const auto open = session_->portfolio().open();
    own_marks_[i] = own_marks_[i] || std::any_of(open.begin(), open.end(), [&](const Position& position) {
                        return position.instrument == fill.instrument && position.id != fill.position;
                    });
    units_[i] += sign_of(fill.side) * fill.quantity.units();
    marks_[i] = fill.price;
    const Money value = fill.price * fill.quantity;
    cash_ += fill.side == Side::sell ? value : -value;
    cash_ -= fill.charges;
    charges_ += fill.charges;
    if (known_order.order.purpose == OrderPurpose::entry) check_intent_quantity(known_order.order);
}

// The simulated table: 20 rupees of brokerage an order, at its first fill; 0.0625 % of sales; no rounding.
void Checker::check_charges(const FillRecord& row) {
    const bool first = orders_[row.fill.order].order.filled.units() == 0;
    check(row.brokerage == (first ? Money::from_rupees(20) : Money()), "brokerage falls on an order's first fill");
    const Money sum = row.brokerage + row.stt + row.exchange + row.sebi + row.stamp + row.gst + row.ipft;
    check(sum == row.fill.charges, "the heads of the charges add up");
    if (row.fill.side == Side::buy) check(row.stt == Money(), "the transaction tax is the seller's");
}

// ---- after every event

Money Checker::own_equity() const {
    Money equity = cash_;
    for (size_t i = kFirstOption; i < units_.size(); ++i) equity += marks_[i] * Quantity(units_[i]);
    return equity;
}

void Checker::after() {
    check_books();
    check_stops();
    check_groups();
    check_flat_where_due();
    check_nothing_held();
    check_ended_parents();
    check_positions();
    check_wrong_fills();
}

// At every moment, whatever the gate let pass: positions (a group is one) and those being opened. Not counted is what
// nobody planned: what was closed too much, and fills of orders that were taken for over.
void Checker::check_positions() {
    std::set<std::pair<GroupId, PositionId>> held;
    const auto add = [&](GroupId group, PositionId position) {
        if (late_.contains(position)) return;
        held.insert(group.valid() ? std::pair(group, PositionId()) : std::pair(GroupId(), position));
    };
    for (const Position& position : session_->portfolio().open()) {
        if (!position.surplus) add(position.group, position.id);
    }
    for (const OrderId id : session_->desk().live()) {
        const Order& order = *session_->desk().find(id);
        if (order.purpose == OrderPurpose::entry) add(order.group, order.position);
    }
    check(std::ssize(held) <= positions_max_, "never more positions, with those being opened, than allowed");
}

// trading-and-risk "Wrong orders": the kill switch, in the same event.
void Checker::check_wrong_fills() {
    if (!std::exchange(wrong_fill_, false)) return;
    check(killed_ && engine_halts_.contains("wrong_order"), "a fill beyond its limit is the kill switch");
}

void Checker::after_crash() {
    check(exchange_.books().newest_order <= session_->desk().newest(), "what has left is in the journal");
}

void Checker::check_books() {
    const Portfolio& portfolio = session_->portfolio();
    portfolio.check_invariants();
    std::array<int64_t, kFirstOption + kOptionCount> held{};
    bool shared = false;
    for (const Position& position : portfolio.open()) {
        held[position.instrument.value()] += sign_of(position.side) * position.quantity.units();
        shared = shared || own_marks_[position.instrument.value()];
    }
    check(held == units_, "the positions are the sum of the fills");
    check(portfolio.cash() == cash_, "cash is what the fills and their charges left");
    check(portfolio.charges() == charges_, "charges are the sum of the fills' charges");
    const Money equity = own_equity();
    if (!shared) {
        if (portfolio.equity() != equity) {
            fail(fmt::format("equity is cash and what is held, at the last prices: {}, not {}", to_string(equity),
                             to_string(portfolio.equity())));
        }
        peak_ = std::max(peak_, equity);
    }
    check(portfolio.equity() == portfolio.start() + portfolio.gross() - charges_,
          "equity is the start, the profit and loss, and the charges");
}

void Checker::check_stops() {
    for (const Position& position : session_->portfolio().open()) {
        if (!position.levels.stop) {
            check(!stops_.contains(position.id), "a stop does not disappear");
            continue;
        }
        const auto [known, is_new] = stops_.emplace(position.id, *position.levels.stop);
        if (is_new) continue;
        const bool against = position.underlying_direction > 0 ? *position.levels.stop < known->second
                                                               : *position.levels.stop > known->second;
        check(!against, "a stop never moves against its position");
        known->second = *position.levels.stop;
    }
}

bool Checker::due_flat() const {
    const bool halted_out = std::any_of(engine_halts_.begin(), engine_halts_.end(), [](const std::string& kind) {
        return kind == "daily_loss" || kind == "vix_extreme" || kind == "vix_high" || kind == "vix_spike" ||
               kind == "long_outage";
    });
    return killed_ || session_closing_ || outage_day_ || flatten_asked_ || halted_out ||
           now_ >= at(kTradingDay, scenario_.square_off());
}

void Checker::check_flat_where_due() {
    // While the exchange is halted nothing can be sold.
    if (!due_flat() || exchange_halted_) {
        must_be_flat_since_.reset();
        return;
    }
    if (!must_be_flat_since_) must_be_flat_since_ = now_;
    const ReceiveTime from = std::max(*must_be_flat_since_, at(kTradingDay, scenario_.honest_from));
    if (now_ < from + kTimeToGetOut || session_->portfolio().open().empty()) return;
    const Position& position = session_->portfolio().open().front();
    fail(fmt::format(
        "what must be closed is closed within {} s of an honest broker: position {} is open (due since {})",
        kTimeToGetOut / seconds(1), position.id.value(), format_time_of_day(ist_since_midnight(*must_be_flat_since_))));
}

void Checker::at_end() {
    check(exchange_.all_told(), "the simulation ends when every reply has been delivered");
    check(exchange_.resting() == 0, "no order rests at the exchange after the close");
    check(fills_.size() == exchange_.trades().size(), "no fill is lost");
    for (const Instrument& each : scenario_.options) {
        check(session_->portfolio().net_quantity(each.id) == exchange_.net(each.id),
              "the positions are the exchange's own");
    }
    check(session_->portfolio().open().empty(), "no position is left after the close");
    for (const IntentId id : session_->parents().live()) {
        const ParentOrder& parent = *session_->parents().find(id);
        check(parent.state == ParentState::waiting && parent.from == ParentOrder::kNever,
              "after the close nothing is held but what waits for another day");
    }
    if (!session_->desk().idle()) {
        const Order& order = *session_->desk().find(session_->desk().live().front());
        fail(fmt::format("no order is live after the close: order {} is {}", order.id.value(), name_of(order.state)));
    }
    check_groups_at_end();
    check(session_->chain().head() == head_, "the audit head is that of the last row");
}

}  // namespace tide::simulation
