#pragma once
#include <string>
#include <vector>

#include "ledger/ledger_reader.hpp"

namespace tide {

struct WhyLine {
    std::string what;  // "intent 7", "risk", "order 11"
    std::string text;  // as recorded: may hold what a script or a broker wrote
};
// The lines that a person reads for one step of how something came about.
std::vector<WhyLine> why_lines(const WhyStep& step);

}  // namespace tide
