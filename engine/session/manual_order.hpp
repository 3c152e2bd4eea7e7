#pragma once
#include "core/result.hpp"
#include "session/operator_argument.hpp"
#include "trading/intent.hpp"

namespace tide {

// The intent of an operator's order, but for its instrument and id. The keys of levels and terms are those of
// ctx:enter. Errors (usage): the first word that is wrong, in one line.
Result<Intent> manual_intent(const OperatorArgument& argument);

}  // namespace tide
