#pragma once
#include <string>
#include <vector>

#include "market/prices.hpp"
#include "trading/order_desk.hpp"
#include "trading/portfolio.hpp"

// A small market for tests: NIFTY with calls and puts, a future, a share, the VIX.
namespace tide::testing {

inline constexpr Date kDay = make_date(2026, 8, 3);
inline ReceiveTime time_of(int hour, int minute, int second = 0, int ms = 0) {
    return at(kDay, hours(hour) + minutes(minute) + seconds(second) + milliseconds(ms));
}
inline Price rupees(double value) { return Price::from_double(value); }

inline const InstrumentId kNifty{1};
inline const InstrumentId kVix{2};
inline const InstrumentId kCall{3};
inline const InstrumentId kPut{4};
inline const InstrumentId kFuture{5};
inline const InstrumentId kShare{6};

inline std::vector<Instrument> small_market() {
    const Date expiry = make_date(2026, 8, 25);
    std::vector<Instrument> all(6);
    for (size_t i = 0; i < all.size(); ++i) all[i].id = InstrumentId(static_cast<uint32_t>(i + 1));
    all[0].symbol = "NIFTY";
    all[1].symbol = "INDIAVIX";
    all[1].kind = InstrumentKind::volatility_index;
    for (const size_t i : {2U, 3U}) {
        all[i].kind = InstrumentKind::option;
        all[i].right = i == 2 ? OptionRight::call : OptionRight::put;
        all[i].symbol = i == 2 ? "NIFTY 2026-08-25 24500 CE" : "NIFTY 2026-08-25 24500 PE";
        all[i].underlying = kNifty;
        all[i].expiry = expiry;
        all[i].strike = Price::from_rupees(24'500);
        all[i].lot = Quantity(65);
        all[i].freeze = Quantity(1800);
    }
    all[4].kind = InstrumentKind::future;
    all[4].symbol = "NIFTY FUT";
    all[4].underlying = kNifty;
    all[4].expiry = expiry;
    all[4].lot = Quantity(65);
    all[5].kind = InstrumentKind::equity;
    all[5].symbol = "RELIANCE";
    return all;
}

inline Event event_at(ReceiveTime now, EventPayload payload) {
    Event event;
    event.received = now;
    event.payload = std::move(payload);
    return event;
}

// A tick with only a last price, or with a quote around it.
inline TickEvent last_tick(InstrumentId id, double last) {
    TickEvent tick;
    tick.instrument = id;
    tick.last = rupees(last);
    return tick;
}
inline TickEvent quote_tick(InstrumentId id, double last, double bid, double ask) {
    TickEvent tick = last_tick(id, last);
    tick.bid = rupees(bid);
    tick.ask = rupees(ask);
    tick.flags = kTickHasBid | kTickHasAsk;
    return tick;
}

struct Market {
    MarketPrices prices;
    Market() {
        for (const Instrument& instrument : small_market()) {
            prices.on_event(event_at(time_of(9, 0), InstrumentEvent{instrument}));
        }
    }
    void tick(ReceiveTime now, const TickEvent& tick) { prices.on_event(event_at(now, tick)); }
};

}  // namespace tide::testing
