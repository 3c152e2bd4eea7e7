#pragma once
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "market/option_chain.hpp"
#include "market/strike_window.hpp"
#include "market/vix_from_chain.hpp"
#include "risk/guardian.hpp"
#include "risk/halts.hpp"
#include "risk/order_watch.hpp"
#include "risk/risk_gate.hpp"
#include "risk/trading_hours.hpp"
#include "session/market_state.hpp"
#include "session/operator_argument.hpp"
#include "session/script_runner.hpp"
#include "session/session_config.hpp"
#include "session/strategy_host.hpp"
#include "session/timer_queue.hpp"
#include "trading/broker_books.hpp"
#include "trading/broker_link.hpp"
#include "trading/charges.hpp"
#include "trading/order_desk.hpp"
#include "trading/parent_desk.hpp"
#include "trading/portfolio.hpp"
#include "trading/recorder.hpp"

namespace tide {

// How a session stands, for the driver that runs it.
struct SessionOutcome {
    bool ended = false;           // FeedStatusEvent ended was handled
    bool stop_requested = false;  // an operator's stop, or the kill switch
    bool flat = true;             // no open position and no live order
    bool killed = false;
    bool halted = false;  // a limit ended the day: daily loss, drawdown, losing streak, extreme VIX
    bool script_refused = false;
    bool script_quarantined = false;
    std::string script_error;  // of the first refusal or quarantine
};

// Turns an ordered stream of events into orders and records (docs/architecture.md, "The Session's contract"). One
// thread; no I/O, no clock, no randomness of its own. Backtest, paper, live and replay run this same class.
class Session final : private DeskListener, private ParentListener, private StrategyServices {
  public:
    Session(const SessionConfig& config, StrategyHost& host, BrokerLink& broker, Recorder& recorder);
    ~Session() override;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // Events come in order of receive time, numbered 1, 2, 3, …
    void handle(const Event& event);

    // When the session next wants to be told the time (a ClockEvent), if nothing else happens before;
    // ReceiveTime::max(): never. A plain time, for it is asked after every event.
    ReceiveTime next_due() const { return next_due_; }
    // Whether prices inside a bar matter now: something is at stake, or a script wants every tick.
    bool wants_bar_path() const {
        return wants_ticks_ || !portfolio_.open().empty() || !desk_.idle() || !parents_.idle();
    }

    SessionOutcome outcome() const;
    bool ended() const { return ended_; }
    // An operator's stop or the kill switch: the session should end once it is flat.
    bool stopping() const { return stop_requested_ || halts_.killed(); }
    // Scripts open nothing; the operator may.
    bool manual_mode() const { return manual_mode_; }
    // The settings in force, as changed by `set`.
    const SessionConfig& config() const { return config_; }
    bool flat() const { return portfolio_.open().empty() && desk_.idle(); }
    ReceiveTime now() const { return now_; }
    std::string_view current_phase() const { return phase_; }
    // What is wrong with the market data now, for a person; empty when nothing is.
    std::string bad_data() const;
    const MarketState& market() const { return market_; }
    const Portfolio& portfolio() const { return portfolio_; }
    const OrderGroups& groups() const { return groups_; }
    Money margin_used() const;
    const OrderDesk& desk() const { return desk_; }
    const ParentDesk& parents() const { return parents_; }
    const HaltState& halts() const { return halts_; }
    const AuditChain& chain() const { return chain_; }
    const std::vector<std::unique_ptr<ScriptRunner>>& scripts() const { return runners_; }
    // Named states that scripts reported, by strategy and "symbol\nname".
    const std::map<std::pair<StrategyId, std::string>, std::string>& script_states() const { return states_; }
    ScriptUsage usage_of(const ScriptRunner& runner) const { return host_.usage(runner.slot()); }
    // The questions that a callback may ask, for whoever looks on; answers change nothing.
    const StrategyServices& services() const { return *this; }
    // The entries of a strategy (without one: the operator's) that stand for longer than this session, a line each; the
    // revision grows when any of them may have changed. They enter the next session as a ScriptEvent
    // (carried_entries.hpp).
    std::string carried_entries(StrategyId strategy) const;
    uint64_t carried_revision() const { return carried_revision_; }
    // The option contracts that matter now: around the money of each underlying whose chain a strategy declared, and
    // what is held or has a live order. Ascending. The revision grows with each change.
    const std::vector<InstrumentId>& wanted_contracts() const { return wanted_contracts_; }
    uint64_t contracts_revision() const { return contracts_revision_; }
    // The broker's books are wanted, as a BrokerBooksEvent: whoever drives asks for them, again when nothing comes.
    bool wants_books() const { return books_wanted_ && !desk_.comparing() && !ended_; }
    // A comparison with them is under way: one reading alone proves no difference.
    bool compares_books() const { return books_wanted_ || books_again_; }
    // The symbols that the running strategies declared, each once.
    std::vector<InstrumentId> followed_instruments() const;

