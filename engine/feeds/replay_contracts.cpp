#include "feeds/replay_contracts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "market/instruments.hpp"

namespace tide {
namespace {

constexpr int64_t kStrikesEachSide = 15;
constexpr size_t kWeeklies = 2;
constexpr size_t kMonthlies = 2;

// Indices first, so that an underlying's bar is handled before its options'.
int rank_of(InstrumentKind kind) {
    switch (kind) {
        case InstrumentKind::index:
            return 0;
        case InstrumentKind::equity:
            return 1;
        case InstrumentKind::future:
            return 2;
        case InstrumentKind::volatility_index:
            return 3;
        case InstrumentKind::option:
            break;
    }
    return 4;
}

auto order_of(const ReplayKey& key) {
    return std::tuple(key.underlying, key.expiry.value_or(Date()), key.strike, key.right);
}

std::string symbol_of(const ReplayKey& key) {
    if (key.kind == InstrumentKind::option) return option_symbol(key.underlying, *key.expiry, key.strike, key.right);
    return canonical_symbol(key.symbol);
}

}  // namespace

void ReplayContracts::note_once(const std::string& note) { ++notes_[note]; }

std::vector<std::string> ReplayContracts::notes() const {
    std::vector<std::string> lines;
    for (const auto& [note, times] : notes_)
        lines.push_back(times > 1 ? fmt::format("{} ({} times)", note, times) : note);
    return lines;
}

void ReplayContracts::list(const std::vector<ReplayKey>& keys, Date on) {
    std::vector<ReplayKey> all = keys;
    for (const ReplayKey& key : keys) {
        if (key.underlying.empty()) continue;
        const std::string symbol = canonical_symbol(key.underlying);
        const bool present = std::any_of(all.begin(), all.end(), [&](const ReplayKey& other) {
            return other.underlying.empty() && canonical_symbol(other.symbol) == symbol;
        });
        if (present) continue;
        ReplayKey added;
        added.symbol = symbol;
        added.exchange = key.exchange;
        added.calendar = key.calendar;
        all.push_back(added);
        note_once(fmt::format("{} has derivatives in the data but no prices of its own", symbol));
    }
    std::stable_sort(all.begin(), all.end(), [](const ReplayKey& a, const ReplayKey& b) {
        if (rank_of(a.kind) != rank_of(b.kind)) return rank_of(a.kind) < rank_of(b.kind);
        return a.kind == InstrumentKind::option && order_of(a) < order_of(b);
    });
    for (const ReplayKey& key : all) {
        const auto underlying = by_symbol_.find(canonical_symbol(key.underlying));
        if (!find(key).valid()) add(key, underlying == by_symbol_.end() ? InstrumentId() : underlying->second, on);
    }
}

InstrumentId ReplayContracts::find(const ReplayKey& key) const {
    if (key.kind != InstrumentKind::option) {
        const auto found = by_symbol_.find(canonical_symbol(key.symbol));
        return found == by_symbol_.end() ? InstrumentId() : found->second;
    }
    const auto underlying = by_symbol_.find(canonical_symbol(key.underlying));
    if (underlying == by_symbol_.end() || !key.expiry) return {};
    const auto found = options_.find({underlying->second.value(), *key.expiry, key.strike.units(), key.right});
    return found == options_.end() ? InstrumentId() : found->second;
}

Instrument& ReplayContracts::add(const ReplayKey& key, InstrumentId underlying, Date on) {
    Instrument instrument;
    instrument.id = InstrumentId(static_cast<uint32_t>(instruments_.size() + 1));
    instrument.symbol = symbol_of(key);
    instrument.exchange = key.exchange;
    instrument.calendar = key.calendar;
    instrument.kind = key.kind;
    instrument.right = key.right;
    instrument.underlying = underlying;
    instrument.expiry = key.expiry;
    instrument.strike = key.strike;
    if (key.kind == InstrumentKind::volatility_index) instrument.tick = Price::from_units(25);
    if (instrument.is_option() || key.kind == InstrumentKind::future) {
        set_terms(instrument, canonical_symbol(key.underlying), on);
    }
    if (instrument.is_option()) {
        options_[{underlying.value(), *key.expiry, key.strike.units(), key.right}] = instrument.id;
    } else {
        by_symbol_[instrument.symbol] = instrument.id;
    }
    instruments_.push_back(instrument);
    return instruments_.back();
}

void ReplayContracts::set_terms(Instrument& contract, const std::string& underlying, Date on) {
    if (!rules_.knows(underlying)) {
        note_once(fmt::format("no contract terms for {}: lot 1, no freeze quantity", underlying));
        return;
    }
    const bool future = contract.kind == InstrumentKind::future;
    Date expiry = contract.expiry.value_or(on);
    // A continuous future, one contract after the other, has the lot of the one that is nearest.
    if (const auto nearest = rules_.nominal_monthly(underlying, on); nearest && future && !contract.expiry)
        expiry = *nearest;
    contract.monthly = contract.expiry && rules_.is_monthly(underlying, *contract.expiry);
    if (const auto lot = rules_.lot(underlying, expiry, on)) {
        contract.lot = *lot;
    } else {
        note_once(lot.error().message + "; lot 1 is used");
    }
    if (const auto tick = future ? rules_.future_tick(underlying, on) : rules_.tick(underlying, on))
        contract.tick = *tick;
    if (const auto freeze = rules_.freeze(underlying, on)) {
        contract.freeze = *freeze;
    } else {
        note_once(fmt::format("no freeze quantity is known for {} in {}: orders are not limited by it", underlying,
                              int(civil(on).year())));
    }
}

const std::vector<Expiry>& ReplayContracts::chosen_expiries(const std::string& underlying, Date date) {
    auto& [chosen_on, chosen] = chosen_[underlying];
    if (chosen_on == date) return chosen;
    chosen_on = date;
    chosen.clear();
    Result<std::vector<Expiry>> listed = make_error(ErrorCode::internal, "");
    // Near the end of the calendar's last year fewer can be placed.
    for (size_t count = 8; count > 0 && !listed; --count) listed = rules_.expiries(underlying, date, count, calendar_);
    if (!listed) {
        note_once("no contracts for the option model: " + listed.error().message);
        return chosen;
    }
    size_t weeklies = kWeeklies;
    size_t monthlies = kMonthlies;
    for (const Expiry& expiry : *listed) {
        size_t& left = expiry.monthly ? monthlies : weeklies;
        if (left == 0) continue;
        --left;
        chosen.push_back(expiry);
    }
    return chosen;
}

std::vector<Instrument> ReplayContracts::of_day(InstrumentId underlying, Date date, Price price) {
    std::vector<Instrument> announced;
    const Instrument index = instruments_[underlying.value() - 1];
    const auto step = rules_.strike_step(index.symbol, date);
    if (!step) {
        note_once("no contracts for the option model: " + step.error().message);
        return announced;
    }
    const Price centre = round_to_nearest_tick(price, *step);
    for (const Expiry& expiry : chosen_expiries(index.symbol, date)) {
        const auto lot = rules_.lot(index.symbol, expiry.date, date);
        for (int64_t away = -kStrikesEachSide; away <= kStrikesEachSide; ++away) {
            const Price strike = centre + *step * away;
            if (!strike.positive()) continue;
            for (const OptionRight right : {OptionRight::call, OptionRight::put}) {
                const auto known = options_.find({underlying.value(), expiry.date, strike.units(), right});
                if (known == options_.end()) {
                    announced.push_back(add({{},
                                             InstrumentKind::option,
                                             index.exchange,
                                             index.calendar,
                                             index.symbol,
                                             expiry.date,
                                             strike,
                                             right},
                                            underlying, date));
                    continue;
                }
                Instrument& contract = instruments_[known->second.value() - 1];
                if (!lot || *lot == contract.lot) continue;
                contract.lot = *lot;
                announced.push_back(contract);
            }
        }
    }
    return announced;
}

}  // namespace tide
