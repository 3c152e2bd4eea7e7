#include "simulation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <memory>

#include "checker.hpp"
#include "exchange.hpp"
#include "market.hpp"
#include "random_strategy.hpp"
#include "session/session.hpp"

namespace tide::simulation {
namespace {

constexpr int kClockEventsInARow = 64;        // at one moment; more means that time does not get on
constexpr Duration kAfterClose = minutes(5);  // for the last words
constexpr std::array kWords{CommandKind::pause,         CommandKind::resume,       CommandKind::set,
                            CommandKind::reload,        CommandKind::mode_normal,  CommandKind::exit_position,
                            CommandKind::exit_position, CommandKind::cancel_order, CommandKind::cancel_order};

Instrument index_named(uint32_t id, const char* symbol, InstrumentKind kind) {
    Instrument instrument;
    instrument.id = InstrumentId(id);
    instrument.symbol = symbol;
    instrument.kind = kind;
    return instrument;
}

// A Session with what it needs around it, and the messages it made.
class Machine final : public BrokerLink {
  public:
    Machine(const Scenario& scenario, Recorder& recorder)
        : host_(scenario), session_(scenario.config, host_, *this, recorder) {}

    void connect(BrokerLink& broker, Checker& checker) {
        broker_ = &broker;
        checker_ = &checker;
    }
    // Of a journal that is played again: messages are seen, and go nowhere.
    void listen(Checker& checker) { checker_ = &checker; }
    Session& session() { return session_; }
    std::vector<SentMessage>& messages() { return messages_; }

    void submit(const Order& order) override {
        if (note(MessageKind::submit, order, order.limit)) broker_->submit(order);
        die_if_due();
    }
    void cancel(const Order& order) override {
        if (note(MessageKind::cancel, order, order.limit)) broker_->cancel(order);
        die_if_due();
    }
    void replace(const Order& order, Price limit) override {
        if (note(MessageKind::replace, order, limit)) broker_->replace(order, limit);
        die_if_due();
    }
    void ask(const Order& order) override {
        if (broker_ != nullptr) broker_->ask(order);
    }

    // The process dies at its message of that number, which is in the journal: before it leaves, or after.
    void die_at(size_t message, bool before) {
        dies_at_ = message;
        dies_before_ = before;
    }
    bool dead() const { return dead_; }
    // The number of the message that was made durable last.
    bool synced() { return std::exchange(synced_, false); }

  private:
    // True: it leaves.
    bool note(MessageKind kind, const Order& order, Price limit) {
        if (dead_) return false;
        messages_.push_back({kind, order.id, limit, order.quantity, session_.now()});
        if (checker_ != nullptr) checker_->on_message(kind, order, limit, session_.now());
        synced_ = synced_ || kind != MessageKind::cancel;
        return broker_ != nullptr && (!dying() || !dies_before_);
    }
    bool dying() const { return dies_at_ > 0 && messages_.size() >= dies_at_; }
    void die_if_due() { dead_ = dead_ || (broker_ != nullptr && dying()); }
    BrokerLink* broker_ = nullptr;  // none: a replay, which nobody answers
    Checker* checker_ = nullptr;
    std::vector<SentMessage> messages_;
    size_t dies_at_ = 0;  // 0: never
    bool dies_before_ = false;
    bool dead_ = false;
    bool synced_ = false;
    RandomStrategy host_;
    Session session_;
};

class SilentRecorder final : public Recorder {
  public:
    void record(const Record&) override {}
};

class Simulation {
  public:
    explicit Simulation(const Scenario& scenario);
    Outcome run();

  private:
    void open();
    void step();
    void step_market();
    void step_operator();
    void attract_operator();
    void restart();
    void crash();
    void compare_with_replay();
    // Everything reaches the Session here, not before a stall is over.
    void deliver(EventPayload payload, ReceiveTime time);
    void handle(EventPayload payload);
    void plan_operator();
    std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }
    bool over() const { return checker_->failed() || done_; }

