#include "feeds/feed_switch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <map>
#include <optional>

namespace tide {
namespace {

constexpr std::string_view kName = "feeds";
constexpr size_t kRemembered = 64;                // ticks of one instrument that another feed may still repeat
constexpr Duration kRepeatsWithin = seconds(10);  // a repeat later than this is a tick of its own

Duration seconds_of(double s) { return Duration(static_cast<int64_t>(std::llround(s * 1e9))); }

// What an instrument is, whatever a feed calls it.
std::string identity_of(const Instrument& instrument, const std::string& underlying) {
    if (!instrument.expiry) return instrument.exchange + "|" + instrument.symbol;
    return fmt::format("{}|{}|{}|{}|{}", instrument.exchange, underlying, format_date(*instrument.expiry),
                       instrument.strike.units(), name_of(instrument.right));
}

}  // namespace

std::string_view name_of(FeedMode mode) { return mode == FeedMode::fallback ? "fallback" : "redundant"; }

void FeedSwitchSettings::register_in(SettingsRegistry& registry) {
    registry.add("feeds.switch_after_s", switch_after_s, 1, 3'600, "s",
                 "with more than one feed: silent or frozen for this long is bad");
    registry.add("feeds.return_after_s", return_after_s, 0, 86'400, "s",
                 "a feed is trusted again after so long without fault");
}

class FeedSwitch::Merger {
  public:
    Merger(std::vector<Source> sources, FeedMode mode, const FeedSwitchSettings& settings)
        : mode_(mode), settings_(settings) {
        TIDE_ASSERT(!sources.empty());
        for (auto& source : sources) lines_.emplace_back(std::move(source));
    }

    Result<bool> next(Event& event) {
        for (;;) {
            if (!queue_.empty()) {
                said_ = std::move(queue_.front());
                queue_.pop_front();
                event = said_.event;
                if (said_.text.empty()) return true;
                auto& status = std::get<FeedStatusEvent>(event.payload);
                status.detail = said_.text;
                return true;
            }
            if (auto filled = fill_heads(); !filled) return filled.error();
            const auto line = earliest();
            if (!line) return false;
            taken_ = std::move(*lines_[*line].head);
            lines_[*line].head.reset();
            if (!take(*line, taken_)) continue;
            if (queue_.empty()) {
                event = std::move(taken_);
                return true;
            }
            queue_.push_back({std::move(taken_), ""});  // after what was said about the feeds
        }
    }

    void want_bar_path(bool wanted) {
        for (Line& line : lines_) line.source.feed->want_bar_path(wanted);
    }
    std::string describe() const {
        std::string text = fmt::format("{} of ", name_of(mode_));
        for (size_t i = 0; i < lines_.size(); ++i) text += (i == 0 ? "" : " | ") + lines_[i].source.feed->describe();
        return text;
    }

  private:
    struct Line {
        explicit Line(Source given) : source(std::move(given)) {}
        Source source;
        std::optional<Event> head;
        bool over = false;   // no further events
        bool ended = false;  // said so
        bool down = false;   // says so
        bool told_bad = false;
        std::vector<InstrumentId> ids;  // by its own id
        ReceiveTime last;               // data of any kind
        ReceiveTime fresh;              // data that moved
        ReceiveTime good_since;
        ExchangeTime newest;
        std::optional<Date> day_ended;
    };
    struct Passed {
        size_t line = 0;
        ExchangeTime stamp;
        Price price;
        int64_t volume = 0;
        ReceiveTime at;
        uint32_t repeated_by = 0;  // bits by line
    };
    struct Subject {
        size_t owner = 0;
        ExchangeTime newest_stamp;
        ExchangeTime newest_bar;
        std::array<Passed, kRemembered> passed{};
        size_t at = 0;
    };
    struct Said {
        Event event;
        std::string text;
    };
    struct Session {
        ReceiveTime open, close;
    };

    Result<void> fill_heads() {
        for (Line& line : lines_) {
            if (line.head || line.over) continue;
            Event event;
            auto more = line.source.feed->next(event);
            if (!more) return more.error();
            line.over = !*more;
            if (*more) line.head = std::move(event);
        }
        return {};
    }
    std::optional<size_t> earliest() const {
        std::optional<size_t> first;
        for (size_t i = 0; i < lines_.size(); ++i) {
            if (lines_[i].head && (!first || lines_[i].head->received < lines_[*first].head->received)) first = i;
        }
        return first;
    }