  private:
    // A callback to a script that waits until the intents of the current one are done.
    struct PendingCall {
        StrategyId strategy;
        enum class Kind : uint8_t { order, fill, position } kind = Kind::order;
        OrderMessage order;
        FillMessage fill;
        std::optional<Position> position;            // as it was when it changed
        std::string symbol, state, code, text, tag;  // what the messages' views point at
    };

    // An underlying whose chain scripts are told about.
    struct ChainWatch {
        InstrumentId underlying;
        ReceiveTime next;  // not before
        bool moved = false;
    };
    // What scripts are told about feeds and data, once the engine has acted.
    struct LinkNote {
        std::string kind, what, state, symbol, values, text;
    };

    // A closed bar on its way to one script.
    struct BarDelivery {
        BarMessage message;
        ExchangeTime start;
    };

    // Which callback of a script runs, and on what: told of each intent it makes. The views live as long as the call.
    struct RunningCallback {
        ScriptCallback callback = ScriptCallback::start;
        std::string_view subject;         // a symbol, a timer's name, a phase
        const BarMessage* bar = nullptr;  // of on_bar
        uint64_t order = 0;               // of on_order and on_fill
    };
    static constexpr ReceiveTime kNever = ReceiveTime::max();
    // Why the broker's books are read, as the records say it.
    static constexpr std::string_view kRecovery = "recovery";
    static constexpr std::string_view kReconnect = "reconnect";
    static constexpr std::string_view kAsked = "asked";
    static constexpr std::string_view kDayEnd = "day_end";

    // What scripts are told about risk, once the engine has acted.
    struct RiskNote {
        std::string kind, symbol, from, to, values, text;
        bool active = true;
    };

    // session.cpp: events, time, days, operator
    void advance_to(ReceiveTime t);
    // Of everything, and of everything but looking at the data.
    ReceiveTime earliest_due() const { return std::min(earliest_work(), market_.data_due()); }
    // kNever: nothing is. After every event, so in plain times, and what is idle is passed over without asking:
    // optionals made only to be looked at cost more than all the rest of this.
    ReceiveTime earliest_work() const {
        const ReceiveTime timer =
            std::min({timers_.empty() ? kNever : timers_.earliest(), parents_.next_due(), guardian_.watch_due()});
        return flat() ? timer : std::min(timer, earliest_at_stake());
    }
    ReceiveTime earliest_at_stake() const;
    void run_timers_at(ReceiveTime t);
    void on(const TickEvent& tick);
    void on(const BarEvent& bar);
    void on(const ClockEvent&) {}
    void on(const OrderUpdateEvent& update);
    void on(const CommandEvent& command);
    void on(const ConfigEvent& config);
    void on(const ScriptEvent& script);
    void on(const InstrumentEvent& added);
    void on(const TradingDayEvent& day);
    void on(const DayEndEvent& day);
    void on(const ChargeRateEvent& rate);
    void on(const FeedStatusEvent& status);
    void on(const ServiceStatusEvent& status);
    void on(const BrokerBooksEvent& event);
    void on_broker(const FeedStatusEvent& status);
    void raise_halt(HaltKind kind, std::string values, std::string text);
    void clear_halt(HaltKind kind, std::string values, std::string text);
    void plan_phases(const TradingDayEvent& day);
    void enter_phase(const std::string& phase, const std::string& detail);
    void end_session(std::string_view detail);
    void settle();

    // session_volatility.cpp: classes, regimes, and what scripts hear of them and of the breakers
    void look_at_vix();
    void tell_volatility();
    void deliver_risk_notes();

