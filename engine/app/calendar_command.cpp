#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/paths.hpp"
#include "app/wall_clock.hpp"
#include "market/calendar.hpp"
#include "market/contract_rules.hpp"

// Trading days, what surrounds their sessions, and what expires on them.
namespace tide {
namespace {

using nlohmann::json;

constexpr size_t kMostExpiries = 40;  // more than any underlying lists

std::string weekday_text(Date date) {
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    return kDays[weekday_of(date).c_encoding()];
}
std::string span_text(const SessionHours& hours) {
    return fmt::format("{}-{}", format_time_of_day(hours.open).substr(0, 5),
                       format_time_of_day(hours.close).substr(0, 5));
}
json span_json(const SessionHours& hours) {
    return {{"open", format_time_of_day(hours.open)}, {"close", format_time_of_day(hours.close)}};
}
struct DayExpiry {
    std::string underlying;
    Expiry expiry;
};

class CalendarReport {
  public:
    CalendarReport(const CalendarOptions& options, TradingCalendar calendar, ContractRules rules)
        : options_(options), calendar_(std::move(calendar)), rules_(std::move(rules)) {}

    Result<ExitCode> print() {
        const std::string& first = options_.date.empty() ? options_.from : options_.date;
        from_ = first.empty() ? wall_date() : *parse_date(first);
        to_ = options_.date.empty() && !options_.to.empty() ? *parse_date(options_.to) : from_;
        if (to_ < from_) {
            return make_error(ErrorCode::usage,
                              fmt::format("calendar: --to {} is before --from {}", options_.to, format_date(from_)));
        }
        exchange_ = options_.exchange.empty() ? "NSE" : options_.exchange;
        if (!options_.expiries.empty()) return print_expiries();
        return print_days();
    }

  private:
    Result<ExitCode> print_days() {
        auto days = json::array();
        for (Date date = from_; date <= to_; date += std::chrono::days(1)) {
            const auto day = calendar_.day(exchange_, date);
            if (!day) return day.error();
            const auto phases = calendar_.phases(exchange_, date);
            if (!phases) return phases.error();
            const auto expiring = expiring_on(date, day->has_value());
            if (!expiring) return expiring.error();
            if (options_.json) {
                days.push_back(day_json(date, *day, *phases, *expiring));
            } else {
                print_day(date, *day, *phases, *expiring);
            }
        }
        if (options_.json)
            std::cout << json{{"schema_version", 1}, {"exchange", exchange_}, {"days", days}}.dump(2) << "\n";
        return ExitCode::done;
    }

    Result<std::vector<DayExpiry>> expiring_on(Date date, bool open) const {
        std::vector<DayExpiry> found;
        if (!open) return found;
        for (const std::string& underlying : rules_.underlyings()) {
            if (rules_.exchange(underlying).value_or("") != exchange_) continue;
            const auto expiry = rules_.expiring_on(underlying, date, calendar_);
            if (!expiry) return expiry.error();
            if (*expiry) found.push_back({underlying, **expiry});
        }
        return found;
    }

    void print_day(Date date, const std::optional<TradingDay>& day, const std::vector<MarketPhase>& phases,
                   const std::vector<DayExpiry>& expiring) const {
        std::string hours = "closed";
        if (day) {
            hours.clear();
            for (const auto& session : day->sessions) hours += (hours.empty() ? "" : ", ") + span_text(session);
        }
        const std::string note = calendar_.note(exchange_, date);
        if (!note.empty()) hours = fmt::format("{:<28}  {}", hours, note);
        fmt::print("{} {}  {}\n", format_date(date), weekday_text(date), hours);
        for (const DayExpiry& one : expiring) {
            fmt::print("    expires {} {}{}\n", one.underlying, one.expiry.monthly ? "monthly" : "weekly",
                       moved_text(one.expiry));
        }
        if (from_ != to_) return;  // the phases of one day are enough
        for (const MarketPhase& phase : phases) {
            fmt::print("    {} {}{}{}\n", span_text(phase.hours), phase.name, phase.detail.empty() ? "" : ": ",
                       phase.detail);
        }
    }

