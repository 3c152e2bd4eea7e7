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

// What is asked about: "11" or "order:11", "trade:3", "position:2", "intent:7" (also of an entry that the engine held,
// of a group of legs).
struct WhySubject {
    std::string kind = "order";
    uint64_t number = 0;
};
Result<WhySubject> parse_why_subject(std::string_view text);
Result<std::vector<WhyStep>> why_steps(const LedgerReader& ledger, const std::string& session,
                                       const WhySubject& subject);

}  // namespace tide
