#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/pacing.hpp"
#include "app/saved_state_file.hpp"
#include "bindings/counted_host.hpp"
#include "brokers/exchange_link.hpp"
#include "feeds/feed.hpp"
#include "journal/journal_reader.hpp"
#include "journal/journal_sink.hpp"
#include "market/charge_rates.hpp"
#include "session/session.hpp"
#include "session/strategy_host.hpp"

namespace tide {

// What a session is told before the market: its settings, the charges, and the scripts with their texts.
struct SessionOpening {
    std::string config_text;
    std::vector<ChargeRateRow> charges;
    std::vector<ScriptBundle> scripts;
    // What each of them saved in an earlier session; left out when it is from a later time than this one begins.
    std::vector<std::optional<SavedStateFile>> states = {};
    // Entries of earlier sessions that still stand, by script, then the operator's.
    std::vector<std::optional<SavedStateFile>> entries = {};
};

// Between the Session and the paper exchange: an order is in the journal, durably where asked, before it leaves.
class JournalledLink final : public BrokerLink {
  public:
    // What the Session sends while a journal is played again: kept, and compared with what was recorded. `tell`: the
    // broker hears it again too (an exchange that is made again from the journal).
    void replay(bool tell) {
        replaying_ = true;
        tell_ = tell;
    }
    // Errors: mismatch, when the Session has sent something else.
    Result<void> expect(const OrderSent& recorded);
    // Nothing may be left that was not recorded, but in the journal's last event. Errors: mismatch.
    Result<void> nothing_left() const;
    // From now on it is real. What the last event had sent when the journal ended is written down after it; it never
    // left, for it would have been durable before.
    Result<void> end_replay();

    JournalledLink(BrokerLink& broker, bool durable) : broker_(broker), durable_(durable) {}
    void attach(JournalSink& journal) { journal_ = &journal; }
    void set_event(uint64_t sequence, ReceiveTime now) {
        sequence_ = sequence;
        now_ = now;
    }
    void submit(const Order& order) override;
    void cancel(const Order& order) override;
    void replace(const Order& order, Price limit) override;
    void ask(const Order& order) override {
        if (!replaying_ || tell_) broker_.ask(order);  // changes nothing: no need to be durable
    }
    // A script was stopped: in the journal, durably where asked, before any order that follows.
    void script_stopped(const ScriptStopNote& stop);
    const Result<void>& status() const { return status_; }

  private:
    struct Sent {
        OrderSent message;
        std::string client_id;  // what its view points at
    };
    bool note(const Order& order, Price limit, OrderSentKind kind);
    BrokerLink& broker_;
    JournalSink* journal_ = nullptr;
    bool durable_;
    uint64_t sequence_ = 0;
    ReceiveTime now_;
    Result<void> status_;
    bool replaying_ = false;
    bool tell_ = false;
    std::deque<Sent> sent_;  // while replaying
};

// Runs a session over a feed and the paper exchange, in a backtest (no pacing) or on paper. Every event is in the
// journal before the Session sees it.
class SessionDriver {
  public:
    struct Parts {
        Feed& feed;
        ExchangeLink& broker;
        JournalledLink& link;
        Session& session;
        JournalSink& journal;
        Pacing* pacing = nullptr;                                      // null: as fast as it goes, no operator
        std::function<Result<void>()> health;                          // of the store; looked at now and then
        std::function<void(const OperatorCommand&)> obeyed = nullptr;  // the session has handled it
        std::function<Result<void>()> killed = nullptr;                // the kill switch has just been latched
        // Before the records of an event may become durable elsewhere: the journal has all events up to this one.
        std::function<void(uint64_t sequence)> written = nullptr;
        bool reconciles = false;                    // the broker's books are compared at each day's end
        std::function<void()> caught_up = nullptr;  // the session is new from here on, after what was played again
        // After a kill switch, once the books are compared: saves and backs up what there is, and gives each step as
        // the words and the text for the trail.
        std::function<std::vector<std::pair<std::string, std::string>>()> secure = nullptr;
    };
    explicit SessionDriver(Parts parts) : parts_(std::move(parts)) {}

    // From the opening to the end of the feed, or until stopped and flat.
    Result<void> run(const SessionOpening& opening);
    // Goes on with an interrupted session: its journal is played again through the Session, with the feed beside it,
    // which must give the same data; then the broker's books are compared, then as run. `exchange_goes_on`: the broker
    // has the session's books still; else it is told everything again. Errors: mismatch.
    Result<void> run_again(const SessionOpening& opening, JournalReader& journal, bool exchange_goes_on);
    uint64_t events() const { return sequence_; }

    // For a caller that makes its market as it goes, instead of run: the opening; then, as often as wanted, whatever
    // the feed has by now (it may have more later); then the end.
    Result<void> begin(const SessionOpening& opening);
    Result<void> go_on();
    Result<void> finish(const char* reason);
    // Goes on where another driver stopped: the session has handled `events` of them, the last one at `now`.
    void resume(const SessionOpening& opening, uint64_t events, ReceiveTime now);

  private:
    Result<void> open(const SessionOpening& opening, ReceiveTime at);
    Result<void> send_scripts(const SessionOpening& opening, ReceiveTime at);
    Result<void> send_entries(const SessionOpening& opening, size_t place, StrategyId id, ReceiveTime at);
    Result<void> send_script(const ScriptBundle& bundle, StrategyId id, ReceiveTime at);
    // session_catch_up.cpp
    Result<void> catch_up(JournalReader& journal, bool exchange_goes_on);
    Result<void> play(const Event& event, bool exchange_goes_on);
    Result<void> match_feed(const Event& event);
    Result<void> match_answer(const Event& event);
    Result<void> check_output(const JournalOutput& output);
    Result<void> begin_recovery();

    Result<void> write_out();
    Result<void> pull();
    Result<void> ask_for_books();
    Result<void> compare_books_now();
    Result<void> compare_day();
    Result<void> secure_after_kill();
    Result<void> step(bool& more);
    Result<void> hear_operator(ReceiveTime at);
    // Numbers the event and hands it on; it may not lie before the one before.
    Result<void> dispatch(Event& event);
    Result<void> dispatch(ReceiveTime at, EventPayload payload);
    bool should_stop() const;

    Parts parts_;
    const SessionOpening* opening_ = nullptr;
    Event next_feed_event_;
    bool have_feed_event_ = false;
    bool feed_ended_ = false;
    bool scripts_sent_ = false;
    uint64_t contracts_revision_ = 0;  // of what the feed was told to look at
    uint64_t sequence_ = 0;
    ReceiveTime now_;
    std::optional<ReceiveTime> stop_asked_;
    bool kill_told_ = false;
    std::optional<ReceiveTime> line_back_;  // after an interruption: when the broker's line counts as up again
    std::optional<ReceiveTime> books_asked_;
    bool compared_ = false;       // the books, since the last order or trade
    uint64_t rows_written_ = 0;   // of the audit chain, when the journal was last written out
    std::string bytes_, pulled_;  // scratch of match_feed
};

}  // namespace tide
