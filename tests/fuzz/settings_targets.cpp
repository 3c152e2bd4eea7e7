#include "app/config_file.hpp"
#include "app/engine_settings.hpp"
#include "core/assert.hpp"
#include "market/calendar.hpp"
#include "market/charge_rates.hpp"
#include "market/contract_rules.hpp"
#include "scratch_file.hpp"
#include "targets.hpp"

namespace tide::fuzz {
namespace {

// What a journal keeps of the settings gives the same settings.
void check_canonical(const EngineSettings& settings) {
    const std::string text = settings.canonical_text();
    EngineSettings again;
    const auto read = again.read_text(text);
    TIDE_ASSERT(read && again.canonical_text() == text);
}

const TradingCalendar& two_years() {
    static const auto calendar = TradingCalendar::load(
        scratch_file("two_years.toml",
                     "exchange = \"NSE\"\n"
                     "[[hours]]\nfrom = 2000-01-01\nopen = 09:15:00\nclose = 15:30:00\nsource = \"\"\n"
                     "[[year]]\nyear = 2024\nsource = \"\"\nholidays = [{ date = 2024-01-26, name = \"\" }]\n"
                     "[[year]]\nyear = 2025\nsource = \"\"\n")
            .parent_path());
    TIDE_ASSERT(calendar);
    return *calendar;
}

}  // namespace

void settings_lines(std::string_view bytes) {
    EngineSettings settings;
    if (settings.read_text(bytes)) check_canonical(settings);
}

void config_toml(std::string_view bytes) {
    EngineSettings settings;
    if (settings.read_file(scratch_file("engine.toml", bytes).string())) check_canonical(settings);
}

void calendar_toml(std::string_view bytes) {
    const auto calendar = TradingCalendar::load(scratch_file("calendar.toml", bytes).parent_path());
    if (!calendar) return;
    for (const char* exchange : {"NSE", "BSE", "always"}) {
        for (const Date date :
             {make_date(1999, 12, 31), make_date(2024, 1, 26), make_date(2024, 11, 1), make_date(2200, 1, 1)}) {
            const auto day = calendar->day(exchange, date);
            if (day && *day) {
                TIDE_ASSERT((*day)->date == date && !(*day)->sessions.empty() && (*day)->sessions.size() <= 3);
                for (const SessionHours& hours : (*day)->sessions) TIDE_ASSERT(hours.open < hours.close);
            }
            if (const auto next = calendar->next_trading_day(exchange, date)) TIDE_ASSERT(*next > date);
            if (const auto previous = calendar->previous_trading_day(exchange, date)) TIDE_ASSERT(*previous < date);
            static_cast<void>(calendar->note(exchange, date));
            if (const auto phases = calendar->phases(exchange, date)) {
                for (const MarketPhase& phase : *phases) TIDE_ASSERT(phase.hours.open < phase.hours.close);
            }
            static_cast<void>(calendar->usual_hours(exchange, date));
        }
    }
}

void contracts_toml(std::string_view bytes) {
    const auto rules = ContractRules::load(scratch_file("contracts.toml", bytes));
    if (!rules) return;
    for (const std::string& underlying : rules->underlyings()) {
        TIDE_ASSERT(rules->knows(underlying));
        for (const Date date :
             {make_date(1999, 12, 31), make_date(2024, 1, 25), make_date(2025, 9, 2), make_date(2200, 1, 1)}) {
            if (const auto lot = rules->lot(underlying, date, date)) TIDE_ASSERT(lot->units() > 0);
            if (const auto step = rules->strike_step(underlying, date)) TIDE_ASSERT(step->positive());
            if (const auto tick = rules->tick(underlying, date)) TIDE_ASSERT(tick->positive());
            if (const auto freeze = rules->freeze(underlying, date)) TIDE_ASSERT(freeze->units() >= 0);
            if (const auto expiry = rules->expiring_on(underlying, date, two_years()); expiry && *expiry)
                TIDE_ASSERT((*expiry)->date == date && (*expiry)->nominal >= date);
            if (const auto nominal = rules->nominal_monthly(underlying, date)) TIDE_ASSERT(*nominal >= date);
            if (const auto futures = rules->future_expiries(underlying, date, 3, two_years()))
                TIDE_ASSERT(futures->size() <= 3);
            const auto expiries = rules->expiries(underlying, date, 8, two_years());
            if (!expiries) continue;
            TIDE_ASSERT(expiries->size() <= 8);
            for (size_t i = 1; i < expiries->size(); ++i) TIDE_ASSERT((*expiries)[i - 1].date < (*expiries)[i].date);
        }
    }
}

void charges_toml(std::string_view bytes) {
    const auto rows = load_charge_rates(scratch_file("charges.toml", bytes).parent_path());
    if (!rows) return;
    for (const ChargeRateRow& row : *rows) TIDE_ASSERT(row.rate_e8 >= 0 && row.flat >= Money() && row.from <= row.to);
}

}  // namespace tide::fuzz
