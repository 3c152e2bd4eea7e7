#pragma once
#include <memory>
#include <string>
#include <vector>

#include "app/engine_settings.hpp"
#include "app/faulty_exchange.hpp"
#include "app/scripted_tape.hpp"
#include "app/session_driver.hpp"
#include "bindings/lua_host.hpp"
#include "trading/recorder.hpp"

namespace tide {

// Keeps a journal in memory: what a restart reads.
class MemoryJournal final : public JournalSink {
  public:
    Result<void> append(const Event& event) override;
    Result<void> append_output(const JournalOutput& output) override;
    Result<void> flush() override { return {}; }
    Result<void> sync() override { return {}; }
    Result<JournalSeal> close() override { return JournalSeal{}; }
    const std::string& bytes() const { return bytes_; }

  private:
    std::string bytes_;
};

// Between a session and its orders' way out. While a journal is handled again, what the session sends is only compared
// with what was sent the first time.
class RecoveringLink final : public BrokerLink {
  public:
    explicit RecoveringLink(BrokerLink& out) : out_(out) {}
    void begin_recovery() { recovering_ = true; }
    void end_recovery() { recovering_ = false; }
    // The message was sent the first time too; false: it was not what the session sends now.
    bool was_sent(const OrderSent& sent);
    bool all_compared() const { return made_.empty(); }

    void submit(const Order& order) override;
    void cancel(const Order& order) override;
    void replace(const Order& order, Price limit) override;
    void ask(const Order& order) override {
        if (!recovering_) out_.ask(order);
    }

  private:
    struct Made {
        OrderSentKind kind;
        OrderId order;
        Price limit;
    };
    bool keep(OrderSentKind kind, const Order& order, Price limit);
    BrokerLink& out_;
    bool recovering_ = false;
    std::deque<Made> made_;
};

// Everything that a session said.
class TestRecords final : public Recorder {
  public:
    void record(const Record& record) override { rows_.push_back(record); }
    void clear() { rows_.clear(); }
    const std::vector<Record>& rows() const { return rows_; }

  private:
    std::vector<Record> rows_;
};

// A session over a scripted market: the same Session, Lua host, risk gate, order desk, charges and paper exchange as in
// a backtest, driven by the same driver.
class StrategyTestSession {
  public:
    // The settings' session and paper parts and the tape must outlive this.
    StrategyTestSession(const EngineSettings& settings, ScriptedTape& tape, SessionOpening opening);

    // Handles what the tape has by now. Errors: script when the strategy is refused, input when it has failed.
    Result<void> begin();
    Result<void> go_on();
    // The process ends here and comes back from its journal; the exchange goes on. Errors: mismatch when the second
    // run does not send what the first did.
    Result<void> restart();

    Session& session() { return *session_; }
    const Session& session() const { return *session_; }
    FaultyExchange& exchange() { return exchange_; }
    const std::vector<Record>& records() const { return records_.rows(); }

  private:
    void make_session();
    Result<void> failures();
    Result<void> handle_again(std::string_view bytes, uint64_t& events, ReceiveTime& now);

    const EngineSettings& settings_;
    ScriptedTape& tape_;
    SessionOpening opening_;
    PaperBroker paper_;
    FaultyExchange exchange_;
    JournalledLink journalled_;
    RecoveringLink link_;
    MemoryJournal journal_;
    TestRecords records_;
    std::unique_ptr<LuaHost> host_;
    std::unique_ptr<Session> session_;
    std::unique_ptr<SessionDriver> driver_;
    size_t looked_at_ = 0;  // records that were searched for failures
};

}  // namespace tide
