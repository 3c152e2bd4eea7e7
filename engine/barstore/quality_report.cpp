#include "barstore/quality_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "barstore/tick_file.hpp"
#include "market/data_quality.hpp"
#include "market/instruments.hpp"
#include "market/price_filter.hpp"

namespace tide {
namespace {

struct Row {
    ReceiveTime received;
    ExchangeTime exchange;
    TickEvent tick;
};

InstrumentKind kind_of(const SeriesName& name, const ContractRules& rules) {
    if (name.option) return InstrumentKind::option;
    if (name.symbol == "INDIAVIX") return InstrumentKind::volatility_index;
    if (name.symbol.find("_FUT") != std::string::npos) return InstrumentKind::future;
    return rules.knows(name.symbol) ? InstrumentKind::index : InstrumentKind::equity;
}

bool same_tick(const TickEvent& a, const TickEvent& b) {
    return a.last == b.last && a.bid == b.bid && a.ask == b.ask && a.bid_quantity == b.bid_quantity &&
           a.ask_quantity == b.ask_quantity && a.volume == b.volume && a.oi == b.oi;
}

class Examiner {
  public:
    Examiner(const DataQualitySettings& settings, const TradingCalendar& calendar, const ContractRules& rules,
             std::string exchange)
        : calendar_(calendar), rules_(rules), exchange_(std::move(exchange)), quality_(settings), filter_(settings) {}

    Result<QualityReport> examine(const std::filesystem::path& file) {
        std::vector<Row> rows;
        if (auto done = read(file, rows); !done) return done.error();
        if (rows.empty()) return make_error(ErrorCode::input, fmt::format("{}: no readable row", file.string()));
        std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.received < b.received; });
        report_.first = rows.front().received;
        report_.last = rows.back().received;
        for (const Row& row : rows) {
            if (ist_date(row.received) != day_) start_day(row);
            pass_time(row.received);
            look_at(row);
        }
        end_states(report_.last);
        report_.findings = std::move(days_);
        for (auto& [key, finding] : findings_) report_.findings.push_back(std::move(finding));
        for (QualityFinding& finding : report_.findings) describe(finding);
        return std::move(report_);
    }

  private:
    Result<void> read(const std::filesystem::path& file, std::vector<Row>& rows) {
        auto reader = TickFileReader::open(file);
        if (!reader) return reader.error();
        TickFileRow row;
        for (RowStatus status = reader->next(row); status != RowStatus::end; status = reader->next(row)) {
            if (status == RowStatus::bad) {
                ++report_.bad_rows;
                continue;
            }
            while (names_.size() <= static_cast<size_t>(row.series)) add_series(reader->series()[names_.size()]);
            row.tick.instrument = InstrumentId(static_cast<uint32_t>(row.series) + 1);
            rows.push_back({row.received, row.exchange, row.tick});
            ++report_.rows;
        }
        report_.series = static_cast<int64_t>(names_.size());
        return reader->status();
    }

    void add_series(const SeriesName& name) {
        Instrument instrument;
        instrument.id = InstrumentId(static_cast<uint32_t>(names_.size()) + 1);
        instrument.kind = kind_of(name, rules_);
        instrument.calendar = exchange_;
        names_.push_back(
            name.option ? option_symbol(name.underlying, name.option->expiry, name.option->strike, name.option->right)
                        : name.symbol);
        quality_.on_instrument(instrument);
        filter_.add(instrument);
        previous_.emplace_back();
    }

    void start_day(const Row& row) {
        day_ = ist_date(row.received);
        TradingDayEvent day;
        day.date = day_;
        day.calendar = exchange_;
        std::vector<SessionHours> sessions{calendar_.usual_hours(exchange_, day_)};
        if (calendar_.covers(exchange_, day_)) {
            const auto known = calendar_.day(exchange_, day_);
            if (known && known->has_value()) {
                sessions = (*known)->sessions;
            } else {
                const std::string why = calendar_.note(exchange_, day_);
                days_.push_back(
                    {"closed_day", "feed", row.received, row.received, 1, 0,
                     fmt::format("{} is no trading day{}", format_date(day_), why.empty() ? "" : " (" + why + ")")});
            }
        }
        day.session_count = static_cast<uint8_t>(std::min(sessions.size(), day.sessions.size()));
        std::copy_n(sessions.begin(), day.session_count, day.sessions.begin());
        open_ = at(day_, sessions.front().open);
        close_ = at(day_, sessions.back().close);
        quality_.on_day(day);
        filter_.start_day();
    }

    void pass_time(ReceiveTime now) {
        for (ReceiveTime then = quality_.next_due(); then <= now; then = quality_.next_due()) {
            quality_.on_time(then);
            take_changes();
            if (quality_.next_due() == then) break;
        }
        while (filter_.take_due(now)) {
        }
    }

    void look_at(const Row& row) {
        Row& before = previous_[row.tick.instrument.value() - 1];
        const bool seen = before.tick.instrument.valid();
        if (row.received < open_ || row.received >= close_) note("outside_session", "feed", row.received, 0);
        if (seen && ist_date(before.received) == day_) compare(before, row);
        if (row.tick.last.positive()) {
            const PriceVerdict verdict = filter_.judge(row.received, row.exchange, row.tick);
            if (verdict == PriceVerdict::held)
                note("price_spike", name_of_series(row), row.received, row.tick.last.to_double());
        }
        quality_.on_tick(row.received, row.exchange, row.tick);
        take_changes();
        before = row;
    }

