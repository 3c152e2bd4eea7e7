#include <fmt/format.h>

#include "session/session.hpp"

// How nervous the market is: what is recorded of it, and what scripts hear of it and of the breakers.
namespace tide {
namespace {

// Notes may make orders, whose ends make notes; more rounds than this in one event is a script that answers itself.
constexpr int kRiskRoundsMax = 16;

}  // namespace

void Session::look_at_vix() {
    const VixReading& reading = market_.prices().vix();
    if (reading.known()) market_.volatility().on_vix(now_, reading.level);
}

void Session::tell_volatility() {
    for (const VolatilityChange& change : market_.volatility().changes()) {
        const bool regime = change.instrument.valid();
        const char* kind = regime ? "regime" : "vix_class";
        const std::string symbol = regime ? symbol_of(change.instrument) : "INDIAVIX";
        record(CategoryRecord{{}, symbol, kind, std::string(change.from), std::string(change.to), change.values});
        risk_notes_.push_back({kind, symbol, std::string(change.from), std::string(change.to), change.values,
                               fmt::format("{} of {} is {}", regime ? "the regime" : "the class", symbol, change.to),
                               true});
    }
    market_.volatility().take_changes();
}

void Session::deliver_risk_notes() {
    for (int round = 0; !risk_notes_.empty(); ++round) {
        const std::vector<RiskNote> notes = std::exchange(risk_notes_, {});
        if (round == kRiskRoundsMax) {
            record(
                NoteRecord{"error", "engine", "risk callbacks answer themselves without end: the rest were dropped"});
            return;
        }
        for (const RiskNote& note : notes) {
            const RiskMessage message{note.kind, note.symbol, note.from, note.to, note.values, note.text, note.active};
            for (const auto& owner : runners_) {
                if (owner->active()) call(*owner, message, note.kind, note.symbol);
            }
        }
        if (!actions_.empty()) apply(actions_);
    }
}

VolatilityMessage Session::volatility() const {
    const VixReading& reading = market_.prices().vix();
    const VolatilityState& state = market_.volatility();
    VolatilityMessage message;
    if (!reading.known()) return message;
    message.level = reading.level;
    message.vix_class = name_of(state.vix_class());
    message.change_5m = state.vix_change(now_, minutes(5));
    message.change_10m = state.vix_change(now_, minutes(10));
    message.change_30m = state.vix_change(now_, minutes(30));
    message.change_today = state.vix_change_today();
    return message;
}

std::string_view Session::regime(std::string_view symbol) const {
    const InstrumentId id = find_instrument(symbol);
    return id.valid() ? name_of(market_.volatility().regime(id)) : std::string_view();
}

}  // namespace tide
