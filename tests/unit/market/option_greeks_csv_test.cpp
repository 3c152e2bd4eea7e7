#include <gtest/gtest.h>

#include <array>
#include <sstream>
#include <string>
#include <vector>

#include "market/greeks_csv.hpp"

namespace tide {
namespace {

constexpr const char* kHeader = "model,right,underlying,strike,t_years,rate,price\n";

std::string run(const std::string& text) {
    std::istringstream in(text);
    std::ostringstream out;
    const auto done = greeks_csv(in, out);
    EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().message);
    return out.str();
}
std::string error_of(const std::string& text) {
    std::istringstream in(text);
    std::ostringstream out;
    const auto done = greeks_csv(in, out);
    return done ? "" : done.error().message;
}
std::vector<std::string> fields_of_line(const std::string& text, int wanted) {
    std::istringstream lines(text);
    std::string line;
    for (int i = 0; i <= wanted; ++i) std::getline(lines, line);
    std::vector<std::string> fields(1);
    for (const char c : line) {
        if (c == ',') {
            fields.emplace_back();
        } else {
            fields.back().push_back(c);
        }
    }
    return fields;
}

// The values are mpmath's at 40 digits (option_math_test.cpp).
TEST(GreeksCsv, a_row_comes_back_with_volatility_and_greeks) {
    const std::string out = run(std::string(kHeader) + "bs,CE,24000,24500,0.02,0.065,41.85113039815761\n");
    EXPECT_EQ(out.substr(0, out.find('\n')),
              "model,right,underlying,strike,t_years,rate,price,iv,delta,gamma,theta_day,vega_pct,rho_pct");
    const auto fields = fields_of_line(out, 1);
    ASSERT_EQ(fields.size(), 13U);
    EXPECT_EQ(fields[6], "41.85113039815761");
    const std::array<double, 6> wanted{0.14,
                                       0.16705415207837071,
                                       0.00052659568249267047,
                                       -8.8504423624685051,
                                       8.4929351672417894,
                                       0.79348970389654788};
    for (size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(std::stod(fields[7 + i]) / wanted[i], 1.0, 1e-11);
}

TEST(GreeksCsv, a_price_without_volatility_has_empty_fields) {
    const std::string out = run(std::string(kHeader) +
                                "black76,PE,24000,23000,0.02,0.065,0\n"
                                "black76,C,24000,23000,0.02,0.065,900\n"
                                "bs,P,24000,23000,0,0.065,10\n"
                                "bs,P,24000,23000,0.02,0.065,\n"
                                "bs,CE,24000,23000,0.02,0.065,nan\n");
    EXPECT_EQ(out.substr(out.find('\n') + 1),
              "black76,PE,24000,23000,0.02,0.065,0,,,,,,\n"
              "black76,C,24000,23000,0.02,0.065,900,,,,,,\n"
              "bs,P,24000,23000,0,0.065,10,,,,,,\n"
              "bs,P,24000,23000,0.02,0.065,,,,,,,\n"
              "bs,CE,24000,23000,0.02,0.065,nan,,,,,,\n");
}

TEST(GreeksCsv, columns_may_come_in_any_order_with_others_between_them) {
    const std::string out =
        run("id,price,model,right,strike,underlying,rate,t_years\r\n7,1810.9205979806149,black76,PE,56000,55000,0.065,"
            "0.1\r\n");
    const auto fields = fields_of_line(out, 1);
    ASSERT_EQ(fields.size(), 14U);
    EXPECT_EQ(fields[0], "7");
    EXPECT_NEAR(std::stod(fields[8]), 0.18, 1e-12);
    EXPECT_NEAR(std::stod(fields[9]), -0.60938806198228111, 1e-12);
}

TEST(GreeksCsv, rows_without_a_header_are_in_the_documented_order) {
    const auto fields = fields_of_line(run("black76,C,24000,30000,0.05,0.065,0.20636558226484397\n"), 0);
    ASSERT_EQ(fields.size(), 13U);
    EXPECT_NEAR(std::stod(fields[7]), 0.30, 1e-12);
}

TEST(GreeksCsv, a_malformed_row_is_named_by_its_line) {
    EXPECT_EQ(error_of(std::string(kHeader) + "bs,CE,24000,24500,0.02,0.065,40\nbs,CE,24000,24500,0.02,0.065\n"),
              "line 3: 6 fields, expected 7");
    EXPECT_EQ(error_of(std::string(kHeader) + "heston,CE,24000,24500,0.02,0.065,40\n"),
              "line 2: model 'heston' is neither black76 nor bs");
    EXPECT_EQ(error_of(std::string(kHeader) + "bs,XE,24000,24500,0.02,0.065,40\n"),
              "line 2: right 'XE' is none of CE, PE, C, P");
    EXPECT_EQ(error_of(std::string(kHeader) + "bs,PE,24k,24500,0.02,0.065,40\n"),
              "line 2: underlying '24k' is not a number");
    EXPECT_NE(error_of("model,right,underlying\n").find("no column 'strike'"), std::string::npos);
}

TEST(GreeksCsv, no_rows_give_no_output) { EXPECT_EQ(run(""), ""); }

}  // namespace
}  // namespace tide
