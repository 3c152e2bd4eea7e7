#include <fmt/format.h>

#include "app/session_driver.hpp"
#include "journal/event_codec.hpp"

// Going on with a session that was interrupted: its journal is played again through the same Session, the feed beside
// it, and what the Session sends is compared with what was recorded (docs/decisions/recovery.md).
namespace tide {
namespace {

constexpr std::string_view kDriver = "driver";  // speaks as a feed when the session ends

std::string describe(const OrderSent& sent) {
    static constexpr const char* kKinds[] = {"new", "cancel", "replace"};
    return fmt::format("{} order {} {} {} of instrument {} at {}", kKinds[static_cast<size_t>(sent.kind)],
                       sent.order.value(), name_of(sent.side), sent.quantity.units(), sent.instrument.value(),
                       to_string(sent.limit));
}
Error differs(uint64_t sequence, const std::string& was, const std::string& is) {
    return make_error(ErrorCode::mismatch,
                      fmt::format("the interrupted session does not play again: first difference at event {}: recorded "
                                  "{}, now {}; 'engine run --fresh' starts another session",
                                  sequence, was, is));
}

}  // namespace

// ---- what the Session sends

Result<void> JournalledLink::expect(const OrderSent& recorded) {
    if (sent_.empty()) return differs(sequence_, describe(recorded), "no order");
    const OrderSent made = sent_.front().message;
    if (made != recorded) return differs(sequence_, describe(recorded), describe(made));
    sent_.pop_front();
    return {};
}

Result<void> JournalledLink::nothing_left() const {
    if (sent_.empty()) return {};
    return differs(sequence_, "no further order", describe(sent_.front().message));
}

Result<void> JournalledLink::end_replay() {
    replaying_ = false;
    for (const Sent& left : sent_) {
        if (status_) status_ = journal_->append_output({sequence_, now_, left.message});
    }
    if (status_ && !sent_.empty()) status_ = journal_->sync();
    sent_.clear();
    return status_;
}

// ---- the journal, played again

Result<void> SessionDriver::catch_up(JournalReader& journal, bool exchange_goes_on) {
    parts_.link.replay(!exchange_goes_on);
    auto first = parts_.feed.next(next_feed_event_);
    if (!first) return first.error();
    have_feed_event_ = *first;
    scripts_sent_ = true;  // of a session that had not got so far nothing is to be gone on with
    JournalRecord record;
    for (;;) {
        auto more = journal.next(record);
        if (!more) return more.error();
        if (!*more) break;
        auto done = record.is_output() ? check_output(record.output) : play(record.event, exchange_goes_on);
        if (!done) return done;
    }
    kill_told_ = parts_.session.halts().killed();
    rows_written_ = parts_.session.chain().rows();
    return parts_.link.end_replay();
}

Result<void> SessionDriver::play(const Event& event, bool exchange_goes_on) {
    if (auto clean = parts_.link.nothing_left(); !clean) return clean;
    if (auto same = match_feed(event); !same) return same;
    if (!exchange_goes_on) {
        if (auto same = match_answer(event); !same) return same;
    }
    sequence_ = event.sequence;
    now_ = event.received;
    parts_.broker.on_event(event);
    parts_.broker.set_now(now_);
    parts_.link.set_event(sequence_, now_);
    parts_.session.handle(event);
    if (!parts_.broker.alive()) return parts_.broker.status();
    if (parts_.session.stopping() && !stop_asked_) stop_asked_ = now_;
    return pull();
}

// An event of the market is the one that the feed gives now, at the place where it was given then.
Result<void> SessionDriver::match_feed(const Event& event) {
    const auto* status = std::get_if<FeedStatusEvent>(&event.payload);
    const bool of_clock = std::holds_alternative<ClockEvent>(event.payload) ||  // the feed's or the driver's
                          std::holds_alternative<ServiceStatusEvent>(event.payload);
    if (status == nullptr && !of_clock && !is_market_event(event)) return {};
    if (have_feed_event_) {
        bytes_.clear();
        pulled_.clear();
        next_feed_event_.sequence = event.sequence;
        const ReceiveTime due = next_feed_event_.received;
        next_feed_event_.received = std::max(due, now_);
        encode(event, bytes_);
        encode(next_feed_event_, pulled_);
        if (bytes_ == pulled_) {
            have_feed_event_ = false;
            return {};
        }
        next_feed_event_.received = due;
    }
    if (of_clock) return {};
    if (status != nullptr && (status->feed == kBrokerLine || status->feed == kDriver)) return {};
    return make_error(
        ErrorCode::mismatch,
        fmt::format("the feed does not give the data that the interrupted session had (event {}): start it "
                    "with the same --feed, or another session with 'engine run --fresh'",
                    event.sequence));
}

// An exchange that is told everything again must say again what it said of orders. (Its books change nothing there:
// they are not asked for again.)
Result<void> SessionDriver::match_answer(const Event& event) {
    if (!std::holds_alternative<OrderUpdateEvent>(event.payload)) return {};
    Event again;
    bool same = parts_.broker.pop_due(event.received, again);
    if (same) {
        bytes_.clear();
        pulled_.clear();
        again.sequence = event.sequence;
        again.received = event.received;
        encode(event, bytes_);
        encode(again, pulled_);
        same = bytes_ == pulled_;
    }
    if (same) return {};
    return differs(event.sequence, "an answer of the exchange", "another or none");
}

Result<void> SessionDriver::check_output(const JournalOutput& output) {
    if (const auto* sent = std::get_if<OrderSent>(&output.payload)) return parts_.link.expect(*sent);
    if (std::holds_alternative<SessionEnd>(output.payload))
        return make_error(ErrorCode::halted, "the session has ended meanwhile: start the engine again");
    const auto* head = std::get_if<AuditHead>(&output.payload);
    const auto& chain = parts_.session.chain();
    if (head == nullptr || (chain.rows() == head->rows && chain.head() == head->hash)) return {};
    return differs(output.sequence, fmt::format("audit row {} with hash {}", head->rows, to_hex(head->hash)),
                   fmt::format("audit row {} with hash {}", chain.rows(), to_hex(chain.head())));
}

// The books are read before anything else is done; the market passes, with nothing leaving, until the moment that the
// exchange has reached; then the line counts as up again and live orders are compared, then the books.
Result<void> SessionDriver::begin_recovery() {
    const auto books = parts_.broker.books();
    if (!books) return books.error();
    BrokerBooks seen;
    seen.newest_order = books->newest_order;
    const std::string text = to_text(seen);
    if (auto done = dispatch(now_, BrokerBooksEvent{BooksOccasion::interrupted, text}); !done) return done;
    if (auto done = dispatch(now_, FeedStatusEvent{FeedState::down, kBrokerLine, "the engine was interrupted"}); !done)
        return done;
    line_back_ = std::max(now_, books->now);
    return {};
}

}  // namespace tide
