#include "risk/order_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tide {
namespace {

constexpr size_t kSentMax = 1'000;

Money share_of(Money value, double pct) {
    return Money::from_units(std::llround(static_cast<double>(value.units()) * pct / 100.0));
}

}  // namespace

void OrderWatch::start_day() {
    decided_.clear();
    sent_.clear();
}

Money OrderWatch::at_risk(const Instrument& instrument, Price price, Quantity units) const {
    const double pct = instrument.is_option() ? risk_.disaster_premium_pct : risk_.disaster_underlying_pct;
    return share_of(price * units, pct);
}

std::optional<WrongOrder> OrderWatch::on_sent(const Order& order, const Instrument& instrument,
                                              std::optional<Price> last) {
    if (order.purpose != OrderPurpose::entry) return std::nullopt;
    if (auto wrong = check_quantity(order, instrument)) return wrong;
    auto repeated = check_repeats(order, instrument);  // remembers this one
    if (last && last->positive()) {
        if (auto wrong = check_price(order, instrument, *last)) return wrong;
    }
    return repeated;
}

// More than the gate let pass, or than any order may have.
std::optional<WrongOrder> OrderWatch::check_quantity(const Order& order, const Instrument& instrument) {
    const Quantity most(orders_.max_lots * instrument.lot.units());
    const auto decided = decided_.find(order.intent);
    const Quantity allowed = decided == decided_.end() ? most : std::min(most, decided->second);
    if (decided != decided_.end()) decided->second -= std::min(decided->second, order.quantity);
    if (order.quantity <= allowed) return std::nullopt;
    return WrongOrder{
        "sent_quantity",
        fmt::format("order={} quantity={} decided={}", order.id.value(), order.quantity.units(), allowed.units()),
        fmt::format("order {} leaves with {} units where {} were decided", order.id.value(), order.quantity.units(),
                    allowed.units()),
        order.position, at_risk(instrument, order.limit, order.quantity - allowed)};
}

std::optional<WrongOrder> OrderWatch::check_price(const Order& order, const Instrument& instrument, Price last) const {
    const Price worse = order.side == Side::buy ? order.limit - last : last - order.limit;
    const auto most_e6 = static_cast<int64_t>(std::llround(risk_.emergency.wrong_order_price_pct * 10'000));
    if (worse <= scale(last, most_e6, 1'000'000)) return std::nullopt;
    return WrongOrder{"sent_price",
                      fmt::format("order={} limit={} last={} max_pct={}", order.id.value(), to_string(order.limit),
                                  to_string(last), risk_.emergency.wrong_order_price_pct),
                      fmt::format("order {} leaves with a limit {:.1f} % worse than the last price of {}",
                                  order.id.value(), worse.to_double() / last.to_double() * 100, instrument.symbol),
                      order.position, worse * order.quantity};
}

// The same again and again, by different decisions, before the first is filled. The parts of one decision are no
// repetition, nor are slices of which each waits for the one before.
std::optional<WrongOrder> OrderWatch::check_repeats(const Order& order, const Instrument& instrument) {
    const Duration window(static_cast<int64_t>(risk_.emergency.wrong_order_repeat_s * 1e9));
    while (!sent_.empty() && (order.updated - sent_.front().time > window || sent_.size() >= kSentMax)) {
        sent_.pop_front();
    }
    const auto same = [&](const Sent& s) {
        return s.instrument == order.instrument && s.side == order.side && s.quantity == order.quantity &&
               s.limit == order.limit && s.intent != order.intent;
    };
    const int64_t times = 1 + std::count_if(sent_.begin(), sent_.end(), same);
    sent_.push_back({order.updated, order.id, order.intent, order.instrument, order.side, order.quantity, order.limit});
    if (times < risk_.emergency.wrong_order_repeats) return std::nullopt;
    return WrongOrder{
        "repeated",
        fmt::format("order={} times={} seconds={}", order.id.value(), times, risk_.emergency.wrong_order_repeat_s),
        fmt::format("{} identical orders for {} leave within {} s", times, instrument.symbol,
                    risk_.emergency.wrong_order_repeat_s),
        order.position, at_risk(instrument, order.limit, Quantity(order.quantity.units() * (times - 1)))};
}

std::optional<WrongOrder> OrderWatch::on_fill(const Fill& fill, const Order& order, const Instrument& instrument) {
    if (order.filled >= order.quantity) {
        std::erase_if(sent_, [&](const Sent& s) { return s.order == order.id; });
    }
    const Quantity over = order.filled - std::min(order.filled, order.quantity);
    if (over.units() > 0) {
        return WrongOrder{"overfilled",
                          fmt::format("order={} quantity={} filled={}", order.id.value(), order.quantity.units(),
                                      order.filled.units()),
                          fmt::format("{} units were filled on order {}, which asked for {}", order.filled.units(),
                                      order.id.value(), order.quantity.units()),
                          order.position, at_risk(instrument, fill.price, over)};
    }
    if (order.state == OrderState::rejected) {
        return WrongOrder{"filled_after_reject",
                          fmt::format("order={} filled={}", order.id.value(), fill.quantity.units()),
                          fmt::format("order {} was rejected, and is filled all the same", order.id.value()),
                          order.position, at_risk(instrument, fill.price, fill.quantity)};
    }
    const bool beyond = order.side == Side::buy ? fill.price > order.furthest_limit : fill.price < order.furthest_limit;
    if (!beyond) return std::nullopt;
    const Price worse = order.side == Side::buy ? fill.price - order.furthest_limit : order.furthest_limit - fill.price;
    return WrongOrder{"beyond_limit",
                      fmt::format("order={} price={} limit={}", order.id.value(), to_string(fill.price),
                                  to_string(order.furthest_limit)),
                      fmt::format("order {} is filled at {}, beyond its limit {}", order.id.value(),
                                  to_string(fill.price), to_string(order.furthest_limit)),
                      order.position, worse * fill.quantity};
}

}  // namespace tide
