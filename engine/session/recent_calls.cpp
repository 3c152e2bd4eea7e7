#include "session/recent_calls.hpp"

#include <array>

namespace tide {
namespace {

// The texts of a message; none where it has none.
template <class Message>
std::array<std::string_view*, 0> texts_of(Message&) {
    return {};
}
std::array<std::string_view*, 1> texts_of(TimerMessage& m) { return {&m.name}; }
std::array<std::string_view*, 1> texts_of(PhaseMessage& m) { return {&m.phase}; }
std::array<std::string_view*, 2> texts_of(FillMessage& m) { return {&m.symbol, &m.side}; }
std::array<std::string_view*, 6> texts_of(OrderMessage& m) {
    return {&m.symbol, &m.side, &m.state, &m.code, &m.text, &m.tag};
}
std::array<std::string_view*, 6> texts_of(RiskMessage& m) {
    return {&m.kind, &m.symbol, &m.from, &m.to, &m.values, &m.text};
}
std::array<std::string_view*, 6> texts_of(LinkMessage& m) {
    return {&m.kind, &m.what, &m.state, &m.symbol, &m.values, &m.text};
}
std::array<std::string_view*, 5> texts_of(PositionChangeMessage& m) {
    return {&m.change, &m.position.symbol, &m.position.underlying, &m.position.right, &m.position.tag};
}

bool is_kept(ScriptCallback callback) {
    switch (callback) {
        case ScriptCallback::start:
        case ScriptCallback::stop:
        case ScriptCallback::exit_check:
        case ScriptCallback::params:
        case ScriptCallback::save:
        case ScriptCallback::load:
            return false;
        default:
            return true;
    }
}

}  // namespace

void RecentCalls::keep(const CallMessage& message) {
    if (!is_kept(callback_of(message))) return;
    Kept& place = ring_[count_++ % kKept];
    place.message = message;
    place.texts.clear();
    std::visit(
        [&place](auto& kept) {
            const auto texts = texts_of(kept);
            for (const std::string_view* text : texts) place.texts += *text;
            const char* at = place.texts.data();
            for (std::string_view* text : texts) {
                *text = {at, text->size()};
                at += text->size();
            }
        },
        place.message);
}

}  // namespace tide
