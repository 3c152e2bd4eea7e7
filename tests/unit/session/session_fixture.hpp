#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "session/session.hpp"

// A Session with a script written in C++ and a broker that does what a test says.
namespace tide {

class ScriptedHost final : public StrategyHost {
  public:
    StrategyDeclaration declaration;
    std::function<CallbackResult(const BarMessage&, CallbackOutput&)> bar;
    std::function<CallbackResult(const PositionMessage&, const QuoteMessage&, CallbackOutput&)> exit_check;
    std::function<CallbackResult(const OrderMessage&, CallbackOutput&)> order;
    std::function<CallbackResult(std::string_view, CallbackOutput&)> timer;
    std::function<CallbackResult()> stop, save;
    std::function<CallbackResult(const RiskMessage&, CallbackOutput&)> risk;
    std::vector<std::string> calls;
    std::vector<std::string> activity;  // tick, volume and range bars to declare
    std::optional<std::string> saved;   // what on_save gives
    StrategyServices* services = nullptr;

    Result<StrategyDeclaration> load(ScriptSlot, const ScriptBundle&, StrategyServices& given) override {
        services = &given;
        for (const auto& name : activity)
            declaration.timeframes.push_back(*given.activity_frame(*parse_activity(name), true));
        return declaration;
    }
    void unload(ScriptSlot) override {}
    void push_bar(ScriptSlot, const BarMessage& message) override {
        calls.push_back("push " + symbol(message.symbol_index) + " " + std::string(name_of(message.timeframe)));
    }
    void push_indicator(ScriptSlot, const IndicatorMessage&) override {}
    CallbackResult call(ScriptSlot, const CallMessage& message, CallbackOutput& output) override {
        return std::visit([&](const auto& given) { return answer(given, output); }, message);
    }

    int64_t count(const std::string& call) const { return std::count(calls.begin(), calls.end(), call); }

