#pragma once
#include <span>
#include <string>
#include <string_view>

#include "barstore/data_set.hpp"

// Bars as the documented CSV, which BarFileReader reads back.
namespace tide {

// Series after series, all plain or all options of one underlying. `with_symbol`: a leading column `symbol`, where the
// file's name cannot say it.
std::string bars_csv_text(std::span<const BarSeriesData> series, bool with_symbol);
// A name from which a reader takes the timeframe again, and mostly the symbol: "NIFTY_1m.csv",
// "NIFTY_options_1m_2024-01-25_21700CE.csv".
std::string bar_file_name(const BarSeriesData& series, std::string_view extension);
// Whether the reader would take the series' symbol from that name (or from the option columns).
bool name_says_symbol(const BarSeriesData& series);

}  // namespace tide
