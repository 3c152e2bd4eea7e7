#include "barstore/bar_csv.hpp"

#include <fmt/format.h>

#include "barstore/data_files.hpp"
#include "barstore/price_text.hpp"
#include "barstore/series_folder.hpp"

namespace tide {
namespace {

void append_rows(std::string& out, const BarSeriesData& series, bool with_symbol) {
    const auto end = std::back_inserter(out);
    const auto& option = series.name.option;
    for (const Bar& bar : series.bars) {
        if (with_symbol) fmt::format_to(end, "{},", series.name.symbol);
        fmt::format_to(end, "{},", ist_text(bar.start));
        if (option) {
            fmt::format_to(end, "{},{},{},", format_date(option->expiry), shortest_text(option->strike),
                           name_of(option->right));
        }
        fmt::format_to(end, "{},{},{},{},", shortest_text(bar.open), shortest_text(bar.high), shortest_text(bar.low),
                       shortest_text(bar.close));
        if (bar.has_volume()) fmt::format_to(end, "{}", bar.volume);
        out += ',';
        if (bar.has_oi()) fmt::format_to(end, "{}", bar.oi);
        out += '\n';
    }
}

}  // namespace

std::string bars_csv_text(std::span<const BarSeriesData> series, bool with_symbol) {
    const bool options = !series.empty() && series.front().name.option.has_value();
    const bool symbols = with_symbol && !options;
    std::string out = symbols ? "symbol," : "";
    out += options ? "ts_ist,expiry,strike,right,open,high,low,close,volume,oi\n"
                   : "ts_ist,open,high,low,close,volume,oi\n";
    for (const BarSeriesData& one : series) append_rows(out, one, symbols);
    return out;
}

std::string bar_file_name(const BarSeriesData& series, std::string_view extension) {
    const auto name = [](const std::string& symbol) { return folder_name_of(symbol).value_or("SERIES"); };
    if (!series.name.option)
        return fmt::format("{}_{}{}", name(series.name.symbol), name_of(series.timeframe), extension);
    const OptionTerm& option = *series.name.option;
    return fmt::format("{}_options_{}_{}_{}{}{}", name(series.name.underlying), name_of(series.timeframe),
                       format_date(option.expiry), shortest_text(option.strike), name_of(option.right), extension);
}

bool name_says_symbol(const BarSeriesData& series) {
    const std::string symbol = parse_data_file_name(bar_file_name(series, ".csv")).symbol;
    return symbol == (series.name.option ? series.name.underlying : series.name.symbol);
}

}  // namespace tide
