#include "barstore/chain_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "barstore/tick_file.hpp"

namespace tide {
namespace {

struct Contract {
    ReceiveTime seen;
    ChainQuote quote;
};
using Strikes = std::map<std::pair<Price, OptionRight>, Contract>;

struct Day {
    Date date;
    ReceiveTime last;
    std::map<Date, Strikes> expiries;
    std::string underlying;
    bool in_lots = false;
};

void take(const TickFileRow& row, const SeriesName& name, Day& day) {
    Contract& contract = day.expiries[name.option->expiry][{name.option->strike, name.option->right}];
    if (row.received < contract.seen) return;  // an older row that comes late
    contract.seen = row.received;
    ChainQuote& quote = contract.quote;
    const double first_last = quote.first_last, first_oi = quote.first_oi;
    quote = {};
    quote.strike = name.option->strike.to_double();
    quote.right = name.option->right;
    const TickEvent& tick = row.tick;
    if (tick.last.positive()) quote.last = tick.last.to_double();
    if (tick.has(kTickHasBid)) quote.bid = tick.bid.to_double();
    if (tick.has(kTickHasAsk)) quote.ask = tick.ask.to_double();
    if (tick.has(kTickHasVolume)) quote.volume = static_cast<double>(tick.volume);
    if (tick.has(kTickHasOi)) quote.oi = static_cast<double>(tick.oi);
    if (row.volume_lots) quote.volume = *row.volume_lots;
    if (row.oi_lots) quote.oi = *row.oi_lots;
    quote.model = tick.has(kTickModelPrice);
    quote.first_last = std::isnan(first_last) ? quote.last : first_last;
    quote.first_oi = std::isnan(first_oi) ? quote.oi : first_oi;
    day.in_lots = day.in_lots || row.oi_lots || row.volume_lots;
    day.underlying = name.underlying;
    day.last = std::max(day.last, row.received);
}

RecordedChain finished(Day day, ReceiveTime at, int64_t bad_rows) {
    RecordedChain chain{day.underlying, at, day.in_lots, bad_rows, {}};
    for (auto& [expiry, strikes] : day.expiries) {
        if (expiry < ist_date(at)) continue;
        RecordedExpiry one{expiry, {}};
        for (auto& [key, contract] : strikes) {
            contract.quote.age_s = std::chrono::duration<double>(at - contract.seen).count();
            one.quotes.push_back(contract.quote);
        }
        chain.expiries.push_back(std::move(one));
    }
    return chain;
}

}  // namespace

Result<RecordedChain> read_chain(const std::filesystem::path& file, std::optional<ReceiveTime> at, bool lenient) {
    auto reader = TickFileReader::open(file);
    if (!reader) return reader.error();
    Day day;
    int64_t bad_rows = 0;
    TickFileRow row;
    for (auto status = reader->next(row); status != RowStatus::end; status = reader->next(row)) {
        if (status == RowStatus::bad) {
            if (!lenient) {
                return make_error(ErrorCode::input, fmt::format("{}:{}: {}; --lenient skips such rows", file.string(),
                                                                reader->line_number(), reader->problem()));
            }
            ++bad_rows;
            continue;
        }
        const SeriesName& name = reader->series()[static_cast<size_t>(row.series)];
        if (!name.option || (at && row.received > *at)) continue;
        const Date date = ist_date(row.received);
        if (at && date != ist_date(*at)) continue;
        if (date > day.date || day.expiries.empty()) day = Day{date, {}, {}, {}, false};
        if (date == day.date) take(row, name, day);
    }
    if (auto status = reader->status(); !status) return status.error();
    if (day.expiries.empty()) {
        return make_error(ErrorCode::input, fmt::format("{}: no option row{}", file.string(),
                                                        at ? " on " + format_date(ist_date(*at)) + " up to " +
                                                                 format_time_of_day(ist_since_midnight(*at))
                                                           : ": it needs expiry,strike,right columns"));
    }
    const ReceiveTime moment = at.value_or(day.last);
    return finished(std::move(day), moment, bad_rows);
}

}  // namespace tide
