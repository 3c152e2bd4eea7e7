#pragma once
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/events.hpp"
#include "market/data_quality_settings.hpp"

namespace tide {

// What may be wrong with an instrument's data, or (instrument: none) with the feed as a whole.
enum class QualityKind : uint8_t {
    stale,    // no tick while its session is open; value: seconds of silence
    frozen,   // ticks come, but the stamp (or the whole tick) stands; value: seconds it has stood
    skewed,   // feed only: stamps run behind (above 0) or ahead of receipt; value: median seconds
    missing,  // expected ticks do not come; value: per cent of five minutes
    gaps,     // many silences; value: silences in the window
};
inline constexpr size_t kQualityKindCount = 5;
std::string_view name_of(QualityKind kind);

struct QualityState {
    bool applicable = false;  // whether enough is known to say
    bool bad = false;
    double value = 0;  // as of the last look
    double limit = 0;
    ReceiveTime since;  // of the present state
};
struct QualityChange {
    InstrumentId instrument;  // none: the feed
    QualityKind kind = QualityKind::stale;
    bool bad = false;
    double value = 0;
    double limit = 0;
    ReceiveTime at;
};

// Watches the stream of ticks and bars: is it alive, does it move, is its clock right, is it whole. Deterministic, fed
// the events that everybody sees. Only what comes while the instrument's session is open counts. A feed's own cadence
// is learnt (an exponential mean of its intervals), so that a chain that comes once a minute is not called stale by a
// rule for streams. States leave only well inside their limits, so they do not flap. Bar feeds: silence and gaps alone.
//
// Changes are told for the feed, for everything that is not an option, and for options that are watched (held ones);
// of the others the state is there for whoever asks.
class DataQuality {
  public:
    explicit DataQuality(const DataQualitySettings& settings);

    void on_instrument(const Instrument& instrument);
    void on_day(const TradingDayEvent& day);
    void on_tick(ReceiveTime received, ExchangeTime exchange, const TickEvent& tick);
    void on_bar(ReceiveTime received, const Bar& bar);
    // Looks for silences. Cheap before next_due().
    void on_time(ReceiveTime now) {
        if (now >= next_look_) look(now);
    }
    // A lower bound of when time alone changes a state; ReceiveTime::max(): never.
    ReceiveTime next_due() const { return next_look_; }
    // Whether an option's changes are told.
    void watch(InstrumentId option, bool wanted, ReceiveTime now);

    const DataQualitySettings& settings() const { return settings_; }
    // Of an instrument, or (none) of the feed.
    QualityState state(InstrumentId id, QualityKind kind, ReceiveTime now) const;
    // Seconds since the last tick or bar; negative before the first of the session.
    double age_s(InstrumentId id, ReceiveTime now) const;
    // Usual seconds between two, 0 before it is known.
    double cadence_s(InstrumentId id) const;
    // Told since the last take_changes().
    const std::vector<QualityChange>& changes() const { return changes_; }
    void take_changes() { changes_.clear(); }

  private:
    static constexpr size_t kSlots = 10;
    struct Hours {
        std::string calendar;
        uint8_t count = 0;
        std::array<ReceiveTime, 3> open{}, close{};
        size_t current = 0;  // the session that the last look was in
    };
    struct Stood {  // how long something has been the same
        ReceiveTime since;
        int64_t repeats = 0;
    };
    struct Watch {
        bool known = false;
        bool told = false;
        bool fed = false;  // ticks or bars have come on some day
        bool bars = false;
        InstrumentKind kind = InstrumentKind::index;
        uint8_t hours = 0;
        uint8_t bad = 0;        // bits by QualityKind
        int64_t intervals = 0;  // learnt from
        Duration interval{}, deviation{};
        Duration stale_least{};  // of its kind
        Duration stale_limit{};  // longer silence is stale, by what has been learnt
        ReceiveTime session;     // the open of the session it has been seen in
        ReceiveTime last;        // tick or bar
        ExchangeTime stamp;
        Stood stamp_stood, tick_stood;
        Price last_price, bid, ask;
        int64_t volume = 0, oi = 0;
        int64_t slot = 0;  // of missing, in units of kSlot
        size_t slot_at = 0;
        ReceiveTime slot_end;
        std::array<uint16_t, kSlots> seen{}, missed{};
        uint32_t seen_sum = 0, missed_sum = 0;
        double missing_pct = 0;
        std::array<ReceiveTime, 16> gaps{};  // the last silences' ends, a ring
        size_t gap_at = 0;
        std::array<ReceiveTime, kQualityKindCount> since{};
    };

