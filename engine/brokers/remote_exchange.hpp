#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "brokers/exchange_wire.hpp"
#include "journal/event_codec.hpp"
#include "net/unix_socket.hpp"

namespace tide {

// A paper exchange in another process. It is asked only while an order lives there, so it costs a market event one
// write; its answers are those that one in this process would give. A line that breaks, or an exchange that does not
// answer within the timeout, is an error for good.
class RemoteExchange final : public ExchangeLink {
  public:
    // `settings`: "key = value" lines of paper.* and option_model.*; for the engine alone, as is `session`: an exchange
    // that has this session's books goes on with them. Errors: unreachable.
    static Result<std::unique_ptr<RemoteExchange>> connect(const std::filesystem::path& socket, WireRole role,
                                                           std::string_view settings, double timeout_s,
                                                           std::string_view session = {});
    // It has been told the market of this session up to here, by the engine that was interrupted: what it knows is not
    // told again.
    void goes_on(const ExchangeBooks& books);
    void on_event(const Event& event) override;
    void set_now(ReceiveTime now) override;
    void submit(const Order& order) override;
    void cancel(const Order& order) override;
    void replace(const Order& order, Price limit) override;
    void ask(const Order& order) override;
    std::optional<ReceiveTime> next_due() override;
    bool pop_due(ReceiveTime until, Event& out) override;
    Result<ExchangeBooks> books() override;
    void ask_books() override;
    bool alive() const override { return status_.has_value(); }
    Result<void> status() const override { return status_; }

    // From now on this client is the only one that may trade; the engine's line is refused. Errors: unreachable.
    Result<void> take_over();
    // The session has ended in order: the exchange may end too.
    void goodbye();
    // Sends what is waiting.
    void flush();

  private:
    explicit RemoteExchange(FileDescriptor socket) : socket_(std::move(socket)) {}
    bool poll(ReceiveTime until);  // true: answer_ holds an event
    bool polled(std::string_view body);
    Result<WireFrame> receive();
    void fail(const char* what);

    FileDescriptor socket_;
    Result<void> status_;
    std::string out_, in_;
    size_t used_ = 0;  // bytes of in_ that have been read
    bool idle_ = true;
    std::optional<ReceiveTime> due_;
    std::optional<ReceiveTime> told_now_;
    uint64_t market_events_ = 0;  // of the session so far
    uint64_t known_events_ = 0;   // of them, those that the exchange was told before
    ReceiveTime known_until_{};   // its time then
    JournalRecord answer_;
    std::string answer_bytes_;  // what answer_'s texts point at
};

}  // namespace tide
