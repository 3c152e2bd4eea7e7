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

void MarketPrices::use_vix(ReceiveTime now, const TickEvent& tick) {
    const VixSource source = tick.has(kTickRealisedValue) ? VixSource::realised
                             : tick.has(kTickDailyValue)  ? VixSource::daily
                                                          : VixSource::tick;
    vix_ = {tick.last.to_double(), source, now};
}

// Points inside a bar, a day's value and model prices are not words of a feed.
void MarketPrices::on_tick(ReceiveTime now, ExchangeTime exchange, const TickEvent& tick) {
    constexpr uint32_t kUnjudged = kTickPathOfBar | kTickDailyValue | kTickModelPrice;
    if (filter_ && (tick.flags & kUnjudged) == 0 && tick.last.positive()) {
        verdict_ = filter_->judge(now, exchange, tick);
        if (verdict_ == PriceVerdict::held) return;
        if (verdict_ == PriceVerdict::confirmed) {
            released_.push_back(filter_->released());
            use_tick(now, released_.back().tick);
        }
    }
    use_tick(now, tick);
}

void MarketPrices::release(ReceiveTime now) {
    while (const auto held = filter_->take_due(now)) {
        released_.push_back(*held);
        use_tick(held->received, held->tick);
    }
}

void MarketPrices::on_other(const Event& event) {
    const ReceiveTime now = event.received;
    if (const auto* bar_event = std::get_if<BarEvent>(&event.payload)) {
        const Bar& bar = bar_event->bar;
        if (bar.is_history()) return;
        quotes_.on_bar(now, bar);
        if (filter_) filter_->judge_bar(bar.instrument, bar.close);
        if (is_vix(bar.instrument)) vix_ = {bar.close.to_double(), VixSource::minute, now};
    } else if (const auto* added = std::get_if<InstrumentEvent>(&event.payload)) {
        const Instrument& instrument = added->instrument;
        book_.add(instrument);
        if (is_vix_.size() <= instrument.id.value()) is_vix_.resize(instrument.id.value() + size_t(64));
        is_vix_[instrument.id.value()] = instrument.kind == InstrumentKind::volatility_index;
        if (filter_) filter_->add(instrument);
    } else if (const auto* day = std::get_if<TradingDayEvent>(&event.payload)) {
        quotes_.start_day();
        if (filter_ && !day->history) filter_->start_day();
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
