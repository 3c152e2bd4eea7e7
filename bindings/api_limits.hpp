#pragma once
#include <cstdint>

// Bounds of what a script may ask for, said in the registry of the API and held at the border.
namespace tide {

inline constexpr double kApiPriceMin = 0.0001;  // rupees: the smallest unit of Price
inline constexpr double kApiPriceMax = 1e9;     // rupees; far above any price, far below what a Price can hold
inline constexpr double kApiLotsMax = 1e6;
inline constexpr double kApiPercentMin = 0.01;
inline constexpr double kApiPercentMax = 100;
inline constexpr double kApiFractionMin = 1e-6;
inline constexpr double kApiPriorityMin = 2;  // 1 is the engine's own
inline constexpr double kApiPriorityMax = 5;
inline constexpr double kApiGroupTimeoutMin_s = 1;
inline constexpr double kApiGroupTimeoutMax_s = 3'600;
inline constexpr double kApiTimerMaxSeconds = 604'800;
inline constexpr double kApiPremiumTargetMax = 1'000;  // % of the premium
inline constexpr double kApiOverMinutesMax = 400;      // more than a day's session
inline constexpr int64_t kApiSlicesMax = 400;
inline constexpr double kApiPlotMax = 1e15;

}  // namespace tide