    Watch* find(InstrumentId id) {
        const size_t i = id.value();
        return i > 0 && i < watches_.size() && watches_[i].known ? &watches_[i] : nullptr;
    }
    const Watch* find(InstrumentId id) const { return const_cast<DataQuality*>(this)->find(id); }
    const Watch* subject(InstrumentId id) const { return id.valid() ? find(id) : watches_.data(); }
    // The open of the session that `now` is in; none when closed.
    static const ReceiveTime* session_of(Hours& table, ReceiveTime now) {
        const size_t i = table.current;
        const bool inside = i < table.count && now >= table.open[i] && now < table.close[i];
        return inside ? &table.open[i] : find_session(table, now);
    }
    static const ReceiveTime* find_session(Hours& table, ReceiveTime now);
    uint8_t hours_of(std::string_view calendar);
    // A tick or bar arrived: cadence, silence, missing ones. False: sooner than `least`.
    bool arrived(Watch& watch, ReceiveTime open, ReceiveTime now, Duration least);
    void end_silence(Watch& watch, ReceiveTime now, Duration interval);
    void leave_gaps(Watch& watch, ReceiveTime now);
    void begin_session(Watch& watch, ReceiveTime open, ReceiveTime now);
    void learn(Watch& watch, Duration interval);
    void begin_slot(Watch& watch, int64_t slot);
    void count_missing(Watch& watch, ReceiveTime now, Duration interval);
    void miss(Watch& watch, Duration interval);
    void judge_missing(Watch& watch, ReceiveTime now);
    void note_gap(Watch& watch, ReceiveTime now);
    int64_t gaps_in_window(const Watch& watch, ReceiveTime now) const;
    void check_frozen(Watch& watch, ReceiveTime now, ExchangeTime exchange, const TickEvent& tick);
    bool feed_arrived(const Watch& by, ReceiveTime open, ReceiveTime now);
    void check_feed(ReceiveTime now, ExchangeTime exchange, bool beat);
    void sample_skew(ReceiveTime now, ExchangeTime exchange);
    bool frozen(const Stood& stood, ReceiveTime now) const;
    bool regular(const Watch& watch) const;
    Duration stale_limit_of(const Watch& watch) const;
    // When it will be stale if nothing comes; max() when nothing is expected any more today.
    ReceiveTime stale_from(const Watch& watch, ReceiveTime now) const;
    void look(ReceiveTime now);
    void set(Watch& watch, QualityKind kind, bool bad, double value, double limit, ReceiveTime now);
    static bool is_bad(const Watch& watch, QualityKind kind) { return (watch.bad >> static_cast<int>(kind) & 1) != 0; }

    const DataQualitySettings& settings_;
    Duration frozen_after_;
    std::vector<Watch> watches_;  // by instrument id; [0] is the feed
    std::vector<Hours> hours_;
    std::vector<uint32_t> told_;  // ids whose changes are told, the feed's 0 first
    std::vector<QualityChange> changes_;
    ReceiveTime next_look_ = ReceiveTime::max();
    std::vector<int64_t> skews_, sorted_skews_;  // ns; a ring, and the same values in ascending order
    size_t skew_at_ = 0;
    ReceiveTime next_skew_;
    double skew_s_ = 0;
};

}  // namespace tide
