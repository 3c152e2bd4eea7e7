#include <map>

#include "core/assert.hpp"
#include "market/activity_bars.hpp"
#include "market/bar_aggregator.hpp"
#include "market/bar_builder.hpp"
#include "targets.hpp"

namespace tide::fuzz {
namespace {

const Date kDay = make_date(2024, 3, 2);
constexpr size_t kTickBytes = 12;
constexpr uint32_t kInstruments = 4;

TradingDayEvent two_part_day(Date date) {
    TradingDayEvent day;
    day.date = date;
    day.session_count = 2;
    day.sessions[0] = {hours(9) + minutes(15), hours(10)};
    day.sessions[1] = {hours(11) + minutes(30), hours(12) + minutes(30)};
    return day;
}

class Stream {
  public:
    explicit Stream(std::string_view bytes) : bytes_(bytes) {
        constexpr Timeframe kTargets[] = {Timeframe::m3, Timeframe::m5, Timeframe::h1, Timeframe::d1, Timeframe::w1};
        aggregator_.emplace(kTargets);
        for (const char* spec : {"3t", "200v", "4r"}) TIDE_ASSERT(frames_.place(*parse_activity(spec)));
        for (uint32_t id = 1; id <= kInstruments; ++id) {
            activity_.follow(InstrumentId(id), Price::from_units(500));
            aggregator_->set_gap_policy(InstrumentId(id), static_cast<GapPolicy>(id % 3));
        }
        start_day(kDay);
    }
    void run() {
        for (; bytes_.size() >= kTickBytes; bytes_.remove_prefix(kTickBytes)) step();
        end_day();
        TIDE_ASSERT(volume_in_bars_ <= volume_in_ticks_);
    }

  private:
    uint64_t number(size_t at, size_t count) const {
        uint64_t value = 0;
        for (size_t i = 0; i < count; ++i) value = value << 8U | static_cast<uint8_t>(bytes_[at + i]);
        return value;
    }
    // Bytes: what (0: a day ends), instrument and flags, time passed, stamp against it, price, volume, open interest.
    void step() {
        if (number(0, 1) == 0) {
            end_day();
            start_day(date_ + std::chrono::days(1));
            return;
        }
        const auto flags = static_cast<uint32_t>(number(1, 1));
        now_ += milliseconds(static_cast<int64_t>(number(2, 2)) * (flags % 3 == 0 ? 100 : 4));
        TickEvent tick;
        tick.instrument = InstrumentId(1 + flags % kInstruments);
        tick.flags = (flags & 4U ? kTickHasVolume : 0U) | (flags & 8U ? kTickVolumeIsDelta : 0U) |
                     (flags & 16U ? kTickHasOi : 0U) | (flags & 32U ? kTickModelPrice : 0U);
        if (tick.has(kTickVolumeIsDelta)) tick.flags &= ~static_cast<uint32_t>(kTickHasVolume);
        tick.last = Price::from_units(static_cast<int64_t>(number(6, 2)) * 500);
        tick.volume = static_cast<int64_t>(number(8, 3)) - 1000;
        tick.oi = static_cast<int64_t>(number(11, 1));
        const Duration skew = milliseconds(static_cast<int64_t>(number(4, 2)) - 32'768);
        const ExchangeTime stamp = flags & 64U ? as_exchange_time(now_) + skew : ExchangeTime();
        take(builder_.close_due(now_));
        keep(aggregator_->close_due(now_));
        take(builder_.on_tick(now_, stamp, tick));
        if (const PlacedTick* placed = builder_.placed()) {
            TIDE_ASSERT(placed->volume >= 0);
            volume_in_ticks_ += placed->volume;
            keep(activity_.on_tick(tick, *placed));
        }
        keep(activity_.close_due(now_));
    }
    void start_day(Date date) {
        date_ = date;
        now_ = std::max(now_, at(date, hours(9)));
        take(builder_.start_day(two_part_day(date)));
        keep(aggregator_->start_day(two_part_day(date)));
    }
    void end_day() {
        take(builder_.end_day(now_));
        keep(activity_.end_day());
        keep(aggregator_->end_day());
    }
    void take(std::span<const Bar> minutes) {
        for (const Bar& minute : minutes) {
            volume_in_bars_ += minute.volume;
            keep(aggregator_->on_bar(minute));
        }
    }
    // What every bar owes: sound prices, a place after the one before it, on the grid of its session.
    void keep(std::span<const Bar> bars) {
        for (const Bar& bar : bars) {
            TIDE_ASSERT(bar.consistent());
            TIDE_ASSERT(bar.volume >= 0 && (bar.has_volume() || bar.volume == 0));
            const auto [before, first] = last_.try_emplace({bar.instrument, bar.timeframe}, bar.start);
            TIDE_ASSERT(first || bar.start > before->second ||
                        (is_activity(bar.timeframe) && bar.start == before->second));
            before->second = bar.start;
            const auto length = length_of(bar.timeframe);
            if (!length) continue;
            const Duration time = ist_since_midnight(bar.start);
            const SessionHours first_half = two_part_day(date_).sessions[0], second = two_part_day(date_).sessions[1];
            const SessionHours& session = time < first_half.close ? first_half : second;
            TIDE_ASSERT(time >= session.open && time < session.close && (time - session.open) % *length == Duration(0));
        }
    }

    std::string_view bytes_;
    Date date_{};
    ReceiveTime now_{};
    BarBuilder builder_;
    ActivityFrames frames_;
    ActivityBars activity_{frames_};
    std::optional<BarAggregator> aggregator_;
    std::map<std::pair<InstrumentId, Timeframe>, ExchangeTime> last_;
    int64_t volume_in_ticks_ = 0, volume_in_bars_ = 0;
};

}  // namespace

void tick_stream(std::string_view bytes) { Stream(bytes.substr(0, kTickBytes * 2000)).run(); }

}  // namespace tide::fuzz
