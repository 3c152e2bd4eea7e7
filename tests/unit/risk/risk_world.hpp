#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "../trading/trading_fixture.hpp"
#include "risk/guardian.hpp"
#include "risk/risk_gate.hpp"

// A session's risk side for tests: the small market with more underlyings, an account of 25 lakh, a quiet Monday
// morning.
namespace tide::testing {

inline const InstrumentId kBank{7}, kBankCall{8}, kBankPut{9}, kBankCallLater{10};
inline const InstrumentId kMid{11}, kMidCall{12}, kMidPut{13};
inline const InstrumentId kSensex{14}, kSensexPut{15};
inline const InstrumentId kExpired{16}, kTinyFreeze{17}, kThreeDays{18}, kFourDays{19}, kUnquoted{20};
inline constexpr Date kExpiry = make_date(2026, 8, 25);

inline Instrument option_of(InstrumentId id, InstrumentId underlying, OptionRight right, Date expiry, double strike) {
    Instrument option;
    option.id = id;
    option.kind = InstrumentKind::option;
    option.right = right;
    option.underlying = underlying;
    option.expiry = expiry;
    option.strike = rupees(strike);
    option.lot = Quantity(65);
    option.symbol = "OPTION" + std::to_string(id.value());
    return option;
}
inline Instrument index_of(InstrumentId id, std::string symbol) {
    Instrument index;
    index.id = id;
    index.symbol = std::move(symbol);
    return index;
}
inline std::vector<Instrument> wider_market() {
    auto all = small_market();
    all.push_back(index_of(kBank, "BANKNIFTY"));
    all.push_back(option_of(kBankCall, kBank, OptionRight::call, kExpiry, 55'000));
    all.push_back(option_of(kBankPut, kBank, OptionRight::put, kExpiry, 55'000));
    all.push_back(option_of(kBankCallLater, kBank, OptionRight::call, make_date(2026, 9, 29), 55'000));
    all.push_back(index_of(kMid, "MIDCPNIFTY"));
    all.push_back(option_of(kMidCall, kMid, OptionRight::call, make_date(2026, 9, 29), 13'000));
    all.push_back(option_of(kMidPut, kMid, OptionRight::put, make_date(2026, 9, 29), 13'000));
    all.push_back(index_of(kSensex, "SENSEX"));
    all.push_back(option_of(kSensexPut, kSensex, OptionRight::put, make_date(2026, 9, 29), 80'000));
    all.push_back(option_of(kExpired, kNifty, OptionRight::call, make_date(2026, 7, 31), 24'500));
    all.push_back(option_of(kTinyFreeze, kNifty, OptionRight::call, kExpiry, 24'600));
    all.back().freeze = Quantity(10);
    all.push_back(option_of(kThreeDays, kNifty, OptionRight::call, make_date(2026, 8, 6), 24'500));
    all.push_back(option_of(kFourDays, kNifty, OptionRight::call, make_date(2026, 8, 7), 24'500));
    all.push_back(option_of(kUnquoted, kNifty, OptionRight::call, kExpiry, 24'500));
    return all;
}

struct QuietBroker : BrokerLink {
    int submits = 0;
    void submit(const Order&) override { ++submits; }
    void cancel(const Order&) override {}
    void replace(const Order&, Price) override {}
    void ask(const Order&) override {}
};
struct QuietListener : DeskListener {
    void on_order(const Order&, OrderState, std::string_view) override {}
    void on_fill(const Fill&, const Order&, Money) override {}
    void on_contradiction(OrderId, InstrumentId, std::string_view) override {}
    void on_unclear(const Order&, std::string_view) override {}
};

struct QuietParents : ParentListener {
    void on_parent(const ParentOrder&, ParentState, std::string_view) override {}
};

inline ChargeTable free_of_charge() {
    ChargeTable table;
    for (const auto kind : {InstrumentKind::option, InstrumentKind::equity, InstrumentKind::future}) {
        for (const std::string_view item : {"brokerage", "stt", "exchange", "sebi", "stamp", "gst"}) {
            const auto added =
                table.add({item, "*", kind, "both", 0, Money(), "none", item == "gst" ? "brokerage" : "turnover",
                           make_date(2020, 1, 1), make_date(2099, 12, 31)});
            TIDE_ASSERT(added.has_value());
        }
    }
    return table;
}

struct World {
    RiskSettings risk;
    OrderSettings orders;
    DataQualitySettings data;
    DataQuality quality{data};
    OpeningGaps gaps{data};
    MarketPrices prices;
    QuietBroker broker;
    QuietListener listener;
    TradingHours hours;
    ChargeTable charges = free_of_charge();
    HaltState halts{risk};
    Portfolio portfolio;
    OrderDesk desk{orders, prices, broker, listener, 1};
    QuietParents parent_listener;
    ParentDesk parents{parent_listener};
    RiskGate gate{risk, orders};
    ReceiveTime now = time_of(11, 0);
    bool allow_model_prices = false;
    bool over_history = false;
    bool manual_mode = false;
    Intent intent;
    uint64_t next_fill = 1;

    explicit World(double equity = 2'500'000) : portfolio(Money::from_double(equity), prices.instruments()) {
        prices.use_price_filter(data);
        for (const Instrument& instrument : wider_market()) {
            prices.on_event(event_at(time_of(9, 0), InstrumentEvent{instrument}));
            quality.on_instrument(instrument);
            gaps.on_instrument(instrument);
        }
        TradingDayEvent day;
        day.date = kDay;
        day.session_count = 1;
        day.sessions[0] = {hours_of(9, 15), hours_of(15, 40)};
        day.calendar = "NSE";
        hours.on_day(day);
        quality.on_day(day);
        gaps.on_day(day);
        portfolio.start_day();
        requote();
        intent.kind = IntentKind::enter;
        intent.strategy = StrategyId(1);
        intent.instrument = kCall;
        intent.lots = 1;
        intent.limit = rupees(100);
        intent.stop = rupees(24'255);
    }
    static Duration hours_of(int h, int m) { return std::chrono::hours(h) + minutes(m); }

    // The limits of strategy 1 alone.
    StrategyLimits& limits_of_one() {
        if (risk.per_strategy.empty()) {
            risk.per_strategy.push_back({});
            risk.per_strategy.back().name = "one";
            risk.bind_strategy("one", StrategyId(1));
        }
        return risk.per_strategy.back();
    }

    void tick(const TickEvent& t) { prices.on_event(event_at(now, t)); }
    // So many ticks, the last one now, each with the stamp that it is given by its time.
    void stamped(InstrumentId id, int count, Duration step, const std::function<ExchangeTime(ReceiveTime)>& stamp) {
        for (int i = count - 1; i >= 0; --i) {
            TickEvent t = last_tick(id, 100 + i % 7);
            quality.on_tick(now - i * step, stamp(now - i * step), t);
        }
    }
    // Fresh prices of everything but kUnquoted at `now`.
    void requote() {
        tick(last_tick(kVix, 14));
        tick(last_tick(kNifty, 24'500));
        tick(last_tick(kBank, 55'000));
        tick(last_tick(kMid, 13'000));
        tick(last_tick(kSensex, 80'000));
        for (uint32_t id = 3; id <= 19; ++id) {
            if (prices.instruments().get(InstrumentId(id)).is_option())
                tick(quote_tick(InstrumentId(id), 100, 99.5, 100.5));
        }
        tick(last_tick(kShare, 100));
    }
    void at_time(int hour, int minute, int second = 0) {
        now = time_of(hour, minute, second);
        requote();
    }
    PositionId open(InstrumentId instrument, Side side = Side::buy, int64_t quantity = 65, double price = 100,
                    StrategyId strategy = StrategyId(1)) {
        PositionPlan plan;
        plan.strategy = strategy;
        plan.instrument = instrument;
        plan.side = side;
        const PositionId id = portfolio.plan(plan);
        fill(id, instrument, side, quantity, price);
        return id;
    }
    void fill(PositionId id, InstrumentId instrument, Side side, int64_t quantity, double price) {
        Fill f;
        f.id = FillId(next_fill++);
        f.position = id;
        f.instrument = instrument;
        f.side = side;
        f.quantity = Quantity(quantity);
        f.price = rupees(price);
        f.time = now;
        portfolio.apply(f, prices.underlying_last(prices.instruments().get(instrument)));
    }
    // A share trade that ends with this loss (a gain if negative).
    void lose(double amount) {
        const PositionId id = open(kShare, Side::buy, 10'000, 100);
        fill(id, kShare, Side::sell, 10'000, 100 - amount / 10'000);
    }
    // An entry that the engine holds, of the strategy of `intent`.
    void hold(IntentId id) {
        ParentOrder parent;
        parent.intent = intent;
        parent.intent.id = id;
        parent.quantity = Quantity(65);
        parents.accept(parent, kDay, std::nullopt, now);
    }
    OrderId order(InstrumentId instrument, Side side, OrderPurpose purpose, PositionId position = PositionId(900)) {
        OrderRequest request;
        request.strategy = StrategyId(1);
        request.position = position;
        request.instrument = instrument;
        request.side = side;
        request.purpose = purpose;
        request.quantity = Quantity(65);
        request.priority = 3;
        request.fallback_price = rupees(100);
        return desk.submit(request, now)->front();
    }
    RiskContext context() const {
        return {now,          prices,      portfolio, desk,  hours,   halts, charges, allow_model_prices,
                over_history, manual_mode, &quality,  &gaps, &parents};
    }
    RiskVerdict evaluate() const { return gate.evaluate(intent, context()); }
};

}  // namespace tide::testing
