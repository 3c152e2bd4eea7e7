#include "market/calendar.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "market/toml_reader.hpp"

namespace tide {
namespace {

constexpr std::string_view kAlways = "always";
constexpr SessionHours kRoundTheClock{Duration::zero(), hours(24)};
constexpr size_t kMostSessions = std::tuple_size_v<decltype(TradingDayEvent::sessions)>;
constexpr int kLongestClosure_days = 30;  // a calendar that is closed for longer is a mistake in its file

int year_of(Date date) { return int(civil(date).year()); }
bool is_weekend(Date date) {
    const auto weekday = weekday_of(date);
    return weekday == std::chrono::Saturday || weekday == std::chrono::Sunday;
}

}  // namespace

// Reads one file; only here is the calendar written to.
class CalendarLoader {
  public:
    static Result<void> add_file(TradingCalendar& calendar, const std::filesystem::path& file) {
        auto opened = TomlReader::open(file);
        if (!opened) return opened.error();
        TomlReader& root = *opened;
        TradingCalendar::Exchange exchange;
        exchange.file = root.file_name();
        const std::string name = root.text("exchange");
        read_hours(root, exchange);
        read_phases(root, exchange);
        read_years(root, exchange);
        read_special(root, exchange);
        if (exchange.hours.empty()) root.refuse("hours", "is missing; at least one row of usual hours is needed");
        if (name == kAlways || calendar.exchanges_.contains(name)) {
            root.refuse("exchange", fmt::format("'{}' is already defined elsewhere", name));
        }
        if (const auto done = root.finish(); !done) return done.error();
        calendar.exchanges_.emplace(name, std::move(exchange));
        return {};
    }

  private:
    static SessionHours read_session(TomlReader& row) {
        const SessionHours session{row.time("open"), row.time("close")};
        if (session.open >= session.close) row.refuse("close", "is not after the open");
        return session;
    }
    static void read_hours(TomlReader& root, TradingCalendar::Exchange& exchange) {
        for (TomlReader& row : root.tables("hours")) {
            const Date from = row.date("from");
            row.text("source");
            if (!exchange.hours.empty() && from <= exchange.hours.back().from) row.refuse("from", "does not ascend");
            exchange.hours.push_back({from, read_session(row)});
        }
    }
    static MarketPhase read_phase(TomlReader& row) {
        MarketPhase phase;
        phase.name = row.text("name");
        phase.hours = read_session(row);
        phase.detail = row.text_or("detail", "");
        return phase;
    }
    static void read_phases(TomlReader& root, TradingCalendar::Exchange& exchange) {
        for (TomlReader& row : root.tables("phase")) {
            const Date from = row.date("from");
            const auto to = row.date_if("to");
            row.text("source");
            if (to && *to < from) row.refuse("to", "is before from");
            exchange.phases.push_back({from, to, read_phase(row)});
        }
        std::stable_sort(exchange.phases.begin(), exchange.phases.end(),
                         [](const auto& a, const auto& b) { return a.phase.hours.open < b.phase.hours.open; });
    }
    static void read_years(TomlReader& root, TradingCalendar::Exchange& exchange) {
        for (TomlReader& table : root.tables("year")) {
            const int year = static_cast<int>(table.integer("year"));
            table.text("source");
            if (!exchange.years.empty() && year <= exchange.years.back()) table.refuse("year", "does not ascend");
            exchange.years.push_back(year);
            for (TomlReader& row : table.tables("holidays")) {
                const Date date = row.date("date");
                if (year_of(date) != year) row.refuse("date", fmt::format("is not in {}", year));
                if (is_weekend(date)) row.refuse("date", "is a weekend, which is closed anyway");
                if (!exchange.holidays.emplace(date, row.text("name")).second) row.refuse("date", "is listed twice");
            }
        }
    }
    static void read_special(TomlReader& root, TradingCalendar::Exchange& exchange) {
        for (TomlReader& row : root.tables("special")) {
            const Date date = row.date("date");
            TradingCalendar::Special special;
            special.name = row.text("name");
            row.text("source");
            for (TomlReader& session : row.tables("sessions")) {
                const SessionHours hours_of_it = read_session(session);
                if (!special.sessions.empty() && hours_of_it.open < special.sessions.back().close) {
                    session.refuse("open", "is before the end of the session above it");
                }
                special.sessions.push_back(hours_of_it);
            }
            for (TomlReader& phase : row.tables("phases")) special.phases.push_back(read_phase(phase));
            if (special.sessions.size() > kMostSessions) row.refuse("sessions", "are more than three");
            if (std::find(exchange.years.begin(), exchange.years.end(), year_of(date)) == exchange.years.end()) {
                row.refuse("date", "is in a year without a table");
            }
            if (!exchange.special.emplace(date, std::move(special)).second) row.refuse("date", "is listed twice");
        }
    }
};

Result<TradingCalendar> TradingCalendar::load(const std::filesystem::path& folder) {
    std::error_code failure;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
        if (entry.path().extension() == ".toml") files.push_back(entry.path());
    }
    if (failure || files.empty()) {
        return make_error(ErrorCode::not_found, fmt::format("{}: no calendar files (*.toml) there", folder.string()));
    }
    std::sort(files.begin(), files.end());
    TradingCalendar calendar;
    for (const auto& file : files) {
        if (const auto added = CalendarLoader::add_file(calendar, file); !added) return added.error();
    }
    return calendar;
}

