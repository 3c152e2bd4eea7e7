#pragma once
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/events.hpp"
#include "market/instruments.hpp"
#include "market/option_model.hpp"
#include "market/price_filter.hpp"
#include "market/quotes.hpp"

namespace tide {

enum class VixSource : uint8_t { none, tick, minute, daily, realised, chain };
std::string_view name_of(VixSource source);
struct VixReading {
    double level = 0;
    VixSource source = VixSource::none;
    ReceiveTime time;
    bool known() const { return source != VixSource::none; }
};

// Everything that has a price now: quotes as fed, the VIX, and, where a backtest asks for it, options priced by model.
// The Session and the paper exchange each keep one, fed the same events, so that both see the same market.
class MarketPrices {
  public:
    void use_option_model(const OptionModelSettings& settings) { model_ = settings; }
    bool has_option_model() const { return model_.has_value(); }
    // Wild prices are held back until they are confirmed. The settings must outlive this.
    void use_price_filter(const DataQualitySettings& settings) { filter_.emplace(settings); }

    // Instruments, ticks, bars (not history) and days matter here; anything else is ignored.
    void on_event(const Event& event) {
        released_.clear();
        verdict_ = PriceVerdict::accepted;
        if (const auto* tick = std::get_if<TickEvent>(&event.payload)) {
            on_tick(event.received, event.exchange, *tick);
        } else {
            on_other(event);
        }
    }
    // Lets held ticks count that nothing has contradicted for long enough; released() has them.
    void release_due(ReceiveTime now) {
        released_.clear();
        if (next_release() <= now) release(now);
    }
    // ReceiveTime::max(): nothing is held.
    ReceiveTime next_release() const { return filter_ ? filter_->next_due() : ReceiveTime::max(); }
    // What on_event or release_due just decided about a tick; valid until the next call.
    PriceVerdict verdict() const { return verdict_; }
    // Ticks that were held and count now, before the one that confirmed them. After `dropped`: not here.
    std::span<const HeldTick> released() const { return released_; }
    // The held tick that the last `dropped` threw away.
    const HeldTick& dropped() const { return filter_->released(); }
    // Whether the newest price is held back or, of a bar, outside its band.
    bool suspect(InstrumentId id) const { return filter_ && filter_->suspect(id); }
    const HeldTick* held(InstrumentId id) const { return filter_ ? filter_->held(id) : nullptr; }

    const InstrumentBook& instruments() const { return book_; }
    const VixReading& vix() const { return vix_; }
    // The quote as fed, nullptr before the first: for what looks at every tick, where copies would cost most of its
    // time.
    const Quote* fed(InstrumentId id) const { return quotes_.find(id); }
    // A value computed from an option chain, in place of a VIX that is missing (breakers.vix_from_chain). The next real
    // one takes over.
    void stand_in_vix(double level, ReceiveTime now) { vix_ = {level, VixSource::chain, now}; }
    // The quote as fed; for an option without a fed price, the model's (flagged) when the model is on.
    std::optional<Quote> quote(InstrumentId id, ReceiveTime now) const;
    std::optional<Price> last(InstrumentId id, ReceiveTime now) const;
    // The underlying's last price for an option or future; its own for anything else.
    std::optional<Price> underlying_last(const Instrument& instrument) const;

  private:
    void on_tick(ReceiveTime now, ExchangeTime exchange, const TickEvent& tick);
    void use_tick(ReceiveTime now, const TickEvent& tick) {
        quotes_.on_tick(now, tick);
        if (is_vix(tick.instrument) && tick.last.positive()) use_vix(now, tick);
    }
    void use_vix(ReceiveTime now, const TickEvent& tick);
    void on_other(const Event& event);
    bool is_vix(InstrumentId id) const { return id.value() < is_vix_.size() && is_vix_[id.value()] != 0; }
    void release(ReceiveTime now);

    InstrumentBook book_;
    QuoteBoard quotes_;
    std::vector<uint8_t> is_vix_;  // by instrument id
    VixReading vix_;
    std::optional<OptionModelSettings> model_;
    std::optional<PriceFilter> filter_;
    PriceVerdict verdict_ = PriceVerdict::accepted;
    std::vector<HeldTick> released_;
};

}  // namespace tide
