#include "market/prices.hpp"

namespace tide {

std::string_view name_of(VixSource source) {
    switch (source) {
        case VixSource::tick:
            return "tick";
        case VixSource::minute:
            return "1m";
        case VixSource::daily:
            return "daily";
        case VixSource::realised:
            return "realised";
        case VixSource::chain:
            return "chain";
        case VixSource::none:
            break;
    }
    return "none";
}

void MarketPrices::on_event(const Event& event) {
    const ReceiveTime now = event.received;
    if (const auto* tick = std::get_if<TickEvent>(&event.payload)) {
        quotes_.on_tick(now, *tick);
        const Instrument* instrument = book_.find(tick->instrument);
        if (instrument != nullptr && instrument->kind == InstrumentKind::volatility_index && tick->last.positive()) {
            const VixSource source = tick->has(kTickRealisedValue) ? VixSource::realised
                                     : tick->has(kTickDailyValue)  ? VixSource::daily
                                                                   : VixSource::tick;
            vix_ = {tick->last.to_double(), source, now};
        }
    } else if (const auto* bar_event = std::get_if<BarEvent>(&event.payload)) {
        const Bar& bar = bar_event->bar;
        if (bar.is_history()) return;
        quotes_.on_bar(now, bar);
        const Instrument* instrument = book_.find(bar.instrument);
        if (instrument != nullptr && instrument->kind == InstrumentKind::volatility_index) {
            vix_ = {bar.close.to_double(), VixSource::minute, now};
        }
    } else if (const auto* added = std::get_if<InstrumentEvent>(&event.payload)) {
        book_.add(added->instrument);
    } else if (std::get_if<TradingDayEvent>(&event.payload) != nullptr) {
        quotes_.start_day();
    }
}

std::optional<Quote> MarketPrices::quote(InstrumentId id, ReceiveTime now) const {
    if (const Quote* fed = quotes_.find(id)) return *fed;
    const Instrument* instrument = book_.find(id);
    if (!model_ || instrument == nullptr || !instrument->is_option() || !vix_.known()) return std::nullopt;
    const Quote* underlying = quotes_.find(instrument->underlying);
    if (underlying == nullptr) return std::nullopt;
    const auto priced = model_quote(*model_, *instrument, underlying->last, vix_.level, now);
    if (!priced) return std::nullopt;
    Quote quote;
    quote.last = priced->last;
    quote.bid = priced->bid;
    quote.ask = priced->ask;
    quote.flags = kTickHasBid | kTickHasAsk | kTickModelPrice;
    quote.time = underlying->time;
    return quote;
}

std::optional<Price> MarketPrices::last(InstrumentId id, ReceiveTime now) const {
    if (const Quote* fed = quotes_.find(id)) return fed->last;
    const auto found = quote(id, now);
    return found ? std::optional(found->last) : std::nullopt;
}

std::optional<Price> MarketPrices::underlying_last(const Instrument& instrument) const {
    const Quote* quote = quotes_.find(instrument.underlying.valid() ? instrument.underlying : instrument.id);
    return quote == nullptr ? std::nullopt : std::optional(quote->last);
}

}  // namespace tide