Result<const TradingCalendar::Exchange*> TradingCalendar::table_for(std::string_view exchange, Date date) const {
    const auto found = exchanges_.find(exchange);
    if (found == exchanges_.end()) {
        return make_error(ErrorCode::config, fmt::format("no calendar for exchange '{}'", exchange));
    }
    const auto& years = found->second.years;
    if (std::find(years.begin(), years.end(), year_of(date)) == years.end()) {
        return make_error(ErrorCode::config,
                          fmt::format("{} has no table for {}: add its holidays and special sessions",
                                      found->second.file, year_of(date)));
    }
    return &found->second;
}

Result<std::optional<TradingDay>> TradingCalendar::day(std::string_view exchange, Date date) const {
    if (exchange == kAlways) return std::optional(TradingDay{date, {kRoundTheClock}, {}, false});
    const auto table = table_for(exchange, date);
    if (!table) return table.error();
    const bool holiday = (*table)->holidays.contains(date);
    if (const auto special = (*table)->special.find(date); special != (*table)->special.end()) {
        if (special->second.sessions.empty()) return std::optional<TradingDay>();
        return std::optional(TradingDay{date, special->second.sessions, special->second.name, holiday});
    }
    if (holiday || is_weekend(date)) return std::optional<TradingDay>();
    return std::optional(TradingDay{date, {usual_hours(exchange, date)}, {}, false});
}

std::string TradingCalendar::note(std::string_view exchange, Date date) const {
    const auto found = exchanges_.find(exchange);
    if (found == exchanges_.end()) return {};
    if (const auto special = found->second.special.find(date); special != found->second.special.end()) {
        const bool known = !special->second.sessions.empty();
        return special->second.name + (known ? "" : " (hours not known, counts as closed)");
    }
    if (const auto holiday = found->second.holidays.find(date); holiday != found->second.holidays.end()) {
        return holiday->second;
    }
    return is_weekend(date) ? "weekend" : "";
}

Result<std::vector<MarketPhase>> TradingCalendar::phases(std::string_view exchange, Date date) const {
    const auto open = day(exchange, date);
    if (!open) return open.error();
    std::vector<MarketPhase> found;
    if (!*open || exchange == kAlways) return found;
    const Exchange& table = exchanges_.find(exchange)->second;
    const auto special = table.special.find(date);
    if (special != table.special.end()) found = special->second.phases;
    const SessionHours usual = usual_hours(exchange, date);
    const auto& sessions = (*open)->sessions;
    if (sessions.size() != 1 || sessions[0].open != usual.open || sessions[0].close != usual.close) return found;
    for (const PhaseFrom& row : table.phases) {
        if (row.from <= date && (!row.to || date <= *row.to)) found.push_back(row.phase);
    }
    return found;
}

std::vector<std::string> TradingCalendar::exchanges() const {
    std::vector<std::string> names;
    for (const auto& [name, table] : exchanges_) names.push_back(name);
    return names;
}

Result<Date> TradingCalendar::next_trading_day(std::string_view exchange, Date after) const {
    for (int step = 1; step <= kLongestClosure_days; ++step) {
        const Date date = after + std::chrono::days(step);
        const auto found = day(exchange, date);
        if (!found) return found.error();
        if (found->has_value()) return date;
    }
    return make_error(ErrorCode::config, fmt::format("{}: no trading day within {} days after {}", exchange,
                                                     kLongestClosure_days, format_date(after)));
}

Result<Date> TradingCalendar::previous_trading_day(std::string_view exchange, Date before) const {
    for (int step = 1; step <= kLongestClosure_days; ++step) {
        const Date date = before - std::chrono::days(step);
        const auto found = day(exchange, date);
        if (!found) return found.error();
        if (found->has_value()) return date;
    }
    return make_error(ErrorCode::config, fmt::format("{}: no trading day within {} days before {}", exchange,
                                                     kLongestClosure_days, format_date(before)));
}

bool TradingCalendar::covers(std::string_view exchange, Date date) const {
    return exchange == kAlways || table_for(exchange, date).has_value();
}

SessionHours TradingCalendar::usual_hours(std::string_view exchange, Date date) const {
    const auto found = exchanges_.find(exchange);
    if (found == exchanges_.end()) return kRoundTheClock;
    const auto& rows = found->second.hours;
    SessionHours usual = rows.front().hours;
    for (const HoursFrom& row : rows) {
        if (row.from <= date) usual = row.hours;
    }
    return usual;
}

}  // namespace tide
