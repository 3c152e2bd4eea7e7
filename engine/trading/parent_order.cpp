#include "trading/parent_order.hpp"

#include <array>

namespace tide {
namespace {

using enum ParentState;

// Rows: ParentState in its order. Columns: release, park, fill_rest, cancel, expire, refuse. `fill_rest` of one that
// waits: the last fill of a child of an earlier day came late.
// clang-format off
constexpr std::array<std::array<ParentState, kParentEventCount>, kParentStateCount> kTable{{
    {working,   waiting,   done,      cancelled, expired,   refused},    // waiting
    {working,   waiting,   done,      cancelled, expired,   refused},    // working
    {done,      done,      done,      done,      done,      done},
    {cancelled, cancelled, cancelled, cancelled, cancelled, cancelled},
    {expired,   expired,   expired,   expired,   expired,   expired},
    {refused,   refused,   refused,   refused,   refused,   refused},
}};
// clang-format on

}  // namespace

std::string_view name_of(ParentState state) {
    static constexpr std::array<std::string_view, kParentStateCount> kNames{"waiting",   "working", "done",
                                                                            "cancelled", "expired", "refused"};
    return kNames[static_cast<size_t>(state)];
}

std::string_view name_of(ParentEvent event) {
    static constexpr std::array<std::string_view, kParentEventCount> kNames{"release", "park",   "fill_rest",
                                                                            "cancel",  "expire", "refuse"};
    return kNames[static_cast<size_t>(event)];
}

ParentState transition(ParentState state, ParentEvent event) {
    return kTable[static_cast<size_t>(state)][static_cast<size_t>(event)];
}

ReceiveTime ParentOrder::slice_due() const {
    if (next_slice == 0 || next_slice >= plan.size()) return from;
    const double part = static_cast<double>(next_slice) / static_cast<double>(plan.size());
    return begun + Duration(static_cast<int64_t>(intent.terms.over_min * part * 60e9));
}

}  // namespace tide
