#pragma once
#include <map>
#include <optional>
#include <vector>

#include "core/events.hpp"

// What 1-minute and activity bars should be, the slow way: every tick is kept, and each question is answered by looking
// at all of them again. Shares no code with the engine's builders.
namespace tide::test {

struct StreamTick {
    ReceiveTime received;
    ExchangeTime exchange;
    TickEvent tick;
};

class BarReference {
  public:
    BarReference(const TradingDayEvent& day, Duration tolerance) : tolerance_(tolerance) {
        for (size_t i = 0; i < day.session_count; ++i) {
            const auto moment = [&](Duration time) {
                return (Duration(day.date.time_since_epoch()) + time - hours(5) - minutes(30)).count();
            };
            sessions_.push_back({moment(day.sessions[i].open), moment(day.sessions[i].close)});
        }
    }

    // One instrument's ticks in order of arrival; `clock`: whether the receive time also closes bars, before the tick.
    std::vector<Bar> minutes_of(const std::vector<StreamTick>& ticks, bool clock) {
        place(ticks);
        mark(ticks, clock);
        std::vector<Bar> bars;
        for (const auto& [minute, members] : by_minute(ticks)) bars.push_back(bar_of(ticks, minute, members));
        return bars;
    }

    // The same ticks cut into bars of activity, session by session; range in units of price.
    std::vector<Bar> activity_of(const std::vector<StreamTick>& ticks, const ActivitySpec& spec, int64_t step) const {
        std::vector<Bar> bars;
        std::vector<size_t> members;
        const auto flush = [&](bool whole) {
            if (members.empty()) return;
            Bar bar = bar_of(ticks, 0, members);
            if (!whole) bar.flags |= kBarPartial;
            bars.push_back(bar);
            members.clear();
        };
        std::optional<size_t> session;
        for (size_t i = 0; i < ticks.size(); ++i) {
            if (!counts_[i]) continue;
            if (session != session_of(times_[i])) flush(false);
            session = session_of(times_[i]);
            if (spec.kind == ActivityKind::volume && !has_volume(ticks[i].tick)) continue;
            members.push_back(i);
            const Bar so_far = bar_of(ticks, 0, members);
            const int64_t reached = spec.kind == ActivityKind::ticks    ? static_cast<int64_t>(members.size())
                                    : spec.kind == ActivityKind::volume ? so_far.volume
                                                                        : (so_far.high - so_far.low).units() / step;
            if (reached >= spec.size) flush(true);
        }
        flush(false);
        return bars;
    }

  private:
    static constexpr int64_t kMinute_ns = 60'000'000'000;
    struct Hours {
        int64_t open, close;
    };
    static bool has_volume(const TickEvent& tick) { return (tick.flags & (kTickHasVolume | kTickVolumeIsDelta)) != 0; }
    static bool usable(const TickEvent& tick) {
        return (tick.flags & (kTickPathOfBar | kTickDailyValue)) == 0 && tick.last.units() > 0;
    }
    std::optional<size_t> session_of(int64_t time) const {
        for (size_t i = 0; i < sessions_.size(); ++i) {
            if (time >= sessions_[i].open && time < sessions_[i].close) return i;
        }
        return std::nullopt;
    }
    // Start of the minute; a session's last one may be short.
    int64_t minute_of(int64_t time) const {
        const Hours& hours_of = sessions_[*session_of(time)];
        return hours_of.open + (time - hours_of.open) / kMinute_ns * kMinute_ns;
    }
    int64_t end_of(int64_t minute) const { return std::min(minute + kMinute_ns, sessions_[*session_of(minute)].close); }