    // Whether the event is to be passed on; what there is to say about the feeds is in the queue before it.
    bool take(size_t index, Event& event) {
        return std::visit([&](auto& payload) { return on(index, event, payload); }, event.payload);
    }
    bool on(size_t index, Event&, InstrumentEvent& added) {
        Line& line = lines_[index];
        Instrument& instrument = added.instrument;
        const size_t own = instrument.id.value();
        if (!map(index, instrument.underlying)) instrument.underlying = InstrumentId();
        const std::string underlying =
            instrument.underlying.valid() ? symbols_[instrument.underlying.value() - 1] : instrument.symbol;
        const auto [known, fresh] =
            ids_.try_emplace(identity_of(instrument, underlying), static_cast<uint32_t>(subjects_.size()) + 1);
        if (own >= line.ids.size()) line.ids.resize(own + 1);
        instrument.id = line.ids[own] = known->second;
        if (fresh) {
            subjects_.emplace_back().owner = index;
            symbols_.push_back(instrument.symbol);
            return true;
        }
        // News of a contract comes from whoever announced it.
        return subjects_[instrument.id.value() - 1].owner == index;
    }
    bool on(size_t index, Event& event, TickEvent& tick) {
        if (!map(index, tick.instrument)) return false;
        note_data(index, event);
        if (mode_ == FeedMode::fallback) return index == active_;
        return first_of(subjects_[tick.instrument.value() - 1], index, event, tick);
    }
    bool on(size_t index, Event& event, BarEvent& bar) {
        if (!map(index, bar.bar.instrument)) return false;
        Subject& subject = subjects_[bar.bar.instrument.value() - 1];
        if (bar.bar.is_history()) return subject.owner == index;
        note_data(index, event);
        if (mode_ == FeedMode::fallback) return index == active_;
        if (bar.bar.start <= subject.newest_bar) {
            if (std::exchange(more_open_, bar.more) && !bar.more) say_clock(event.received);
            return false;
        }
        subject.newest_bar = bar.bar.start;
        more_open_ = bar.more;
        return true;
    }
    bool on(size_t, Event&, TradingDayEvent& day) {
        if (day.history) {
            // A context day aligns the bars after it, whoever's they are.
            const bool again = context_day_ == day.date;
            context_day_ = day.date;
            return !again;
        }
        std::optional<Date>& known = days_[std::string(day.calendar)];
        if (known && *known >= day.date) return false;
        known = day.date;
        sessions_.clear();
        for (size_t i = 0; i < day.session_count; ++i) {
            sessions_.push_back({at(day.date, day.sessions[i].open), at(day.date, day.sessions[i].close)});
        }
        return true;
    }
    bool on(size_t index, Event&, DayEndEvent& day) {
        lines_[index].day_ended = day.date;
        if (ended_day_ && *ended_day_ >= day.date) return false;
        for (const Line& other : lines_) {
            const bool has_more = other.head && ist_date(other.head->received) <= day.date &&
                                  !(other.day_ended && *other.day_ended >= day.date);
            if (has_more) return false;  // the last one ends the day
        }
        ended_day_ = day.date;
        return true;
    }
    bool on(size_t index, Event& event, FeedStatusEvent& status) {
        Line& line = lines_[index];
        if (status.state == FeedState::ended) {
            line.ended = line.down = true;
            const bool last =
                std::all_of(lines_.begin(), lines_.end(), [](const Line& l) { return l.ended || l.over; });
            if (!last) judge(event.received);
            return last;
        }
        if (status.state == FeedState::degraded) return lines_.size() == 1 || index == active_;
        line.down = status.state == FeedState::down;
        if (!line.down) line.good_since = event.received;
        judge(event.received);
        const bool others = std::any_of(lines_.begin(), lines_.end(),
                                        [&](const Line& l) { return &l != &line && good(l, event.received); });
        if (line.down && !others) down_told_ = true;
        return (line.down && !others) || (!line.down && std::exchange(down_told_, false));
    }
    template <class Other>
    bool on(size_t index, Event&, Other&) {
        return index == 0;
    }

    bool map(size_t index, InstrumentId& id) const {
        const auto& ids = lines_[index].ids;
        if (id.value() >= ids.size() || !ids[id.value()].valid()) return false;
        id = ids[id.value()];
        return true;
    }

    // ---- health

    void note_data(size_t index, const Event& event) {
        Line& line = lines_[index];
        const ReceiveTime now = event.received;
        line.last = now;
        if (event.exchange == ExchangeTime() || event.exchange > line.newest) {
            line.newest = std::max(line.newest, event.exchange);
            if (now - quiet_since(line, now) > seconds_of(settings_.switch_after_s)) line.good_since = now;
            line.fresh = now;
        }
        judge(now);
    }
    const Session* session_at(ReceiveTime now) const {
        for (const Session& session : sessions_) {
            if (now >= session.open && now < session.close) return &session;
        }
        return nullptr;
    }
    ReceiveTime quiet_since(const Line& line, ReceiveTime now) const {
        const Session* session = session_at(now);
        return session == nullptr ? now : std::max(line.fresh, session->open);
    }
    bool good(const Line& line, ReceiveTime now) const {
        return !line.down && !line.ended && now - quiet_since(line, now) <= seconds_of(settings_.switch_after_s);
    }
    std::string why_bad(const Line& line, ReceiveTime now) const {
        if (line.ended) return "has ended";
        if (line.down) return "is down";
        const double s = std::chrono::duration<double>(now - quiet_since(line, now)).count();
        return fmt::format("{} for {:.0f} s", line.last > line.fresh ? "has stood still" : "has been silent", s);
    }
    void say(ReceiveTime now, FeedState state, std::string text) {
        Said said;
        said.event.received = now;
        said.event.payload = FeedStatusEvent{state, kName, ""};
        said.text = std::move(text);
        queue_.push_back(std::move(said));
    }
    // Scripts wait for the rest of a minute's bars that were dropped: time tells them that there are no more.
    void say_clock(ReceiveTime now) {
        Said said;
        said.event.received = now;
        said.event.payload = ClockEvent{};
        queue_.push_back(std::move(said));
    }

