#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/bar.hpp"
#include "core/result.hpp"
#include "market/indicators/registry.hpp"
#include "market/series.hpp"

namespace tide {

// All indicators of a session: each (instrument, timeframe, name, parameters) once, whoever asks for it, with its past
// values. Handles are 0, 1, 2, … in the order of first request.
class IndicatorHub {
  public:
    struct Info {
        int32_t handle = 0;
        std::span<const std::string_view> outputs;  // static
        size_t history = 0;                         // past values already there
    };

    // `series` (may be null) is where an indicator that is asked for late gets its earlier bars. It must hold exactly
    // the bars already given to on_bar, and outlive the hub. `capacity`: past values kept.
    explicit IndicatorHub(const BarSeriesBook* series, size_t capacity = BarSeriesBook::kDefaultCapacity);

    // The same request gives the same handle. Errors (usage): those of make_indicator.
    Result<Info> request(InstrumentId instrument, Timeframe timeframe, std::string_view name,
                         std::span<const double> parameters);
    // A finished bar, after it went into the series. Updates its indicators; allocates nothing.
    void on_bar(const Bar& bar);

    // Current values, one an output; NaN where there is none yet.
    std::span<const double> values(int32_t handle) const;
    // `back` bars ago (0 = newest); NaN where there is none.
    double value(int32_t handle, size_t output, size_t back) const;
    size_t history(int32_t handle) const;
    std::span<const std::string_view> outputs(int32_t handle) const;
    // Those that on_bar of this series updates, in the order of request.
    std::span<const int32_t> handles_of(InstrumentId instrument, Timeframe timeframe) const;
    size_t size() const { return slots_.size(); }
    // What was asked for with this handle.
    struct About {
        InstrumentId instrument;
        Timeframe timeframe = Timeframe::m1;
        std::string_view name;
        std::span<const double> parameters;
    };
    About about(int32_t handle) const;
    // As if those requested after the first `size` never were.
    void forget_from(size_t size);

  private:
    struct Slot {
        std::unique_ptr<Indicator> indicator;
        size_t width;              // outputs
        size_t head;               // where the newest row of `past` starts
        size_t updates;            // bars seen
        std::vector<double> past;  // ring of rows, one row a bar, one column an output
        const IndicatorSpec* spec;
        std::vector<double> parameters;
        InstrumentId instrument;
        Timeframe timeframe;
    };
    static void update(Slot& slot, const BarValues& values);
    const Slot& slot(int32_t handle) const;
    std::vector<int32_t>& handles_slot(InstrumentId instrument, Timeframe timeframe);

    const BarSeriesBook* series_;
    size_t capacity_;
    std::vector<Slot> slots_;
    std::vector<std::vector<int32_t>> handles_;  // [instrument * kTimeframeCount + timeframe]
};

}  // namespace tide
