#include "core/assert.hpp"
#include "session/operator_argument.hpp"
#include "session/runtime_settings.hpp"
#include "session/session.hpp"
#include "targets.hpp"
#include "trading/record_text.hpp"

namespace tide::fuzz {
namespace {

const Date kDay = make_date(2024, 1, 10);
constexpr InstrumentId kNifty{1}, kVix{2}, kCall{3};
constexpr size_t kCommandsMax = 50;

class SilentHost final : public StrategyHost {
  public:
    Result<StrategyDeclaration> load(ScriptSlot, const ScriptBundle&, StrategyServices&) override {
        StrategyDeclaration declaration;
        declaration.name = "silent";
        declaration.symbols = {"NIFTY"};
        declaration.timeframes = {Timeframe::m1};
        return declaration;
    }
    void unload(ScriptSlot) override {}
    void push_bar(ScriptSlot, const BarMessage&) override {}
    void push_indicator(ScriptSlot, const IndicatorMessage&) override {}
    CallbackResult call(ScriptSlot, const CallMessage&, CallbackOutput&) override { return {}; }
};

// A session at 10:30 with one option to trade; its broker takes orders and says nothing.
class OperatedSession final : public BrokerLink, public Recorder {
  public:
    OperatedSession() : session_(config_, host_, *this, *this) {
        send(ConfigEvent{"fuzz = 1"});
        for (const char* item : {"brokerage", "stt", "exchange", "sebi", "stamp", "gst", "ipft"}) {
            send(ChargeRateEvent{item, "*", InstrumentKind::option, "both", 0, Money(), "none",
                                 std::string_view(item) == "gst" ? "brokerage" : "turnover", make_date(2000, 1, 1),
                                 make_date(2100, 1, 1)});
        }
        Instrument instrument;
        instrument.id = kNifty;
        instrument.symbol = "NIFTY";
        send(InstrumentEvent{instrument});
        instrument.id = kVix;
        instrument.symbol = "INDIAVIX";
        instrument.kind = InstrumentKind::volatility_index;
        send(InstrumentEvent{instrument});
        instrument.id = kCall;
        instrument.kind = InstrumentKind::option;
        instrument.underlying = kNifty;
        instrument.right = OptionRight::call;
        instrument.expiry = make_date(2024, 1, 25);
        instrument.strike = Price::from_rupees(21'500);
        instrument.lot = Quantity(50);
        instrument.freeze = Quantity(1800);
        instrument.symbol = "NIFTY24JAN21500CE";
        send(InstrumentEvent{instrument});
        send(ScriptEvent{StrategyId(1), ScriptRole::strategy, "silent", "", ""});
        TradingDayEvent day;
        day.date = kDay;
        day.session_count = 1;
        day.sessions[0] = {hours(9) + minutes(15), hours(15) + minutes(30)};
        day.calendar = "NSE";
        send(day);
        now_ = at(kDay, hours(10) + minutes(30));
        prices();
    }
    void command(CommandKind kind, std::string_view argument) {
        const size_t before = commands_;
        send(CommandEvent{kind, "fuzz", argument, argument});
        TIDE_ASSERT(commands_ == before + 1);
        now_ += seconds(1);
        prices();
    }
    void submit(const Order& order) override {
        TIDE_ASSERT(order.quantity.units() > 0 && order.limit.positive());
        TIDE_ASSERT(order.quantity <= Quantity(1800));
    }
    void cancel(const Order&) override {}
    void replace(const Order&, Price) override {}
    void ask(const Order&) override {}
    void record(const Record& record) override {
        TIDE_ASSERT(parse_record_text(record.text));
        const auto* command = std::get_if<CommandRecord>(&record.body);
        if (command == nullptr) return;
        ++commands_;
        TIDE_ASSERT(!command->code.empty() && !command->outcome.empty());
    }

  private:
    void send(EventPayload payload) {
        Event event;
        event.sequence = ++sequence_;
        event.received = now_;
        event.payload = std::move(payload);
        session_.handle(event);
    }
    void prices() {
        TickEvent tick;
        tick.instrument = kVix;
        tick.last = Price::from_rupees(14);
        send(tick);
        tick.instrument = kNifty;
        tick.last = Price::from_rupees(21'500);
        send(tick);
        tick.instrument = kCall;
        tick.flags = kTickHasBid | kTickHasAsk | kTickHasOi;
        tick.last = tick.bid = Price::from_rupees(100);
        tick.ask = Price::from_double(100.5);
        tick.oi = 100'000;
        send(tick);
    }

    SessionConfig config_;
    SilentHost host_;
    ReceiveTime now_ = at(kDay, hours(9));
    uint64_t sequence_ = 0;
    size_t commands_ = 0;
    Session session_;
};

void check_pairs(std::string_view text) {
    const auto argument = OperatorArgument::parse(text);
    if (!argument) return;
    std::string joined;
    for (const auto& [key, value] : argument->pairs()) {
        TIDE_ASSERT(!key.empty() && argument->find(key) == value);
        joined.append(key).append("=").append(value).append(";");
    }
    TIDE_ASSERT(joined == text || joined == std::string(text) + ";");
}

}  // namespace

// A command a line: a letter from `a` on (the kinds in their order), then its argument.
void operator_commands(std::string_view bytes) {
    check_pairs(bytes);
    OperatedSession operated;
    for (size_t i = 0; i < kCommandsMax && !bytes.empty(); ++i) {
        const std::string_view line = bytes.substr(0, bytes.find('\n'));
        bytes.remove_prefix(std::min(line.size() + 1, bytes.size()));
        const auto kind = line.empty() ? kCommandKindCount : static_cast<size_t>(line[0] - 'a');
        if (kind >= kCommandKindCount) continue;
        check_pairs(line.substr(1));
        operated.command(static_cast<CommandKind>(kind), line.substr(1));
    }
}

}  // namespace tide::fuzz
