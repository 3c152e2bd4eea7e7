#pragma once
#include "core/time.hpp"

namespace tide {

// The time on the wall: for names of files, the age of data and the operator's log; never inside a session.
ReceiveTime wall_clock_now();
// Today in India: what a person means who gives no date.
Date wall_date();
// Goes on evenly, from no particular moment.
Duration monotonic_now();

}  // namespace tide
