#include "barstore/raw_tick.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "barstore/price_text.hpp"

namespace tide {

void append_raw_tick(std::string& out, ReceiveTime received, ExchangeTime exchange, const TickEvent& tick,
                     const Instrument& instrument) {
    const auto end = std::back_inserter(out);
    out += '{';
    if (exchange != ExchangeTime()) fmt::format_to(end, R"("ts_exchange":"{}",)", format_iso(exchange));
    using Json = nlohmann::json;
    fmt::format_to(end, R"("ts_utc":"{}","symbol":{},"token":{},"ltp":{})", utc_text(as_exchange_time(received)),
                   Json(instrument.symbol).dump(-1, ' ', false, Json::error_handler_t::replace), instrument.id.value(),
                   shortest_text(tick.last));
    if (tick.has(kTickHasBid)) {
        fmt::format_to(end, R"(,"bid":{})", shortest_text(tick.bid));
        if (tick.bid_quantity > 0) fmt::format_to(end, R"(,"bid_qty":{})", tick.bid_quantity);
    }
    if (tick.has(kTickHasAsk)) {
        fmt::format_to(end, R"(,"ask":{})", shortest_text(tick.ask));
        if (tick.ask_quantity > 0) fmt::format_to(end, R"(,"ask_qty":{})", tick.ask_quantity);
    }
    if (tick.has(kTickHasVolume)) fmt::format_to(end, R"(,"volume":{})", tick.volume);
    if (tick.has(kTickVolumeIsDelta)) fmt::format_to(end, R"(,"volume_delta":{})", tick.volume);
    if (tick.has(kTickHasOi)) fmt::format_to(end, R"(,"oi":{})", tick.oi);
    out += "}\n";
}

}  // namespace tide
