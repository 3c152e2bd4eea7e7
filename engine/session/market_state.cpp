#include "session/market_state.hpp"

#include <array>

namespace tide {
namespace {
constexpr std::array kTargets{Timeframe::m3, Timeframe::m5, Timeframe::m15, Timeframe::m30,
                              Timeframe::h1, Timeframe::d1, Timeframe::w1};
}

MarketState::MarketState(size_t bars_kept)
    : aggregator_(kTargets), series_(bars_kept), indicators_(&series_, bars_kept) {}

void MarketState::on_event(const Event& event) {
    prices_.on_event(event);
    if (const auto* tick = std::get_if<TickEvent>(&event.payload)) {
        ++ticks_seen_;
        for (const Bar& bar : builder_.on_tick(event.received, event.exchange, *tick)) on_minute(bar);
    } else if (const auto* bar = std::get_if<BarEvent>(&event.payload)) {
        on_bar(bar->bar);
    } else if (const auto* added = std::get_if<InstrumentEvent>(&event.payload)) {
        on_instrument(added->instrument);
    } else if (const auto* day = std::get_if<TradingDayEvent>(&event.payload)) {
        for (const Bar& unfinished : builder_.start_day(*day)) on_minute(unfinished);
        add(aggregator_.start_day(*day));
        if (!day->history) today_ = day->date;
        live_ = live_ || !day->history;
    } else if (std::get_if<DayEndEvent>(&event.payload) != nullptr) {
        for (const Bar& unfinished : builder_.end_day(event.received)) on_minute(unfinished);
        add(aggregator_.end_day());
        today_.reset();
    }
}

void MarketState::on_time(ReceiveTime now) {
    if (!live_) return;  // history is not of this time
    for (const Bar& bar : builder_.close_due(now)) on_minute(bar);
    add(aggregator_.close_due(now));
}

void MarketState::on_instrument(const Instrument& instrument) {
    switch (instrument.kind) {
        case InstrumentKind::option:
            aggregator_.set_gap_policy(instrument.id, GapPolicy::option);
            break;
        case InstrumentKind::volatility_index:
            aggregator_.set_gap_policy(instrument.id, GapPolicy::keep);
            break;
        case InstrumentKind::index:
        case InstrumentKind::equity:
        case InstrumentKind::future:
            aggregator_.set_gap_policy(instrument.id, GapPolicy::underlying);
            break;
    }
}

void MarketState::on_bar(const Bar& bar) {
    if (!bar.is_history()) ++bars_seen_;
    if (bar.timeframe == Timeframe::m1) return on_minute(bar);
    // The official daily bar of the day being traded takes the place of the one built from minutes, when the day ends.
    if (bar.timeframe == Timeframe::d1 && today_ == ist_date(bar.start)) return aggregator_.set_official_day(bar);
    add(std::span(&bar, 1));
}

void MarketState::on_minute(const Bar& bar) { add(aggregator_.on_bar(bar)); }

void MarketState::add(std::span<const Bar> bars) {
    for (const Bar& bar : bars) {
        if (!series_.push(bar)) continue;
        indicators_.on_bar(bar);
        if (live_) closed_.push_back(bar);
    }
}

}  // namespace tide
