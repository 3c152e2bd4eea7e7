#include "market/data_quality.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tide {
namespace {

constexpr Duration kSlot = seconds(30);            // ten of them are the five minutes of the missing-data rule
constexpr Duration kSameBeat = milliseconds(500);  // arrivals of the whole feed so close are one snapshot
constexpr Duration kUnlearntSilence = minutes(3);  // before a cadence is known
constexpr int64_t kIntervalsToLearn = 3;
constexpr int64_t kIntervalsToExpect = 20;  // before single ticks can be missed
constexpr double kRegularDeviation = 0.2;   // of the interval; an irregular stream has nothing to miss
constexpr double kTicksToJudge = 3;
constexpr size_t kSkewSamplesMin = 5;
constexpr double kLeave = 0.5;  // a rate or skew leaves its state at half its limit
constexpr uint32_t kNoWord = kTickPathOfBar | kTickDailyValue | kTickModelPrice;

Duration seconds_of(double s) { return Duration(static_cast<int64_t>(std::llround(s * 1e9))); }
double in_seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

std::string_view name_of(QualityKind kind) {
    static constexpr std::array<std::string_view, kQualityKindCount> kNames{"stale", "frozen", "skewed", "missing",
                                                                            "gaps"};
    return kNames[static_cast<size_t>(kind)];
}

DataQuality::DataQuality(const DataQualitySettings& settings)
    : settings_(settings), frozen_after_(seconds_of(settings.frozen_s)), watches_(1), told_{0} {
    Watch& feed = watches_[0];
    feed.known = feed.told = true;
    feed.stale_least = seconds_of(settings.stale_feed_s);
    feed.stale_limit = stale_limit_of(feed);
    skews_.reserve(static_cast<size_t>(settings.skew_window));
    sorted_skews_.reserve(static_cast<size_t>(settings.skew_window));
    changes_.reserve(64);
}

uint8_t DataQuality::hours_of(std::string_view calendar) {
    for (size_t i = 0; i < hours_.size(); ++i) {
        if (hours_[i].calendar == calendar) return static_cast<uint8_t>(i);
    }
    TIDE_ASSERT(hours_.size() < 255);
    hours_.emplace_back().calendar = calendar;
    return static_cast<uint8_t>(hours_.size() - 1);
}

void DataQuality::on_instrument(const Instrument& instrument) {
    const size_t i = instrument.id.value();
    if (i >= watches_.size()) watches_.resize(i + 1);
    Watch& watch = watches_[i];
    if (!watch.known && !instrument.is_option()) {
        watch.told = true;
        told_.push_back(static_cast<uint32_t>(i));
    }
    watch.known = true;
    watch.kind = instrument.kind;
    watch.hours = hours_of(instrument.calendar);
    watch.stale_least = seconds_of(settings_.stale_of(watch.kind));
    watch.stale_limit = stale_limit_of(watch);
}

void DataQuality::on_day(const TradingDayEvent& day) {
    if (day.history) return;
    Hours& table = hours_[hours_of(day.calendar)];
    table.count = static_cast<uint8_t>(std::min<size_t>(day.session_count, table.open.size()));
    table.current = 0;
    for (size_t i = 0; i < table.count; ++i) {
        table.open[i] = at(day.date, day.sessions[i].open);
        table.close[i] = at(day.date, day.sessions[i].close);
    }
    // The first look of the day finds who is silent from the start.
    if (table.count > 0) next_look_ = std::min(next_look_, table.open[0]);
}

const ReceiveTime* DataQuality::find_session(Hours& table, ReceiveTime now) {
    for (size_t k = 0; k < table.count; ++k) {
        if (now >= table.open[k] && now < table.close[k]) {
            table.current = k;
            return &table.open[k];
        }
    }
    return nullptr;
}

void DataQuality::watch(InstrumentId option, bool wanted, ReceiveTime now) {
    Watch* found = find(option);
    if (found == nullptr || found->kind != InstrumentKind::option || found->told == wanted) return;
    found->told = wanted;
    if (wanted) {
        told_.push_back(option.value());
        if (found->fed) next_look_ = std::min(next_look_, std::max(now, stale_from(*found, now)));
    } else {
        told_.erase(std::find(told_.begin(), told_.end(), option.value()));
    }
}

void DataQuality::set(Watch& watch, QualityKind kind, bool bad, double value, double limit, ReceiveTime now) {
    if (is_bad(watch, kind) == bad) return;
    watch.bad = static_cast<uint8_t>(watch.bad ^ (1U << static_cast<int>(kind)));
    watch.since[static_cast<size_t>(kind)] = now;
    if (!watch.told) return;
    const auto id = static_cast<uint32_t>(&watch - watches_.data());
    changes_.push_back({InstrumentId(id), kind, bad, value, limit, now});
}

// ---- arrivals

void DataQuality::begin_session(Watch& watch, ReceiveTime open, ReceiveTime now) {
    watch.session = open;
    watch.seen.fill(0);
    watch.missed.fill(0);
    watch.seen_sum = watch.missed_sum = 0;
    watch.missing_pct = 0;
    watch.slot = 0;
    watch.slot_at = 0;
    watch.slot_end = open + kSlot;
    watch.gaps.fill(ReceiveTime());
    watch.stamp = ExchangeTime();
    watch.stamp_stood = watch.tick_stood = {now, 0};
    watch.last_price = Price();
    if (&watch == watches_.data()) {
        skews_.clear();
        sorted_skews_.clear();
        skew_at_ = 0;
    }
    for (size_t k = 0; k < kQualityKindCount; ++k) set(watch, static_cast<QualityKind>(k), false, 0, 0, now);
}

// `open`: of the session that `now` is in.
inline bool DataQuality::arrived(Watch& watch, ReceiveTime open, ReceiveTime now, Duration least) {
    watch.fed = true;
    if (watch.session != open) {
        begin_session(watch, open, now);
    } else {
        const Duration interval = now - watch.last;
        if (interval < least) return false;
        // A silence, or of bars a minute without one.
        if (is_bad(watch, QualityKind::stale) || interval > watch.stale_limit ||
            (watch.bars && interval >= 2 * minutes(1))) {
            end_silence(watch, now, interval);
        }
        if (!watch.bars && &watch != watches_.data()) count_missing(watch, now, interval);
        learn(watch, interval);
    }
    if (is_bad(watch, QualityKind::gaps)) leave_gaps(watch, now);
    watch.last = now;
    if (watch.told) next_look_ = std::min(next_look_, now + watch.stale_limit);
    return true;
}

void DataQuality::end_silence(Watch& watch, ReceiveTime now, Duration interval) {
    if (is_bad(watch, QualityKind::stale) || interval > watch.stale_limit) {
        set(watch, QualityKind::stale, false, in_seconds(interval), in_seconds(watch.stale_limit), now);
    }
    note_gap(watch, now);
}

void DataQuality::leave_gaps(Watch& watch, ReceiveTime now) {
    const int64_t count = gaps_in_window(watch, now);
    if (2 * count > settings_.gap_count) return;
    set(watch, QualityKind::gaps, false, static_cast<double>(count), static_cast<double>(settings_.gap_count), now);
}

// Exponential means, a new interval weighs an eighth (RFC 6298 smooths round trips the same way). One silence teaches
// at most four usual intervals.
inline void DataQuality::learn(Watch& watch, Duration interval) {
    if (watch.intervals++ == 0) {
        watch.interval = interval;
        watch.deviation = Duration(0);
        watch.stale_limit = stale_limit_of(watch);
        return;
    }
    const Duration bounded = std::min(interval, 4 * watch.interval + kSlot / 30);
    watch.deviation += (std::chrono::abs(bounded - watch.interval) - watch.deviation) / 8;
    const Duration step = (bounded - watch.interval) / 8;
    if (step == Duration(0) && watch.intervals > kIntervalsToLearn) return;
    watch.interval += step;
    watch.stale_limit = stale_limit_of(watch);
}

inline bool DataQuality::regular(const Watch& watch) const {
    return !watch.bars && watch.intervals >= kIntervalsToExpect && watch.interval > Duration(0) &&
           static_cast<double>(watch.deviation.count()) <=
               kRegularDeviation * static_cast<double>(watch.interval.count());
}

void DataQuality::begin_slot(Watch& watch, int64_t slot) {
    const int64_t from = std::max(watch.slot + 1, slot - static_cast<int64_t>(kSlots) + 1);
    for (int64_t s = from; s <= slot; ++s) {
        const auto i = static_cast<size_t>(s) % kSlots;
        watch.seen_sum -= watch.seen[i];
        watch.missed_sum -= watch.missed[i];
        watch.seen[i] = watch.missed[i] = 0;
    }
    watch.slot = slot;
    watch.slot_at = static_cast<size_t>(slot) % kSlots;
    watch.slot_end = watch.session + (slot + 1) * kSlot;
}

inline void DataQuality::count_missing(Watch& watch, ReceiveTime now, Duration interval) {
    if (now >= watch.slot_end) begin_slot(watch, (now - watch.session) / kSlot);
    uint16_t& seen = watch.seen[watch.slot_at];
    if (seen < 65'000) {
        ++seen;
        ++watch.seen_sum;
    }
    // Half an interval late, and not by the stream's own jitter.
    if (2 * interval > 3 * watch.interval + 8 * watch.deviation && regular(watch)) miss(watch, interval);
    watch.missing_pct = 0;
    if (watch.missed_sum != 0 || is_bad(watch, QualityKind::missing)) judge_missing(watch, now);
}

void DataQuality::miss(Watch& watch, Duration interval) {
    uint16_t& missed = watch.missed[watch.slot_at];
    const int64_t most = minutes(5) / watch.interval + 1;
    const int64_t lost = std::min((interval + watch.interval / 2) / watch.interval - 1, most);
    const auto room = static_cast<int64_t>(65'000 - missed);
    const auto counted = static_cast<uint16_t>(std::min(lost, room));
    missed = static_cast<uint16_t>(missed + counted);
    watch.missed_sum += counted;
}

void DataQuality::judge_missing(Watch& watch, ReceiveTime now) {
    const bool was_bad = is_bad(watch, QualityKind::missing);
    // Of what five minutes should have brought, also while the first five are not over.
    const auto expected = static_cast<double>(minutes(5) / std::max(watch.interval, Duration(1)));
    const double total = std::max(static_cast<double>(watch.seen_sum + watch.missed_sum), expected);
    if (total < kTicksToJudge) return;
    const double pct = watch.missing_pct = 100.0 * watch.missed_sum / total;
    if (!was_bad && pct > settings_.missing_alert_pct) {
        set(watch, QualityKind::missing, true, pct, settings_.missing_alert_pct, now);
    } else if (was_bad && pct < kLeave * settings_.missing_alert_pct) {
        set(watch, QualityKind::missing, false, pct, settings_.missing_alert_pct, now);
    }
}

void DataQuality::note_gap(Watch& watch, ReceiveTime now) {
    watch.gap_at = (watch.gap_at + 1) % watch.gaps.size();
    watch.gaps[watch.gap_at] = now;
    const int64_t count = gaps_in_window(watch, now);
    if (count >= std::min(settings_.gap_count, static_cast<int64_t>(watch.gaps.size()))) {
        set(watch, QualityKind::gaps, true, static_cast<double>(count), static_cast<double>(settings_.gap_count), now);
    }
}

int64_t DataQuality::gaps_in_window(const Watch& watch, ReceiveTime now) const {
    const ReceiveTime from = now - seconds_of(settings_.gap_window_min * 60);
    return std::count_if(watch.gaps.begin(), watch.gaps.end(),
                         [&](ReceiveTime gap) { return gap != ReceiveTime() && gap > from; });
}

void DataQuality::on_tick(ReceiveTime received, ExchangeTime exchange, const TickEvent& tick) {
    Watch* found = find(tick.instrument);
    if (found == nullptr || (tick.flags & kNoWord) != 0) return;
    const ReceiveTime* open = session_of(hours_[found->hours], received);
    if (open == nullptr || !arrived(*found, *open, received, Duration(0))) return;
    check_frozen(*found, received, exchange, tick);
    check_feed(received, exchange, feed_arrived(*found, *open, received));
}

void DataQuality::on_bar(ReceiveTime received, const Bar& bar) {
    Watch* found = find(bar.instrument);
    if (found == nullptr || bar.is_history() || bar.timeframe != Timeframe::m1) return;
    found->bars = watches_[0].bars = true;
    // A bar's end may be the session's close: it belongs to the session of its start.
    const ReceiveTime inside = std::min(received, as_receive_time(bar.start) + minutes(1) - Duration(1));
    const ReceiveTime* open = session_of(hours_[found->hours], inside);
    if (open == nullptr || !arrived(*found, *open, inside, Duration(0))) return;
    feed_arrived(*found, *open, inside);
}

// The feed is alive when anything comes. True: a beat of its own, not one more row of the same snapshot.
bool DataQuality::feed_arrived(const Watch& by, ReceiveTime open, ReceiveTime now) {
    Watch& feed = watches_[0];
    if (feed.hours != by.hours) {
        const ReceiveTime* own = session_of(hours_[feed.hours], now);
        if (own == nullptr) {
            feed.hours = by.hours;
        } else {
            open = *own;
        }
    }
    return arrived(feed, open, now, kSameBeat);
}

// ---- frozen, skewed

bool DataQuality::frozen(const Stood& stood, ReceiveTime now) const {
    return stood.repeats >= settings_.frozen_repeats && now - stood.since >= frozen_after_;
}

void DataQuality::check_frozen(Watch& watch, ReceiveTime now, ExchangeTime exchange, const TickEvent& tick) {
    const bool stamped = exchange != ExchangeTime();
    if (stamped && exchange == watch.stamp) {
        ++watch.stamp_stood.repeats;
    } else {
        watch.stamp_stood = {now, 0};
    }
    watch.stamp = exchange;
    const bool same = tick.last == watch.last_price && tick.bid == watch.bid && tick.ask == watch.ask &&
                      tick.volume == watch.volume && tick.oi == watch.oi;
    if (same) {
        ++watch.tick_stood.repeats;
    } else {
        watch.tick_stood = {now, 0};
        watch.last_price = tick.last;
        watch.bid = tick.bid;
        watch.ask = tick.ask;
        watch.volume = tick.volume;
        watch.oi = tick.oi;
    }
    // What trades all day moves all day.
    const bool busy = watch.kind == InstrumentKind::index || watch.kind == InstrumentKind::future;
    const bool stood = (stamped && frozen(watch.stamp_stood, now)) || (busy && frozen(watch.tick_stood, now));
    if (stood == is_bad(watch, QualityKind::frozen)) return;
    const ReceiveTime since =
        stamped ? std::min(watch.stamp_stood.since, watch.tick_stood.since) : watch.tick_stood.since;
    set(watch, QualityKind::frozen, stood, in_seconds(now - since), settings_.frozen_s, now);
}

// The feed is frozen when the newest stamp of all instruments stands.
void DataQuality::check_feed(ReceiveTime now, ExchangeTime exchange, bool beat) {
    if (exchange == ExchangeTime()) return;
    Watch& feed = watches_[0];
    if (exchange > feed.stamp) {
        feed.stamp = exchange;
        feed.stamp_stood = {now, 0};
    } else if (beat) {
        ++feed.stamp_stood.repeats;
    }
    if (const bool stood = frozen(feed.stamp_stood, now); stood != is_bad(feed, QualityKind::frozen)) {
        set(feed, QualityKind::frozen, stood, in_seconds(now - feed.stamp_stood.since), settings_.frozen_s, now);
    }
    if (now >= next_skew_) sample_skew(now, exchange);
}

void DataQuality::sample_skew(ReceiveTime now, ExchangeTime exchange) {
    next_skew_ = now + seconds(1);
    const int64_t skew = (as_exchange_time(now) - exchange).count();
    auto& sorted = sorted_skews_;
    if (skews_.size() < static_cast<size_t>(settings_.skew_window)) {
        skews_.push_back(skew);
        sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), skew), skew);
    } else {
        const int64_t oldest = std::exchange(skews_[skew_at_], skew);
        skew_at_ = skew_at_ + 1 == skews_.size() ? 0 : skew_at_ + 1;
        if (oldest == skew) return;  // the same samples: the same median, and nothing follows from it
        sorted.erase(std::lower_bound(sorted.begin(), sorted.end(), oldest));
        sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), skew), skew);
    }
    if (skews_.size() < kSkewSamplesMin) return;
    skew_s_ = in_seconds(Duration(sorted[sorted.size() / 2]));
    Watch& feed = watches_[0];
    const bool bad = is_bad(feed, QualityKind::skewed);
    if (!bad && std::fabs(skew_s_) > settings_.skew_max_s) {
        set(feed, QualityKind::skewed, true, skew_s_, settings_.skew_max_s, now);
    } else if (bad && std::fabs(skew_s_) < kLeave * settings_.skew_max_s) {
        set(feed, QualityKind::skewed, false, skew_s_, settings_.skew_max_s, now);
    }
}

