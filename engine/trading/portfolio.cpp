#include "trading/portfolio.hpp"

#include <algorithm>
#include <cmath>

#include "trading/margin.hpp"

namespace tide {
namespace {

bool margined(const Instrument& instrument) { return instrument.kind == InstrumentKind::future; }

Price average(Money value, Quantity quantity) { return scale(Price::from_units(value.units()), 1, quantity.units()); }

// `pct` of a price away from it, nearest unit.
Price percent_of(Price price, double pct) { return Price::from_double(price.to_double() * pct / 100.0); }

bool more_favourable(Price candidate, Price best, int direction) {
    return direction > 0 ? candidate > best : candidate < best;
}

}  // namespace

Price round_stop(Price level, Price tick, int direction) {
    return direction > 0 ? round_down_to_tick(level, tick) : round_up_to_tick(level, tick);
}
Price round_target(Price level, Price tick, int direction) {
    return direction > 0 ? round_up_to_tick(level, tick) : round_down_to_tick(level, tick);
}

std::string_view name_of(FillEffect effect) {
    switch (effect) {
        case FillEffect::opened:
            return "opened";
        case FillEffect::increased:
            return "increased";
        case FillEffect::reduced:
            return "reduced";
        case FillEffect::closed:
            break;
    }
    return "closed";
}

Portfolio::Portfolio(Money start, const InstrumentBook& instruments)
    : instruments_(instruments), start_(start), cash_(start), day_start_equity_(start), day_peak_(start) {}

PositionId Portfolio::plan(PositionPlan plan) {
    const PositionId id(next_position_++);
    plans_.emplace(id, std::move(plan));
    return id;
}

const Position* Portfolio::find(PositionId id) const { return const_cast<Portfolio*>(this)->find_open(id); }

Position* Portfolio::find_open(PositionId id) {
    const auto it = std::find_if(open_.begin(), open_.end(), [&](const Position& p) { return p.id == id; });
    return it == open_.end() ? nullptr : &*it;
}

Money Portfolio::value_of(const Position& position) const {
    if (margined(instruments_.get(position.instrument))) return position.unrealised();
    const Money value = position.last_price * position.quantity;
    return position.side == Side::buy ? value : -value;
}

void Portfolio::revalue(Position& position, Money before) { market_value_ += value_of(position) - before; }

void Portfolio::update_peak() { day_peak_ = std::max(day_peak_, equity()); }

void Portfolio::note_interest(const Position& position, int change) {
    const size_t needed = std::max(position.instrument.value(), position.underlying.value()) + size_t(1);
    if (interest_.size() < needed) interest_.resize(needed + 64);
    interest_[position.instrument.value()] += change;
    if (position.underlying != position.instrument) interest_[position.underlying.value()] += change;
}

// What the entry said, now that the prices are known that its percentages are of.
void Portfolio::set_levels(Position& position, const PositionPlan& plan, Price price,
                           std::optional<Price> underlying) const {
    ProtectiveLevels& levels = position.levels;
    levels.stop = plan.stop;
    levels.target = plan.target;
    levels.premium_stop = plan.premium.stop;
    levels.premium_target = plan.premium.target;
    levels.trail_pct = plan.trail_stop_pct;
    const int side = static_cast<int>(sign_of(position.side));
    const Price tick = instruments_.get(position.instrument).tick;
    if (plan.premium.stop_pct)
        levels.premium_stop = round_stop(price - percent_of(price, *plan.premium.stop_pct) * side, tick, side);
    if (plan.premium.target_pct)
        levels.premium_target = round_target(price + percent_of(price, *plan.premium.target_pct) * side, tick, side);
    if (!underlying) return;
    const int direction = position.underlying_direction;
    const Price underlying_tick = instruments_.get(position.underlying).tick;
    if (plan.stop_pct)
        levels.stop =
            round_stop(*underlying - percent_of(*underlying, *plan.stop_pct) * direction, underlying_tick, direction);
    if (plan.target_pct)
        levels.target = round_target(*underlying + percent_of(*underlying, *plan.target_pct) * direction,
                                     underlying_tick, direction);
    if (const auto trailing = trailing_stop(position)) levels.stop = trailing;
}

Position& Portfolio::open_position(PositionId id, const PositionPlan& plan, const Fill& fill,
                                   std::optional<Price> underlying) {
    const Instrument& instrument = instruments_.get(plan.instrument);
    Position position;
    position.id = id;
    position.group = plan.group;
    position.strategy = plan.strategy;
    position.strategy_name = plan.strategy_name;
    position.script_version = plan.script_version;
    position.instrument = plan.instrument;
    position.underlying = instrument.underlying.valid() ? instrument.underlying : instrument.id;
    position.side = plan.side;
    position.underlying_direction = underlying_direction(instrument, plan.side);
    position.opened = fill.time;
    position.tag = plan.tag;
    position.why = plan.why;
    if (underlying) position.underlying_entry = position.best_underlying = position.last_underlying = *underlying;
    set_levels(position, plan, fill.price, underlying);
    const auto at = std::find_if(open_.begin(), open_.end(), [&](const Position& p) { return id < p.id; });
    const auto placed = open_.insert(at, std::move(position));
    note_interest(*placed, +1);
    return *placed;
}

void Portfolio::book_cash(const Instrument& instrument, const Fill& fill, Quantity quantity, Money realised,
                          Money charges) {
    const Money value = fill.price * quantity;
    if (margined(instrument)) {
        cash_ += realised;
    } else {
        cash_ += fill.side == Side::sell ? value : -value;
    }
    cash_ -= charges;
    charges_ += charges;
    realised_ += realised;
    if (net_units_.size() <= instrument.id.value()) net_units_.resize(instrument.id.value() + size_t(64));
    net_units_[instrument.id.value()] += sign_of(fill.side) * quantity.units();
}

void Portfolio::increase(Position& position, const Fill& fill, Quantity quantity, Money charges) {
    const Money before = position.quantity.units() == 0 ? Money() : value_of(position);
    book_cash(instruments_.get(fill.instrument), fill, quantity, Money(), charges);
    position.quantity += quantity;
    position.opened_quantity += quantity;
    position.entry_value += fill.price * quantity;
    position.entry_price = average(position.entry_value, position.quantity);
    position.charges += charges;
    position.last_price = fill.price;
    position.model_priced = position.model_priced || (fill.flags & kFillModelPrice) != 0;
    revalue(position, before);
}

Money Portfolio::reduce(Position& position, const Fill& fill, Quantity quantity, Money charges) {
    TIDE_ASSERT(quantity <= position.quantity);
    const Money before = value_of(position);
    const Money entry_part = scale(position.entry_value, quantity.units(), position.quantity.units());
    const Money exit_part = fill.price * quantity;
    const Money realised = position.side == Side::buy ? exit_part - entry_part : entry_part - exit_part;
    book_cash(instruments_.get(fill.instrument), fill, quantity, realised, charges);
    position.quantity -= quantity;
    position.entry_value -= entry_part;
    position.exit_value += exit_part;
    position.exit_price = average(position.exit_value, position.opened_quantity - position.quantity);
    position.realised_gross += realised;
    position.charges += charges;
    position.last_price = fill.price;
    position.model_priced = position.model_priced || (fill.flags & kFillModelPrice) != 0;
    revalue(position, before);
    return realised;
}

void Portfolio::close(Position& position, ReceiveTime time) {
    position.closed = time;
    ++trades_closed_;
    ++trades_today_;
    book_of(position.strategy).closed_net += position.net();
    note_result(position);
    note_interest(position, -1);
    last_closed_ = std::move(position);
    open_.erase(open_.begin() + (&position - open_.data()));
}

// The legs of a group win or lose together: its last leg to close says which.
void Portfolio::note_result(const Position& position) {
    Money result = position.net();
    if (position.group.valid()) {
        result = group_results_[position.group] += position.net();
        const bool more = std::any_of(open_.begin(), open_.end(), [&](const Position& other) {
            return other.group == position.group && other.id != position.id;
        });
        if (more) return;
        group_results_.erase(position.group);
    }
    losing_streak_ = result < Money() ? losing_streak_ + 1 : 0;
}

Money Portfolio::net_of(GroupId group) const {
    const auto closed = group_results_.find(group);
    Money sum = closed == group_results_.end() ? Money() : closed->second;
    for (const Position& position : open_) {
        if (position.group == group) sum += position.net();
    }
    return sum;
}

PositionId Portfolio::open_surplus(const Fill& fill, Quantity quantity, Money charges,
                                   std::optional<Price> underlying) {
    PositionPlan surplus;
    surplus.instrument = fill.instrument;
    surplus.side = fill.side;
    surplus.tag = "surplus";
    surplus.why = "more was filled than was open";
    Position& position = open_position(PositionId(next_position_++), surplus, fill, underlying);
    position.surplus = true;
    increase(position, fill, quantity, charges);
    return position.id;
}

FillOutcome Portfolio::open_planned(const Fill& fill, std::optional<Price> underlying) {
    FillOutcome outcome;
    const auto planned = plans_.find(fill.position);
    if (planned == plans_.end() || planned->second.side != fill.side || planned->second.instrument != fill.instrument) {
        // The position was closed before this fill arrived: what it bought or sold is nobody's plan.
        outcome.position = outcome.surplus = open_surplus(fill, fill.quantity, fill.charges, underlying);
        return outcome;
    }
    const PositionPlan plan = std::move(planned->second);
    plans_.erase(planned);
    increase(open_position(fill.position, plan, fill, underlying), fill, fill.quantity, fill.charges);
    outcome.position = fill.position;
    return outcome;
}

FillOutcome Portfolio::apply(const Fill& fill, std::optional<Price> underlying) {
    TIDE_ASSERT(fill.quantity.units() > 0 && fill.price.positive() && fill.charges >= Money());
    FillOutcome outcome;
    Position* position = find_open(fill.position);
    if (position == nullptr || position->instrument != fill.instrument) {
        outcome = open_planned(fill, underlying);
    } else if (position->side == fill.side) {
        increase(*position, fill, fill.quantity, fill.charges);
        outcome = {FillEffect::increased, position->id, Money(), PositionId()};
    } else {
        const Quantity closing = std::min(fill.quantity, position->quantity);
        const Money charges = scale(fill.charges, closing.units(), fill.quantity.units());
        outcome = {FillEffect::reduced, position->id, Money(), PositionId()};
        outcome.realised = reduce(*position, fill, closing, charges);
        if (!position->open()) {
            outcome.effect = FillEffect::closed;
            close(*position, fill.time);
        }
        if (fill.quantity > closing) {
            outcome.surplus = open_surplus(fill, fill.quantity - closing, fill.charges - charges, underlying);
        }
    }
    update_peak();
    check_invariants();
    return outcome;
}

void Portfolio::mark(InstrumentId id, Price last) {
    if (!concerns(id)) return;
    for (Position& position : open_) {
        if (position.underlying == id) {
            position.last_underlying = last;
            if (!position.underlying_entry.positive()) position.underlying_entry = position.best_underlying = last;
            if (more_favourable(last, position.best_underlying, position.underlying_direction)) {
                position.best_underlying = last;
            }
        }
        if (position.instrument == id && position.last_price != last) {
            const Money before = value_of(position);
            position.last_price = last;
            revalue(position, before);
        }
    }
    update_peak();
}

void Portfolio::start_day() {
    day_start_equity_ = day_peak_ = equity();
    day_start_gross_ = gross();
    day_start_charges_ = charges_;
    losing_streak_ = 0;
    trades_today_ = 0;
    plans_.clear();
    for (const Position& position : open_) book_of(position.strategy);
    for (size_t i = 0; i < strategy_books_.size(); ++i) {
        strategy_books_[i].day_start_net = net_of(StrategyId(static_cast<uint16_t>(i)));
    }
}

bool Portfolio::set_stop(PositionId id, Price level, bool on_premium, std::string rule) {
    Position* position = find_open(id);
    if (position == nullptr) return false;
    position->levels.stop = level;
    position->levels.on_premium = on_premium;
    position->levels.stop_rule = std::move(rule);
    return true;
}
bool Portfolio::set_target(PositionId id, Price level, bool on_premium) {
    Position* position = find_open(id);
    if (position == nullptr) return false;
    position->levels.target = level;
    position->levels.on_premium = on_premium;
    return true;
}
bool Portfolio::set_trail(PositionId id, double pct) {
    Position* position = find_open(id);
    if (position == nullptr) return false;
    position->levels.trail_pct = pct;
    return true;
}
std::optional<Price> Portfolio::trailing_stop(const Position& position) const {
    const ProtectiveLevels& levels = position.levels;
    if (!levels.trail_pct || !position.best_underlying.positive()) return std::nullopt;
    const int direction = position.underlying_direction;
    const Price best = position.best_underlying;
    const Price level = round_stop(best - percent_of(best, *levels.trail_pct) * direction,
                                   instruments_.get(position.underlying).tick, direction);
    const bool nearer = !levels.stop || (direction > 0 ? level > *levels.stop : level < *levels.stop);
    return nearer && level.positive() ? std::optional(level) : std::nullopt;
}
bool Portfolio::set_exit_order(PositionId id, OrderId order) {
    Position* position = find_open(id);
    if (position == nullptr) return false;
    position->exit_order = order;
    return true;
}
bool Portfolio::mark_half_taken(PositionId id) {
    Position* position = find_open(id);
    if (position == nullptr) return false;
    position->half_taken = true;
    return true;
}

Money Portfolio::unrealised() const {
    Money sum;
    for (const Position& position : open_) sum += position.unrealised();
    return sum;
}

Portfolio::StrategyBook& Portfolio::book_of(StrategyId strategy) {
    if (strategy_books_.size() <= strategy.value()) strategy_books_.resize(strategy.value() + size_t(1));
    return strategy_books_[strategy.value()];
}

Money Portfolio::net_of(StrategyId strategy) const {
    Money sum;
    if (strategy.value() < strategy_books_.size()) sum = strategy_books_[strategy.value()].closed_net;
    for (const Position& position : open_) {
        if (position.strategy == strategy) sum += position.net();
    }
    return sum;
}

Money Portfolio::day_net_of(StrategyId strategy) const {
    const bool known = strategy.value() < strategy_books_.size();
    return net_of(strategy) - (known ? strategy_books_[strategy.value()].day_start_net : Money());
}

int64_t Portfolio::count_on_underlying(InstrumentId underlying) const {
    return std::count_if(open_.begin(), open_.end(), [&](const Position& p) { return p.underlying == underlying; });
}
int64_t Portfolio::count_in_direction(int direction) const {
    return std::count_if(open_.begin(), open_.end(),
                         [&](const Position& p) { return p.underlying_direction == direction; });
}
int64_t Portfolio::count_on_expiry(Date expiry) const {
    return std::count_if(open_.begin(), open_.end(),
                         [&](const Position& p) { return instruments_.get(p.instrument).expiry == expiry; });
}
Money Portfolio::exposure_on_underlying(InstrumentId underlying) const {
    Money sum;
    for (const Position& p : open_) {
        if (p.underlying == underlying) sum += p.last_price * p.quantity;
    }
    return sum;
}

Quantity Portfolio::net_quantity(InstrumentId id) const {
    return Quantity(id.value() < net_units_.size() ? net_units_[id.value()] : 0);
}

void Portfolio::check_invariants() const {
    Money value;
    for (const Position& position : open_) {
        TIDE_ASSERT(position.open());
        value += value_of(position);
        int64_t held = 0;
        for (const Position& other : open_) {
            if (other.instrument == position.instrument) held += sign_of(other.side) * other.quantity.units();
        }
        TIDE_ASSERT(held == net_quantity(position.instrument).units());
    }
    TIDE_ASSERT(value == market_value_);
    TIDE_ASSERT(cash_ + market_value_ == start_ + realised_ + unrealised() - charges_);
}

}  // namespace tide