    void judge(ReceiveTime now) {
        if (lines_.size() == 1 || session_at(now) == nullptr) return;
        if (mode_ == FeedMode::fallback) {
            judge_fallback(now);
        } else {
            judge_redundant(now);
        }
    }
    void judge_fallback(ReceiveTime now) {
        const Line& active = lines_[active_];
        if (!good(active, now)) {
            for (size_t i = 0; i < lines_.size(); ++i) {
                const bool seen =
                    lines_[i].fresh != ReceiveTime() && now - lines_[i].fresh <= seconds_of(settings_.switch_after_s);
                if (i == active_ || !seen || !good(lines_[i], now)) continue;
                say(now, FeedState::degraded,
                    fmt::format("{} {}: {} takes over", active.source.name, why_bad(active, now),
                                lines_[i].source.name));
                return change_to(i, now);
            }
            return;
        }
        for (size_t i = 0; i < active_; ++i) {
            const Line& better = lines_[i];
            const bool trusted = good(better, now) && better.fresh != ReceiveTime() &&
                                 now - better.good_since >= seconds_of(settings_.return_after_s);
            if (!trusted) continue;
            say(now, i == 0 ? FeedState::up : FeedState::degraded,
                fmt::format("{} is good again: it takes over from {}", better.source.name, active.source.name));
            return change_to(i, now);
        }
    }
    void change_to(size_t index, ReceiveTime) {
        active_ = index;
        down_told_ = false;
    }
    void judge_redundant(ReceiveTime now) {
        for (Line& line : lines_) {
            const bool bad = !good(line, now);
            if (bad == line.told_bad) continue;
            if (!bad && now - line.good_since < seconds_of(settings_.return_after_s)) continue;
            line.told_bad = bad;
            const bool any_bad = std::any_of(lines_.begin(), lines_.end(), [](const Line& l) { return l.told_bad; });
            say(now, any_bad ? FeedState::degraded : FeedState::up,
                bad ? fmt::format("{} {}: the others go on", line.source.name, why_bad(line, now))
                    : fmt::format("{} is good again", line.source.name));
        }
    }

    // ---- the first good tick wins

    bool first_of(Subject& subject, size_t index, const Event& event, const TickEvent& tick) {
        const bool stamped = event.exchange != ExchangeTime();
        for (Passed& passed : subject.passed) {
            const bool same = passed.at != ReceiveTime() && passed.line != index && passed.stamp == event.exchange &&
                              passed.price == tick.last && passed.volume == tick.volume &&
                              event.received - passed.at <= kRepeatsWithin && (passed.repeated_by >> index & 1) == 0;
            if (!same) continue;
            passed.repeated_by |= 1U << index;
            return false;
        }
        if (stamped && event.exchange < subject.newest_stamp) return false;
        subject.newest_stamp = std::max(subject.newest_stamp, event.exchange);
        subject.at = (subject.at + 1) % kRemembered;
        subject.passed[subject.at] = {index, event.exchange, tick.last, tick.volume, event.received, 0};
        return true;
    }

    FeedMode mode_;
    const FeedSwitchSettings& settings_;
    std::deque<Line> lines_;
    std::map<std::string, InstrumentId> ids_;  // by identity
    std::deque<Subject> subjects_;             // by id - 1
    std::vector<std::string> symbols_;         // by id - 1
    std::map<std::string, std::optional<Date>> days_;
    std::optional<Date> context_day_, ended_day_;
    std::vector<Session> sessions_;  // of the day
    std::deque<Said> queue_;
    Said said_;  // its text is being looked at
    Event taken_;
    size_t active_ = 0;
    bool down_told_ = false;
    bool more_open_ = false;  // the last bar passed said that another follows
};

FeedSwitch::FeedSwitch(std::vector<Source> sources, FeedMode mode, const FeedSwitchSettings& settings)
    : merger_(std::make_unique<Merger>(std::move(sources), mode, settings)) {}
FeedSwitch::~FeedSwitch() = default;
Result<bool> FeedSwitch::next(Event& event) { return merger_->next(event); }
void FeedSwitch::want_bar_path(bool wanted) { merger_->want_bar_path(wanted); }
std::string FeedSwitch::describe() const { return merger_->describe(); }

}  // namespace tide
