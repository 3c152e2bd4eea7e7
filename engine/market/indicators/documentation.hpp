#pragma once
#include <span>
#include <string>
#include <string_view>

#include "market/indicators/registry.hpp"

// What a user should know of each indicator beyond its name: definition, seed, when it is there and when it has
// settled, and what it was checked against. `docs/indicators.md` is made of this; tests hold it to the code.
namespace tide {

struct IndicatorDocumentation {
    std::string_view name;
    std::string_view formula;
    std::string_view seed;
    std::string_view first_value;  // bars until every output is there; of a market's own making where bars() is null
    int64_t (*bars)(std::span<const double> parameters);
    std::string_view settled;  // bars until the start of the series no longer matters (under 0.01 %)
    std::string_view checked;  // against what
    double error_bound;        // largest relative difference found there, rounded up
    bool same_seed = true;     // false: theirs starts differently; compared from bar 150 on
};

// Every registered indicator has one.
const IndicatorDocumentation& documentation_of(const IndicatorSpec& spec);

// The page docs/indicators.md.
std::string indicator_reference_markdown();
// One line an indicator for a terminal: "adx(period = 14): … -> adx, plus_di, minus_di".
std::string indicator_list_text();

}  // namespace tide
