#include "barstore/data_files.hpp"
#include "barstore/field_parser.hpp"
#include "barstore/master_row.hpp"
#include "barstore/price_text.hpp"
#include "core/assert.hpp"
#include "core/bar.hpp"
#include "feeds/synthetic_settings.hpp"
#include "market/indicators/registry.hpp"
#include "market/instruments.hpp"
#include "ops/tax_report.hpp"
#include "targets.hpp"

namespace tide::fuzz {

void indicator_set(std::string_view bytes) {
    const auto requests = parse_indicator_set(bytes);
    if (!requests) return;
    TIDE_ASSERT(!requests->empty());
    for (const IndicatorRequest& request : *requests) {
        TIDE_ASSERT(request.parameters.size() == request.spec->parameters.size());
        TIDE_ASSERT(indicator_columns(*request.spec, request.parameters).size() == request.spec->outputs.size());
        const auto indicator = make_indicator(request.spec->name, request.parameters);
        TIDE_ASSERT(indicator);
        for (int i = 0; i < 50; ++i) {
            const double price = 100 + i % 7;
            const auto start =
                ist_moment<ExchangeTime>(make_date(2024, 1, 1U + static_cast<unsigned>(i) / 20), minutes(555 + i % 20));
            (*indicator)->update({price, price + 1, price - 1, price + 0.5, 10, true, Timeframe::m1, start});
        }
        for (const double value : (*indicator)->values()) TIDE_ASSERT(!(value > 1e12 || value < -1e12));
    }
}

namespace {

void times(std::string_view text) {
    if (const auto time = parse_timestamp(text)) TIDE_ASSERT(parse_timestamp(format_iso(*time)) == time);
    if (const auto date = parse_date(text)) TIDE_ASSERT(format_date(*date) == text);
    if (const auto time = parse_time_of_day(text)) TIDE_ASSERT(parse_time_of_day(format_time_of_day(*time)) == time);
    if (const auto date = parse_master_date(text)) TIDE_ASSERT(parse_master_date(format_date(*date)) == date);
    if (const auto year = parse_financial_year(std::string(text))) TIDE_ASSERT(*year >= 2000 && *year <= 9999);
    TimeColumnParser column;
    const auto first = column.parse(text);
    TIDE_ASSERT(column.parse(text) == first);
    if (first) TIDE_ASSERT(TimeColumnParser().parse(ist_text(*first)) == first);
}

void amounts(std::string_view text) {
    if (const auto price = parse_price(text)) {
        TIDE_ASSERT(parse_price(to_string(*price)) == price);
        const Price most = Price::from_rupees(100'000'000'000);  // of a market data file
        if (*price <= most && *price >= Price() - most) TIDE_ASSERT(parse_file_price(shortest_text(*price)) == price);
    }
    if (const auto money = parse_money(text)) TIDE_ASSERT(parse_money(to_string(*money)));
    if (const auto price = parse_file_price(text)) TIDE_ASSERT(parse_file_price(shortest_text(*price)) == price);
    if (const auto count = parse_file_count(text)) TIDE_ASSERT(parse_file_count(std::to_string(*count)) == count);
}

void names(std::string_view text) {
    const std::string symbol = canonical_symbol(text);
    TIDE_ASSERT(canonical_symbol(symbol) == symbol);
    if (const auto timeframe = parse_timeframe(text)) TIDE_ASSERT(parse_timeframe(name_of(*timeframe)) == timeframe);
    if (const auto spec = parse_activity(text)) TIDE_ASSERT(parse_activity(name_of(*spec)) == spec);
    if (const auto kind = parse_instrument_kind(text)) TIDE_ASSERT(name_of(*kind) == text);
    if (const auto right = parse_option_right(text)) TIDE_ASSERT(parse_option_right(name_of(*right)) == right);
}

}  // namespace

void synthetic_feed(std::string_view bytes) {
    const auto settings = parse_synthetic_feed(bytes);
    if (!settings) {
        TIDE_ASSERT(!settings.error().message.empty());
        return;
    }
    TIDE_ASSERT(!name_of(settings->scenario).empty() && !describe(*settings).empty());
    TIDE_ASSERT(settings->chain_strikes >= 1 && settings->chain_strikes <= 40);
    TIDE_ASSERT(settings->rate >= 1 && settings->rate <= 50 && settings->lag_ms >= 0);
    for (const double share : {settings->drop, settings->repeat, settings->spike}) TIDE_ASSERT(share >= 0 && share < 1);
    TIDE_ASSERT(settings->volatility > 0 && settings->spread > 0);
}

void plain_values(std::string_view bytes) {
    static_cast<void>(parse_data_file_name(std::string(bytes)));
    times(bytes);
    amounts(bytes);
    names(bytes);
}

}  // namespace tide::fuzz
