#include "app/session_driver.hpp"

#include <fmt/format.h>

#include "session/carried_entries.hpp"
#include "session/kill_words.hpp"

namespace tide {
namespace {
// After a stop the session waits this long for its positions to close, then ends with what is left.
constexpr Duration kLongestStop = minutes(10);
constexpr uint64_t kEventsBetweenHealthChecks = 4096;
constexpr Duration kBooksWait = seconds(20);  // for the broker's books
}  // namespace

bool JournalledLink::note(const Order& order, Price limit, OrderSentKind kind) {
    if (!status_) return false;
    if (replaying_) {
        Sent& kept = sent_.emplace_back();
        kept.client_id = order.client_id;
        kept.message = {order.id, kept.client_id, order.instrument, order.side, order.quantity, limit, kind};
        return tell_;
    }
    OrderSent sent;
    sent.order = order.id;
    sent.client_id = order.client_id;
    sent.instrument = order.instrument;
    sent.side = order.side;
    sent.quantity = order.quantity;
    sent.limit = limit;
    sent.kind = kind;
    status_ = journal_->append_output({sequence_, now_, sent});
    // A cancel makes nothing that could be lost: were it forgotten, the order book would say that the order is gone. So
    // the kill switch hands over all its cancels without waiting for the disk.
    if (status_ && durable_ && kind != OrderSentKind::cancel) status_ = journal_->sync();
    return status_.has_value();
}
void JournalledLink::submit(const Order& order) {
    if (note(order, order.limit, OrderSentKind::submit)) broker_.submit(order);
}
void JournalledLink::cancel(const Order& order) {
    if (note(order, order.limit, OrderSentKind::cancel)) broker_.cancel(order);
}
void JournalledLink::replace(const Order& order, Price limit) {
    if (note(order, limit, OrderSentKind::replace)) broker_.replace(order, limit);
}

void JournalledLink::script_stopped(const ScriptStopNote& stop) {
    if (!status_) return;
    status_ = journal_->append_output({sequence_, now_, ScriptStop{stop.strategy, stop.call, stop.reason, stop.late}});
    if (status_ && durable_) status_ = journal_->sync();
}

Result<void> SessionDriver::run(const SessionOpening& opening) {
    if (auto begun = begin(opening); !begun) return begun;
    if (auto done = go_on(); !done) return done;
    return finish(stop_asked_ ? "stopped" : "");
}

Result<void> SessionDriver::run_again(const SessionOpening& opening, JournalReader& journal, bool exchange_goes_on) {
    opening_ = &opening;
    if (auto done = catch_up(journal, exchange_goes_on); !done) return done;
    if (parts_.caught_up) parts_.caught_up();
    if (!parts_.session.ended()) {
        if (auto done = begin_recovery(); !done) return done;
        if (auto done = go_on(); !done) return done;
    }
    return finish(stop_asked_ ? "stopped" : "");
}

Result<void> SessionDriver::begin(const SessionOpening& opening) {
    opening_ = &opening;
    if (parts_.caught_up) parts_.caught_up();
    auto first = parts_.feed.next(next_feed_event_);
    if (!first) return first.error();
    if (!*first) return make_error(ErrorCode::input, "the feed has no data");
    have_feed_event_ = true;
    return open(opening, next_feed_event_.received);
}

Result<void> SessionDriver::go_on() {
    feed_ended_ = false;
    for (bool more = true; more;) {
        if (auto done = step(more); !done) return done;
    }
    return {};
}

void SessionDriver::resume(const SessionOpening& opening, uint64_t events, ReceiveTime now) {
    opening_ = &opening;
    sequence_ = events;
    now_ = now;
    scripts_sent_ = true;
}

Result<void> SessionDriver::open(const SessionOpening& opening, ReceiveTime at) {
    now_ = at;
    if (auto done = dispatch(at, ConfigEvent{opening.config_text}); !done) return done;
    for (const auto& row : opening.charges) {
        if (auto done = dispatch(at, row.event()); !done) return done;
    }
    return {};
}

Result<void> SessionDriver::send_scripts(const SessionOpening& opening, ReceiveTime at) {
    scripts_sent_ = true;
    uint16_t number = 0;
    for (const auto& bundle : opening.scripts) {
        const StrategyId id(++number);
        const auto* state = number <= opening.states.size() ? &opening.states[number - 1] : nullptr;
        if (state != nullptr && *state && (*state)->at <= at) {
            const ScriptEvent saved{id, ScriptRole::saved, (*state)->version, (*state)->bytes, ""};
            if (auto done = dispatch(at, saved); !done) return done;
        }
        if (auto done = send_script(bundle, id, at); !done) return done;
        if (auto done = send_entries(opening, number - 1U, id, at); !done) return done;
    }
    if (auto done = send_entries(opening, number, StrategyId(), at); !done) return done;
    const SessionOutcome outcome = parts_.session.outcome();
    if (!outcome.script_refused) return {};
    if (auto done = finish("script refused"); !done) return done;
    return make_error(ErrorCode::script, outcome.script_error);
}

// Not those of a later time than the session's beginning: what is replayed must not know its own future.
Result<void> SessionDriver::send_entries(const SessionOpening& opening, size_t place, StrategyId id, ReceiveTime at) {
    if (place >= opening.entries.size()) return {};
    const auto& entries = opening.entries[place];
    if (!entries || entries->bytes.empty() || entries->at > at) return {};
    return dispatch(at, ScriptEvent{id, ScriptRole::saved, entries->version, entries->bytes, kSavedEntries});
}

Result<void> SessionDriver::send_script(const ScriptBundle& bundle, StrategyId id, ReceiveTime at) {
    for (const auto& module : bundle.modules) {
        if (auto done = dispatch(at, ScriptEvent{id, ScriptRole::module, module.name, module.text, ""}); !done)
            return done;
    }
    return dispatch(at, ScriptEvent{id, ScriptRole::strategy, bundle.name, bundle.text, bundle.parameters});
}

Result<void> SessionDriver::pull() {
    if (have_feed_event_ || feed_ended_) return {};
    parts_.feed.want_bar_path(parts_.session.wants_bar_path());
    if (parts_.session.contracts_revision() != contracts_revision_) {
        contracts_revision_ = parts_.session.contracts_revision();
        parts_.feed.want_contracts(parts_.session.wanted_contracts());
    }
    auto found = parts_.feed.next(next_feed_event_);
    if (!found) return found.error();
    have_feed_event_ = *found;
    feed_ended_ = !*found;
    return {};
}

// An answer that does not come is asked for again.
Result<void> SessionDriver::ask_for_books() {
    if (!parts_.reconciles || !parts_.session.wants_books()) return {};
    if (books_asked_ && now_ - *books_asked_ < kBooksWait) return {};
    books_asked_ = now_;
    parts_.broker.ask_books();
    return {};
}

// The day's last word: nothing else happens any more, so the answers are taken as they come.
Result<void> SessionDriver::compare_books_now() {
    if (!parts_.reconciles || parts_.session.ended() || std::exchange(compared_, true)) return {};
    if (auto said = dispatch(now_, CommandEvent{CommandKind::reconcile, "engine", "end=yes", "the day has ended"});
        !said)
        return said;
    const ReceiveTime give_up = now_ + kBooksWait;
    while (parts_.session.compares_books()) {
        if (auto asked = ask_for_books(); !asked) return asked;
        const ReceiveTime due =
            std::min(parts_.broker.next_due().value_or(ReceiveTime::max()), parts_.session.next_due());
        if (due > give_up) break;
        Event answer;
        const ReceiveTime target = std::max(now_, due);
        const bool has = parts_.broker.next_due() && parts_.broker.pop_due(target, answer);
        if (auto done = has ? dispatch(answer) : dispatch(target, ClockEvent{}); !done) return done;
    }
    return {};
}

// The feed is asked first, as after any of its events: a session that is played again asks it at the same moments.
Result<void> SessionDriver::compare_day() {
    if (!parts_.reconciles) return {};
    if (auto pulled = pull(); !pulled) return pulled;
    return compare_books_now();
}

// The earliest of: the broker's next answer, the session's own next due work, the feed's next event.
Result<void> SessionDriver::step(bool& more) {
    if (auto pulled = pull(); !pulled) return pulled;
    if (auto asked = ask_for_books(); !asked) return asked;
    if (!have_feed_event_ || should_stop()) {
        more = false;
        return {};
    }
    const ReceiveTime broker_due = parts_.broker.next_due().value_or(ReceiveTime::max());
    const ReceiveTime due = std::min(broker_due, parts_.session.next_due());
    const bool feed_first = next_feed_event_.received <= due;
    const ReceiveTime target = std::max(now_, feed_first ? next_feed_event_.received : due);
    if (parts_.pacing != nullptr) {
        const ReceiveTime reached = std::max(now_, parts_.pacing->wait_until(target));
        if (auto heard = hear_operator(reached); !heard) return heard;
        if (reached < target) return {};
    }
    if (line_back_ && target >= *line_back_) {
        const ReceiveTime back = std::max(now_, *std::exchange(line_back_, std::nullopt));
        return dispatch(back, FeedStatusEvent{FeedState::up, kBrokerLine, "the engine is back"});
    }
    if (feed_first) {
        have_feed_event_ = false;
        const auto* day = std::get_if<TradingDayEvent>(&next_feed_event_.payload);
        if (!scripts_sent_ && day != nullptr && !day->history) {
            if (auto done = send_scripts(*opening_, next_feed_event_.received); !done) return done;
        }
        return dispatch(next_feed_event_);
    }
    Event update;
    if (broker_due <= target && parts_.broker.pop_due(target, update)) return dispatch(update);
    return dispatch(target, ClockEvent{});
}

bool SessionDriver::should_stop() const {
    if (!stop_asked_) return false;
    return parts_.session.flat() || now_ - *stop_asked_ > kLongestStop;
}

Result<void> SessionDriver::hear_operator(ReceiveTime at) {
    for (const auto& command : parts_.pacing->take_commands()) {
        // Before the scripts are there, none can change.
        for (const auto& bundle : command.scripts) {
            if (!scripts_sent_) break;
            if (auto done = send_script(bundle, bundle.strategy, at); !done) return done;
        }
        if (auto done =
                dispatch(at, CommandEvent{command.kind, command.operator_name, command.argument, command.reason});
            !done) {
            return done;
        }
        if (parts_.obeyed) parts_.obeyed(command);
    }
    return {};
}

Result<void> SessionDriver::dispatch(ReceiveTime at, EventPayload payload) {
    Event event;
    event.received = std::max(at, now_);
    event.payload = std::move(payload);
    return dispatch(event);
}

Result<void> SessionDriver::dispatch(Event& event) {
    event.received = std::max(event.received, now_);
    now_ = event.received;
    event.sequence = ++sequence_;
    if (auto done = parts_.journal.append(event); !done) return done;
    parts_.broker.on_event(event);
    parts_.broker.set_now(now_);
    parts_.link.set_event(sequence_, now_);
    parts_.session.handle(event);
    if (!parts_.link.status()) return parts_.link.status();
    if (!parts_.broker.alive()) return parts_.broker.status();
    if (auto out = write_out(); !out) return out;
    if (std::holds_alternative<BrokerBooksEvent>(event.payload)) books_asked_.reset();
    if (std::holds_alternative<OrderUpdateEvent>(event.payload)) compared_ = false;
    if (parts_.session.stopping() && !stop_asked_) stop_asked_ = now_;
    if (!kill_told_ && parts_.session.halts().killed()) {
        kill_told_ = true;
        if (parts_.killed) {
            if (auto told = parts_.killed(); !told) return told;
        }
    }
    if (std::holds_alternative<DayEndEvent>(event.payload)) {
        const auto& chain = parts_.session.chain();
        if (auto done = parts_.journal.append_output({sequence_, now_, AuditHead{chain.rows(), chain.head()}}); !done)
            return done;
        if (auto compared = compare_day(); !compared) return compared;
    }
    if (sequence_ % kEventsBetweenHealthChecks == 0 && parts_.health) return parts_.health();
    return {};
}

// A record must not be durable before the event that made it: else a crash leaves a store that no journal explains.
Result<void> SessionDriver::write_out() {
    if (!parts_.written || parts_.session.chain().rows() == rows_written_) return {};
    rows_written_ = parts_.session.chain().rows();
    if (auto done = parts_.journal.flush(); !done) return done;
    parts_.written(sequence_);
    return {};
}

// Its steps are in the trail before the session ends, so that a replay has them too.
Result<void> SessionDriver::secure_after_kill() {
    if (!parts_.secure || parts_.session.ended() || !parts_.session.halts().killed()) return {};
    const auto say = [&](std::string_view words, std::string_view text) {
        return dispatch(now_, CommandEvent{CommandKind::kill_switch, kEngineName, words, text});
    };
    if (auto said = say(kKillSaveState, "scripts are asked for their state"); !said) return said;
    for (const auto& [words, text] : parts_.secure()) {
        if (auto said = say(words, text); !said) return said;
    }
    return {};
}

Result<void> SessionDriver::finish(const char* reason) {
    if (auto compared = compare_books_now(); !compared) return compared;
    if (auto secured = secure_after_kill(); !secured) return secured;
    if (!parts_.session.ended()) {
        if (auto done = dispatch(now_, FeedStatusEvent{FeedState::ended, "driver", reason}); !done) return done;
    }
    const auto& chain = parts_.session.chain();
    if (auto done = parts_.journal.append_output({sequence_, now_, AuditHead{chain.rows(), chain.head()}}); !done)
        return done;
    if (auto done = parts_.journal.append_output({sequence_, now_, SessionEnd{reason}}); !done) return done;
    return parts_.health ? parts_.health() : Result<void>();
}

}  // namespace tide
