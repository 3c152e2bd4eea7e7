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
constexpr int kCrashesMax = 6;
constexpr Duration kDurableAfter = seconds(2);  // whatever happens
constexpr std::array kWords{CommandKind::pause,         CommandKind::resume,       CommandKind::set,
                            CommandKind::reload,        CommandKind::mode_normal,  CommandKind::exit_position,
                            CommandKind::exit_position, CommandKind::cancel_order, CommandKind::cancel_order};
constexpr std::array kDeskWords{CommandKind::manual_mode,   CommandKind::manual_mode, CommandKind::manual_order,
                                CommandKind::manual_order,  CommandKind::set,         CommandKind::set,
                                CommandKind::resolve_order, CommandKind::reconcile,   CommandKind::acknowledge,
                                CommandKind::stop_immediate};

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
    // A message was made durable since this was asked last.
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
    void desk_word(ReceiveTime time);
    std::string manual_order();
    std::string setting();
    void attract_operator();
    void restart();
    void step_line();
    void step_books(ReceiveTime time);
    void die();
    void recover();
    void come_back();
    bool dies_here(bool before);
    void plan_death();
    void compare_with_replay();
    // Everything reaches the Session here, not before a stall is over.
    void deliver(EventPayload payload, ReceiveTime time);
    void handle(EventPayload payload);
    void plan_operator();
    std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }
    bool over() const { return checker_->failed() || done_; }
    // Between a crash and the moment that the process is there again.
    bool away() const { return away_until_.has_value(); }

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
    ReceiveTime true_time_;  // of what is delivered
    std::optional<ReceiveTime> next_word_;
    std::optional<ReceiveTime> next_restart_;
    std::optional<ReceiveTime> next_books_;  // the broker's books reach the engine
    Dice crash_dice_;
    Dice desk_dice_;
    Dice anywhere_dice_;
    size_t durable_events_ = 0;  // of the journal, whatever happens
    size_t dies_at_event_ = 0;   // 0: at none
    bool dies_before_ = false;   // it is in the journal, and was not handled
    int crashes_ = 0;
    bool crashed_ = false;  // nobody has taken over yet
    std::optional<ReceiveTime> away_until_;
    std::vector<EventPayload> waiting_words_;  // of the feed and the services, for the process that comes back
    bool line_is_down_ = false;                // and said so
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
      crash_dice_(Dice(scenario.seed).fork(8)),
      desk_dice_(Dice(scenario.seed).fork(17)),
      anywhere_dice_(Dice(scenario.seed).fork(18)) {
    machine_->connect(exchange_, *checker_);
    checker_->attach(machine_->session());
    plan_operator();
    const Duration day = scenario.hours.close - scenario.hours.open;
    const auto restart_after = seconds(operator_dice_.below(day / seconds(1)));
    if (scenario.has(Fault::crash))
        machine_->die_at(static_cast<size_t>(crash_dice_.between(1, 40)), crash_dice_.chance(500));
    if (scenario.has(Fault::crash_anywhere)) {
        dies_at_event_ = static_cast<size_t>(anywhere_dice_.between(40, 2'500));
        dies_before_ = anywhere_dice_.chance(500);
    }
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
    if (std::holds_alternative<TickEvent>(event.payload) && market_.stamps())
        journal_.back().exchange = event.exchange = market_.stamp(std::min(true_time_, now_));
    if (dies_here(true)) return die();
    checker_->before(event);
    exchange_.set_now(now_);
    machine_->session().handle(event);
    if (machine_->synced()) durable_events_ = journal_.size();
    if (machine_->dead() || dies_here(false)) return die();
    checker_->after();
    if (machine_->session().wants_books() && !next_books_)
        next_books_ = now_ + milliseconds(crash_dice_.between(5, 900));
}

bool Simulation::dies_here(bool before) {
    return dies_at_event_ > 0 && journal_.size() >= dies_at_event_ && before == dies_before_;
}

void Simulation::plan_death() {
    dies_at_event_ = 0;
    if (!scenario_.has(Fault::crash_anywhere) || ++crashes_ >= kCrashesMax || !anywhere_dice_.chance(700)) return;
    // Often while it recovers.
    const int64_t soon = anywhere_dice_.chance(400) ? 4 : 800;
    dies_at_event_ = journal_.size() + static_cast<size_t>(anywhere_dice_.between(1, soon));
    dies_before_ = anywhere_dice_.chance(500);
}

// The process is gone, and with it what the journal had not made durable: all before the last order that left is, and
// what is older than two seconds; of the rest any part.
void Simulation::die() {
    while (durable_events_ < journal_.size() && now_ - journal_[durable_events_].received >= kDurableAfter)
        ++durable_events_;
    const size_t lost = journal_.size() - durable_events_;
    const auto kept = durable_events_ + static_cast<size_t>(crash_dice_.below(static_cast<int64_t>(lost) + 1));
    std::vector<EventPayload> unsaid;  // what was said and is not known any more is said again
    for (size_t i = kept; i < journal_.size(); ++i) {
        const auto* feed = std::get_if<FeedStatusEvent>(&journal_[i].payload);
        const bool of_feed = feed != nullptr && feed->feed != kBrokerLine;
        if (of_feed || std::holds_alternative<ServiceStatusEvent>(journal_[i].payload))
            unsaid.push_back(journal_[i].payload);
    }
    waiting_words_.insert(waiting_words_.begin(), unsaid.begin(), unsaid.end());
    journal_.resize(kept);
    next_books_.reset();
    crashed_ = true;
    dies_at_event_ = 0;
}

// Another process takes over: it stands where the journal ends, and the market has gone on.
void Simulation::recover() {
    crashed_ = false;
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
    checker_->after_crash();
    messages_seen_ = machine_->messages().size();
    const bool again = crash_dice_.chance(500);
    if (again && scenario_.has(Fault::crash))
        machine_->die_at(messages_seen_ + static_cast<size_t>(crash_dice_.between(1, 20)), crash_dice_.chance(500));
    plan_death();
    const ReceiveTime reached = std::max(now_, away_until_.value_or(now_));
    now_ = journal_.back().received;
    away_until_ = reached;
    BrokerBooks seen;
    seen.newest_order = exchange_.books().newest_order;
    handle(BrokerBooksEvent{BooksOccasion::interrupted, keep(to_text(seen))});
    if (!crashed_ && !over()) handle(FeedStatusEvent{FeedState::down, kBrokerLine, "interrupted"});
    if (crashed_ || over()) return;
    const ReceiveTime honest = at(kTradingDay, scenario_.honest_from);
    if (scenario_.has(Fault::crash_anywhere) && anywhere_dice_.chance(300) && reached < honest) {
        away_until_ = std::min(reached + seconds(anywhere_dice_.between(1, 900)), honest);
    } else {
        come_back();
    }
}

// It hears of the broker again, and of what the feed and the services have said meanwhile.
void Simulation::come_back() {
    now_ = std::max(now_, *std::exchange(away_until_, std::nullopt));
    line_is_down_ = exchange_.line().will_be_back(now_);
    if (!line_is_down_) handle(FeedStatusEvent{FeedState::up, kBrokerLine, "back"});
    while (!waiting_words_.empty() && !over() && !crashed_) {
        EventPayload word = std::move(waiting_words_.front());
        waiting_words_.erase(waiting_words_.begin());
        handle(std::move(word));
    }
}

void Simulation::deliver(EventPayload payload, ReceiveTime time) {
    if (away()) {  // nobody listens
        const bool word =
            std::holds_alternative<FeedStatusEvent>(payload) || std::holds_alternative<ServiceStatusEvent>(payload);
        if (word) waiting_words_.push_back(std::move(payload));
        return;
    }
    true_time_ = time;
    now_ = std::max({now_, time, std::min(market_.stalled_until(), close_)});
    // What is due goes first and sees the market as it was.
    for (int i = 0; !over() && !away(); ++i) {
        if (machine_->session().next_due() > now_) break;
        if (i >= kClockEventsInARow) {
            failure_ = "time gets on: work stays due after it was done";
            done_ = true;
            return;
        }
        handle(ClockEvent{});
        while (crashed_ && !over()) recover();
    }
    if (away()) return deliver(std::move(payload), time);
    if (!over()) handle(std::move(payload));
    while (crashed_ && !over()) recover();
}

void Simulation::open() {
    const auto tell = [&](EventPayload payload) { handle(std::move(payload)); };
    tell(ConfigEvent{"simulated = 1"});
    // So that limits of the whole market can be reckoned.
    const auto yesterday = [&](uint32_t index, double close) {
        BarEvent event;
        event.bar.instrument = InstrumentId(index);
        event.bar.timeframe = Timeframe::d1;
        event.bar.flags = kBarHistory;
        event.bar.start = as_exchange_time(at(kTradingDay - std::chrono::days(1), tide::hours(9) + minutes(15)));
        event.bar.open = event.bar.high = event.bar.low = event.bar.close = Price::from_double(close);
        tell(event);
    };
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
    if (scenario_.has(Fault::index_limit)) {
        yesterday(kNifty, kNiftyStart);
        yesterday(kBankNifty, kBankStart);
    }
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
    if (away()) return;  // nobody listens
    if (scenario_.has(Fault::operator_desk) && desk_dice_.chance(600)) return desk_word(time);
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

// What an operator says who trades himself.
void Simulation::desk_word(ReceiveTime time) {
    const auto word = static_cast<size_t>(desk_dice_.below(std::ssize(kDeskWords)));
    const CommandKind kind = kDeskWords[word];
    const auto newest = static_cast<int64_t>(machine_->session().desk().newest().value());
    std::string argument;
    if (kind == CommandKind::stop_immediate && !desk_dice_.chance(300)) return;
    if (kind == CommandKind::manual_mode) argument = desk_dice_.chance(600) ? "on" : "off";
    if (kind == CommandKind::manual_order) argument = manual_order();
    if (kind == CommandKind::set) argument = setting();
    if (kind == CommandKind::resolve_order)
        argument = std::to_string(std::max<int64_t>(1, newest - desk_dice_.between(0, 4)));
    deliver(CommandEvent{kind, "operator", keep(std::move(argument)), "simulated"}, time);
}

std::string Simulation::manual_order() {
    const Instrument& option = scenario_.options[static_cast<size_t>(desk_dice_.below(kOptionCount))];
    std::string text = fmt::format("side={};symbol={};lots={}", desk_dice_.chance(900) ? "buy" : "sell", option.symbol,
                                   desk_dice_.chance(800) ? desk_dice_.between(1, 6) : desk_dice_.between(1, 110));
    const Price tick = option.tick;
    const Price near = market_.quote(option.id).last;
    if (desk_dice_.chance(400)) {
        const Price limit = near + tick * desk_dice_.between(-20, 20);
        text += ";limit=" + to_string(std::max(limit, tick));
    }
    if (!desk_dice_.chance(100)) text += fmt::format(";stop_pct={}", desk_dice_.between(1, 3));
    if (desk_dice_.chance(200)) text += fmt::format(";display_lots={}", desk_dice_.between(1, 3));
    if (desk_dice_.chance(200)) text += fmt::format(";trigger={}", to_string(near + tick * desk_dice_.between(1, 30)));
    if (!desk_dice_.chance(100)) text += ";confirm=yes";
    return text;
}

// Limits tightened and loosened, with and without the word that this is meant.
std::string Simulation::setting() {
    struct Range {
        const char* key;
        int64_t low, high;
    };
    static constexpr Range kRanges[] = {{"risk.max_positions", 1, 6},
                                        {"risk.max_per_underlying", 1, 4},
                                        {"risk.position_size_pct", 1, 40},
                                        {"risk.trade_loss_pct", 1, 40},
                                        {"risk.underlying_exposure_pct", 5, 90},
                                        {"risk.losing_streak", 1, 6},
                                        {"risk.same_direction_pct", 50, 100},
                                        {"breakers.vix_high", 12, 60},
                                        {"orders.messages_per_second", 1, 8},
                                        {"orders.max_in_flight", 1, 10},
                                        {"risk.no_such_setting", 1, 2}};
    const Range& range = kRanges[static_cast<size_t>(desk_dice_.below(std::ssize(kRanges)))];
    return fmt::format("{}={}{}", range.key, desk_dice_.between(range.low, range.high),
                       desk_dice_.chance(700) ? ";confirm=yes" : "");
}

// The link notices that the line is mute, or that it is back.
void Simulation::step_line() {
    const ReceiveTime time = *exchange_.line().next_word();
    const FeedState state = exchange_.line().take_word();
    if (away()) return;  // the process that comes back looks for itself
    if ((state == FeedState::down) == line_is_down_) return;
    line_is_down_ = state == FeedState::down;
    deliver(FeedStatusEvent{state, kBrokerLine, line_is_down_ ? "no answer" : "back"}, time);
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
    if (away()) return;
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
    const auto session_due = away() ? std::nullopt : std::optional(machine_->session().next_due());
    const std::array<Next, 8> all{Next{exchange_.next_due(), 0}, Next{session_due, 1},
                                  Next{market_.next_step(), 2},  Next{next_word_, 3},
                                  Next{next_restart_, 4},        Next{next_books_, 5},
                                  Next{away_until_, 6},          Next{exchange_.line().next_word(), 7}};
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
        case 5:
            step_books(time);
            break;
        case 6:
            come_back();
            while (crashed_ && !over()) recover();
            break;
        default:
            step_line();
            break;
    }
}

void Simulation::step_books(ReceiveTime time) {
    next_books_.reset();
    if (!machine_->session().wants_books()) return;
    if (const auto later = exchange_.line().books_from(time)) {
        next_books_ = *later + milliseconds(1);
        return;
    }
    deliver(BrokerBooksEvent{BooksOccasion::asked, keep(to_text(exchange_.books()))}, time);
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
        dies_at_event_ = 0;
        deliver(DayEndEvent{kTradingDay}, end_);
        deliver(FeedStatusEvent{FeedState::ended, "simulated", "the day is over"}, end_);
        for (int i = 0; i < 2 && !over(); ++i) handle(ClockEvent{});  // somebody is always late
        while (crashed_ && !over()) recover();
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
    result.halts = checker_->halts();
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
            fewer.faults &= ~(uint64_t(1) << i);
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
