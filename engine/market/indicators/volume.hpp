#pragma once
#include "market/indicators/indicator.hpp"
#include "market/indicators/smoothing.hpp"

// Indicators that need volume. A bar without volume is not counted and has no value: the outputs are missing on it and
// come back with the next bar that has volume. On an index they are never ready.
namespace tide {

class VolumeIndicator : public Indicator {
  public:
    void update(const BarValues& bar) final {
        values_.fill(kNoIndicatorValue);
        ready_ = false;
        if (bar.has_volume) update_with_volume(bar);
    }

  protected:
    using Indicator::Indicator;

  private:
    virtual void update_with_volume(const BarValues& bar) = 0;
};

// Mean volume of the last n bars that have one, this bar included. Warm-up: n such bars.
class VolumeAverage final : public VolumeIndicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"volume_average"};
    explicit VolumeAverage(int64_t period);

  private:
    void update_with_volume(const BarValues& bar) override;
    RollingSum volumes_;
};

// On-balance volume (J. Granville): adds the volume of a bar that closes higher, subtracts that of one that closes
// lower; 0 on the first bar. Warm-up: 1 bar.
class Obv final : public VolumeIndicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"obv"};
    Obv();

  private:
    void update_with_volume(const BarValues& bar) override;
    double total_ = 0;
    double previous_close_ = 0;
    bool started_ = false;
};

// Money flow index: 100 P / (P + N), P and N the sums over n bars of typical price x volume where the typical price
// (high + low + close) / 3 rose, fell; 50 where there was no flow. Warm-up: n + 1 bars.
class Mfi final : public VolumeIndicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"mfi"};
    explicit Mfi(int64_t period);

  private:
    void update_with_volume(const BarValues& bar) override;
    RollingSum positive_, negative_;
    double previous_typical_ = 0;
    bool started_ = false;
};

// Volume-weighted mean of the typical price since the day's first bar. Missing until something has traded. Warm-up: 1
// bar.
class Vwap final : public VolumeIndicator {
  public:
    static constexpr std::array<std::string_view, 1> kOutputs{"vwap"};
    Vwap();

  private:
    void update_with_volume(const BarValues& bar) override;
    double turnover_ = 0, volume_ = 0;
    int64_t day_ = std::numeric_limits<int64_t>::min();
};

}  // namespace tide
