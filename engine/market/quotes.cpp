#include "market/quotes.hpp"

namespace tide {

void QuoteBoard::on_tick(ReceiveTime now, const TickEvent& tick) {
    Quote& quote = slot(tick.instrument);
    if (tick.last.positive()) {
        quote.last = tick.last;
        quote.time = now;
        if (!quote.first_last) quote.first_last = tick.last;
    }
    quote.flags &= ~static_cast<uint32_t>(kTickHasBid | kTickHasAsk | kTickModelPrice | kTickDailyValue);
    quote.flags |= tick.flags & (kTickHasBid | kTickHasAsk | kTickModelPrice | kTickDailyValue);
    if (tick.has(kTickHasBid)) quote.bid = tick.bid;
    if (tick.has(kTickHasAsk)) quote.ask = tick.ask;
    if (tick.has(kTickHasVolume)) {
        quote.volume = tick.volume;
        quote.flags |= kTickHasVolume;
    } else if (tick.has(kTickVolumeIsDelta)) {
        quote.volume += tick.volume;
        quote.flags |= kTickHasVolume;
    }
    if (tick.has(kTickHasOi)) {
        if (!quote.first_oi) quote.first_oi = tick.oi;
        quote.oi = tick.oi;
        quote.flags |= kTickHasOi;
    }
}

void QuoteBoard::on_bar(ReceiveTime now, const Bar& bar) {
    Quote& quote = slot(bar.instrument);
    quote.last = bar.close;
    quote.time = now;
    if (!quote.first_last) quote.first_last = bar.open;
    quote.flags &= ~static_cast<uint32_t>(kTickHasBid | kTickHasAsk | kTickModelPrice | kTickDailyValue);
    if (bar.has_volume()) {
        quote.volume += bar.volume;
        quote.flags |= kTickHasVolume;
    }
    if (bar.has_oi()) {
        if (!quote.first_oi) quote.first_oi = bar.oi;
        quote.oi = bar.oi;
        quote.flags |= kTickHasOi;
    }
}

void QuoteBoard::start_day() {
    for (auto& quote : quotes_) {
        quote.volume = 0;
        quote.first_last.reset();
        quote.first_oi.reset();
        quote.flags &= ~static_cast<uint32_t>(kTickHasVolume);
    }
}

}  // namespace tide
