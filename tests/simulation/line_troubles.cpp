#include "line_troubles.hpp"

#include <algorithm>
#include <array>

namespace tide::simulation {
namespace {

constexpr std::array kStatuses{403, 429, 429, 500, 502, 503, 504};

// Begins at random times, most of them while entries are possible.
std::vector<ReceiveTime> begins(Dice& dice, const Scenario& scenario, int64_t most) {
    const Duration open = std::max<Duration>(scenario.hours.open, tide::hours(10) - minutes(5));
    const Duration until = std::min<Duration>(scenario.honest_from, scenario.hours.close);
    std::vector<ReceiveTime> times;
    if (until <= open) return times;
    for (int64_t i = dice.between(1, most); i > 0; --i)
        times.push_back(at(kTradingDay, open) + milliseconds(dice.below((until - open) / milliseconds(1))));
    std::sort(times.begin(), times.end());
    return times;
}

}  // namespace

LineTroubles::LineTroubles(const Scenario& scenario) : scenario_(scenario) {
    if (scenario.has(Fault::line_down)) plan_mutes(Dice(scenario.seed).fork(11));
    if (scenario.has(Fault::http_error)) plan_errors(Dice(scenario.seed).fork(12));
}

void LineTroubles::plan_mutes(Dice dice) {
    const ReceiveTime honest = at(kTradingDay, scenario_.honest_from);
    for (const ReceiveTime from : begins(dice, scenario_, 4)) {
        const bool is_long = scenario_.has(Fault::long_line_down) && dice.chance(400);
        const Duration length = is_long ? seconds(dice.between(240, 2'700)) : milliseconds(dice.between(500, 120'000));
        const ReceiveTime noticed = from + milliseconds(dice.between(0, 20'000));
        if (!mutes_.empty() && from <= mutes_.back().until) continue;
        const ReceiveTime until = std::min(from + length, honest);
        mutes_.push_back({from, until, noticed, 0});
        if (noticed >= until) continue;
        words_.push_back({noticed, FeedState::down});
        words_.push_back({until, FeedState::up});
    }
}

void LineTroubles::plan_errors(Dice dice) {
    const ReceiveTime honest = at(kTradingDay, scenario_.honest_from);
    for (const ReceiveTime from : begins(dice, scenario_, 8)) {
        const int status = kStatuses[static_cast<size_t>(dice.below(std::ssize(kStatuses)))];
        const Duration length = milliseconds(dice.between(300, dice.chance(300) ? 90'000 : 8'000));
        errors_.push_back({from, std::min(from + length, honest), ReceiveTime(), status});
    }
}

const LineTroubles::Episode* LineTroubles::find(const std::vector<Episode>& episodes, ReceiveTime now) {
    const auto found = std::find_if(episodes.begin(), episodes.end(),
                                    [&](const Episode& each) { return now >= each.from && now < each.until; });
    return found == episodes.end() ? nullptr : &*found;
}

bool LineTroubles::will_be_back(ReceiveTime now) const {
    const Episode* mute = find(mutes_, now);
    return mute != nullptr && mute->noticed < mute->until;
}

std::optional<int> LineTroubles::http_status(ReceiveTime now) const {
    const Episode* error = find(errors_, now);
    return error == nullptr ? std::nullopt : std::optional(error->status);
}

std::optional<ReceiveTime> LineTroubles::books_from(ReceiveTime now) const {
    const Episode* trouble = find(mutes_, now);
    if (trouble == nullptr) trouble = find(errors_, now);
    return trouble == nullptr ? std::nullopt : std::optional(trouble->until);
}

std::optional<ReceiveTime> LineTroubles::next_word() const {
    return next_word_ < words_.size() ? std::optional(words_[next_word_].at) : std::nullopt;
}

FeedState LineTroubles::take_word() { return words_[next_word_++].state; }

}  // namespace tide::simulation
