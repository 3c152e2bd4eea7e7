#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "brokers/exchange_wire.hpp"
#include "brokers/paper_broker.hpp"

namespace tide {

// A paper exchange that is told what to do in frames: what the process of its own does, without the sockets. One engine
// trades at a time; a watchdog takes over from it. Trusts nothing: any bytes give an answer or an error.
class ExchangeDesk {
  public:
    // Handles one frame of a client; what is to be sent back is appended to `out`. Errors: the client must be closed
    // (corrupt: the frame does not fit; halted: it may not trade, another does).
    Result<void> handle(uint64_t client, const WireFrame& frame, std::string& out);
    void disconnected(uint64_t client);
    // Nothing is left to be done for anybody: the engine said goodbye.
    bool finished() const { return finished_; }
    // A session that did not end in order may ask for its books.
    bool keeps_books() const { return broker_ != nullptr && !finished_ && !session_.empty(); }

  private:
    Result<void> hello(uint64_t client, WireReader& in);
    Result<void> market_event(WireReader& in);
    Result<void> trade(WireKind kind, WireReader& in);
    Result<void> poll(ReceiveTime until, std::string& out);
    bool known(InstrumentId id) const;

    PaperSettings settings_;
    OptionModelSettings model_;
    DataQualitySettings data_;  // of its price filter
    std::unique_ptr<PaperBroker> broker_;
    std::string session_;  // whose books these are
    uint64_t trader_ = 0;  // the client that trades
    bool finished_ = false;
    ReceiveTime now_{};
    size_t instruments_ = 0;
};

}  // namespace tide
