#include "bindings/worker_desk.hpp"
#include "core/assert.hpp"
#include "targets.hpp"
#include "unit/bindings/fake_services.hpp"

namespace tide::fuzz {
namespace {

void read_called(std::string_view body) {
    WireIn wire(body);
    CallbackResult result;
    CallbackOutput output;
    ScriptUsage usage;
    wire(result, output, usage);
    if (!wire.done()) return;
    std::string again;
    WireOut out(again);
    out(result, output, usage);
    TIDE_ASSERT(again == body);
    const LuaLimits limits;
    const std::vector<uint64_t> ids = {1, 2};
    const std::vector<InstrumentId> instruments = {InstrumentId(3)};
    if (wrong_in(result, output, {limits, StrategyId(1), 0, ids, instruments}) != nullptr) return;
    TIDE_ASSERT(output.intents.size() <= 2);
    for (const Intent& intent : output.intents) {
        TIDE_ASSERT(intent.fraction > 0 && intent.fraction <= 1);
        TIDE_ASSERT(intent.strategy == StrategyId(1));
    }
    for (const auto& timer : output.timers) TIDE_ASSERT(timer.seconds > 0 && timer.seconds < 1e6);
}

void read_loaded(std::string_view body) {
    WireIn wire(body);
    Result<StrategyDeclaration> loaded;
    wire(loaded);
    if (wire.done()) static_cast<void>(wrong_in(loaded, test::bundle_of("return 1")));
}

void read_question(std::string_view body) {
    WireIn wire(body);
    ServiceQuestion question;
    wire(question);
    if (!wire.done()) return;
    test::FakeServices services;
    WorkerDesk desk(services, StrategyId(1));
    const LuaLimits limits;
    desk.loaded(1);
    desk.begin_call(0, limits);
    std::string answer;
    WireOut out(answer);
    static_cast<void>(desk.answer(question, out));
    static_cast<void>(desk.answer(question, out));
}

}  // namespace

void worker_message(std::string_view bytes) {
    if (bytes.empty()) return;
    const std::string_view body = bytes.substr(1);
    switch (bytes[0] % 3) {
        case 0:
            return read_called(body);
        case 1:
            return read_loaded(body);
        default:
            return read_question(body);
    }
}

}  // namespace tide::fuzz