  private:
    const std::string& symbol(int32_t index) const { return declaration.symbols[static_cast<size_t>(index)]; }
    template <class Message>
    CallbackResult answer(const Message&, CallbackOutput&) {
        return {};
    }
    CallbackResult answer(const StopMessage& message, CallbackOutput&) {
        calls.push_back("stop " + std::string(message.reason));
        return stop ? stop() : CallbackResult{};
    }
    CallbackResult answer(const SaveMessage&, CallbackOutput& output) {
        output.saved = saved;
        return save ? save() : CallbackResult{};
    }
    CallbackResult answer(const BarMessage& message, CallbackOutput& output) {
        calls.push_back("bar " + symbol(message.symbol_index) + " " + std::string(name_of(message.timeframe)));
        return bar ? bar(message, output) : CallbackResult{};
    }
    CallbackResult answer(const ExitCheckMessage& message, CallbackOutput& output) {
        return exit_check ? exit_check(message.position, message.quote, output) : CallbackResult{};
    }
    CallbackResult answer(const OrderMessage& message, CallbackOutput& output) {
        calls.push_back("order " + std::string(message.state) +
                        (message.code.empty() ? "" : " " + std::string(message.code)));
        return order ? order(message, output) : CallbackResult{};
    }
    CallbackResult answer(const FillMessage&, CallbackOutput&) {
        calls.push_back("fill");
        return {};
    }
    CallbackResult answer(const PositionChangeMessage& message, CallbackOutput&) {
        calls.push_back("position " + std::string(message.change) + " " + std::to_string(message.position.lots));
        return {};
    }
    CallbackResult answer(const ParamsMessage& message, CallbackOutput&) {
        calls.push_back("params " + std::string(message.parameters));
        return {};
    }
    CallbackResult answer(const TimerMessage& message, CallbackOutput& output) {
        calls.push_back("timer " + std::string(message.name));
        return timer ? timer(message.name, output) : CallbackResult{};
    }
    CallbackResult answer(const LinkMessage& event, CallbackOutput&) {
        calls.push_back("link " + std::string(event.kind) + " " + std::string(event.what) + " " +
                        std::string(event.state) + (event.symbol.empty() ? "" : " " + std::string(event.symbol)));
        return {};
    }
    CallbackResult answer(const RiskMessage& message, CallbackOutput& output) {
        return risk ? risk(message, output) : CallbackResult{CallbackStatus::not_defined, ""};
    }
    CallbackResult answer(const ChainMessage& message, CallbackOutput&) {
        calls.push_back("chain " + symbol(message.symbol_index));
        return {};
    }
};

struct SentMessage {
    std::string kind;  // new, cancel, replace
    Order order;
    Price limit;
    ReceiveTime at;
};

class KeepingRecorder final : public Recorder {
  public:
    void record(const Record& record) override { rows.push_back(record); }
    std::vector<Record> rows;
    template <class Body>
    std::vector<Body> all() const {
        std::vector<Body> found;
        for (const auto& row : rows) {
            if (const auto* body = std::get_if<Body>(&row.body)) found.push_back(*body);
        }
        return found;
    }
};

inline const Date kDay = make_date(2024, 1, 10);  // a Wednesday
inline const InstrumentId kNifty{1}, kBankNifty{2}, kVix{3}, kCall{4}, kPut{5};

class SessionTest : public ::testing::Test, public BrokerLink {
  protected:
    SessionTest() {
        host.declaration.name = "test";
        host.declaration.version = "1.0.0";
        host.declaration.sha256 = std::string(64, 'a');
        host.declaration.symbols = {"NIFTY", "BANKNIFTY"};
        host.declaration.timeframes = {Timeframe::m1, Timeframe::m5};
        using enum ScriptCallback;
        for (const auto callback : {ScriptCallback::start, stop, bar, exit_check, order, fill, timer, risk, link})
            host.declaration.define(callback);
    }
    // BrokerLink
    void submit(const Order& order) override { sent.push_back({"new", order, order.limit, session->now()}); }
    void cancel(const Order& order) override { sent.push_back({"cancel", order, order.limit, session->now()}); }
    void replace(const Order& order, Price limit) override {
        sent.push_back({"replace", order, limit, session->now()});
    }
    void ask(const Order& order) override { asked_about.push_back(order.id); }

    // Who runs the scripts: the host in C++, unless a test has another.
    virtual StrategyHost& strategies() { return host; }

