#include "risk/outages.hpp"

#include <utility>

namespace tide {

std::string_view name_of(OutageLine line) { return line == OutageLine::feed ? "feed" : "broker"; }

void Outages::begin(OutageLine line, ReceiveTime from, MarketBefore before) {
    auto& slot = lines_[static_cast<size_t>(line)];
    if (!slot) slot = Outage{from, Duration(0), std::move(before)};
}

std::optional<Outage> Outages::end(OutageLine line, ReceiveTime now, const TradingHours& trading_hours) {
    auto ended = std::exchange(lines_[static_cast<size_t>(line)], std::nullopt);
    if (ended) ended->in_session = trading_hours.open_between(ended->from, now);
    return ended;
}

}  // namespace tide
