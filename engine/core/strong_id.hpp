#pragma once
#include <compare>
#include <cstdint>
#include <functional>

namespace tide {

// An identifier that cannot be mixed with another kind of identifier or with a number. 0 is "none" for every kind.
template <class Tag, class Rep>
class StrongId {
  public:
    using rep = Rep;
    constexpr StrongId() = default;
    constexpr explicit StrongId(Rep value) : value_(value) {}
    constexpr Rep value() const { return value_; }
    constexpr bool valid() const { return value_ != 0; }
    friend constexpr auto operator<=>(StrongId, StrongId) = default;

  private:
    Rep value_ = 0;
};

using InstrumentId = StrongId<struct InstrumentTag, uint32_t>;
using StrategyId = StrongId<struct StrategyTag, uint16_t>;
using OrderId = StrongId<struct OrderTag, uint64_t>;  // ours, given before the order leaves
using BrokerOrderId = StrongId<struct BrokerOrderTag, uint64_t>;
using FillId = StrongId<struct FillTag, uint64_t>;  // the broker's trade number
using IntentId = StrongId<struct IntentTag, uint64_t>;
using PositionId = StrongId<struct PositionTag, uint64_t>;

}  // namespace tide

template <class Tag, class Rep>
struct std::hash<tide::StrongId<Tag, Rep>> {
    size_t operator()(tide::StrongId<Tag, Rep> id) const noexcept { return std::hash<Rep>()(id.value()); }
};
