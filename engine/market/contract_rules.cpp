#include "market/contract_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "market/toml_reader.hpp"

namespace tide {
namespace {

using std::chrono::days;
using std::chrono::months;

// A holiday moves an expiry back by at most this many days (a long weekend).
constexpr int kFurthestMove_days = 5;

struct WeekdayRule {
    std::chrono::weekday weekday;
    Date from;
    std::optional<Date> to;  // the last nominal date it gives
    bool holds(Date nominal) const { return nominal >= from && (!to || nominal <= *to); }
};
struct LotRow {
    Quantity lot;
    Date first_weekly;
    Date first_monthly;
    // From this day also the contracts that were open before; until then they keep the row above.
    std::optional<Date> open_contracts_from;
    bool only_long_dated = false;  // ... of which only quarterly ones had been open
};
struct QuantityRow {
    Date from;
    Quantity quantity;
};

Date first_of_next_month(Date date) {
    const auto ymd = civil(date);
    return Date((ymd.year() / ymd.month() + months(1)) / std::chrono::day(1));
}
bool same_week(Date a, Date b) {
    const auto monday = [](Date date) { return date - days(weekday_of(date).iso_encoding() - 1); };
    return monday(a) == monday(b);
}
bool quarter_month(Date date) { return static_cast<unsigned>(civil(date).month()) % 3 == 0; }

std::optional<std::chrono::weekday> parse_weekday(std::string_view name) {
    constexpr std::array<std::string_view, 7> kNames{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                     "Thursday", "Friday", "Saturday"};
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    if (found == kNames.end()) return std::nullopt;
    return std::chrono::weekday(static_cast<unsigned>(found - kNames.begin()));
}

template <class Row>
const Row* row_on(const std::vector<Row>& rows, Date on) {
    const Row* found = nullptr;
    for (const Row& row : rows) {
        if (row.from <= on) found = &row;
    }
    return found;
}

}  // namespace

struct ContractRules::PriceRow {
    Date from;
    Price price;
};
struct ContractRules::Terms {
    std::string exchange;
    size_t weeklies_listed = 0;
    size_t monthlies_listed = 0;
    size_t quarterlies_listed = 0;
    std::vector<WeekdayRule> weekly;
    std::vector<WeekdayRule> monthly;
    std::vector<LotRow> lots;
    std::vector<PriceRow> strike_steps;
    std::vector<PriceRow> ticks;
    std::vector<PriceRow> future_ticks;
    std::vector<QuantityRow> freezes;

    // The monthly expiry of the month of `date` before any holiday moves it; nothing where no rule holds.
    std::optional<Date> nominal_monthly(Date date) const {
        const Date last_day = first_of_next_month(date) - days(1);
        for (const WeekdayRule& rule : monthly) {
            const Date nominal = last_day - (weekday_of(last_day) - rule.weekday);
            if (rule.holds(nominal)) return nominal;
        }
        return std::nullopt;
    }
    // Whether a weekly contract nominally expires on `date`. The monthly takes the place of its own week's weekly.
    bool nominal_weekly(Date date) const {
        for (const Date probe : {date, date - days(6), date + days(6)}) {
            const auto month_end = nominal_monthly(probe);
            if (month_end && same_week(*month_end, date)) return false;
        }
        return std::any_of(weekly.begin(), weekly.end(), [&](const WeekdayRule& rule) {
            return weekday_of(date) == rule.weekday && rule.holds(date);
        });
    }
    bool is_monthly(Date expiry) const {
        const auto nominal = nominal_monthly(expiry);
        return nominal && expiry <= *nominal && expiry > *nominal - days(kFurthestMove_days);
    }
};

// Reads the file; only here are terms written to.
class ContractRulesLoader {
  public:
    static void add_underlying(ContractRules& rules, TomlReader& table) {
        auto terms = std::make_shared<ContractRules::Terms>();
        const std::string symbol = table.text("symbol");
        terms->exchange = table.text("exchange");
        terms->weeklies_listed = listed(table, "weeklies_listed");
        terms->monthlies_listed = listed(table, "monthlies_listed");
        terms->quarterlies_listed = listed(table, "quarterlies_listed");
        terms->weekly = read_weekdays(table, "weekly");
        terms->monthly = read_weekdays(table, "monthly");
        terms->lots = read_lots(table);
        terms->strike_steps = read_prices(table, "strike_step");
        terms->ticks = read_prices(table, "tick");
        terms->future_ticks = read_prices(table, "future_tick");
        terms->freezes = read_freezes(table);
        if (!rules.terms_.emplace(symbol, std::move(terms)).second) table.refuse("symbol", "is defined twice");
    }
    static void set_file(ContractRules& rules, std::string file) { rules.file_ = std::move(file); }

