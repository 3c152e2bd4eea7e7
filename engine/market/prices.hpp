#pragma once
#include <optional>
#include <string_view>

#include "core/events.hpp"
#include "market/instruments.hpp"
#include "market/option_model.hpp"
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

    // Instruments, ticks, bars (not history) and days matter here; anything else is ignored.
    void on_event(const Event& event);

    const InstrumentBook& instruments() const { return book_; }
    const VixReading& vix() const { return vix_; }
    // The quote as fed, nullptr before the first: for what looks at every tick, where copies would cost most of its time.
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
    InstrumentBook book_;
    QuoteBoard quotes_;
    VixReading vix_;
    std::optional<OptionModelSettings> model_;
};

}  // namespace tide
