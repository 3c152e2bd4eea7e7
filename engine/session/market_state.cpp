#include "session/market_state.hpp"

#include <algorithm>
#include <array>

namespace tide {
namespace {
constexpr std::array kTargets{Timeframe::m3, Timeframe::m5, Timeframe::m15, Timeframe::m30,
                              Timeframe::h1, Timeframe::d1, Timeframe::w1};
}

MarketState::MarketState(size_t bars_kept, const DataQualitySettings& data, const VolatilitySettings& volatility)
    : quality_(data),
      gaps_(data),
      aggregator_(kTargets),
      series_(bars_kept),
      indicators_(&series_, bars_kept),
      volatility_(volatility) {
    prices_.use_price_filter(data);
}

void MarketState::on_event(const Event& event) {
    if (const auto* tick = std::get_if<TickEvent>(&event.payload)) {
        if (!held_.empty() && !more_bars_) release_held();
        prices_.on_event(event);
        quality_.on_tick(event.received, event.exchange, *tick);
        on_tick(event, *tick);
    } else {
        on_other(event);
    }
}

void MarketState::on_other(const Event& event) {
    const auto* bar = std::get_if<BarEvent>(&event.payload);
    const auto goes_on = [&](const Bar& held) {
        return bar != nullptr && bar->bar.start == held.start && bar->bar.timeframe == held.timeframe;
    };
    if (!held_.empty() && !more_bars_ && !goes_on(held_.front())) release_held();
    prices_.on_event(event);
    if (bar != nullptr) {
        quality_.on_bar(event.received, bar->bar);
        gaps_.on_bar(event.received, bar->bar);
        on_bar(bar->bar);
        more_bars_ = bar->more;
        // The last bar of the moment; history does not say which one that is.
        if (!held_.empty() && !more_bars_ && !bar->bar.is_history()) release_held();
    } else if (const auto* added = std::get_if<InstrumentEvent>(&event.payload)) {
        quality_.on_instrument(added->instrument);
        gaps_.on_instrument(added->instrument);
        on_instrument(added->instrument);
    } else if (const auto* day = std::get_if<TradingDayEvent>(&event.payload)) {
        quality_.on_day(*day);
        gaps_.on_day(*day);
        for (const Bar& unfinished : builder_.start_day(*day)) on_minute(unfinished);
        release_held();
        add(activity_.end_day());
        add(aggregator_.start_day(*day));
        if (!day->history && today_ != day->date) volatility_.start_day();
        if (!day->history) today_ = day->date;
        live_ = live_ || !day->history;
    } else if (std::get_if<DayEndEvent>(&event.payload) != nullptr) {
        for (const Bar& unfinished : builder_.end_day(event.received)) on_minute(unfinished);
        release_held();
        add(activity_.end_day());
        add(aggregator_.end_day());
        today_.reset();
    }
}

void MarketState::on_tick(const Event& event, const TickEvent& tick) {
    ++ticks_seen_;
    if (prices_.verdict() == PriceVerdict::held) return;
    if (!prices_.released().empty()) build_released();
    build(event.received, event.exchange, tick);
}

void MarketState::build_released() {
    for (const HeldTick& held : prices_.released()) build(held.received, held.exchange, held.tick);
}

void MarketState::build(ReceiveTime received, ExchangeTime exchange, const TickEvent& tick) {
    gaps_.on_tick(received, tick);
    for (const Bar& bar : builder_.on_tick(received, exchange, tick)) on_minute(bar);
    if (const PlacedTick* placed = builder_.placed()) add(activity_.on_tick(tick, *placed));
}

void MarketState::close_due(ReceiveTime now) {
    for (const Bar& bar : builder_.close_due(now)) on_minute(bar);
    if (!held_.empty() && !more_bars_) {
        const ExchangeTime time = as_exchange_time(now);
        const auto ended = [&](const Bar& bar) { return bar.start + *length_of(Timeframe::m1) <= time; };
        if (std::all_of(held_.begin(), held_.end(), ended)) release_held();
    }
    add(activity_.close_due(now));
    add(aggregator_.close_due(now));
}

// Nearest expiry first; one that never expires (a continuous series) is the nearest.
void MarketState::note_future(const Instrument& future) {
    const size_t underlying = future.underlying.value();
    const Instrument* index = prices_.instruments().find(future.underlying);
    if (index == nullptr || index->kind != InstrumentKind::index) return;
    if (underlying >= futures_.size()) futures_.resize(underlying + 1);
    auto& futures = futures_[underlying];
    std::erase(futures, future.id);
    const auto expiry_of = [&](InstrumentId id) { return prices_.instruments().get(id).expiry.value_or(Date()); };
    const auto later = [&](InstrumentId id) { return expiry_of(id) > expiry_of(future.id); };
    futures.insert(std::find_if(futures.begin(), futures.end(), later), future.id);
}

void MarketState::on_instrument(const Instrument& instrument) {
    if (instrument.id.value() >= is_index_.size()) is_index_.resize(instrument.id.value() + 1);
    is_index_[instrument.id.value()] = instrument.kind == InstrumentKind::index;
    if (instrument.kind == InstrumentKind::future && instrument.underlying.valid()) note_future(instrument);
    volatility_.on_instrument(instrument);
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

void MarketState::follow_activity(InstrumentId instrument) {
    activity_.follow(instrument, prices_.instruments().get(instrument).tick);
}

void MarketState::on_bar(const Bar& bar) {
    if (!bar.is_history()) ++bars_seen_;
    if (bar.timeframe == Timeframe::m1) return on_minute(bar);
    // The official daily bar of the day being traded takes the place of the one built from minutes, when the day ends.
    if (bar.timeframe == Timeframe::d1 && today_ == ist_date(bar.start)) {
        Bar official = bar;
        if (lacks_volume(bar)) official.flags &= static_cast<uint16_t>(~kBarHasVolume);
        return aggregator_.set_official_day(official);
    }
    lacks_volume(bar) ? take_without_volume(bar) : take(bar);
}

void MarketState::on_minute(const Bar& bar) { lacks_volume(bar) ? take_without_volume(bar) : take(bar); }

bool MarketState::lacks_volume(const Bar& bar) const {
    const size_t id = bar.instrument.value();
    return bar.volume == 0 && id < is_index_.size() && is_index_[id];
}

void MarketState::take_without_volume(Bar bar) {
    bar.flags &= static_cast<uint16_t>(~kBarHasVolume);
    const bool has_futures = bar.instrument.value() < futures_.size() && !futures_[bar.instrument.value()].empty();
    if (has_futures && (bar.timeframe == Timeframe::m1 || bar.timeframe == Timeframe::d1)) {
        held_.push_back(bar);
    } else {
        take(bar);
    }
}

void MarketState::take(const Bar& bar) {
    add(bar.timeframe == Timeframe::m1 ? aggregator_.on_bar(bar) : std::span(&bar, 1));
}

void MarketState::borrow_volume(Bar& bar) const {
    for (const InstrumentId future : futures_[bar.instrument.value()]) {
        const Bar* found = series_.at(future, bar.timeframe, 0);
        if (found == nullptr || found->start != bar.start || !found->has_volume()) continue;
        bar.volume = found->volume;
        bar.flags |= kBarHasVolume | kBarFutureVolume;
        return;
    }
}

void MarketState::release_held() {
    for (Bar& bar : held_) {
        borrow_volume(bar);
        take(bar);
    }
    held_.clear();
}

void MarketState::add_all(std::span<const Bar> bars) {
    for (const Bar& bar : bars) {
        if (!series_.push(bar)) continue;
        indicators_.on_bar(bar);
        const OpeningGap* gap = bar.timeframe == Timeframe::m1 ? gaps_.find_gap(bar.instrument) : nullptr;
        volatility_.on_bar(bar, gap != nullptr ? gap->pct : kNoIndicatorValue);
        if (live_) closed_.push_back(bar);
    }
}

}  // namespace tide