    // session_commands.cpp: the operator's words
    struct CommandOutcome {
        std::string_view code;  // as in CommandRecord
        std::string text;
    };
    CommandOutcome obey(const CommandEvent& command);
    CommandOutcome stop(const CommandEvent& command);
    CommandOutcome kill(const CommandEvent& command);
    CommandOutcome pause(const CommandEvent& command);
    CommandOutcome resume(const CommandEvent& command);
    CommandOutcome exit_by_operator(const CommandEvent& command);
    CommandOutcome cancel_by_operator(const CommandEvent& command);
    CommandOutcome resolve_by_operator(const CommandEvent& command);
    std::string unknown_strategy_in(std::string_view key) const;
    CommandOutcome change_setting(const CommandEvent& command);
    // "script.NAME.PARAM": a parameter of a strategy.
    CommandOutcome change_parameter(std::string_view key, std::string_view value);
    CommandOutcome set_manual_mode(const CommandEvent& command);
    CommandOutcome reconcile(const CommandEvent& command);
    CommandOutcome acknowledge(const CommandEvent& command);
    CommandOutcome order_by_operator(const CommandEvent& command);
    Result<InstrumentId> instrument_of(const OperatorArgument& argument) const;

    // session_books.cpp: the broker's books against ours
    void begin_recovery(const BrokerBooks& books);
    void want_books(std::string_view occasion);
    void compare(const BrokerBooks& books);
    void adopt_trades(const BrokerBooks& books);
    void adopt_missing_fill(const BrokerBooks::Trade& trade);
    void adopt_watchdog_fill(const BrokerBooks::Trade& trade);
    bool cancel_orphans(const BrokerBooks& books, std::vector<ReconcileRecord>& found);
    void look_up_missing_orders(const BrokerBooks& books);
    std::vector<InstrumentId> compare_positions(const BrokerBooks& books, std::vector<ReconcileRecord>& found);
    void compare_funds(const BrokerBooks& books, std::vector<ReconcileRecord>& found);
    void conclude_comparison(const BrokerBooks& books, std::vector<ReconcileRecord> found);
    bool of_orphan(const OrderUpdateEvent& update);
    void note_books(std::string_view what, std::string subject, std::string values, std::string_view action,
                    std::string text);

    // session_data.cpp: doubtful data, gap mode, feeds
    void look_at_data() {
        market_.look_at_data(now_);
        if (!market_.prices().released().empty()) use_released();
    }
    void use_released();
    void judge(const TickEvent& tick);
    bool tells_suspect(InstrumentId id) const;
    void note_suspect(InstrumentId id, bool bad, std::string values, std::string text);
    void note_quality(std::string subject, std::string what, bool bad, std::string values, std::string text);
    void gather_data_changes();
    void deliver_links();

    // session_reload.cpp: new versions of scripts, and the state they keep
    struct Trial {  // of a new version beside the one that runs
        std::string version, sha256;
        std::string state, from_version;   // what on_load gets
        std::vector<std::string> dropped;  // parameters that it does not take any more
        size_t calls = 0, intents = 0;     // tried; not sent
    };
    Result<std::string> ask_for_state(ScriptRunner& owner);  // empty: it keeps nothing
    void save_state(ScriptRunner& owner);
    void plan_save(ScriptRunner& owner);
    ScriptRunner* served(StrategyId id);  // whose questions are answered: the candidate's, while there is one
    const ScriptRunner* served(StrategyId id) const;
    Result<StrategyDeclaration> load_with_parameters(ScriptSlot slot, ScriptBundle& bundle,
                                                     std::vector<std::string>& dropped);
    Result<void> load_candidate(const ScriptRunner& owner, ScriptBundle& bundle, std::vector<std::string>& dropped);
    void drop_candidate();
    std::string unmet_needs(const ScriptRunner& owner) const;
    Result<void> wake_candidate(const std::string& state, std::string_view from_version, CallbackOutput& said);
    std::optional<CallMessage> for_candidate(const CallMessage& message, const ScriptRunner& owner) const;
    Result<void> try_on_recent(const ScriptRunner& owner, Trial& trial);
    Result<Trial> try_version(ScriptRunner& owner, ScriptBundle& next, bool cold);
    void follow_needs_of(ScriptRunner& owner);
    void widen_windows(const ScriptRunner& owner);
    void swap_in(ScriptRunner& owner, CallbackOutput said);
    void stop_version(ScriptRunner& owner, std::string_view reason);
    Result<void> take_over(ScriptRunner& owner, ScriptBundle next, const Trial& trial);
    // Starts the present version again in a new slot, with the state it saved last; what ran before is not asked.
    // At a quiet point. Errors (script): it could not be loaded or started; nothing has changed then.
    Result<void> restart(ScriptRunner& owner);
    bool in_market() const;
    bool quiet() const;
    std::string describe(const ScriptRunner& before, const ScriptBundle& next, const Trial& trial) const;
    CommandOutcome refuse_reload(const ScriptRunner& owner, const std::string& sha256, const std::string& why);
    CommandOutcome change_version(ScriptRunner& owner, StagedVersion next, bool stage);
    void take_up_staged();
    CommandOutcome reload(const CommandEvent& command);
    CommandOutcome reload_one(ScriptRunner& owner, bool now, bool rollback, bool cold);

