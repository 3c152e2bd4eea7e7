#include "app/saved_state_file.hpp"
#include "bindings/saved_state.hpp"
#include "core/assert.hpp"
#include "targets.hpp"
#include "unit/bindings/fake_services.hpp"

namespace tide::fuzz {

// Bytes that the reader accepts are exactly what the writer makes of the table that they stand for.
void saved_state(std::string_view bytes) {
    static const std::string echo = test::strategy_text(
        "local kept\nfunction S.on_load(ctx, saved) kept = saved end\nfunction S.on_save(ctx) return kept end");
    const bool sound = check_saved(bytes).has_value();
    LuaHost host;
    test::FakeServices services;
    TIDE_ASSERT(host.load(test::kSlot, test::bundle_of(echo), services));
    CallbackOutput output;
    const CallbackResult loaded = host.call(test::kSlot, LoadMessage{bytes, "1"}, output);
    TIDE_ASSERT((loaded.status == CallbackStatus::ok) == sound);
    if (!sound) return;
    output.clear();
    const CallbackResult saved = host.call(test::kSlot, SaveMessage{}, output);
    TIDE_ASSERT(saved.status == CallbackStatus::ok && output.saved == std::string(bytes));
}

void state_file(std::string_view bytes) {
    const auto state = parse_saved_state(bytes);
    if (!state) return;
    const auto again = parse_saved_state(to_text(*state));
    TIDE_ASSERT(again && again->bytes == state->bytes && again->at == state->at && again->version == state->version);
}

}  // namespace tide::fuzz
