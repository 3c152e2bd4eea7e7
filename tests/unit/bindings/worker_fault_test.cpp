#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <random>

#include "bindings/script_bundle.hpp"
#include "bindings/worker_messages.hpp"
#include "worker_fixture.hpp"

// Workers that do not do what a worker does. The engine's side must come out of each with a result and a free slot.
namespace tide::test {
namespace {

constexpr WorkerPatience kShort{std::chrono::milliseconds(60), std::chrono::seconds(30)};

// A worker whose "source" is the name of what it does wrong.
class FalseWorker {
  public:
    explicit FalseWorker(WorkerMemory& memory)
        : memory_(memory),
          in_(memory.to_worker, memory.to_worker_bytes),
          out_(memory.to_engine, memory.to_engine_bytes) {}

    [[noreturn]] void run() {
        read();
        int64_t now_ns = 0;
        wire_(limits_, now_ns, bundle_);
        StrategyDeclaration declared;
        declared.name = declared.version = "probe";
        declared.sha256 = bundle_sha256(bundle_);
        declared.symbols = {"NIFTY"};
        declared.callbacks = (1U << kScriptCallbackCount) - 1;
        if (bundle_.text == "another digest") declared.sha256[0] ^= 1;
        if (bundle_.text == "too many callbacks") declared.callbacks = ~0U;
        if (bundle_.text == "asks at load") ask(AskVix{});
        if (bundle_.text == "dies at load") ::raise(SIGSEGV);
        write_message(message_, WorkerMessage::loaded, number_, Result<StrategyDeclaration>(declared));
        send();
        for (;;) {
            read();
            if (kind_ == WorkerMessage::call) misbehave(bundle_.text);
        }
    }

  private:
    void read() {
        if (in_.read(incoming_, kMessageToWorkerMax, wait_) != RingState::ok) ::_exit(9);
        wire_ = WireIn(incoming_);
        wire_(kind_, number_);
    }
    void send() { (void)out_.write(message_, wait_); }
    void send(std::string_view bytes) { (void)out_.write(bytes, wait_); }
    void ask(const ServiceQuestion& question, uint64_t step = 1) {
        write_message(message_, WorkerMessage::question, asked_ += step, question);
        send();
    }
    void answer(const CallbackOutput& output, uint64_t number, const CallbackResult& result = {}) {
        write_message(message_, WorkerMessage::called, number, result, output, ScriptUsage());
        send();
    }
    Intent good_intent() {
        int64_t now_ns = 0;
        wire_(now_ns);
        Intent intent;
        intent.id = IntentId(1);
        intent.strategy = bundle_.strategy;
        intent.decided = ReceiveTime(Duration(now_ns));
        intent.kind = IntentKind::exit;
        intent.position = PositionId(7);
        return intent;
    }
    void answer_with(const std::function<void(Intent&)>& change, bool with_id = true) {
        Intent intent = good_intent();
        const uint64_t call = number_;
        if (with_id) {
            ask(AskIntentId{});
            read();
            wire_(intent.id);
        }
        change(intent);
        CallbackOutput output;
        output.intents = {intent};
        answer(output, call);
    }