    void compare(const Row& before, const Row& row) {
        const bool stamped = row.exchange != ExchangeTime();
        const std::string& name = name_of_series(row);
        if (stamped && row.exchange == before.exchange) {
            note(same_tick(before.tick, row.tick) ? "repeated_tick" : "repeated_stamp", name, row.received, 0);
        }
        if (stamped && row.exchange < before.exchange) note("stamp_fell", name, row.received, 0);
        if (row.tick.has(kTickHasVolume) && before.tick.has(kTickHasVolume) && row.tick.volume < before.tick.volume) {
            note("volume_fell", name, row.received, 0);
        }
    }

    const std::string& name_of_series(const Row& row) const { return names_[row.tick.instrument.value() - 1]; }

    QualityFinding& note(std::string_view kind, const std::string& subject, ReceiveTime when, double value) {
        QualityFinding& finding = findings_[{subject == "feed" ? "" : subject, std::string(kind)}];
        if (finding.kind.empty()) {
            finding = {std::string(kind), subject, when, when, 0, value, ""};
        }
        ++finding.count;
        finding.to = when;
        if (std::abs(value) > std::abs(finding.value)) finding.value = value;
        return finding;
    }

    void take_changes() {
        for (const QualityChange& change : quality_.changes()) {
            const std::string subject = change.instrument.valid() ? names_[change.instrument.value() - 1] : "feed";
            if (change.bad) {
                note(name_of(change.kind), subject, change.at, change.value);
            } else {
                end_state(subject, change.kind, change.at, change.value);
            }
        }
        quality_.take_changes();
    }

    void end_state(const std::string& subject, QualityKind kind, ReceiveTime when, double value) {
        const auto found = findings_.find({subject == "feed" ? "" : subject, std::string(name_of(kind))});
        if (found == findings_.end()) return;
        found->second.to = std::max(found->second.to, when);
        if (kind == QualityKind::stale) found->second.value = std::max(found->second.value, value);
    }

    // What was still so at the end lasted to the end.
    void end_states(ReceiveTime now) {
        for (size_t id = 0; id <= names_.size(); ++id) {
            const InstrumentId instrument(static_cast<uint32_t>(id));
            for (size_t k = 0; k < kQualityKindCount; ++k) {
                const auto kind = static_cast<QualityKind>(k);
                const QualityState state = quality_.state(instrument, kind, now);
                if (!state.bad) continue;
                const auto found = findings_.find({id == 0 ? "" : names_[id - 1], std::string(name_of(kind))});
                if (found == findings_.end()) continue;
                found->second.to = now;
                if (std::abs(state.value) > std::abs(found->second.value)) found->second.value = state.value;
            }
        }
    }

    static void describe(QualityFinding& f) {
        const std::string from = format_time_of_day(std::chrono::floor<seconds>(ist_since_midnight(f.from)));
        const std::string to = format_time_of_day(std::chrono::floor<seconds>(ist_since_midnight(f.to)));
        const std::string span = f.from == f.to ? "at " + from : "from " + from + " to " + to;
        if (f.kind == "frozen") {
            f.text =
                fmt::format("ticks come but their stamp stands, for {:.0f} s: frozen; called so {}", f.value, span);
        } else if (f.kind == "stale") {
            f.text = fmt::format("{} hole(s), the longest {:.0f} s, {}", f.count, f.value, span);
        } else if (f.kind == "skewed") {
            f.text = fmt::format("stamps run {:.0f} s {} receipt, {}", std::abs(f.value),
                                 f.value > 0 ? "behind" : "ahead of", span);
        } else if (f.kind == "missing") {
            f.text =
                fmt::format("up to {:.1f} % of the expected ticks of five minutes did not come, {}", f.value, span);
        } else if (f.kind == "gaps") {
            f.text = fmt::format("{:.0f} silences in a quarter of an hour, {}", f.value, span);
        } else if (f.text.empty()) {
            f.text = fmt::format("{} row(s), {}", f.count, span);
        }
    }

    const TradingCalendar& calendar_;
    const ContractRules& rules_;
    std::string exchange_;
    DataQuality quality_;
    PriceFilter filter_;
    QualityReport report_;
    std::vector<std::string> names_;
    std::vector<Row> previous_;  // by series
    std::vector<QualityFinding> days_;
    std::map<std::pair<std::string, std::string>, QualityFinding> findings_;  // by subject and kind; the feed first
    Date day_{};
    ReceiveTime open_, close_;
};

}  // namespace

bool QualityReport::doubtful() const {
    return std::any_of(findings.begin(), findings.end(), [](const QualityFinding& f) {
        return f.kind == "closed_day" || f.kind == "frozen" || f.kind == "skewed" || f.kind == "stale";
    });
}

Result<QualityReport> quality_report(const std::filesystem::path& file, const DataQualitySettings& settings,
                                     const TradingCalendar& calendar, const ContractRules& rules,
                                     const std::string& exchange) {
    return Examiner(settings, calendar, rules, exchange).examine(file);
}

}  // namespace tide