    // session_scripts.cpp: scripts and their output
    void load_script(const ScriptEvent& script);
    void deliver_bars();
    void deliver_bars_to(ScriptRunner& runner);
    void push_bars(ScriptRunner& runner);
    void plan_delivery(const BarMessage& message, ExchangeTime start);
    void deliver_tick(const TickEvent& tick);
    void check_exits(InstrumentId moved);
    void deliver_pending();
    BarMessage message_of(const ScriptRunner& runner, const Bar& bar) const;
    PositionMessage message_of(const Position& position) const;
    QuoteMessage quote_message(const Position& position) const;
    // One callback, where the script defines it: runs it and takes what it produced. `subject` is a symbol, a timer's
    // name, a phase: what the records tell, and the symbol of skips that name none. `order` where it is about one.
    CallbackResult call(ScriptRunner& runner, const CallMessage& message, std::string_view subject = {},
                        std::string_view default_symbol = {}, uint64_t order = 0);
    // The host's call. Of one that was stopped nothing stays: a replay, which cannot know how far it came, leaves it
    // out.
    CallbackResult run(ScriptSlot slot, const CallMessage& message, CallbackOutput& output);
    ScriptSlot free_slot() const;
    // Takes what a callback produced: faults, notes, skips, states, timers, then intents.
    void take_output(ScriptRunner& runner, const CallbackResult& result, CallbackOutput& output,
                     std::string_view default_symbol);
    void record_fault(ScriptRunner& runner, const CallbackResult& result);
    void quarantine(ScriptRunner& runner, const std::string& message);
    void note_stop(ScriptRunner& runner, const std::string& message);
    // At a quiet point: every script whose process was stopped is started again, or quarantined.
    void restart_stopped();
    ScriptRunner* runner(StrategyId id);
    const ScriptRunner* runner(StrategyId id) const;

    // session_trading.cpp: intents to orders, orders to positions
    RiskVerdict process(Intent intent, const ScriptRunner* runner);
    void enter(const Intent& intent, const ScriptRunner* runner);
    void leave(const Intent& intent, const Position& position, std::string_view decided_by, const std::string& script);
    void move_level(const Intent& intent);
    void tell_refusal(const Intent& intent, const RiskVerdict& verdict, const std::string& symbol);
    void engine_exit(PositionId id, const ExitReason& reason, std::string_view decided_by, double fraction = 1);
    void apply(GuardianActions& actions);
    // The intent and the gate's word on it, recorded; a script hears of a refusal.
    RiskVerdict judge(const Intent& intent, InstrumentId subject, const std::string& script, std::string callback);
    void on_price(InstrumentId id);
    void mark(InstrumentId id);
    void on_order(const Order& order, OrderState from, std::string_view detail) override;
    void on_fill(const Fill& fill, const Order& order, Money turnover_before) override;
    void on_contradiction(OrderId order, InstrumentId instrument, std::string_view text) override;
    void on_unclear(const Order& order, std::string_view text) override;
    // session_faults.cpp: the broker's answers, orders that nobody decided, outages
    struct Wrong {
        OrderId order;
        WrongOrder what;
    };
    void note_answer(const Order& order, OrderState from);
    void watch_order(const Order& order, OrderState from);
    void watch_update(const OrderUpdateEvent& update);
    void act_on_wrong_orders();
    bool counts_as_outage() const;
    void feed_fell_silent(const QualityChange& change);
    void record_outcome(const FillOutcome& outcome, const Fill& fill);
    void queue_order_call(StrategyId strategy, OrderMessage message, std::string_view text);
    void queue_fill_call(const Fill& fill, const Order& order);
    // `change`: as in PositionChangeMessage.
    void queue_position_call(const Position& position, std::string_view change);
    RiskContext risk_context() const;