// ---- silence

Duration DataQuality::stale_limit_of(const Watch& watch) const {
    if (watch.intervals < kIntervalsToLearn) return std::max(watch.stale_least, kUnlearntSilence);
    const auto usual = static_cast<double>(watch.interval.count()) * settings_.stale_cadence_factor;
    return std::max(watch.stale_least, Duration(static_cast<int64_t>(usual)));
}

ReceiveTime DataQuality::stale_from(const Watch& watch, ReceiveTime now) const {
    const Hours& table = hours_[watch.hours];
    const Duration limit = watch.stale_limit;
    for (size_t i = 0; i < table.count; ++i) {
        if (now >= table.close[i]) continue;
        const ReceiveTime from = std::max(watch.last, table.open[i]) + limit;
        if (from < table.close[i]) return from;
    }
    return ReceiveTime::max();
}

void DataQuality::look(ReceiveTime now) {
    next_look_ = ReceiveTime::max();
    for (const uint32_t id : told_) {
        Watch& watch = watches_[id];
        if (!watch.fed || hours_.empty()) continue;
        const ReceiveTime from = stale_from(watch, now);
        if (from == ReceiveTime::max()) continue;
        if (now < from) {
            next_look_ = std::min(next_look_, from);
        } else {
            set(watch, QualityKind::stale, true, in_seconds(now - watch.last), in_seconds(watch.stale_limit), now);
        }
    }
}

