#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "trading/order_desk.hpp"

// What an order is made from: its number, its price, its size.
namespace tide {
namespace {

// splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014): a bijective mix of 64 bits.
uint64_t mix(uint64_t x) {
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

}  // namespace

std::string client_order_id(uint64_t seed, OrderId id) {
    const uint64_t high = mix(mix(seed) ^ id.value());
    const uint64_t low = mix(high ^ mix(id.value()));
    const uint64_t versioned = (high & ~0xf000ULL) | 0x8000ULL;
    const uint64_t variant = (low & ~(3ULL << 62)) | (2ULL << 62);
    return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", versioned >> 32, (versioned >> 16) & 0xffff,
                       versioned & 0xffff, variant >> 48, variant & 0xffffffffffffULL);
}

Price marketable_limit(Side side, const Quote* quote, Price fallback, double band_pct, Price tick) {
    Price reference = fallback;
    if (quote != nullptr) {
        reference = quote->last;
        if (side == Side::buy && quote->has_ask()) reference = quote->ask;
        if (side == Side::sell && quote->has_bid()) reference = quote->bid;
    }
    TIDE_ASSERT(reference.positive());
    const auto band_e6 = static_cast<int64_t>(std::llround(band_pct * 10'000));  // percent in 1e-6
    const Price band = scale(reference, band_e6, 1'000'000);
    if (side == Side::buy) return round_up_to_tick(reference + band, tick);
    return std::max(round_down_to_tick(reference - band, tick), tick);
}

OrderRequest entry_request(const Intent& intent, const Instrument& instrument, PositionId position) {
    OrderRequest request;
    request.intent = intent.id;
    request.strategy = intent.strategy;
    request.position = position;
    request.group = intent.group;
    request.instrument = intent.instrument;
    request.side = intent.side;
    request.quantity = Quantity(intent.lots * instrument.lot.units());
    request.limit = intent.limit;
    request.tag = intent.tag;
    request.why = intent.why;
    return request;
}

OrderRequest exit_request(const Position& position, const Instrument& instrument, double fraction,
                          const ExitReason& reason, IntentId intent, const OrderDesk& desk) {
    Quantity wanted = position.quantity;
    if (fraction < 1.0) {
        const auto open_lots = static_cast<double>(position.quantity.units() / instrument.lot.units());
        // The small addend keeps 0.3 x 10 from becoming 2 lots by the binary form of 0.3.
        const auto lots = std::max<int64_t>(1, static_cast<int64_t>(std::floor(open_lots * fraction + 1e-9)));
        wanted = std::min(wanted, Quantity(lots * instrument.lot.units()));
    }
    OrderRequest request;
    request.intent = intent;
    request.strategy = position.strategy;
    request.position = position.id;
    request.group = position.group;
    request.instrument = position.instrument;
    request.side = opposite(position.side);
    request.purpose = OrderPurpose::exit;
    request.quantity = std::max(Quantity(0), std::min(wanted, position.quantity - desk.exiting(position.id)));
    request.fallback_price = position.last_price;
    request.priority = reason.priority;
    request.tag = position.tag;
    request.why = reason.rule;
    return request;
}

}  // namespace tide
