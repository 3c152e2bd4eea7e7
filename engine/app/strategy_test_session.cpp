#include "app/strategy_test_session.hpp"

#include <fmt/format.h>

#include "app/exit_code.hpp"
#include "journal/event_codec.hpp"

namespace tide {

Result<void> MemoryJournal::append(const Event& event) {
    encode(event, bytes_);
    return {};
}
Result<void> MemoryJournal::append_output(const JournalOutput& output) {
    encode(output, bytes_);
    return {};
}

// ---- the link

bool RecoveringLink::keep(OrderSentKind kind, const Order& order, Price limit) {
    if (recovering_) made_.push_back({kind, order.id, limit});
    return recovering_;
}
void RecoveringLink::submit(const Order& order) {
    if (!keep(OrderSentKind::submit, order, order.limit)) out_.submit(order);
}
void RecoveringLink::cancel(const Order& order) {
    if (!keep(OrderSentKind::cancel, order, order.limit)) out_.cancel(order);
}
void RecoveringLink::replace(const Order& order, Price limit) {
    if (!keep(OrderSentKind::replace, order, limit)) out_.replace(order, limit);
}
bool RecoveringLink::was_sent(const OrderSent& sent) {
    if (made_.empty()) return false;
    const Made made = made_.front();
    made_.pop_front();
    return made.kind == sent.kind && made.order == sent.order && made.limit == sent.limit;
}

// ---- the session

StrategyTestSession::StrategyTestSession(const EngineSettings& settings, ScriptedTape& tape, SessionOpening opening)
    : settings_(settings),
      tape_(tape),
      opening_(std::move(opening)),
      paper_(settings.paper),
      exchange_(paper_),
      journalled_(exchange_, false),
      link_(journalled_) {
    paper_.use_price_filter(settings.session.data);
    journalled_.attach(journal_);
    make_session();
}

void StrategyTestSession::make_session() {
    driver_.reset();
    session_.reset();
    host_ = std::make_unique<LuaHost>();
    session_ = std::make_unique<Session>(settings_.session, *host_, link_, records_);
    driver_ = std::make_unique<SessionDriver>(
        SessionDriver::Parts{tape_, exchange_, journalled_, *session_, journal_, nullptr, nullptr, nullptr, nullptr});
}

Result<void> StrategyTestSession::begin() {
    if (auto begun = driver_->begin(opening_); !begun) return begun;
    return go_on();
}

Result<void> StrategyTestSession::go_on() {
    if (auto done = driver_->go_on(); !done) {
        if (done.error().code != ErrorCode::script) return done;
        return make_error(ErrorCode::script, "the strategy is rejected: " + one_line(done.error().message));
    }
    return failures();
}

// A callback that fails is a failed test, wherever it is noticed.
Result<void> StrategyTestSession::failures() {
    for (; looked_at_ < records_.rows().size(); ++looked_at_) {
        const auto* script = std::get_if<ScriptRecord>(&records_.rows()[looked_at_].body);
        if (script == nullptr) continue;
        if (script->status != "error" && script->status != "budget" && script->status != "quarantined") continue;
        ++looked_at_;
        return make_error(ErrorCode::input,
                          fmt::format("the strategy failed at {}: {}", format_iso(session_->now()).substr(11, 8),
                                      one_line(script->detail)));
    }
    return {};
}

Result<void> StrategyTestSession::restart() {
    const Sha256Digest head = session_->chain().head();
    records_.clear();
    make_session();
    link_.begin_recovery();
    uint64_t events = 0;
    ReceiveTime now;
    if (auto done = handle_again(journal_.bytes(), events, now); !done) return done;
    link_.end_recovery();
    if (!link_.all_compared() || session_->chain().head() != head) {
        return make_error(ErrorCode::mismatch,
                          "restart: from the same journal the session did something else than the first time");
    }
    driver_->resume(opening_, events, now);
    looked_at_ = records_.rows().size();
    return {};
}

Result<void> StrategyTestSession::handle_again(std::string_view bytes, uint64_t& events, ReceiveTime& now) {
    JournalRecord record;
    while (!bytes.empty()) {
        auto size = decode(bytes, record);
        if (!size) return size.error();
        bytes.remove_prefix(*size);
        if (!record.is_output()) {
            session_->handle(record.event);
            events = record.event.sequence;
            now = record.event.received;
        } else if (const auto* sent = std::get_if<OrderSent>(&record.output.payload);
                   sent != nullptr && !link_.was_sent(*sent)) {
            return make_error(ErrorCode::mismatch, fmt::format("restart: order {} was sent before the restart, and is "
                                                               "not when the journal is handled again",
                                                               sent->order.value()));
        }
    }
    return {};
}

}  // namespace tide
