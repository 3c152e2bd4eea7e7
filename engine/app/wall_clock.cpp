#include "app/wall_clock.hpp"

#include <fmt/format.h>

#include <chrono>
#include <ctime>

namespace tide {

ReceiveTime wall_clock_now() {
    return ReceiveTime(std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()));
}

Date wall_date() { return ist_date(wall_clock_now()); }

std::string utc_stamp() {
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    return fmt::format("{:04d}{:02d}{:02d}-{:02d}{:02d}{:02d}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                       utc.tm_hour, utc.tm_min, utc.tm_sec);
}

Duration monotonic_now() {
    return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace tide
