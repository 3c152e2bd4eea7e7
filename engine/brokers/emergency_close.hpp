#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "brokers/exchange_link.hpp"

namespace tide {

struct EmergencyCloseSettings {
    double band_pct = 1;            // of the first limit beyond the touch
    double band_step_pct = 1;       // more at each further try
    double band_max_pct = 15;       // the exchange's own price band is 20 %
    Duration try_for = seconds(2);  // then the order is cancelled and sent again, nearer to the market
    Duration give_up = seconds(30);
};
struct EmergencyAction {
    ReceiveTime time;
    std::string what;
};
struct EmergencyFill {
    ReceiveTime time;
    InstrumentId instrument;
    std::string symbol;
    Quantity quantity;
    Price price;
};
struct EmergencyResult {
    bool flat = false;  // the exchange's own books say so
    int cancels = 0;
    int orders = 0;
    int fills = 0;
    std::vector<EmergencyFill> closes;     // fills of our own orders
    std::optional<ReceiveTime> cancelled;  // when the books showed none of the session's orders any more
    ReceiveTime began, ended;
    ExchangeBooks before, after;
    std::vector<EmergencyAction> actions;
};

// Cancels every order and closes every position that the exchange's books show, by limits beyond the touch, until the
// books are empty. What is sold is bought back first: what is bought on the same underlying may cover it. Knows nothing
// of the session that left them. `now` is the exchange's time, which never falls; `wait` lets a few milliseconds pass.
// Errors: unreachable.
Result<EmergencyResult> close_everything(ExchangeLink& exchange, const EmergencyCloseSettings& settings,
                                         const std::function<ReceiveTime()>& now, const std::function<void()>& wait);

}  // namespace tide
