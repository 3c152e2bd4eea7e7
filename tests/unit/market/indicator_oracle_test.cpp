// Answers of another engine (LEAN) to the same bars: Wilder's ADX and DI, RSI, ATR, the EMA and the MACD line.
#include <gtest/gtest.h>

#include <cmath>

#include "market/indicators/directional.hpp"
#include "market/indicators/moving_averages.hpp"
#include "market/indicators/oscillators.hpp"
#include "market/indicators/volatility.hpp"
#include "shared_data.hpp"
#include "support/paths.hpp"

namespace tide {
namespace {

using test::read_table;

double number(const std::string& text) { return std::stod(text); }

// Compares where the file has a value; the indicator must be missing where it has none. Returns how many were compared.
int compare(double ours, const std::string& theirs, double tolerance, size_t row) {
    if (theirs.empty()) {
        EXPECT_TRUE(std::isnan(ours)) << "row " << row;
        return 0;
    }
    EXPECT_NEAR(ours, number(theirs), tolerance) << "row " << row;
    return 1;
}

TEST(IndicatorOracle, adx_and_di_agree_on_every_row_from_the_first) {
    const auto file = data_folder() / "oracles/spy_with_adx.txt";
    TIDE_NEEDS_DATA(file);
    const auto rows = read_table(file);
    Adx adx(14);
    int adx_rows = 0, di_rows = 0;
    for (size_t i = 1; i < rows.size(); ++i) {
        const auto& row = rows[i];
        adx.update({number(row[1]), number(row[2]), number(row[3]), number(row[4])});
        di_rows += compare(adx.value(1), row[11], 5e-5, i);
        compare(adx.value(2), row[12], 5e-5, i);
        adx_rows += compare(adx.value(0), row[16], 5e-5, i);
    }
    EXPECT_EQ(adx_rows, 477);
    EXPECT_EQ(di_rows, 490);
}

TEST(IndicatorOracle, rsi_ema_sma_and_macd_agree_on_every_row_from_the_first) {
    const auto file = data_folder() / "oracles/spy_with_indicators.txt";
    TIDE_NEEDS_DATA(file);
    const auto rows = read_table(file);
    Rsi rsi(14);
    Ema ema(14);
    Sma sma(14);
    Macd macd(12, 26, 9);
    int rsi_rows = 0, ema_rows = 0, macd_rows = 0;
    for (size_t i = 1; i < rows.size(); ++i) {
        const auto& row = rows[i];
        const double close = number(row[7]);
        const BarValues bar{close, close, close, close};
        rsi.update(bar);
        ema.update(bar);
        sma.update(bar);
        macd.update(bar);
        rsi_rows += compare(rsi.value(), row[5], 5.1e-6, i);
        // The file rounds the closes and the answers to two decimals: half a hundredth each.
        ema_rows += compare(ema.value(), row[2], 1e-2, i);
        compare(sma.value(), row[1], 1e-2, i);
        macd_rows += compare(macd.value(), row[3], 5.1e-4, i);
    }
    EXPECT_EQ(rsi_rows, 486);
    EXPECT_EQ(ema_rows, 487);
    EXPECT_EQ(macd_rows, 475);
}

TEST(IndicatorOracle, atr_agrees_on_every_row_from_the_first) {
    const auto file = data_folder() / "oracles/spy_atr_wilder.txt";
    TIDE_NEEDS_DATA(file);
    const auto rows = read_table(file);
    Atr atr(14);
    int compared = 0;
    for (size_t i = 1; i < rows.size(); ++i) {
        const auto& row = rows[i];
        atr.update({number(row[1]), number(row[2]), number(row[3]), number(row[4])});
        compared += compare(atr.value(), row[5], 5.1e-6, i);
    }
    EXPECT_EQ(compared, static_cast<int>(rows.size()) - 1 - 13);
}

}  // namespace
}  // namespace tide
