#include "app/wall_date.hpp"

namespace tide {

Date wall_date() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return ist_date(ReceiveTime(std::chrono::duration_cast<Duration>(now)));
}

}  // namespace tide
