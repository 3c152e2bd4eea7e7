#include "app/journal_replay.hpp"

#include <fmt/format.h>

#include <deque>
#include <string>

#include "app/engine_settings.hpp"
#include "bindings/counted_host.hpp"
#include "bindings/lua_host.hpp"
#include "ops/recorder_fan_out.hpp"

namespace tide {
namespace {

struct SentOrder {
    OrderSentKind kind = OrderSentKind::submit;
    OrderId order;
    std::string client_id;
    InstrumentId instrument;
    Side side = Side::buy;
    Quantity quantity;
    Price limit;
};

// Stands where the broker stood: keeps what the Session sends, answers nothing (the answers are in the journal).
class RecordingLink final : public BrokerLink {
  public:
    void submit(const Order& order) override { keep(order, order.limit, OrderSentKind::submit); }
    void cancel(const Order& order) override { keep(order, order.limit, OrderSentKind::cancel); }
    void replace(const Order& order, Price limit) override { keep(order, limit, OrderSentKind::replace); }
    void ask(const Order&) override {}
    std::deque<SentOrder> sent;
    uint64_t total = 0;

  private:
    void keep(const Order& order, Price limit, OrderSentKind kind) {
        sent.push_back({kind, order.id, order.client_id, order.instrument, order.side, order.quantity, limit});
        ++total;
    }
};

std::string describe(const SentOrder& order) {
    static constexpr const char* kKinds[] = {"new", "cancel", "replace"};
    return fmt::format("{} order {} ({}) {} {} of instrument {} at {}", kKinds[static_cast<size_t>(order.kind)],
                       order.order.value(), order.client_id, name_of(order.side), order.quantity.units(),
                       order.instrument.value(), to_string(order.limit));
}
SentOrder recorded(const OrderSent& sent) {
    return {sent.kind, sent.order, std::string(sent.client_id), sent.instrument, sent.side, sent.quantity, sent.limit};
}

}  // namespace

// Which processes of scripts were stopped stands after the events in which that happened: so it is looked up first.
Result<void> for_each_stop(const std::string& journal, const std::function<void(const ScriptStopNote&)>& told) {
    auto reader = JournalReader::open(journal);
    if (!reader) return reader.error();
    JournalRecord record;
    for (;;) {
        const auto more = reader->next(record);
        if (!more || !*more) return {};  // what is wrong with the journal is told when it is played
        if (!record.is_output()) continue;
        if (const auto* stop = std::get_if<ScriptStop>(&record.output.payload))
            told({stop->strategy, stop->call, std::string(stop->reason), stop->late});
    }
}

struct JournalReplay::Impl {
  public:
    Impl(JournalReader& reader, bool verify, Recorder* also) : reader_(reader), verify_(verify), also_(also) {}

    Result<void> run(const std::function<void(double)>& progress, ReceiveTime until) {
        if (auto found = for_each_stop(reader_.path(), [this](const ScriptStopNote& stop) { host_.repeat(stop); });
            !found)
            return found;
        JournalRecord record;
        for (;;) {
            auto more = reader_.next(record);
            if (!more) {
                if (reader_.damage() && reader_.damage()->torn_tail)
                    break;  // cut short by a crash: what is there was used
                return more.error();
            }
            if (!*more || (!record.is_output() && record.event.received > until)) break;
            if (progress && reader_.records() % 4096 == 0)
                progress(static_cast<double>(reader_.offset()) / static_cast<double>(reader_.file_bytes()));
            if (auto done = record.is_output() ? check(record.output) : feed(record.event); !done) return done;
        }
        if (session_ == nullptr) return make_error(ErrorCode::corrupt, "the journal holds no session");
        return verify_ ? nothing_left() : Result<void>();
    }

    Result<void> start(const Event& event) {
        const auto* config = std::get_if<ConfigEvent>(&event.payload);
        if (config == nullptr) return make_error(ErrorCode::corrupt, "the journal does not begin with a configuration");
        if (auto read = settings_.read_text(config->text); !read) return read;
        summary_ = std::make_unique<SessionSummary>(settings_.session.account.equity);
        recorders_.add(*summary_);
        if (also_ != nullptr) recorders_.add(*also_);
        session_ = std::make_unique<Session>(settings_.session, host_, link_, recorders_);
        watch_ = std::make_unique<CallbackWatch>(host_, settings_.script_host.backtest_limit_s);
        return {};
    }
    Result<void> feed(const Event& event) {
        if (session_ == nullptr) {
            if (auto started = start(event); !started) return started;
        }
        if (verify_) {
            if (auto clean = nothing_left(); !clean) return clean;
        } else {
            link_.sent.clear();
        }
        ++events_;
        last_ = event.received;
        session_->handle(event);
        return {};
    }
    Result<void> check(const JournalOutput& output) {
        if (std::holds_alternative<SessionEnd>(output.payload)) complete_ = true;
        if (!verify_ || session_ == nullptr) return {};
        if (const auto* sent = std::get_if<OrderSent>(&output.payload)) {
            const SentOrder expected = recorded(*sent);
            if (link_.sent.empty()) return differs(output.sequence, describe(expected), "no order");
            const SentOrder made = link_.sent.front();
            link_.sent.pop_front();
            if (describe(made) != describe(expected))
                return differs(output.sequence, describe(expected), describe(made));
        } else if (const auto* head = std::get_if<AuditHead>(&output.payload)) {
            const auto& chain = session_->chain();
            if (chain.rows() != head->rows || chain.head() != head->hash) {
                return differs(output.sequence,
                               fmt::format("audit row {} with hash {}", head->rows, to_hex(head->hash)),
                               fmt::format("audit row {} with hash {}", chain.rows(), to_hex(chain.head())));
            }
        }
        return {};
    }
    Result<void> nothing_left() const {
        if (link_.sent.empty() || !complete_or_running()) return {};
        return differs(events_, "no further order", describe(link_.sent.front()));
    }
    // The last event of an interrupted journal may have sent orders whose records were not written any more.
    bool complete_or_running() const { return complete_ || !reader_.damage(); }
    Result<void> differs(uint64_t sequence, const std::string& was, const std::string& is) const {
        return make_error(ErrorCode::mismatch,
                          fmt::format("first difference at event {} ({}): recorded {}, replayed {}", sequence,
                                      format_iso(last_), was, is));
    }

    JournalReader& reader_;
    bool verify_;
    Recorder* also_;
    RecorderFanOut recorders_;
    EngineSettings settings_;
    LuaHost scripts_;
    CountedHost host_{scripts_, {}};
    std::unique_ptr<CallbackWatch> watch_;
    RecordingLink link_;
    std::unique_ptr<SessionSummary> summary_;
    std::unique_ptr<Session> session_;
    uint64_t events_ = 0;
    ReceiveTime last_;
    bool complete_ = false;
};

JournalReplay::JournalReplay(JournalReader& reader, bool verify, Recorder* also)
    : impl_(std::make_unique<Impl>(reader, verify, also)) {}
JournalReplay::~JournalReplay() = default;
Result<void> JournalReplay::run(const std::function<void(double)>& progress, ReceiveTime until) {
    return impl_->run(progress, until);
}
const Session& JournalReplay::session() const { return *impl_->session_; }
const SessionSummary& JournalReplay::summary() const { return *impl_->summary_; }
bool JournalReplay::complete() const { return impl_->complete_; }
uint64_t JournalReplay::events() const { return impl_->events_; }
uint64_t JournalReplay::order_messages() const { return impl_->link_.total; }

}  // namespace tide
