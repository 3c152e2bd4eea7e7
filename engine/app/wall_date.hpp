#pragma once
#include "core/time.hpp"

namespace tide {

// Today in India by the clock on the wall: what a person means who gives no date. Never part of a session.
Date wall_date();

}  // namespace tide
