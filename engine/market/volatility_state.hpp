#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/instrument.hpp"
#include "core/ring.hpp"
#include "core/settings.hpp"
#include "market/indicators/directional.hpp"
#include "market/indicators/volatility.hpp"

// How nervous the market is: the class of the VIX and its changes, and the regime of each underlying. What scripts and
// records see; the breakers, which halt and close, are the guardian's.
namespace tide {

// Sections [volatility] and [regime]. Limits of the VIX are where a class begins.
struct VolatilitySettings {
    double vix_normal = 12;
    double vix_elevated = 18;
    double vix_high = 25;
    double vix_extreme = 30;
    double vix_hysteresis = 2;
    std::string timeframe = "1d";
    int64_t period = 14;
    double adx_trending = 25;
    double adx_ranging = 20;
    double volatile_percentile = 80;
    double quiet_percentile = 20;
    double percentile_hysteresis = 10;
    int64_t percentile_bars = 250;
    int64_t percentile_bars_min = 50;
    double gap_pct = 2;
    double gap_min = 30;
    void register_in(SettingsRegistry& registry);
};

enum class VixClass : uint8_t { unknown, low, normal, elevated, high, extreme };
std::string_view name_of(VixClass level);  // "" for unknown

// The class that holds at `level`, given the one before: a higher class begins at its limit, and is left again
// vix_hysteresis below it (trading rules, "Volatility breakers": 2 points).
VixClass next_vix_class(VixClass before, double level, const VolatilitySettings& settings);

enum class Regime : uint8_t { unknown, trending, ranging, turbulent, quiet, gap };
std::string_view name_of(Regime regime);  // "" for unknown, "volatile" for turbulent

struct RegimeInputs {
    double adx = kNoIndicatorValue;
    double atr_percentile = kNoIndicatorValue;  // of ATR in percent of the close, among its own past
    VixClass vix = VixClass::unknown;
};
// The first that holds, given the regime before (requirements 10.1; leaving takes more than entering):
//   volatile  the ATR's percentile is at least volatile_percentile (leaves percentile_hysteresis below), or the VIX is
//   high trending  ADX is at least adx_trending (leaves below adx_ranging) quiet     the percentile is at most
//   quiet_percentile (leaves percentile_hysteresis above) ranging   anything else with an ADX; unknown without one.
// An opening gap is laid over it by VolatilityState.
Regime next_regime(Regime before, const RegimeInputs& inputs, const VolatilitySettings& settings);

struct VolatilityChange {
    InstrumentId instrument;  // of the VIX class: none
    std::string_view from, to;
    std::string values;
};

class VolatilityState {
  public:
    // `settings` must outlive this.
    explicit VolatilityState(const VolatilitySettings& settings);

    void on_instrument(const Instrument& instrument);
    // A traded day begins. From the first one on, changes are kept; the state that history led to is one of them.
    void start_day();
    // A closed bar of any timeframe, history included. `gap_pct`: its instrument's opening today against the close
    // before, NaN where that is not known; looked at with minute bars.
    void on_bar(const Bar& bar, double gap_pct);
    // The VIX now; as often as liked (a few ns when nothing is new).
    void on_vix(ReceiveTime now, double level) {
        if (level != vix_level_ || now >= next_reading_ || vix_class_ == VixClass::unknown) read_vix(now, level);
    }

    VixClass vix_class() const { return vix_class_; }
    // Points since the reading in force `window` ago (to the minute, at most 30 minutes), NaN without one today.
    double vix_change(ReceiveTime now, Duration window) const;
    // Points since the last reading of the day before, NaN without one.
    double vix_change_today() const;
    Regime regime(InstrumentId underlying) const;

    const std::vector<VolatilityChange>& changes() const { return changes_; }
    void take_changes() { changes_.clear(); }

  private:
    struct Underlying {
        explicit Underlying(const VolatilitySettings& settings)
            : adx(settings.period), natr(settings.period), past(static_cast<size_t>(settings.percentile_bars)) {}
        Adx adx;
        Natr natr;
        Ring<double> past;  // of the ATR in percent, without the newest
        RegimeInputs inputs;
        Regime base = Regime::unknown;  // without the gap
        Regime shown = Regime::unknown;
        bool gap = false;
        double gap_pct = 0;
        ReceiveTime gap_end{};
        Date gap_day{};
    };
    struct Reading {
        ReceiveTime time;
        double level = 0;
    };
    Underlying* find(InstrumentId id) {
        return id.value() < underlyings_.size() ? underlyings_[id.value()].get() : nullptr;
    }
    void measure(Underlying& underlying, const Bar& bar);
    void look_at_gap(Underlying& underlying, const Bar& bar, double gap_pct);
    void settle(InstrumentId id, Underlying& underlying);
    void read_vix(ReceiveTime now, double level);
    void settle_vix();

    const VolatilitySettings& settings_;
    Timeframe timeframe_;
    std::vector<std::unique_ptr<Underlying>> underlyings_;  // by instrument id; null for what is no underlying
    InstrumentId vix_;
    VixClass vix_class_ = VixClass::unknown;
    VixClass vix_told_ = VixClass::unknown;
    Ring<Reading> readings_{34};  // of today, one a minute
    ReceiveTime next_reading_{};
    double vix_level_ = kNoIndicatorValue, vix_before_ = kNoIndicatorValue;
    bool live_ = false;
    std::vector<VolatilityChange> changes_;
};

}  // namespace tide
