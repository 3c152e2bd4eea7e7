#pragma once
#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "core/money.hpp"
#include "risk/trading_hours.hpp"

namespace tide {

// What can be out: market data, or the way to the broker.
enum class OutageLine : uint8_t { feed, broker };
inline constexpr size_t kOutageLineCount = 2;
std::string_view name_of(OutageLine line);

// How the market stood when a line went down.
struct MarketBefore {
    struct Held {
        PositionId position;
        Price underlying;
    };
    double vix = 0;  // 0: not known
    std::vector<Held> held;
};
struct Outage {
    ReceiveTime from;
    Duration in_session{};  // how much of it the market was open, on the day on which it ended
    MarketBefore before;
};

// Since when the lines are down. An outage is measured in hours of trading: a line that is down over night costs
// nothing.
class Outages {
  public:
    bool is_down(OutageLine line) const { return lines_[static_cast<size_t>(line)].has_value(); }
    void begin(OutageLine line, ReceiveTime from, MarketBefore before);
    // None: it was not down.
    std::optional<Outage> end(OutageLine line, ReceiveTime now, const TradingHours& trading_hours);

  private:
    std::array<std::optional<Outage>, kOutageLineCount> lines_;
};

}  // namespace tide