    json day_json(Date date, const std::optional<TradingDay>& day, const std::vector<MarketPhase>& phases,
                  const std::vector<DayExpiry>& expiring) const {
        auto sessions = json::array();
        if (day) {
            for (const auto& session : day->sessions) sessions.push_back(span_json(session));
        }
        auto around = json::array();
        for (const MarketPhase& phase : phases) {
            auto row = span_json(phase.hours);
            row["name"] = phase.name;
            row["detail"] = phase.detail;
            around.push_back(row);
        }
        auto expiries = json::array();
        for (const DayExpiry& one : expiring) {
            expiries.push_back({{"underlying", one.underlying},
                                {"monthly", one.expiry.monthly},
                                {"moved_from", moved_json(one.expiry)}});
        }
        return {{"date", format_date(date)}, {"open", day.has_value()}, {"sessions", sessions},
                {"phases", around},          {"expiries", expiries},    {"note", calendar_.note(exchange_, date)}};
    }

    static json moved_json(const Expiry& expiry) {
        return expiry.nominal == expiry.date ? json(nullptr) : json(format_date(expiry.nominal));
    }
    std::string moved_text(const Expiry& expiry) const {
        if (expiry.nominal == expiry.date) return "";
        return fmt::format(", moved from {} {} ({})", weekday_text(expiry.nominal), format_date(expiry.nominal),
                           calendar_.note(exchange_, expiry.nominal));
    }

    // Those that trade on a date, or those that fall into a range.
    Result<std::vector<Expiry>> chosen_expiries() const {
        if (from_ == to_) return rules_.expiries(options_.expiries, from_, kMostExpiries, calendar_);
        std::vector<Expiry> found;
        for (Date date = from_; date <= to_; date += std::chrono::days(1)) {
            const auto expiry = rules_.expiring_on(options_.expiries, date, calendar_);
            if (!expiry) return expiry.error();
            if (*expiry) found.push_back(**expiry);
        }
        return found;
    }

    Result<ExitCode> print_expiries() {
        const auto exchange = rules_.exchange(options_.expiries);
        if (!exchange) return exchange.error();
        exchange_ = *exchange;
        if (!options_.exchange.empty() && options_.exchange != exchange_) {
            return make_error(ErrorCode::usage, fmt::format("calendar: {} is listed on {}, not on {}",
                                                            options_.expiries, exchange_, options_.exchange));
        }
        auto expiries = chosen_expiries();
        // Contracts whose expiry lies in a year without a calendar are left out; the nearer ones are still of use.
        for (size_t count = 8; !expiries && from_ == to_ && count > 0; --count) {
            if (auto fewer = rules_.expiries(options_.expiries, from_, count, calendar_)) expiries = fewer;
        }
        if (!expiries) return expiries.error();
        auto rows = json::array();
        for (const Expiry& expiry : *expiries) {
            const auto lot = rules_.lot(options_.expiries, expiry.date, from_ == to_ ? from_ : expiry.date);
            if (!lot) return lot.error();
            if (options_.json) {
                rows.push_back({{"date", format_date(expiry.date)},
                                {"monthly", expiry.monthly},
                                {"lot", lot->units()},
                                {"moved_from", moved_json(expiry)}});
            } else {
                fmt::print("{} {}  {:<8} lot {}{}\n", format_date(expiry.date), weekday_text(expiry.date),
                           expiry.monthly ? "monthly" : "weekly", lot->units(), moved_text(expiry));
            }
        }
        if (options_.json) {
            std::cout << json{{"schema_version", 1},
                              {"exchange", exchange_},
                              {"underlying", options_.expiries},
                              {"expiries", rows}}
                             .dump(2)
                      << "\n";
        }
        return ExitCode::done;
    }

    const CalendarOptions& options_;
    TradingCalendar calendar_;
    ContractRules rules_;
    std::string exchange_;
    Date from_{}, to_{};
};

}  // namespace

Result<ExitCode> calendar_command(const CalendarOptions& options) {
    auto paths = find_paths("");
    if (!paths) return paths.error();
    auto calendar = TradingCalendar::load(paths->calendars());
    if (!calendar) return calendar.error();
    auto rules = ContractRules::load(paths->contracts());
    if (!rules) return rules.error();
    return CalendarReport(options, std::move(*calendar), std::move(*rules)).print();
}

}  // namespace tide
