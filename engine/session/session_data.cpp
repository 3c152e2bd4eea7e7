#include <fmt/format.h>

#include <array>

#include "session/session.hpp"

// What the market data is worth: recorded, told to scripts, and what scripts may ask about it.
namespace tide {
namespace {

// Of one instrument and day; a feed that goes on printing nonsense need not fill the audit trail.
constexpr uint16_t kSuspectsToldMax = 20;

std::string values_of(const QualityChange& change) {
    switch (change.kind) {
        case QualityKind::stale:
            return fmt::format("silent_s={:.1f} max_s={:.1f}", change.value, change.limit);
        case QualityKind::frozen:
            return fmt::format("stood_s={:.1f} max_s={}", change.value, change.limit);
        case QualityKind::skewed:
            return fmt::format("skew_s={:.1f} max_s={}", change.value, change.limit);
        case QualityKind::missing:
            return fmt::format("missing_pct={:.1f} max_pct={}", change.value, change.limit);
        case QualityKind::gaps:
            break;
    }
    return fmt::format("silences={:.0f} max={:.0f}", change.value, change.limit);
}

std::string text_of(const QualityChange& change, const std::string& subject) {
    switch (change.kind) {
        case QualityKind::stale:
            return change.bad ? fmt::format("nothing from {} for {:.0f} s", subject, change.value)
                              : fmt::format("{} is back after {:.0f} s", subject, change.value);
        case QualityKind::frozen:
            return change.bad ? fmt::format("{} has not moved for {:.0f} s although ticks come", subject, change.value)
                              : fmt::format("{} moves again", subject);
        case QualityKind::skewed:
            return change.bad ? fmt::format("stamps run {:.0f} s {} receipt", std::abs(change.value),
                                            change.value > 0 ? "behind" : "ahead of")
                              : "stamps are near their receipt again";
        case QualityKind::missing:
            return change.bad ? fmt::format("{:.1f} % of the expected ticks of {} are missing", change.value, subject)
                              : fmt::format("the ticks of {} are whole again", subject);
        case QualityKind::gaps:
            break;
    }
    return change.bad ? fmt::format("{:.0f} silences of {} in a short time", change.value, subject)
                      : fmt::format("{} is steady again", subject);
}

}  // namespace

// Held prices that count by now move what a tick would move.
void Session::use_released() {
    for (size_t i = 0; i < market_.prices().released().size(); ++i) {
        const TickEvent tick = market_.prices().released()[i].tick;
        if (tells_suspect(tick.instrument)) {
            note_suspect(tick.instrument, false, "price=" + to_string(tick.last),
                         fmt::format("{} counts: nothing contradicted it", to_string(tick.last)));
        }
        on_price(tick.instrument);
    }
}

void Session::judge(const TickEvent& tick) {
    if (!tells_suspect(tick.instrument)) return;
    const MarketPrices& prices = market_.prices();
    const std::string price = to_string(tick.last);
    if (prices.verdict() == PriceVerdict::held) {
        const auto last = prices.last(tick.instrument, now_);
        std::string values = "price=" + price + (last ? " last=" + to_string(*last) : "");
        return note_suspect(tick.instrument, true, std::move(values),
                            fmt::format("{} is far from what was before: held back until the next price", price));
    }
    const bool confirmed = prices.verdict() == PriceVerdict::confirmed;
    const std::string held = to_string(confirmed ? prices.released().front().tick.last : prices.dropped().tick.last);
    note_suspect(
        tick.instrument, false, fmt::format("price={} suspect={}", price, held),
        confirmed ? fmt::format("{} is confirmed by {}", held, price) : fmt::format("{} was wrong: dropped", held));
}

// As with other doubts: of an option only while it is held or being traded. (Far from the money every fast market has
// many; the gate knows of all.)
bool Session::tells_suspect(InstrumentId id) const { return !book().get(id).is_option() || in_use(id); }

void Session::note_suspect(InstrumentId id, bool bad, std::string values, std::string text) {
    if (id.value() >= suspects_.size()) suspects_.resize(id.value() + 64);
    uint16_t& told = suspects_[id.value()];
    if (told >= 2 * kSuspectsToldMax) return;
    if (++told == 2 * kSuspectsToldMax) text += "; no more of this is told today";
    note_quality(symbol_of(id), "suspect", bad, std::move(values), std::move(text));
}

void Session::note_quality(std::string subject, std::string what, bool bad, std::string values, std::string text) {
    const bool feed = subject == "feed";
    const bool gap = what == "gap_mode";
    links_.push_back({gap ? "gap" : "quality", what, bad ? "bad" : "good", feed ? "" : subject, values, text});
    record(QualityRecord{std::move(subject), std::move(what), bad, std::move(values), std::move(text)});
}

void Session::gather_data_changes() {
    for (const QualityChange& change : market_.quality().changes()) {
        feed_fell_silent(change);
        const std::string subject = change.instrument.valid() ? symbol_of(change.instrument) : "feed";
        note_quality(subject, std::string(name_of(change.kind)), change.bad, values_of(change),
                     text_of(change, change.instrument.valid() ? subject : "the feed"));
    }
    market_.quality().take_changes();
    for (const GapChange& change : market_.gaps().changes()) {
        const OpeningGap& gap = change.gap;
        const std::string symbol = symbol_of(change.instrument);
        note_quality(symbol, "gap_mode", change.active,
                     fmt::format("gap_pct={:.2f} open={} previous_close={}", gap.pct, to_string(gap.open),
                                 to_string(gap.previous_close)),
                     change.active ? fmt::format("{} opened {:+.2f} % from its previous close: no entries until {}",
                                                 symbol, gap.pct, format_time_of_day(ist_since_midnight(gap.until)))
                                   : fmt::format("gap mode of {} is over", symbol));
    }
    market_.gaps().take_changes();
}

void Session::deliver_links() {
    for (const LinkNote& note : std::exchange(links_, {})) {
        for (const auto& owner : runners_) {
            if (!owner->active()) continue;
            call(*owner, LinkMessage{note.kind, note.what, note.state, note.symbol, note.values, note.text}, note.what,
                 note.symbol);
        }
    }
}

QualityMessage Session::quality(std::string_view symbol) const {
    QualityMessage message;
    const InstrumentId id = find_instrument(symbol);
    const DataQuality& quality = market_.quality();
    const double age_s = id.valid() ? quality.age_s(id, now_) : -1;
    if (age_s < 0) return message;
    message.known = true;
    message.age_s = age_s;
    if (const double cadence = quality.cadence_s(id); cadence > 0) message.cadence_s = cadence;
    const auto add = [&](std::string_view what) {
        if (!message.bad.empty()) message.bad += ',';
        message.bad += what;
    };
    for (size_t k = 0; k < kQualityKindCount; ++k) {
        const auto kind = static_cast<QualityKind>(k);
        const QualityState own = quality.state(id, kind, now_);
        const QualityState feed = quality.state(InstrumentId(), kind, now_);
        if (own.bad || feed.bad) add(name_of(kind));
        if (kind == QualityKind::missing && own.applicable) message.missing_pct = own.value;
        if (kind == QualityKind::skewed && feed.applicable) message.skew_s = feed.value;
    }
    if (market_.prices().suspect(id)) add("suspect");
    return message;
}

GapMessage Session::opening_gap(std::string_view symbol) const {
    const InstrumentId id = find_instrument(symbol);
    const OpeningGap* gap = id.valid() ? market_.gaps().find_gap(id) : nullptr;
    return gap == nullptr ? GapMessage() : GapMessage{gap->pct, gap->mode};
}

std::string Session::bad_data() const {
    std::string text;
    const auto add = [&](const std::string& subject, InstrumentId id) {
        for (size_t k = 0; k < kQualityKindCount; ++k) {
            const auto kind = static_cast<QualityKind>(k);
            const bool bad = market_.quality().state(id, kind, now_).bad;
            if (bad) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", subject, name_of(kind));
        }
        if (id.valid() && market_.gap_mode(id)) text += fmt::format("{}{} gap mode", text.empty() ? "" : ", ", subject);
    };
    add("feed", InstrumentId());
    for (const InstrumentId id : followed_instruments()) add(symbol_of(id), id);
    return text;
}

}  // namespace tide
