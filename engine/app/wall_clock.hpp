#pragma once
#include <string>

#include "core/time.hpp"

namespace tide {

// The time on the wall: for names of files, the age of data and the operator's log; never inside a session.
ReceiveTime wall_clock_now();
// Today in India: what a person means who gives no date.
Date wall_date();
// "20261118-044500", in UTC.
std::string utc_stamp();
// Goes on evenly, from no particular moment.
Duration monotonic_now();

}  // namespace tide
