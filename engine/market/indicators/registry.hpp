#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "market/indicators/indicator.hpp"

// Every indicator the engine knows, by name: what scripts and the command line may ask for, and the text that documents
// it.
namespace tide {

struct IndicatorParameter {
    std::string_view name;
    double default_value;
    double min;
    double max;
    bool whole;  // a number of bars
};

enum class IndicatorReadiness : uint8_t {
    warm_up,   // after a number of bars, for good
    market,    // waits for something in the market (a swing, a level, a date), and may lose it again
    each_day,  // starts afresh with the day
};

struct IndicatorSpec {
    std::string_view name;
    std::span<const IndicatorParameter> parameters;
    std::span<const std::string_view> outputs;
    bool needs_volume;
    IndicatorReadiness readiness;
    std::string_view help;
    // `parameters`: one value each, already checked.
    std::unique_ptr<Indicator> (*make)(std::span<const double> parameters);
};

// Sorted by name.
std::span<const IndicatorSpec> indicator_specs();
const IndicatorSpec* find_indicator(std::string_view name);

// The parameters in force: those given, then defaults for the rest. Errors (usage): too many, out of range, not whole.
Result<std::vector<double>> complete_indicator_parameters(const IndicatorSpec& spec, std::span<const double> given);

// Errors (usage): unknown name (with the nearest known one), and those of complete_indicator_parameters.
Result<std::unique_ptr<Indicator>> make_indicator(std::string_view name, std::span<const double> parameters);

// "adx_14", "plus_di_14", "minus_di_14"; "supertrend_10_3", "supertrend_direction_10_3"; "vwap".
std::vector<std::string> indicator_columns(const IndicatorSpec& spec, std::span<const double> parameters);

struct IndicatorRequest {
    const IndicatorSpec* spec;
    std::vector<double> parameters;  // complete
};
// "adx:14,rsi:14,supertrend:10:3"; parameters left out take their defaults. Errors: usage.
Result<std::vector<IndicatorRequest>> parse_indicator_set(std::string_view text);

}  // namespace tide