    const Scenario& scenario_;
    Dice operator_dice_;
    Market market_;
    Exchange exchange_;
    std::unique_ptr<Checker> checker_;
    SilentRecorder nobody_;
    std::unique_ptr<Machine> machine_;
    std::vector<Event> journal_;
    std::deque<std::string> texts_;  // what the journal's events point at
    std::vector<EventPayload> step_events_;
    ReceiveTime now_, close_, end_;
    std::optional<ReceiveTime> next_word_;
    std::optional<ReceiveTime> next_restart_;
    std::optional<ReceiveTime> next_books_;  // the broker's books reach the engine
    Dice crash_dice_;
    size_t durable_events_ = 0;  // of the journal, whatever happens
    size_t messages_seen_ = 0;
    bool done_ = false;
    std::string failure_;
};

Simulation::Simulation(const Scenario& scenario)
    : scenario_(scenario),
      operator_dice_(Dice(scenario.seed).fork(5)),
      market_(scenario),
      exchange_(scenario, market_),
      checker_(std::make_unique<Checker>(scenario, exchange_)),
      machine_(std::make_unique<Machine>(scenario, *checker_)),
      now_(at(kTradingDay, scenario.hours.open - minutes(5))),
      close_(at(kTradingDay, scenario.hours.close)),
      end_(close_ + kAfterClose),
      crash_dice_(Dice(scenario.seed).fork(8)) {
    machine_->connect(exchange_, *checker_);
    checker_->attach(machine_->session());
    plan_operator();
    const Duration day = scenario.hours.close - scenario.hours.open;
    const auto restart_after = seconds(operator_dice_.below(day / seconds(1)));
    if (scenario.has(Fault::crash))
        machine_->die_at(static_cast<size_t>(crash_dice_.between(1, 40)), crash_dice_.chance(500));
    if (scenario.has(Fault::restart)) next_restart_ = at(kTradingDay, scenario.hours.open) + restart_after;
}

void Simulation::plan_operator() {
    next_word_ = now_ + seconds(operator_dice_.between(60, 3'000));
    if (*next_word_ > close_) next_word_.reset();
}

// ---- events

void Simulation::handle(EventPayload payload) {
    Event event;
    event.sequence = journal_.size() + 1;
    event.received = now_;
    event.payload = std::move(payload);
    journal_.push_back(event);
    checker_->before(event);
    exchange_.set_now(now_);
    machine_->session().handle(event);
    if (machine_->synced()) durable_events_ = journal_.size();
    if (machine_->dead()) return crash();
    checker_->after();
    if (machine_->session().wants_books() && !next_books_)
        next_books_ = now_ + milliseconds(crash_dice_.between(5, 900));
}

// The process is gone, and with it what the journal had not made durable: all before the last order that left is, of
// the rest any part. Another process takes over: it stands where the journal ends, and the market has gone on.
void Simulation::crash() {
    const size_t lost = journal_.size() - durable_events_;
    const auto kept = durable_events_ + static_cast<size_t>(crash_dice_.below(static_cast<int64_t>(lost) + 1));
    journal_.resize(kept);
    next_books_.reset();
    checker_ = std::make_unique<Checker>(scenario_, exchange_);
    machine_ = std::make_unique<Machine>(scenario_, *checker_);
    checker_->attach(machine_->session());
    machine_->listen(*checker_);
    for (const Event& event : journal_) {
        checker_->before(event);
        machine_->session().handle(event);
        checker_->after();
    }
    machine_->connect(exchange_, *checker_);
    messages_seen_ = machine_->messages().size();
    const bool again = crash_dice_.chance(500);
    if (again)
        machine_->die_at(messages_seen_ + static_cast<size_t>(crash_dice_.between(1, 20)), crash_dice_.chance(500));
    const ReceiveTime reached = std::exchange(now_, journal_.back().received);
    BrokerBooks seen;
    seen.newest_order = exchange_.books().newest_order;
    handle(BrokerBooksEvent{BooksOccasion::interrupted, keep(to_text(seen))});
    handle(FeedStatusEvent{FeedState::down, kBrokerLine, "interrupted"});
    now_ = reached;
    handle(FeedStatusEvent{FeedState::up, kBrokerLine, "back"});
}

void Simulation::deliver(EventPayload payload, ReceiveTime time) {
    now_ = std::max({now_, time, std::min(market_.stalled_until(), close_)});
    // What is due goes first and sees the market as it was.
    for (int i = 0; !over(); ++i) {
        if (machine_->session().next_due() > now_) break;
        if (i >= kClockEventsInARow) {
            failure_ = "time gets on: work stays due after it was done";
            done_ = true;
            return;
        }
        handle(ClockEvent{});
    }
    if (!over()) handle(std::move(payload));
}

void Simulation::open() {
    const auto tell = [&](EventPayload payload) { handle(std::move(payload)); };
    tell(ConfigEvent{"simulated = 1"});
    const Date from = make_date(2000, 1, 1), to = make_date(2100, 1, 1);
    const auto rate = [&](const char* item, const char* side, int64_t rate_e8, Money flat) {
        tell(ChargeRateEvent{item, "*", InstrumentKind::option, side, rate_e8, flat, "none",
                             std::string_view(item) == "gst" ? "brokerage" : "turnover", from, to});
    };
    rate("brokerage", "both", 0, Money::from_rupees(20));
    rate("stt", "sell", 62'500, Money());
    rate("exchange", "both", 35'030, Money());
    rate("sebi", "both", 100, Money());
    rate("stamp", "buy", 3'000, Money());
    rate("gst", "both", 18'000'000, Money());
    tell(InstrumentEvent{index_named(kNifty, "NIFTY", InstrumentKind::index)});
    tell(InstrumentEvent{index_named(kBankNifty, "BANKNIFTY", InstrumentKind::index)});
    tell(InstrumentEvent{index_named(kVix, "INDIAVIX", InstrumentKind::volatility_index)});
    for (const Instrument& option : scenario_.options) tell(InstrumentEvent{option});
    for (int i = 1; i <= scenario_.strategies; ++i) {
        tell(ScriptEvent{StrategyId(static_cast<uint16_t>(i)), ScriptRole::strategy, "dice", "", ""});
    }
    TradingDayEvent day;
    day.date = kTradingDay;
    day.session_count = 1;
    day.sessions[0] = scenario_.hours;
    day.calendar = "NSE";
    tell(day);
}

// ---- who is next

void Simulation::step_market() {
    const ReceiveTime time = *market_.next_step();
    step_events_.clear();
    market_.step(machine_->session().wants_bar_path(), step_events_);
    if (!market_.next_step()) {
        exchange_.close_market(time);
    } else {
        exchange_.on_market(time);
    }
    const auto events = std::exchange(step_events_, {});
    for (const EventPayload& payload : events) {
        if (!over()) deliver(payload, time);
    }
    step_events_ = events;
}

void Simulation::step_operator() {
    const ReceiveTime time = *next_word_;
    now_ = std::max(now_, time);
    CommandKind kind = CommandKind::resume;
    const int64_t what = operator_dice_.below(100);
    const int64_t word = operator_dice_.below(static_cast<int64_t>(kWords.size()));
    const bool exits = operator_dice_.chance(800);
    // Mostly one of the latest orders and positions.
    const auto back = static_cast<uint64_t>(operator_dice_.below(3));
    plan_operator();
    if (what < 15) {
        if (!scenario_.has(Fault::kill_switch)) return;
        kind = CommandKind::kill_switch;
    } else if (what < 25) {
        if (!scenario_.has(Fault::stop)) return;
        kind = exits ? CommandKind::stop : CommandKind::stop_no_exit;
    } else {
        if (!scenario_.has(Fault::operator_word)) return;
        kind = kWords[static_cast<size_t>(word)];
    }
    const auto open = machine_->session().portfolio().open();
    const auto& sent = machine_->messages();
    uint64_t number = back + 1;
    if (kind == CommandKind::exit_position && !open.empty()) number = open[back % open.size()].id.value();
    if (kind == CommandKind::cancel_order && sent.size() > back) number = sent[sent.size() - 1 - back].order.value();
    deliver(CommandEvent{kind, "operator", keep(std::to_string(number)), "simulated"}, time);
}

// Words that come while something is under way find more than words at random times.
void Simulation::attract_operator() {
    const size_t messages = machine_->messages().size();
    if (messages == messages_seen_) return;
    messages_seen_ = messages;
    const bool soon = operator_dice_.chance(30);
    const ReceiveTime when = now_ + milliseconds(operator_dice_.between(1, 4'000));
    if (soon && when < close_ && (!next_word_ || when < *next_word_)) next_word_ = when;
}

// The process ends and another one takes over from the journal. It must stand where the first one stood.
void Simulation::restart() {
    next_restart_.reset();
    auto fresh = std::make_unique<Machine>(scenario_, nobody_);
    for (const Event& event : journal_) fresh->session().handle(event);
    if (fresh->session().chain().head() != machine_->session().chain().head()) failure_ = "a restart changes nothing";
    if (fresh->messages() != machine_->messages()) failure_ = "a restart makes the same messages";
    done_ = !failure_.empty();
}

void Simulation::step() {
    struct Next {
        std::optional<ReceiveTime> time;
        int what;
    };
    const std::array<Next, 6> all{Next{exchange_.next_due(), 0}, Next{machine_->session().next_due(), 1},
                                  Next{market_.next_step(), 2},  Next{next_word_, 3},
                                  Next{next_restart_, 4},        Next{next_books_, 5}};
    const Next* first = nullptr;
    for (const Next& each : all) {
        if (each.time && (first == nullptr || *each.time < *first->time)) first = &each;
    }
    if (first == nullptr || *first->time > end_) {
        done_ = true;
        return;
    }
    const ReceiveTime time = *first->time;
    switch (first->what) {
        case 0:
            if (const auto update = exchange_.run(time)) deliver(*update, time);
            break;
        case 1:
            deliver(ClockEvent{}, time);
            break;
        case 2:
            step_market();
            break;
        case 3:
            step_operator();
            break;
        case 4:
            restart();
            break;
        default:
            next_books_.reset();
            if (machine_->session().wants_books())
                deliver(BrokerBooksEvent{BooksOccasion::asked, keep(to_text(exchange_.books()))}, time);
            break;
    }
}

Outcome Simulation::run() {
    open();
    while (!over()) {
        step();
        attract_operator();
        if (journal_.size() > scenario_.events_max) failure_ = "a day needs no more events than this";
        if (exchange_.messages() > scenario_.messages_max) failure_ = "a day needs no more messages than this";
        done_ = done_ || !failure_.empty();
    }
    if (!checker_->failed() && failure_.empty()) {
        now_ = std::max(now_, end_);
        deliver(DayEndEvent{kTradingDay}, end_);
        deliver(FeedStatusEvent{FeedState::ended, "simulated", "the day is over"}, end_);
        for (int i = 0; i < 2; ++i) handle(ClockEvent{});  // somebody is always late
        checker_->at_end();
    }
    if (!checker_->failed() && failure_.empty()) compare_with_replay();
    Outcome result;
    result.failure = checker_->failed() ? checker_->failure() : failure_;
    result.failed_at = checker_->failed() ? checker_->failed_at() : journal_.size();
    result.last_records = {checker_->last_records().begin(), checker_->last_records().end()};
    result.events = journal_.size();
    result.messages = exchange_.messages();
    result.entries = checker_->entries();
    result.fills = checker_->fills();
    return result;
}

void Simulation::compare_with_replay() {
    Machine replay(scenario_, nobody_);
    for (const Event& event : journal_) replay.session().handle(event);
    if (replay.messages() != machine_->messages()) {
        failure_ = "a replay makes the same messages";
    } else if (replay.session().chain().head() != machine_->session().chain().head()) {
        failure_ = "a replay ends with the same audit head";
    }
}

}  // namespace

Outcome simulate(const Scenario& scenario) { return Simulation(scenario).run(); }

Scenario shrink(const Scenario& failing) {
    Scenario smallest = failing;
    for (bool smaller = true; smaller;) {
        smaller = false;
        for (size_t i = 0; i < kFaultCount; ++i) {
            Scenario fewer = smallest;
            fewer.faults &= ~(1U << i);
            if (fewer.faults == smallest.faults || !simulate(fewer).failed()) continue;
            smallest = fewer;
            smaller = true;
        }
    }
    for (Duration off = minutes(160); off >= minutes(5); off /= 2) {
        Scenario shorter = smallest;
        shorter.hours.close -= off;
        if (shorter.hours.close - shorter.hours.open < minutes(45)) continue;
        shorter.honest_from = std::min(shorter.honest_from, shorter.square_off() + minutes(5));
        if (simulate(shorter).failed()) smallest = shorter;
    }
    return smallest;
}

}  // namespace tide::simulation
