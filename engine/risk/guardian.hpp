#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "market/prices.hpp"
#include "risk/halts.hpp"
#include "risk/risk_settings.hpp"
#include "risk/trading_hours.hpp"
#include "risk/window_extremes.hpp"
#include "trading/order_desk.hpp"
#include "trading/portfolio.hpp"

namespace tide {

struct ExitRequest {
    PositionId position;
    ExitReason reason;
};
struct HaltChange {
    HaltKind kind = HaltKind::paused;
    bool active = true;
    std::string values;
    std::string text;
};
struct GuardianWarning {
    std::string rule;  // "day_loss_warning", …
    std::string values;
    std::string text;
};
// What the engine itself wants done, in this order: halts are already set in HaltState; cancels; exits.
struct GuardianActions {
    std::vector<HaltChange> halts;
    std::vector<GuardianWarning> warnings;
    bool cancel_entries = false;
    bool cancel_all = false;  // kill switch
    std::string cancel_reason;
    std::vector<ExitRequest> exits;
    bool empty() const { return halts.empty() && warnings.empty() && exits.empty() && !cancel_entries && !cancel_all; }
    void clear();
};

// Mandatory exits, engine-held levels and breakers; acts before any script sees the event. Call order for one event:
// prices, portfolio marks, guardian, scripts. A position that a live exit order covers entirely is left alone; one that
// is not (the order was rejected) is asked for again, with growing waits.
class Guardian {
  public:
    Guardian(const RiskSettings& settings, const MarketPrices& prices, const Portfolio& portfolio,
             const OrderDesk& desk, const TradingHours& hours, HaltState& halts);

    void start_day(ReceiveTime now);
    // A new last price of an instrument. A few ns when it is neither watched by a breaker nor by an open position.
    void on_price(InstrumentId id, ReceiveTime now, GuardianActions& actions) {
        const size_t i = id.value();
        if (i < ignore_until_.size() && now < ignore_until_[i] && !portfolio_.concerns(id)) return;
        on_watched_price(id, now, actions);
    }
    // A finished 1-minute bar with volume of an underlying (volume breaker).
    void on_bar(const Bar& bar, ReceiveTime now, GuardianActions& actions);
    // After fills: loss, drawdown, streak, margin, equity floor; positions that a flatten still misses.
    void on_account(ReceiveTime now, GuardianActions& actions);
    // Time-based: session close, expiry, pending orders before the close, retries, breakers that end.
    void on_time(ReceiveTime now, GuardianActions& actions);
    std::optional<ReceiveTime> next_due() const;

    // Latches the kill switch (operator, signal, or a breaker) and asks for every cancel and exit.
    void kill(ReceiveTime now, std::string values, std::string text, GuardianActions& actions);
    // Closes everything for another reason ("stop", "session_end"): priority 1, repeated until nothing is open.
    void flatten(ReceiveTime now, ExitReason reason, GuardianActions& actions);

  private:
    struct Asked {
        PositionId position;
        ReceiveTime next;
        int tries = 0;
    };
    struct UnderlyingWatch {
        InstrumentId id;
        WindowExtremes window;
        Ring<int64_t> volumes;
        int64_t volume_sum = 0;
        int64_t recent_volume_sum = 0;
        bool moving = false;
        bool volume_spiking = false;
    };

    void on_watched_price(InstrumentId id, ReceiveTime now, GuardianActions& actions);
    void on_vix(ReceiveTime now, GuardianActions& actions);
    void check_vix_level(double level, ReceiveTime now, GuardianActions& actions);
    void check_vix_rise(double level, ReceiveTime now, GuardianActions& actions);
    void on_underlying(UnderlyingWatch& watch, ReceiveTime now, GuardianActions& actions);
    void check_position(const Position& position, ReceiveTime now, GuardianActions& actions);
    void check_losses(ReceiveTime now, GuardianActions& actions);
    void check_margin(ReceiveTime now, GuardianActions& actions);
    void ask(const Position& position, ExitReason reason, ReceiveTime now, GuardianActions& actions);
    void ask_all(ReceiveTime now, GuardianActions& actions);
    void raise(HaltKind kind, ReceiveTime now, std::string values, std::string text, GuardianActions& actions);
    void clear(HaltKind kind, ReceiveTime now, GuardianActions& actions);
    UnderlyingWatch& watch_of(InstrumentId id);
    std::optional<ReceiveTime> session_exit_time(const Position& position, ReceiveTime now) const;

    const RiskSettings& settings_;
    const MarketPrices& prices_;
    const Portfolio& portfolio_;
    const OrderDesk& desk_;
    const TradingHours& hours_;
    HaltState& halts_;
    // Per instrument id: nothing to look at before this (for ever, where no breaker watches; a second after an
    // underlying's last sample), unless a position is open on it.
    std::vector<ReceiveTime> ignore_until_;
    std::vector<UnderlyingWatch> underlyings_;
    WindowExtremes vix_spike_window_, vix_kill_window_;
    std::optional<ExitReason> flatten_;  // until nothing is open
    std::vector<Asked> asked_;
    bool day_loss_warned_ = false;
    bool close_cancel_done_ = false;
    ReceiveTime last_now_;
};

}  // namespace tide
