#pragma once
#include <string>

#include "bindings/repl_evaluator.hpp"

namespace tide {

struct ReplStyle {
    bool colour = false;
    size_t width = 0;  // of the terminal; 0: as wide as it is
};

// A value as a person reads it, with its line's end: rows as a table, a record as its fields, a text as it is. Control
// bytes and what is not UTF-8 are escaped; a text alone keeps its line ends.
std::string repl_text(const ReplValue& value, const ReplStyle& style);
// A call of print: a table alone as repl_text, else the values on one line.
std::string printed_text(const std::vector<ReplValue>& values, const ReplStyle& style);
// All that a chunk said and gave, without its error.
std::string answer_text(const ReplAnswer& answer, const ReplStyle& style);
// {"schema_version": 1, "values": […], "printed": [[…], …]}. Functions are null, as are numbers that are none.
std::string answer_json(const ReplAnswer& answer);

}  // namespace tide