    void start(std::string_view text = "", std::string_view parameters = "") {
        session = std::make_unique<Session>(config, strategies(), *this, recorder);
        now = at(kDay, hours(9));
        send(ConfigEvent{"test = 1"});
        for (const char* item : {"stt", "exchange", "sebi", "stamp", "gst", "ipft"}) {
            send(ChargeRateEvent{item, "*", InstrumentKind::option, "both", 0, Money(), "none",
                                 std::string_view(item) == "gst" ? "brokerage" : "turnover", make_date(2000, 1, 1),
                                 make_date(2100, 1, 1)});
        }
        send(ChargeRateEvent{"brokerage", "*", InstrumentKind::option, "both", 0, Money::from_rupees(20), "none",
                             "turnover", make_date(2000, 1, 1), make_date(2100, 1, 1)});
        add(kNifty, "NIFTY", InstrumentKind::index);
        add(kBankNifty, "BANKNIFTY", InstrumentKind::index);
        add(kVix, "INDIAVIX", InstrumentKind::volatility_index);
        add_option(kCall, OptionRight::call);
        add_option(kPut, OptionRight::put);
        send(ScriptEvent{StrategyId(1), ScriptRole::strategy, "test", text, parameters});
        if (before_day) before_day();
        TradingDayEvent day;
        day.date = kDay;
        day.session_count = 1;
        day.sessions[0] = {hours(9) + minutes(15), hours(15) + minutes(30)};
        day.calendar = "NSE";
        send(day);
    }
    void add(InstrumentId id, const char* symbol, InstrumentKind kind) {
        Instrument instrument;
        instrument.id = id;
        instrument.symbol = symbol;
        instrument.kind = kind;
        send(InstrumentEvent{instrument});
    }
    void add_option(InstrumentId id, OptionRight right) {
        Instrument option;
        option.id = id;
        option.kind = InstrumentKind::option;
        option.right = right;
        option.underlying = kNifty;
        option.expiry = make_date(2024, 1, 25);
        option.strike = Price::from_rupees(21'500);
        option.lot = Quantity(50);
        option.freeze = Quantity(1800);
        option.symbol = option_symbol("NIFTY", *option.expiry, option.strike, right);
        send(InstrumentEvent{option});
    }
    void send(EventPayload payload) {
        Event event;
        event.sequence = ++sequence;
        event.received = now;
        event.payload = std::move(payload);
        session->handle(event);
    }
    void at_time(Duration since_midnight) { now = at(kDay, since_midnight); }
    void tick(InstrumentId id, double last) {
        TickEvent tick;
        tick.instrument = id;
        tick.last = Price::from_double(last);
        send(tick);
    }
    void quote(InstrumentId id, double bid, double ask) {
        TickEvent tick;
        tick.instrument = id;
        tick.flags = kTickHasBid | kTickHasAsk | kTickHasOi;
        tick.last = Price::from_double((bid + ask) / 2);
        tick.bid = Price::from_double(bid);
        tick.ask = Price::from_double(ask);
        tick.oi = 100'000;
        send(tick);
    }
    // A market at 10:05 in which an entry passes the gate.
    void market_at(Duration since_midnight) {
        at_time(since_midnight);
        tick(kVix, 14);
        tick(kNifty, 21'500);
        tick(kBankNifty, 47'000);
        quote(kCall, 100, 100.5);
        quote(kPut, 90, 90.5);
    }
    static Intent enter_call(int64_t lots = 1) {
        Intent intent;
        intent.kind = IntentKind::enter;
        intent.instrument = kCall;
        intent.lots = lots;
        intent.stop_pct = 1;
        intent.target_pct = 3;
        intent.why = "test";
        return intent;
    }
    void update(const Order& order, OrderUpdateKind kind, int64_t quantity = 0, double price = 0, uint64_t fill = 0) {
        OrderUpdateEvent update;
        update.order = order.id;
        update.broker_order = BrokerOrderId(order.id.value() + 1000);
        update.kind = kind;
        update.quantity = Quantity(quantity);
        update.price = Price::from_double(price);
        update.fill = FillId(fill);
        send(update);
    }
    void fill(const Order& order, double price, uint64_t number) {
        update(order, OrderUpdateKind::acknowledged);
        update(order, OrderUpdateKind::filled, order.quantity.units(), price, number);
    }
    // Enters on the next 1-minute bar; the broker has not answered.
    void send_entry(int64_t lots = 1) {
        host.bar = [this, lots](const BarMessage& bar, CallbackOutput& output) {
            if (bar.timeframe == Timeframe::m1 && sent.empty()) output.intents.push_back(enter_call(lots));
            return CallbackResult{};
        };
        market_at(hours(10) + minutes(4) + seconds(30));
        market_at(hours(10) + minutes(5) + seconds(1));
        ASSERT_EQ(sent.size(), 1U);
    }
    // Enters on the next 1-minute bar and fills it at 100.5.
    void open_position() {
        send_entry();
        fill(sent[0].order, 100.5, 1);
        ASSERT_EQ(session->portfolio().open().size(), 1U);
    }

    std::function<void()> before_day;  // history that comes before the day
    SessionConfig config;
    ScriptedHost host;
    KeepingRecorder recorder;
    std::vector<SentMessage> sent;
    std::vector<OrderId> asked_about;  // by: the broker's books
    std::unique_ptr<Session> session;
    ReceiveTime now{};
    uint64_t sequence = 0;
};

}  // namespace tide
