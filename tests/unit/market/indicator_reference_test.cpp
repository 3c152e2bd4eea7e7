// Every indicator against what other implementations make of the same 300 bars: tests/reference says which and how.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "market/indicators/documentation.hpp"
#include "market/indicators/registry.hpp"
#include "support/paths.hpp"

namespace tide {
namespace {

using Row = std::vector<std::string>;

std::vector<Row> read_csv(const std::string& name) {
    std::ifstream file(source_dir() / "tests/reference" / name);
    std::vector<Row> rows;
    for (std::string line; std::getline(file, line);) {
        Row row;
        std::stringstream fields(line);
        for (std::string field; std::getline(fields, field, ',');) row.push_back(field);
        if (!line.empty() && line.back() == ',') row.emplace_back();
        rows.push_back(row);
    }
    return rows;
}

std::vector<BarValues> reference_bars() {
    std::vector<BarValues> bars;
    const auto rows = read_csv("indicator_bars.csv");
    for (size_t i = 1; i < rows.size(); ++i) {
        const auto number = [&](size_t column) { return std::stod(rows[i][column]); };
        bars.push_back(
            {number(1), number(2), number(3), number(4), number(5), true, Timeframe::m5, *parse_timestamp(rows[i][0])});
    }
    return bars;
}

// How one output compares with another implementation's column.
struct Comparison {
    size_t compared = 0;
    double worst = 0;       // relative, over all bars that both have
    double worst_late = 0;  // the same from bar 150 on
    size_t missing = 0;     // bars that theirs has and ours has not
    size_t extra = 0;       // the other way round
};

std::vector<double> run(const IndicatorRequest& request, std::string_view output, const std::vector<BarValues>& bars) {
    const auto outputs = request.spec->outputs;
    const auto at = static_cast<size_t>(std::find(outputs.begin(), outputs.end(), output) - outputs.begin());
    EXPECT_LT(at, outputs.size()) << output;
    std::vector<double> values;
    auto indicator = request.spec->make(request.parameters);
    for (const BarValues& bar : bars) {
        indicator->update(bar);
        values.push_back(indicator->value(at));
    }
    return values;
}

Comparison compare(const std::vector<double>& ours, const std::vector<Row>& rows, size_t column) {
    Comparison result;
    for (size_t i = 0; i < ours.size(); ++i) {
        const std::string& text = rows[i + 1].at(column);
        if (text.empty() || std::isnan(ours[i])) {
            result.missing += !text.empty();
            result.extra += !std::isnan(ours[i]);
            continue;
        }
        const double theirs = std::stod(text);
        const double error = std::fabs(ours[i] - theirs) / std::max(1.0, std::fabs(theirs));
        ++result.compared;
        result.worst = std::max(result.worst, error);
        if (i >= 150) result.worst_late = std::max(result.worst_late, error);
    }
    return result;
}

TEST(IndicatorReference, every_indicator_agrees_with_another_implementation_to_its_stated_error) {
    const auto bars = reference_bars();
    const auto rows = read_csv("indicator_vectors.csv");
    ASSERT_EQ(bars.size(), 300U);
    ASSERT_EQ(rows.size(), 301U);
    std::map<std::string_view, double> worst;
    std::set<std::pair<std::string_view, std::string>> seen;
    for (size_t column = 0; column < rows[0].size(); ++column) {
        const std::string& header = rows[0][column];
        const size_t slash = header.find('/');
        const auto requests = parse_indicator_set(header.substr(0, slash));
        ASSERT_TRUE(requests) << requests.error().message;
        const IndicatorRequest& request = requests->front();
        const std::string output = header.substr(slash + 1);
        const Comparison result = compare(run(request, output, bars), rows, column);
        const IndicatorDocumentation& documented = documentation_of(*request.spec);
        const double error = documented.same_seed ? result.worst : result.worst_late;
        EXPECT_GE(result.compared, documented.same_seed ? 150U : 100U) << header;
        EXPECT_LE(error, documented.error_bound) << header;
        // They may start later (TA-Lib gives %K together with %D), but not earlier.
        EXPECT_TRUE(!documented.same_seed || (result.missing == 0 && result.extra <= 2)) << header;
        worst[request.spec->name] = std::max(worst[request.spec->name], error);
        seen.emplace(request.spec->name, output);
    }
    for (const auto& spec : indicator_specs()) {
        for (const auto output : spec.outputs) EXPECT_TRUE(seen.contains({spec.name, std::string(output)})) << output;
        // The documented bound is the error's size, not a wish; below 1e-11 all is rounding.
        const double bound = documentation_of(spec).error_bound;
        EXPECT_TRUE(bound < 1e-11 || worst[spec.name] * 100 >= bound) << spec.name << " is better than documented";
    }
}

}  // namespace
}  // namespace tide