    void misbehave(const std::string& how) {
        if (how == "dies") ::raise(SIGKILL);
        if (how == "dies in its answer") {
            answer_half();
            ::_exit(3);
        }
        if (how == "dies in a question") {
            ask(AskVix{});
            ::_exit(4);
        }
        if (how == "says nothing") return;
        if (how == "answers half") return answer_half();
        if (how == "answers late") {
            const auto late = RingWait::Clock::now() + 3 * kShort.callback;
            while (RingWait::Clock::now() < late) {
            }
            return answer({}, number_);
        }
        if (how == "answers twice") {
            answer({}, number_);
            return answer({}, number_);
        }
        if (how == "answers another call") return answer({}, number_ + 1);
        if (how == "answers the last call") return answer({}, number_ - 1);
        if (how == "skips a question's number") return ask(AskVix{}, 2);
        if (how == "asks for ever") {
            for (;;) {
                ask(AskVix{});
                read();
            }
        }
        if (how == "speaks as the engine") {
            write_message(message_, WorkerMessage::answer, number_, 1.0);
            return send();
        }
        if (how == "huge size") return send(std::string(64, '\xff'));
        if (how == "promises megabytes") {
            const uint32_t size = 3 << 20;
            return send({reinterpret_cast<const char*>(&size), sizeof size});
        }
        if (how == "head ahead of the ring") {
            memory_.to_engine.head = memory_.to_engine.head + kRingBytes + 1;
            return;
        }
        if (how == "head behind") {
            memory_.to_engine.head = memory_.to_engine.head - 1;
            return;
        }
        if (how == "tail ahead of the head") {
            memory_.to_worker.tail = memory_.to_worker.head + 5;
            return answer({}, number_);
        }
        if (how == "floods") {
            const std::string noise(size_t(1) << 20, '\x07');
            return send(noise);
        }
        misbehave_in_questions(how);
        misbehave_in_output(how);
        if (how.starts_with("noise ")) make_noise(std::strtoull(how.c_str() + 6, nullptr, 10));
    }
    void misbehave_in_questions(const std::string& how) {
        if (how == "asks for bars that there are not") ask(AskBars{0, Timeframe::m1, 4'000'000'000U, 256});
        if (how == "asks for a symbol below zero") ask(AskBarCount{-1, Timeframe::m1});
        if (how == "asks for a symbol beyond the last") ask(AskBarCount{1, Timeframe::m1});
        if (how == "asks for an unknown indicator's values") ask(AskIndicatorRows{0, 0, 1});
        if (how == "asks for a chain of strikes without end") ask(AskChain{"NIFTY", "weekly", 0, INT64_MAX});
        if (how == "asks for bars of no size") ask(AskActivityFrame{{ActivityKind::volume, 0}, true});
        if (how == "checks an intent on an instrument it cannot know") {
            Intent intent = good_intent();
            intent.kind = IntentKind::enter;
            intent.lots = 1;
            intent.instrument = InstrumentId(3);
            ask(AskPrecheck{intent});
        }
        if (how == "takes ids without end") {
            for (int i = 0; i < 100'000; ++i) {
                ask(AskIntentId{});
                read();
            }
        }
    }
    void misbehave_in_output(const std::string& how) {
        if (how == "an honest intent") answer_with([](Intent&) {});
        if (how == "an intent without an id") answer_with([](Intent&) {}, false);
        if (how == "an intent with another id") answer_with([](Intent& intent) { intent.id = IntentId(99); });
        if (how == "another strategy's intent")
            answer_with([](Intent& intent) { intent.strategy = StrategyId(intent.strategy.value() + 1); });
        if (how == "an intent of tomorrow") answer_with([](Intent& intent) { intent.decided += hours(24); });
        if (how == "an unknown instrument") {
            answer_with([](Intent& intent) {
                intent.kind = IntentKind::enter;
                intent.lots = 1;
                intent.instrument = InstrumentId(77);
            });
        }
        if (how == "a fraction that is no number") answer_with([](Intent& intent) { intent.fraction = kMissing; });
        if (how == "a fraction above all") answer_with([](Intent& intent) { intent.fraction = 1.5; });
        if (how == "a negative price") answer_with([](Intent& intent) { intent.level = Price::from_units(INT64_MIN); });
        if (how == "the engine's own priority") answer_with([](Intent& intent) { intent.reason.priority = 1; });
        if (how == "a terminal's escape") answer_with([](Intent& intent) { intent.why = "\x1b[2J"; });
        CallbackOutput output;
        if (how == "a timer at no time") {
            output.timers = {{kMissing, "t"}};
            answer(output, number_);
        }
        if (how == "a hundred thousand skips") {
            output.skips.resize(100'000);
            answer(output, number_);
        }
        if (how == "intents of a failed callback") {
            output.intents = {good_intent()};
            answer(output, number_, {CallbackStatus::error, "x"});
        }
        if (how == "its own stop") answer({}, number_, {CallbackStatus::stopped, "x"});
    }
    void answer_half() {
        write_message(message_, WorkerMessage::called, number_, CallbackResult{}, CallbackOutput{}, ScriptUsage());
        send(std::string_view(message_).substr(0, message_.size() / 2));
    }
    // An answer or a question in which some bytes are others, or only noise.
    void make_noise(uint64_t seed) {
        std::mt19937_64 random(seed);
        CallbackOutput output;
        output.logs = {{"info", "text"}};
        output.timers = {{5, "t"}};
        if (seed % 3 == 0) {
            message_.assign(1 + random() % 2000, '\0');
            for (char& byte : message_) byte = static_cast<char>(random());
        } else if (seed % 3 == 1) {
            write_message(message_, WorkerMessage::called, number_, CallbackResult{}, output, ScriptUsage());
        } else {
            write_message(message_, WorkerMessage::question, ++asked_,
                          ServiceQuestion(AskIndicator{"NIFTY", "ema", Timeframe::m1, {9.0}}));
        }
        for (uint64_t changes = 1 + random() % 3; changes > 0; --changes)
            message_[random() % message_.size()] = static_cast<char>(random());
        send();
        if (seed % 2 == 0) {
            memory_.to_engine.reader_waits = static_cast<uint32_t>(random());
            memory_.to_worker.tail = memory_.to_worker.tail + random() % 1000;
        }
    }

    WorkerMemory& memory_;
    RingReader in_;
    RingWriter out_;
    RingWait wait_;
    std::string incoming_, message_;
    WireIn wire_{""};
    WorkerMessage kind_{};
    uint64_t number_ = 0, asked_ = 0;
    LuaLimits limits_;
    ScriptBundle bundle_;
};

void run_false_worker(WorkerMemory& memory) { FalseWorker(memory).run(); }

struct Fault {
    const char* what;
    const char* message;  // how what the engine says begins; null: it is taken
};

class WorkerFault : public testing::TestWithParam<Fault> {};

TEST_P(WorkerFault, is_contained) {
    const auto& [what, message] = GetParam();
    // Whatever else is wrong is to be found on a busy machine too, however late.
    const bool silent = message != nullptr && std::string_view(message).starts_with("no answer");
    const auto host = make_worker_host({}, silent ? kShort : kPatient, &run_false_worker);
    FakeServices services;
    const auto loaded = host->load(kSlot, bundle_of(what), services);
    ASSERT_TRUE(loaded) << loaded.error().message;
    CallbackOutput output;
    const auto begin = RingWait::Clock::now();
    CallbackResult result = host->call(kSlot, TimerMessage{"t"}, output);
    const std::chrono::duration<double, std::milli> took = RingWait::Clock::now() - begin;
    if (message == nullptr) {
        EXPECT_EQ(result.status, CallbackStatus::ok) << result.message;
        return;
    }
    // What is found after a sound answer shows at the next call.
    if (result.status == CallbackStatus::ok) result = host->call(kSlot, TimerMessage{"t"}, output);
    // Of a silent one the machine's load decides how much it computed meanwhile (hung_script_test.cpp has that rule).
    EXPECT_TRUE(result.status == CallbackStatus::stopped || (silent && result.status == CallbackStatus::late));
    EXPECT_EQ(result.message.substr(0, std::string_view(message).size()), message);
    EXPECT_TRUE(output.empty());
    EXPECT_LT(took.count(), silent ? 600 : 5'000) << "60 ms, the kill, and a busy machine's share";
    EXPECT_EQ(host->process_of(kSlot), 0);
}

constexpr Fault kFaults[] = {
    {"dies", "its process ended (signal 9)"},
    {"dies in its answer", "its process ended (code 3)"},
    {"dies in a question", "its process ended (code 4)"},
    {"says nothing", "no answer within 60 ms"},
    {"answers half", "no answer within 60 ms"},
    {"answers late", "no answer within 60 ms"},
    {"answers twice", "its process sent nonsense: "},
    {"answers another call", "its process sent nonsense: an answer to another call"},
    {"answers the last call", "its process sent nonsense: an answer to another call"},
    {"skips a question's number", "its process sent nonsense: an answer to another call"},
    {"asks for ever", "no answer within 60 ms"},
    {"speaks as the engine", "its process sent nonsense: an answer to another call"},
    {"huge size", "its process sent nonsense: a message of no possible size"},
    {"promises megabytes", "no answer within 60 ms"},
    {"head ahead of the ring", "its process sent nonsense: a message of no possible size"},
    {"head behind", "its process sent nonsense: a message of no possible size"},
    {"tail ahead of the head", "its process sent nonsense: a message of no possible size"},
    {"floods", "its process sent nonsense: a message of no possible size"},
    {"asks for bars that there are not", "its process sent nonsense: bars that there are not"},
    {"asks for a symbol below zero", "its process sent nonsense: bars of a symbol"},
    {"asks for a symbol beyond the last", "its process sent nonsense: bars of a symbol"},
    {"asks for an unknown indicator's values", "its process sent nonsense: values of an indicator"},
    {"asks for a chain of strikes without end", "its process sent nonsense: a chain out of range"},
    {"asks for bars of no size", "its process sent nonsense: bars of a size"},
    {"checks an intent on an instrument it cannot know", "its process sent nonsense: an intent on an instrument"},
    {"takes ids without end", "its process sent nonsense: more intents"},
    {"an honest intent", nullptr},
    {"an intent without an id", "its process sent nonsense: an intent with an id"},
    {"an intent with another id", "its process sent nonsense: an intent with an id"},
    {"another strategy's intent", "its process sent nonsense: an intent of another strategy"},
    {"an intent of tomorrow", "its process sent nonsense: an intent of another time"},
    {"an unknown instrument", "its process sent nonsense: an intent on an instrument"},
    {"a fraction that is no number", "its process sent nonsense: an intent on more than all"},
    {"a fraction above all", "its process sent nonsense: an intent on more than all"},
    {"a negative price", "its process sent nonsense: an intent with a price"},
    {"the engine's own priority", "its process sent nonsense: an intent with the engine's"},
    {"a terminal's escape", "its process sent nonsense: an intent with a text"},
    {"a timer at no time", "its process sent nonsense: a timer"},
    {"a hundred thousand skips", "its process sent nonsense: more than one callback may say"},
    {"intents of a failed callback", "its process sent nonsense: intents of a callback that failed"},
    {"its own stop", "its process sent nonsense: an answer that does not read"},
};

std::string test_name(const testing::TestParamInfo<Fault>& which) {
    std::string name = which.param.what;
    for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
    return name;
}
INSTANTIATE_TEST_SUITE_P(all, WorkerFault, testing::ValuesIn(kFaults), test_name);

TEST(WorkerFaultAtLoad, is_an_error_and_leaves_the_slot_empty) {
    const auto host = make_worker_host({}, kShort, &run_false_worker);
    FakeServices services;
    for (const char* what : {"another digest", "too many callbacks", "asks at load", "dies at load"}) {
        const auto loaded = host->load(kSlot, bundle_of(what), services);
        ASSERT_FALSE(loaded) << what;
        EXPECT_EQ(loaded.error().code, ErrorCode::stopped);
        EXPECT_EQ(host->process_of(kSlot), 0);
    }
}

// Whatever comes, the engine gets on: an answer that happens to read is taken, all else is a stop.
TEST(WorkerNoise, of_two_hundred_seeds_never_disturbs_the_engine) {
    const auto host = make_worker_host({}, {std::chrono::milliseconds(5), std::chrono::seconds(30)}, &run_false_worker);
    FakeServices services;
    int stopped = 0;
    for (int seed = 0; seed < 200; ++seed) {
        ASSERT_TRUE(host->load(kSlot, bundle_of(fmt::format("noise {}", seed)), services));
        CallbackOutput output;
        for (int i = 0; i < 2; ++i) {
            const CallbackResult result = host->call(kSlot, TimerMessage{"t"}, output);
            if (result.status != CallbackStatus::stopped) continue;
            ++stopped;
            EXPECT_TRUE(output.empty());
            break;
        }
    }
    EXPECT_GT(stopped, 100);
}

}  // namespace
}  // namespace tide::test