    // session_parents.cpp: entries that the engine holds
    void hold(const Intent& intent);
    void work_parents();
    void follow_triggers(InstrumentId moved);
    void release(const ParentWork& work);
    void start_parents_day();
    void take_up_carried(const ScriptEvent& held);
    void end_parents();
    std::vector<int64_t> slice_weights(const Intent& intent, std::string_view& profile) const;
    // Waiting entries end, those at work and those that are held.
    void cancel_entries(std::string_view reason);
    void cancel_everything(std::string_view reason, bool emergency);
    void trail_stops(InstrumentId id);
    void set_trail(const Intent& intent);
    void on_parent(const ParentOrder& parent, ParentState from, std::string_view detail) override;
    void queue_parent_call(const ParentOrder& parent);

    // session_groups.cpp: legs that are entered and left as one
    std::string legs_text(const Intent& intent) const;
    void enter_group(const Intent& intent, const ScriptRunner* owner);
    OrderGroup group_of(const Intent& intent, const ScriptRunner* owner);
    std::optional<Money> loss_limit_of(const Intent& intent) const;
    // True: the position is a leg, and its group closes as one now, or does already.
    bool close_with_group(const Position& position, const ExitReason& reason);
    void close_groups(const std::vector<GroupExit>& exits);
    void work_groups();
    void work_group(OrderGroup& group);
    void change_group(OrderGroup& group, const GroupStep& step, std::span<const LegFacts> facts);
    void send_legs(OrderGroup& group, Side side);
    std::vector<LegFacts> facts_of(const OrderGroup& group) const;

    // session_strikes.cpp: which strikes are followed
    void open_windows(const StrategyDeclaration& declared);
    void follow_strikes();
    void list_options(InstrumentId underlying, StrikeWindow& window) const;
    void record_centre(InstrumentId underlying, const StrikeWindow& window, Price price);
    bool in_use(InstrumentId id) const;
    std::vector<const Instrument*> options_of(InstrumentId underlying, std::string_view expiry, Date earliest) const;

    // session_services.cpp: what a callback may ask
    int64_t now_ns() const override { return now_.time_since_epoch().count(); }
    Result<IndicatorInfo> indicator(StrategyId strategy, std::string_view symbol, Timeframe timeframe,
                                    std::string_view name, std::span<const double> parameters) override;
    std::optional<Timeframe> activity_frame(const ActivitySpec& spec, bool declare) override;
    double indicator_history(int32_t handle, size_t output, size_t back) const override;
    size_t bar_count(StrategyId strategy, int32_t symbol_index, Timeframe timeframe) const override;
    BarMessage bar(StrategyId strategy, int32_t symbol_index, Timeframe timeframe, size_t back) const override;
    Result<ChainSnapshot> chain(std::string_view underlying, std::string_view expiry, int64_t min_days,
                                int64_t strikes) const override;
    VixMessage vix() const override;
    VolatilityMessage volatility() const override;
    std::string_view regime(std::string_view symbol) const override;
    QualityMessage quality(std::string_view symbol) const override;
    GapMessage opening_gap(std::string_view symbol) const override;
    AccountMessage account(StrategyId strategy) const override;
    std::vector<PositionMessage> positions(StrategyId strategy) const override;
    double last_price(std::string_view symbol) const override;
    std::string_view phase() const override { return phase_; }
    std::optional<Refusal> precheck(const Intent& intent) const override;
    InstrumentId find_instrument(std::string_view symbol) const override;
    IntentId reserve_intent_id() override { return IntentId(next_intent_++); }

    // session_chain.cpp: option chains
    void gather(std::span<const Instrument* const> options) const;  // into chain_quotes_
    void value_chain(std::span<const Instrument* const> options, Price spot) const;
    ChainRow chain_row(const Instrument& option, size_t row) const;  // of the chain valued last
    void add_figures(ChainSnapshot& snapshot) const;
    std::optional<VolatilityRank> vix_rank() const;
    void note_chain_price(InstrumentId id);
    void deliver_chains();
    void stand_in_for_vix();
    std::optional<ChainVix> vix_of_chain(InstrumentId underlying) const;

    void record(RecordBody body);
    std::string cause_text() const;     // the event being handled; "time" between events
    std::string callback_text() const;  // of running_
    const InstrumentBook& book() const { return market_.prices().instruments(); }
    std::string symbol_of(InstrumentId id) const;