    void place(const std::vector<StreamTick>& ticks) {
        times_.clear();
        for (const StreamTick& one : ticks) {
            const int64_t received = one.received.time_since_epoch().count();
            const int64_t exchange = one.exchange.time_since_epoch().count();
            const bool near = exchange != 0 && std::abs(exchange - received) <= tolerance_.count();
            times_.push_back(near ? exchange : received);
        }
    }
    bool repeats(const std::vector<StreamTick>& ticks, size_t i, std::optional<size_t> before, int64_t level,
                 int64_t oi) const {
        if (!before || ticks[i].exchange == ExchangeTime()) return false;
        const TickEvent& tick = ticks[i].tick;
        if (tick.has(kTickVolumeIsDelta)) return false;
        if (ticks[i].exchange != ticks[*before].exchange || tick.last != ticks[*before].tick.last) return false;
        if (tick.has(kTickHasVolume) && tick.volume > level) return false;
        return !tick.has(kTickHasOi) || tick.oi == oi;
    }
    // Which ticks count, and what traded with each.
    void mark(const std::vector<StreamTick>& ticks, bool clock) {
        counts_.assign(ticks.size(), false);
        in_order_.assign(ticks.size(), true);
        traded_.assign(ticks.size(), 0);
        int64_t level = 0, oi = 0;
        bool level_known = false;
        std::optional<size_t> before;
        for (size_t i = 0; i < ticks.size(); ++i) {
            const TickEvent& tick = ticks[i].tick;
            if (!usable(tick)) continue;
            const bool again = repeats(ticks, i, before, level, oi);
            before = i;
            if (tick.has(kTickHasOi)) oi = tick.oi;
            if (again) continue;
            if (!session_of(times_[i])) {
                level_known = level_known || times_[i] < sessions_[0].open;
                continue;
            }
            if (late(ticks, i, clock)) continue;
            counts_[i] = true;
            for (size_t k = 0; k < i; ++k) {
                if (counts_[k] && minute_of(times_[k]) == minute_of(times_[i]) && times_[k] > times_[i])
                    in_order_[i] = false;
            }
            if (tick.has(kTickVolumeIsDelta)) {
                traded_[i] = std::max<int64_t>(0, tick.volume);
            } else if (tick.has(kTickHasVolume) && tick.volume >= level) {
                if (level_known || times_[i] < sessions_[0].open + kMinute_ns) traded_[i] = tick.volume - level;
                level = tick.volume;
                level_known = true;
            }
        }
    }
    // Its minute's bar was there and has been closed, or a later minute has a bar.
    bool late(const std::vector<StreamTick>& ticks, size_t i, bool clock) const {
        const int64_t minute = minute_of(times_[i]);
        for (size_t k = 0; k < i; ++k) {
            if (!counts_[k]) continue;
            const int64_t other = minute_of(times_[k]);
            if (other > minute) return true;
            if (other < minute) continue;
            for (size_t j = k + 1; j <= i; ++j) {
                const bool by_tick = usable(ticks[j].tick) && times_[j] >= end_of(minute);
                const bool by_clock = clock && ticks[j].received.time_since_epoch().count() >= end_of(minute);
                if (by_tick || by_clock) return true;
            }
        }
        return false;
    }
    std::map<int64_t, std::vector<size_t>> by_minute(const std::vector<StreamTick>& ticks) const {
        std::map<int64_t, std::vector<size_t>> groups;
        for (size_t i = 0; i < ticks.size(); ++i) {
            if (counts_[i]) groups[minute_of(times_[i])].push_back(i);
        }
        return groups;
    }
    Bar bar_of(const std::vector<StreamTick>& ticks, int64_t start, const std::vector<size_t>& members) const {
        Bar bar;
        bar.start = ExchangeTime(Duration(start));
        bar.open = bar.high = bar.low = bar.close = ticks[members.front()].tick.last;
        for (const size_t i : members) {
            const TickEvent& tick = ticks[i].tick;
            bar.high = std::max(bar.high, tick.last);
            bar.low = std::min(bar.low, tick.last);
            if (in_order_[i]) bar.close = tick.last;
            bar.volume += traded_[i];
            if (has_volume(tick)) bar.flags |= kBarHasVolume;
            if (tick.has(kTickHasOi)) {
                bar.oi = tick.oi;
                bar.flags |= kBarHasOi;
            }
        }
        return bar;
    }

    Duration tolerance_;
    std::vector<Hours> sessions_;
    std::vector<int64_t> times_;
    std::vector<bool> counts_, in_order_;
    std::vector<int64_t> traded_;
};

}  // namespace tide::test