// ---- for whoever asks

QualityState DataQuality::state(InstrumentId id, QualityKind kind, ReceiveTime now) const {
    QualityState state;
    const Watch* found = subject(id);
    if (found == nullptr || !found->fed || hours_.empty()) return state;
    const bool feed = !id.valid();
    state.bad = is_bad(*found, kind);
    state.since = found->since[static_cast<size_t>(kind)];
    switch (kind) {
        case QualityKind::stale:
            state.applicable = true;
            state.limit = in_seconds(found->stale_limit);
            state.value = in_seconds(now - found->last);
            // Nobody looks after an option that is not watched.
            if (!found->told) state.bad = now >= stale_from(*found, now);
            break;
        case QualityKind::frozen:
            state.applicable = !found->bars;
            state.limit = settings_.frozen_s;
            state.value =
                in_seconds(now - (found->stamp != ExchangeTime() ? found->stamp_stood : found->tick_stood).since);
            break;
        case QualityKind::skewed:
            state.applicable = feed && skews_.size() >= kSkewSamplesMin;
            state.limit = settings_.skew_max_s;
            state.value = skew_s_;
            break;
        case QualityKind::missing:
            state.applicable = !feed && (state.bad || regular(*found));
            state.limit = settings_.missing_alert_pct;
            state.value = found->missing_pct;
            break;
        case QualityKind::gaps:
            state.applicable = true;
            state.limit = static_cast<double>(settings_.gap_count);
            state.value = static_cast<double>(gaps_in_window(*found, now));
            break;
    }
    return state;
}

double DataQuality::age_s(InstrumentId id, ReceiveTime now) const {
    const Watch* found = subject(id);
    return found == nullptr || !found->fed ? -1 : in_seconds(now - found->last);
}

double DataQuality::cadence_s(InstrumentId id) const {
    const Watch* found = subject(id);
    return found == nullptr || found->intervals < kIntervalsToLearn ? 0 : in_seconds(found->interval);
}

}  // namespace tide