    SessionConfig config_;
    StrategyHost& host_;
    Recorder& recorder_;
    MarketState market_;
    TradingHours hours_;
    HaltState halts_;
    ChargeTable charges_;
    Portfolio portfolio_;
    OrderGroups groups_;
    OrderDesk desk_;
    ParentDesk parents_;
    RiskGate gate_;
    OrderWatch order_watch_;
    Guardian guardian_;
    TimerQueue timers_;
    AuditChain chain_;
    const Event* handling_ = nullptr;  // the event being handled
    RunningCallback running_;
    Record row_;                                          // reused, so that its text keeps its memory
    std::vector<std::unique_ptr<ScriptRunner>> runners_;  // by strategy id - 1
    ScriptBundle bundle_;                                 // sources that have come in for the next strategy
    std::string carried_, carried_version_;               // what it saved in an earlier session
    std::unique_ptr<ScriptRunner> candidate_;             // a version that is loaded beside the one that runs
    std::map<PositionId, ExitReason> exit_reasons_;       // of the last exit asked for
    std::map<std::pair<StrategyId, std::string>, std::string> states_;  // named states that scripts reported
    std::vector<BarDelivery> deliveries_;  // scratch of deliver_bars_to, in the order of delivery
    std::vector<PositionId> exit_checks_;  // scratch of check_exits
    std::vector<PositionId> surplus_;      // opened by an overfill: to be closed at once
    std::vector<Wrong> wrong_;             // found, and not acted on yet
    std::string_view books_occasion_;      // why the broker's books are wanted
    int books_readings_ = 0;               // of this comparison
    std::map<OrderId, int> orphans_;       // cancelled at the broker, though none of ours: how often
    std::vector<FillId> watchdog_fills_;   // adopted
    std::map<OrderId, Money> watchdog_turnover_;
    std::vector<InstrumentId> no_exit_;  // the broker holds less than we think: an exit would open something
    Money traded_value_;                 // sold less bought, before charges
    std::deque<PendingCall> pending_;
    std::vector<LinkNote> links_;
    std::vector<uint16_t> suspects_;  // told today, by instrument id
    CallbackOutput output_;
    mutable std::vector<RiskRecord> prechecked_;  // refusals that the running callback was told at once
    GuardianActions actions_;
    ReceiveTime now_{};
    ReceiveTime next_due_ = kNever;  // earliest_due() after the last event
    uint64_t sequence_ = 0;
    uint64_t next_intent_ = 1;
    int64_t trade_number_ = 0;
    std::optional<Date> today_;
    std::string phase_ = "closed";
    std::vector<InstrumentId> model_marks_;  // scratch of mark
    std::vector<RiskNote> risk_notes_;
    std::map<InstrumentId, StrikeWindow> windows_;  // by underlying
    std::vector<InstrumentId> wanted_contracts_;
    uint64_t contracts_revision_ = 0;
    uint64_t carried_revision_ = 0;
    ReceiveTime next_strike_check_{};
    bool options_listed_ = false;  // contracts came in that the windows have not seen
    std::vector<ChainWatch> chain_watches_;
    mutable OptionChain chain_values_;  // scratch of chain: the expiry valued last
    mutable std::vector<ChainQuote> chain_quotes_;
    ReceiveTime next_chain_vix_{};
    int chain_vix_expiries_ = 0;  // of the VIX that stands in now; 0: none does
    bool wants_chain_ = false;
    bool chain_moved_ = false;
    bool wants_ticks_ = false;
    bool hold_bars_ = false;      // more bars of the same moment follow
    bool activity_told_ = false;  // that a feed of bars makes no tick, volume or range bars
    bool account_changed_ = false;
    bool books_wanted_ = false;
    bool books_again_ = false;     // wanted in a moment
    bool groups_changed_ = false;  // an order, a fill or a reason to close: groups are looked at again
    bool stop_requested_ = false;
    bool manual_mode_ = false;
    bool ended_ = false;
    bool stops_wait_ = false;     // some script is stopped
    bool staged_ = false;         // a new version waits
    bool frame_refused_ = false;  // the candidate asked for bars that the session does not make
    bool script_refused_ = false;
    bool script_quarantined_ = false;
    std::string script_error_;
};

}  // namespace tide
