#include "session/session.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "session/carried_entries.hpp"

namespace tide {

Session::Session(const SessionConfig& config, StrategyHost& host, BrokerLink& broker, Recorder& recorder)
    : config_(config),
      host_(host),
      recorder_(recorder),
      market_(static_cast<size_t>(config.bars_kept), config_.data, config_.volatility),
      halts_(config_.risk),
      portfolio_(config_.account.equity, market_.prices().instruments()),
      desk_(config_.orders, market_.prices(), broker, *this, static_cast<uint64_t>(config_.seed)),
      parents_(*this),
      gate_(config_.risk, config_.orders),
      order_watch_(config_.risk, config_.orders),
      guardian_(config_.risk, market_.prices(), portfolio_, desk_, hours_, halts_, &market_.gaps(), &groups_) {
    if (config_.use_option_model) market_.prices().use_option_model(config_.option_model);
}

Session::~Session() = default;

void Session::handle(const Event& event) {
    if (ended_) return;  // a last word of the broker, or a tick, that was on its way
    TIDE_ASSERT(event.sequence == sequence_ + 1);
    TIDE_ASSERT(event.received >= now_);
    advance_to(event.received);
    now_ = event.received;
    sequence_ = event.sequence;
    handling_ = &event;
    look_at_data();
    market_.on_time(now_);
    market_.on_event(event);
    if (const auto* tick = std::get_if<TickEvent>(&event.payload)) {
        on(*tick);
    } else {
        std::visit([this](const auto& payload) { on(payload); }, event.payload);
    }
    settle();
    handling_ = nullptr;
    next_due_ = earliest_due();
}

// Due work happens at its own time, so that results do not depend on how often a clock event comes.
void Session::advance_to(ReceiveTime t) {
    for (ReceiveTime due = next_due_; due <= t; due = earliest_due()) {
        now_ = std::max(now_, due);
        look_at_data();
        // Mostly a look for silences that found none: nothing else is due, and nothing follows from it.
        if (!market_.data_said_something() && earliest_work() > now_) continue;
        run_timers_at(now_);
        desk_.on_time(now_);
        guardian_.on_time(now_, actions_);
        guardian_.check_silence(now_, actions_);
        settle();
    }
}

ReceiveTime Session::earliest_at_stake() const {
    ReceiveTime first = std::min(guardian_.next_due(), guardian_.silence_due());
    first = std::min(first, groups_.next_due());
    if (!desk_.idle()) first = std::min(first, desk_.next_due().value_or(kNever));
    return first;
}

void Session::run_timers_at(ReceiveTime t) {
    for (auto due = timers_.next_due(); due && *due <= t; due = timers_.next_due()) {
        const Timer timer = timers_.pop();
        if (timer.kind == TimerKind::session_phase) {
            enter_phase(timer.name, "");
        } else if (timer.kind == TimerKind::save) {
            ScriptRunner* owner = runner(timer.strategy);
            save_state(*owner);
            plan_save(*owner);
        } else if (timer.kind == TimerKind::books) {
            books_wanted_ = std::exchange(books_again_, false) || books_wanted_;
        } else if (ScriptRunner* owner = runner(timer.strategy); owner != nullptr && owner->active()) {
            call(*owner, TimerMessage{timer.name}, timer.name);
        }
    }
}

// After every event: what the engine wants first, then what scripts see, until nothing is left to do.
void Session::settle() {
    const bool more_bars = hold_bars_;
    if (halts_.active(HaltKind::reconciling) && !desk_.comparing()) {
        clear_halt(HaltKind::reconciling, "", "live orders have been compared with the broker's books");
    }
    if (market_.data_changed()) gather_data_changes();
    if (!wrong_.empty()) act_on_wrong_orders();
    if (!actions_.empty()) apply(actions_);
    if (parents_.due(now_)) work_parents();
    if (!links_.empty()) deliver_links();
    if (!market_.volatility().changes().empty()) tell_volatility();
    if (!risk_notes_.empty()) deliver_risk_notes();
    if (!market_.closed().empty()) deliver_bars();
    if (chain_moved_ && !more_bars) deliver_chains();
    if (groups_changed_ || groups_.next_due() <= now_) work_groups();
    if (account_changed_) {
        account_changed_ = false;
        guardian_.on_account(now_, actions_);
        if (!actions_.empty()) apply(actions_);
    }
    if (!pending_.empty()) deliver_pending();
    if (parents_.due(now_)) work_parents();
    // Else a mirror would be filled with bars yet to be pushed.
    if (stops_wait_ && quiet() && !ended_) restart_stopped();
    if (staged_) {
        take_up_staged();
        if (!pending_.empty()) deliver_pending();
    }
    // What scripts' orders brought up.
    if (!wrong_.empty()) act_on_wrong_orders();
    if (!actions_.empty()) apply(actions_);
}

void Session::on(const TickEvent& tick) {
    if (market_.prices().verdict() != PriceVerdict::accepted) {
        judge(tick);
        if (market_.prices().verdict() == PriceVerdict::held) return;
    }
    if (config_.risk.vix_from_chain) stand_in_for_vix();
    look_at_vix();
    if (!windows_.empty()) follow_strikes();
    on_price(tick.instrument);
    if (wants_chain_) note_chain_price(tick.instrument);
    if (wants_ticks_) deliver_tick(tick);
    if (portfolio_.concerns(tick.instrument)) check_exits(tick.instrument);
}

void Session::on(const BarEvent& event) {
    const Bar& bar = event.bar;
    if (bar.is_history()) return;
    if (config_.risk.vix_from_chain) stand_in_for_vix();
    look_at_vix();
    if (!windows_.empty()) follow_strikes();
    on_price(bar.instrument);
    if (wants_chain_) note_chain_price(bar.instrument);
    if (bar.has_volume()) guardian_.on_bar(bar, now_, actions_);
    if (portfolio_.concerns(bar.instrument)) check_exits(bar.instrument);
    hold_bars_ = event.more;
    if (market_.follows_activity(bar.instrument) && !std::exchange(activity_told_, true)) {
        record(NoteRecord{"warning", "engine",
                          "tick, volume and range bars are made of ticks: of a feed of bars there are none"});
    }
}

void Session::on(const OrderUpdateEvent& update) {
    if (!orphans_.empty() && of_orphan(update)) return;
    watch_update(update);
    desk_.on_update(update, now_);
    for (const PositionId id : std::exchange(surplus_, {})) {
        engine_exit(id, {1, "overfill", "", "more was filled than was ordered"}, "engine");
    }
}

void Session::on(const ConfigEvent& config) {
    record(SessionRecord{"", "start", config_.mode, "config sha256 " + to_hex(sha256(config.text))});
    if (!config_.start_limited) return;
    halts_.begin_limited(now_);
    record(NoteRecord{"warning", "engine",
                      "limited mode after a kill switch: smaller size, one position; 'engine mode normal' ends it"});
}

void Session::on(const ScriptEvent& script) {
    if (script.role == ScriptRole::module) {
        bundle_.modules.push_back({std::string(script.name), std::string(script.text)});
        return;
    }
    if (script.role == ScriptRole::saved && script.parameters == kSavedEntries) return take_up_carried(script);
    if (script.role == ScriptRole::saved) {
        carried_ = std::string(script.text);
        carried_version_ = std::string(script.name);
        return;
    }
    load_script(script);
    bundle_ = {};
    carried_.clear();
}

void Session::on(const InstrumentEvent& added) {
    if (added.instrument.is_option()) options_listed_ = true;
}

void Session::on(const ChargeRateEvent& rate) {
    if (auto added = charges_.add(rate); !added) {
        record(NoteRecord{"error", "engine", added.error().message});
    }
}

void Session::on(const TradingDayEvent& day) {
    if (day.history) return;
    hours_.on_day(day);
    start_parents_day();
    if (today_ == day.date) return;  // another calendar's sessions on the same date
    today_ = day.date;
    gate_.start_day();
    order_watch_.start_day();
    portfolio_.start_day();
    desk_.start_day();
    groups_.start_day();
    guardian_.start_day(now_, actions_);
    suspects_.assign(suspects_.size(), 0);
    plan_phases(day);
}

void Session::plan_phases(const TradingDayEvent& day) {
    std::string sessions;
    for (size_t i = 0; i < day.session_count; ++i) {
        sessions += fmt::format("{}{}-{}", i == 0 ? "" : ", ", format_time_of_day(day.sessions[i].open).substr(0, 5),
                                format_time_of_day(day.sessions[i].close).substr(0, 5));
    }
    record(DayRecord{day.date, "day", sessions + (day.from_data ? " (hours taken from the data)" : "")});
    phase_ = "pre_open";
    timers_.drop_session_phases();
    const auto plan = [&](Duration since_midnight, const char* name) {
        const bool added =
            timers_.add(std::max(now_, at(day.date, since_midnight)), TimerKind::session_phase, {}, name);
        TIDE_ASSERT(added);
    };
    const Duration open = day.sessions[0].open;
    const Duration close = day.sessions[day.session_count - 1].close;
    const auto before_close = std::chrono::duration_cast<Duration>(
        std::chrono::duration<double, std::ratio<60>>(config_.risk.exit_before_close_min));
    plan(open, "open");
    if (Duration(config_.risk.entry_until) > open && Duration(config_.risk.entry_until) < close) {
        plan(config_.risk.entry_until, "entry_cutoff");
    }
    plan(std::max(open, std::min(close - before_close, Duration(config_.risk.exit_latest))), "square_off");
    plan(close, "closed");
}

void Session::enter_phase(const std::string& phase, const std::string& detail) {
    phase_ = phase;
    record(DayRecord{today_.value_or(ist_date(now_)), phase, detail});
    for (const auto& owner : runners_) {
        if (owner->active()) call(*owner, PhaseMessage{phase_}, phase_);
    }
}

void Session::on(const DayEndEvent& day) {
    hold_bars_ = false;
    deliver_bars();  // the day's own bars, before the day is summed up
    for (const auto& owner : runners_) {
        for (auto& skip : owner->end_skips()) record(std::move(skip));
    }
    record(EquityRecord{portfolio_.equity(), portfolio_.day_gross(), portfolio_.day_charges(), portfolio_.day_net(),
                        format_date(day.date)});
    record(DayRecord{day.date, "day_end", ""});
    phase_ = "closed";
}

void Session::raise_halt(HaltKind kind, std::string values, std::string text) {
    if (!halts_.raise(kind, now_, values, text)) return;
    risk_notes_.push_back({std::string(name_of(kind)), "", "", "", values, text, true});
    record(HaltRecord{std::string(name_of(kind)), true, std::move(values), std::move(text)});
}
void Session::clear_halt(HaltKind kind, std::string values, std::string text) {
    if (!halts_.clear(kind, now_)) return;
    risk_notes_.push_back({std::string(name_of(kind)), "", "", "", values, text, false});
    record(HaltRecord{std::string(name_of(kind)), false, std::move(values), std::move(text)});
}

// The line to the broker. When it is back, every live order is compared with the broker's books before anything new
// leaves (trading-rules "Order safety").
void Session::on_broker(const FeedStatusEvent& status) {
    const std::string text(status.detail);
    if (status.state == FeedState::down) {
        if (!halts_.active(HaltKind::broker_down)) guardian_.on_answer(true, now_, actions_);
        raise_halt(HaltKind::broker_down, "", text);
        desk_.line_down();
        // What waits to be opened would leave into another market, and unseen by the gate.
        const std::vector<OrderId> live = desk_.live();
        for (const OrderId id : live) {
            const Order* order = desk_.find(id);
            const bool waits = order->state == OrderState::created || order->state == OrderState::in_review;
            if (order->purpose == OrderPurpose::entry && waits) desk_.cancel(id, now_, "broker_down");
        }
        guardian_.on_line_down(OutageLine::broker, now_);
    } else if (status.state == FeedState::up && halts_.active(HaltKind::broker_down)) {
        clear_halt(HaltKind::broker_down, "", text);
        raise_halt(HaltKind::reconciling, "", "live orders are compared with the broker's books");
        desk_.line_up(now_);
        guardian_.on_line_up(OutageLine::broker, now_, actions_);
        want_books(halts_.active(HaltKind::recovering) ? kRecovery : kReconnect);
    } else {
        record(NoteRecord{"info", "broker", text});
    }
}

void Session::on(const FeedStatusEvent& status) {
    if (status.feed == kBrokerLine && status.state != FeedState::ended) return on_broker(status);
    const std::string text = fmt::format("{}: {}", status.feed, status.detail);
    static constexpr const char* kStates[] = {"up", "degraded", "down", "ended"};
    if (status.state != FeedState::ended) {
        links_.push_back({"feed", std::string(status.feed), kStates[static_cast<size_t>(status.state)], "", "",
                          std::string(status.detail)});
    }
    switch (status.state) {
        case FeedState::up:
            if (halts_.clear(HaltKind::feed_down, now_)) {
                record(HaltRecord{std::string(name_of(HaltKind::feed_down)), false, fmt::format("feed={}", status.feed),
                                  text});
            }
            record(NoteRecord{"info", "feed", text});
            if (counts_as_outage()) guardian_.on_line_up(OutageLine::feed, now_, actions_);
            break;
        case FeedState::degraded:
            record(NoteRecord{"warning", "feed", text});
            break;
        case FeedState::down:
            if (halts_.raise(HaltKind::feed_down, now_, fmt::format("feed={}", status.feed), text)) {
                record(HaltRecord{std::string(name_of(HaltKind::feed_down)), true, fmt::format("feed={}", status.feed),
                                  text});
                cancel_entries("feed_down");  // nothing leaves, and nothing rests, unseen
            }
            if (counts_as_outage()) guardian_.on_line_down(OutageLine::feed, now_);
            break;
        case FeedState::ended:
            end_session(status.detail);
            break;
    }
}

void Session::end_session(std::string_view detail) {
    if (ended_) return;
    for (const auto& owner : runners_) {
        if (owner->active()) save_state(*owner);
        if (owner->active()) call(*owner, StopMessage{"session_end"}, "session_end");
        for (auto& skip : owner->end_skips()) record(std::move(skip));
    }
    end_parents();
    for (const Position& position : portfolio_.open()) {
        record(NoteRecord{"warning", "engine",
                          fmt::format("position {} in {} is still open at the end of the session", position.id.value(),
                                      symbol_of(position.instrument))});
    }
    record(EquityRecord{portfolio_.equity(), portfolio_.gross(), portfolio_.charges(), portfolio_.net(), "session"});
    record(SessionRecord{"", "end", config_.mode, std::string(detail)});
    portfolio_.check_invariants();
    ended_ = true;
}

SessionOutcome Session::outcome() const {
    SessionOutcome outcome;
    outcome.ended = ended_;
    outcome.stop_requested = stopping();
    outcome.flat = flat();
    outcome.killed = halts_.killed();
    for (size_t i = 0; i < kHaltKindCount; ++i) {
        const auto kind = static_cast<HaltKind>(i);
        outcome.halted = outcome.halted || (halts_.active(kind) && lasts_for_day(kind));
    }
    outcome.script_refused = script_refused_;
    outcome.script_quarantined = script_quarantined_;
    outcome.script_error = script_error_;
    return outcome;
}

std::vector<InstrumentId> Session::followed_instruments() const {
    std::vector<InstrumentId> all;
    for (const auto& owner : runners_) {
        for (size_t i = 0; i < owner->declaration().symbols.size(); ++i) {
            const InstrumentId id = owner->symbol(static_cast<int32_t>(i));
            if (id.valid() && std::find(all.begin(), all.end(), id) == all.end()) all.push_back(id);
        }
    }
    return all;
}

void Session::record(RecordBody body) {
    row_.event_sequence = sequence_;
    row_.time = now_;
    row_.body = std::move(body);
    chain_.link(row_);
    recorder_.record(row_);
}

std::string Session::symbol_of(InstrumentId id) const {
    const Instrument* instrument = book().find(id);
    return instrument == nullptr ? "" : instrument->symbol;
}

}  // namespace tide
