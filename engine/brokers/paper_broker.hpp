#pragma once
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "brokers/exchange_link.hpp"
#include "core/settings.hpp"
#include "market/prices.hpp"

namespace tide {

// How the paper exchange fills. trading-rules "Paper fills"; every number is a setting.
struct PaperSettings {
    int64_t latency_ms = 150;        // from the desk to the exchange
    double slippage_min_pct = 0.1;   // of a liquid contract
    double slippage_max_pct = 0.5;   // of a thin one, and where open interest is unknown
    double half_spread_pct = 0.25;   // of the last price, where there is no quote; at least one tick
    int64_t oi_refused_below = 500;  // entries
    int64_t oi_thin = 1'000;         // at or below: the largest slippage
    int64_t oi_liquid = 10'000;      // above: the smallest slippage, no delay
    int64_t delay_min_ms = 2'000;    // of a contract that is not liquid
    int64_t delay_max_ms = 5'000;
    double partial_above_oi_pct = 10;  // at most this share of open interest trades against one quote
    int64_t impact_above_lots = 100;
    double impact_pct = 0.1;    // more slippage for each further `impact_above_lots`
    double band_pct = 20;       // a limit may be this far from the last price
    double stale_quote_s = 60;  // no fill against an older quote
    int64_t seed = 1;

    void register_in(SettingsRegistry& registry);
};

// The paper exchange. Sees the same events as the Session and answers orders in OrderUpdateEvents, each at its own
// time. Deterministic: times, prices, numbers and draws follow from events, orders and seed alone. Each order's random
// delay is drawn from splitmix64(seed, order id), so it does not depend on other orders.
class PaperBroker final : public ExchangeLink {
  public:
    explicit PaperBroker(const PaperSettings& settings);
    void use_option_model(const OptionModelSettings& model) { prices_.use_option_model(model); }
    // Holds back the wild prices that the Session holds back: a misprint on a feed is no trade at an exchange.
    void use_price_filter(const DataQualitySettings& settings) { prices_.use_price_filter(settings); }

    void on_event(const Event& event) override;
    void set_now(ReceiveTime now) override { now_ = now; }
    void submit(const Order& order) override;
    void cancel(const Order& order) override;
    void replace(const Order& order, Price limit) override;
    void ask(const Order& order) override;

    std::optional<ReceiveTime> next_due() override {
        if (inbound_.empty() && outbound_.empty()) return std::nullopt;
        const ReceiveTime arrival = inbound_.empty() ? ReceiveTime::max() : inbound_.front().due;
        const ReceiveTime answer = outbound_.empty() ? ReceiveTime::max() : outbound_.front().due;
        return std::min(arrival, answer);
    }
    bool pop_due(ReceiveTime until, Event& out) override;
    Result<ExchangeBooks> books() override;
    void ask_books() override;
    // Nothing is on its way and nothing rests: only a new message can make next_due say something.
    bool idle() const { return inbound_.empty() && outbound_.empty() && resting_.empty(); }
    bool idle_and_flat() const;
    size_t resting() const { return resting_.size(); }
    const MarketPrices& prices() const { return prices_; }

  private:
    enum class Arrival : uint8_t { submit, cancel, replace, ask, ask_books, wake };
    struct Message {  // on its way to the exchange
        ReceiveTime due;
        uint64_t number = 0;
        Arrival kind = Arrival::submit;
        Order order;
        Price limit;
    };
    struct Answer {  // on its way back
        ReceiveTime due;
        uint64_t number = 0;
        OrderUpdateEvent update;
        std::string reason;
        std::optional<std::string> books = {};  // instead of an update
    };
    struct Resting {
        OrderId id;
        InstrumentId instrument;
        InstrumentId underlying;
        Side side = Side::buy;
        bool exit = false;
        Quantity quantity;
        Quantity remaining;
        Price limit;
        BrokerOrderId broker_order;
        ReceiveTime fillable_from;
    };

    struct Ended {  // today, by the order book
        OrderId id;
        BrokerOrderId broker_order;
        OrderUpdateKind how = OrderUpdateKind::cancelled;
    };
    struct Trade {
        OrderUpdateEvent row;
        InstrumentId instrument;
        Side side = Side::buy;
    };
    struct Taken {  // by our fills, of what one quote has to give
        InstrumentId instrument;
        ReceiveTime quote;
        Quantity quantity;
    };

    void settle(ReceiveTime until);
    void arrive(const Message& message);
    void arrive_submit(const Message& message);
    void arrive_cancel(const Message& message);
    void arrive_replace(const Message& message);
    void arrive_ask(const Message& message);
    void arrive_ask_books(const Message& message);
    void end(const Resting& order, OrderUpdateKind how);
    // Why the exchange would not take it; empty = it does.
    std::string refusal(const Order& order, ReceiveTime now) const;
    std::string limit_refusal(const Instrument& instrument, Price limit, ReceiveTime now) const;
    bool open_at(const Instrument& instrument, ReceiveTime now) const;
    void match_on_price(InstrumentId id, ReceiveTime now);
    // Fills what may be filled against the quote standing now. True: nothing is left.
    bool match(Resting& order, ReceiveTime now);
    std::optional<Price> fill_price(const Resting& order, const Instrument& instrument, const Quote& quote,
                                    Quantity quantity) const;
    // What of an option's quote has been used up; a new quote begins at nothing.
    Quantity& taken_of(const Instrument& instrument, const Quote& quote);
    void on_day(const TradingDayEvent& day, ReceiveTime now);
    void expire_all(ReceiveTime now);
    Resting* find(OrderId id);
    void send(Message message);
    void answer(ReceiveTime due, const OrderUpdateEvent& update, std::string reason);
    void answer(Answer out);
    Duration delay_of(OrderId id, const std::optional<Quote>& quote) const;
    double slippage_pct(const Instrument& instrument, const Quote& quote, Quantity quantity) const;

    struct Day {
        std::string calendar;
        Date date{};
        uint8_t session_count = 0;
        std::array<SessionHours, 3> sessions{};
    };

    const PaperSettings& settings_;
    MarketPrices prices_;
    ReceiveTime now_;
    std::vector<Message> inbound_;               // sorted by due, then number
    std::vector<Answer> outbound_;               // sorted by due, order id, number
    std::vector<Resting> resting_;               // by arrival
    std::vector<Ended> ended_;                   // today's
    std::vector<Trade> trades_;                  // today's trade book
    std::vector<Taken> taken_;                   // of each option that was traded
    std::map<InstrumentId, Quantity> holdings_;  // sums of fills
    Money traded_value_;                         // sold less bought
    OrderId newest_order_;
    uint64_t market_events_ = 0;
    std::string last_reason_;
    uint64_t next_message_ = 1;
    uint64_t next_broker_order_ = 1;
    uint64_t next_fill_ = 1;
    std::vector<Day> days_;  // of each calendar in use
};

}  // namespace tide