  private:
    static size_t listed(TomlReader& table, std::string_view key) {
        const int64_t count = table.integer(key);
        if (count < 0 || count > 60) table.refuse(key, "is not between 0 and 60");
        return static_cast<size_t>(std::max<int64_t>(count, 0));
    }
    static std::vector<WeekdayRule> read_weekdays(TomlReader& table, std::string_view key) {
        std::vector<WeekdayRule> rules;
        for (TomlReader& row : table.tables(key)) {
            const auto weekday = parse_weekday(row.text("weekday"));
            if (!weekday) row.refuse("weekday", "is not the English name of a weekday");
            const Date from = row.date("from");
            const auto to = row.date_if("to");
            row.text("source");
            if (to && *to < from) row.refuse("to", "is before from");
            if (!rules.empty() && !(rules.back().to && *rules.back().to < from)) {
                row.refuse("from", "is not after the end of the row above");
            }
            rules.push_back({weekday.value_or(std::chrono::Sunday), from, to});
        }
        return rules;
    }
    static std::vector<LotRow> read_lots(TomlReader& table) {
        std::vector<LotRow> rows;
        for (TomlReader& row : table.tables("lot")) {
            LotRow lot;
            lot.lot = Quantity(row.integer("lot"));
            lot.first_weekly = row.date("first_expiry");
            lot.first_monthly = row.date_if("first_monthly_expiry").value_or(lot.first_weekly);
            lot.open_contracts_from = row.date_if("open_contracts_from");
            lot.only_long_dated = row.flag_or("only_long_dated_were_open", false);
            row.text("source");
            if (lot.lot.units() <= 0) row.refuse("lot", "is not positive");
            if (!rows.empty() && lot.first_monthly <= rows.back().first_monthly)
                row.refuse("first_expiry", "does not ascend");
            rows.push_back(lot);
        }
        return rows;
    }
    static std::vector<ContractRules::PriceRow> read_prices(TomlReader& table, std::string_view key) {
        std::vector<ContractRules::PriceRow> rows;
        for (TomlReader& row : table.tables(key)) {
            const auto price = parse_price(row.text("value"));
            if (!price || !price->positive()) row.refuse("value", "is not a positive decimal number in quotes");
            rows.push_back({row.date("from"), price.value_or(Price())});
            row.text("source");
            ascending(rows, row);
        }
        return rows;
    }
    static std::vector<QuantityRow> read_freezes(TomlReader& table) {
        std::vector<QuantityRow> rows;
        for (TomlReader& row : table.tables("freeze")) {
            rows.push_back({row.date("from"), Quantity(row.integer("units"))});
            row.text("source");
            if (rows.back().quantity.units() <= 0) row.refuse("units", "is not positive");
            ascending(rows, row);
        }
        return rows;
    }
    template <class Row>
    static void ascending(const std::vector<Row>& rows, TomlReader& row) {
        if (rows.size() > 1 && rows.back().from <= rows[rows.size() - 2].from) row.refuse("from", "does not ascend");
    }
};

Result<ContractRules> ContractRules::load(const std::filesystem::path& file) {
    auto opened = TomlReader::open(file);
    if (!opened) return opened.error();
    ContractRules rules;
    ContractRulesLoader::set_file(rules, opened->file_name());
    for (TomlReader& table : opened->tables("underlying")) ContractRulesLoader::add_underlying(rules, table);
    if (const auto done = opened->finish(); !done) return done.error();
    return rules;
}

bool ContractRules::knows(std::string_view underlying) const { return terms_.find(underlying) != terms_.end(); }

std::vector<std::string> ContractRules::underlyings() const {
    std::vector<std::string> names;
    for (const auto& [name, terms] : terms_) names.push_back(name);
    return names;
}

Result<const ContractRules::Terms*> ContractRules::terms_of(std::string_view underlying) const {
    const auto found = terms_.find(underlying);
    if (found == terms_.end()) {
        return make_error(ErrorCode::config, fmt::format("{}: no contract terms for '{}'", file_, underlying));
    }
    return found->second.get();
}

Result<std::string> ContractRules::exchange(std::string_view underlying) const {
    const auto terms = terms_of(underlying);
    if (!terms) return terms.error();
    return (*terms)->exchange;
}

namespace {

// The last day at or before `nominal` on which contracts can expire: a trading day that is no holiday.
Result<Date> moved_before_holidays(const TradingCalendar& calendar, std::string_view exchange, Date nominal) {
    for (Date date = nominal; date > nominal - days(kFurthestMove_days); date -= days(1)) {
        const auto day = calendar.day(exchange, date);
        if (!day) return day.error();
        if (day->has_value() && !(*day)->holiday) return date;
    }
    return make_error(ErrorCode::config, fmt::format("{}: no day to expire on within {} days before {}", exchange,
                                                     kFurthestMove_days, format_date(nominal)));
}

}  // namespace

Result<std::vector<Expiry>> ContractRules::expiries(std::string_view underlying, Date from, size_t count,
                                                    const TradingCalendar& calendar) const {
    const auto found = terms_of(underlying);
    if (!found) return found.error();
    const Terms& terms = **found;
    if (terms.exchange != "always" && !calendar.covers(terms.exchange, from)) {
        const auto missing = calendar.day(terms.exchange, from);
        return missing ? make_error(ErrorCode::internal, "calendar without a table gave a day") : missing.error();
    }
    std::vector<Expiry> listed;
    size_t weeklies = 0;
    size_t monthlies = 0;
    size_t quarterlies = 0;
    const Date horizon = from + days(400) + days(92) * static_cast<int>(terms.quarterlies_listed);
    for (Date nominal = from; nominal < horizon && listed.size() < count; nominal += days(1)) {
        const bool monthly = terms.nominal_monthly(nominal) == nominal;
        if (!monthly && (weeklies == terms.weeklies_listed || !terms.nominal_weekly(nominal))) continue;
        const bool serial = monthly && monthlies < terms.monthlies_listed;
        const bool quarterly = monthly && !serial && quarter_month(nominal) && quarterlies < terms.quarterlies_listed;
        if (monthly && !serial && !quarterly) continue;
        const auto date = moved_before_holidays(calendar, terms.exchange, nominal);
        if (!date) return date.error();
        if (*date < from) continue;  // a holiday on `from` moved it into the past
        ++(serial ? monthlies : quarterly ? quarterlies : weeklies);
        listed.push_back({*date, monthly, nominal});
    }
    return listed;
}

Result<std::optional<Expiry>> ContractRules::expiring_on(std::string_view underlying, Date date,
                                                         const TradingCalendar& calendar) const {
    const auto found = terms_of(underlying);
    if (!found) return found.error();
    const Terms& terms = **found;
    for (Date nominal = date; nominal < date + days(kFurthestMove_days); nominal += days(1)) {
        const bool monthly = terms.nominal_monthly(nominal) == nominal;
        if (!monthly && (terms.weeklies_listed == 0 || !terms.nominal_weekly(nominal))) continue;
        const auto moved = moved_before_holidays(calendar, terms.exchange, nominal);
        if (!moved) return moved.error();
        if (*moved == date) return std::optional(Expiry{date, monthly, nominal});
    }
    return std::optional<Expiry>();
}

Result<std::vector<Expiry>> ContractRules::future_expiries(std::string_view underlying, Date from, size_t count,
                                                           const TradingCalendar& calendar) const {
    const auto found = terms_of(underlying);
    if (!found) return found.error();
    const Terms& terms = **found;
    std::vector<Expiry> listed;
    const size_t wanted = std::min(count, terms.monthlies_listed);
    // One month more than is listed: a holiday may have moved the first into the past.
    const Date horizon = from + days(31) * static_cast<int>(terms.monthlies_listed + 2);
    for (Date nominal = from; nominal < horizon && listed.size() < wanted; nominal += days(1)) {
        if (terms.nominal_monthly(nominal) != nominal) continue;
        const auto date = moved_before_holidays(calendar, terms.exchange, nominal);
        if (!date) return date.error();
        if (*date >= from) listed.push_back({*date, true, nominal});
    }
    return listed;
}

Result<Date> ContractRules::nominal_monthly(std::string_view underlying, Date on) const {
    const auto terms = terms_of(underlying);
    if (!terms) return terms.error();
    for (const Date month : {on, first_of_next_month(on)}) {
        const auto nominal = (*terms)->nominal_monthly(month);
        if (nominal && *nominal >= on) return *nominal;
    }
    return make_error(ErrorCode::config,
                      fmt::format("{}: no monthly expiry of {} after {}", file_, underlying, format_date(on)));
}

bool ContractRules::is_monthly(std::string_view underlying, Date expiry) const {
    const auto terms = terms_of(underlying);
    return terms && (*terms)->is_monthly(expiry);
}

Result<Quantity> ContractRules::lot(std::string_view underlying, Date expiry, Date on) const {
    const auto found = terms_of(underlying);
    if (!found) return found.error();
    const Terms& terms = **found;
    const bool monthly = terms.is_monthly(expiry);
    const LotRow* holding = nullptr;
    for (const LotRow& row : terms.lots) {
        if (expiry < (monthly ? row.first_monthly : row.first_weekly)) break;
        const bool was_open = !row.only_long_dated || (monthly && quarter_month(expiry));
        if (row.open_contracts_from && on < *row.open_contracts_from && was_open) break;
        holding = &row;
    }
    if (holding == nullptr) {
        return make_error(ErrorCode::config, fmt::format("{}: no lot for {} contracts that expire on {}, traded on {}",
                                                         file_, underlying, format_date(expiry), format_date(on)));
    }
    return holding->lot;
}

Result<Price> ContractRules::dated_price(std::string_view underlying, Date on, PriceRows rows,
                                         std::string_view what) const {
    const auto terms = terms_of(underlying);
    if (!terms) return terms.error();
    const PriceRow* const row = row_on((**terms).*rows, on);
    if (row == nullptr) {
        return make_error(ErrorCode::config,
                          fmt::format("{}: no {} for {} on {}", file_, what, underlying, format_date(on)));
    }
    return row->price;
}

Result<Price> ContractRules::strike_step(std::string_view underlying, Date on) const {
    return dated_price(underlying, on, &Terms::strike_steps, "strike step");
}
Result<Price> ContractRules::tick(std::string_view underlying, Date on) const {
    return dated_price(underlying, on, &Terms::ticks, "tick");
}
Result<Price> ContractRules::future_tick(std::string_view underlying, Date on) const {
    return dated_price(underlying, on, &Terms::future_ticks, "tick of futures");
}

Result<Quantity> ContractRules::freeze(std::string_view underlying, Date on) const {
    const auto terms = terms_of(underlying);
    if (!terms) return terms.error();
    const QuantityRow* const row = row_on((*terms)->freezes, on);
    if (row == nullptr) {
        return make_error(ErrorCode::config,
                          fmt::format("{}: no freeze quantity for {} on {}", file_, underlying, format_date(on)));
    }
    return row->quantity;
}

}  // namespace tide
