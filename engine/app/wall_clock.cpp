#include "app/wall_clock.hpp"

#include <chrono>

namespace tide {

ReceiveTime wall_clock_now() {
    return ReceiveTime(std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()));
}

Date wall_date() { return ist_date(wall_clock_now()); }

Duration monotonic_now() {
    return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace tide
