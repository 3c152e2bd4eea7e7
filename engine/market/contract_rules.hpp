#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/instrument.hpp"
#include "core/result.hpp"
#include "market/calendar.hpp"

namespace tide {

struct Expiry {
    Date date;
    bool monthly = false;  // the last expiry of its month
    Date nominal{};        // by its weekday; a later day than `date` where holidays moved it
};

// Dated contract terms of an index's options and futures: expiry weekday (weekly, monthly), lot size, strike step,
// tick, freeze quantity. Data: config/contracts.toml. Used where no broker's contract master is at hand (backtests, the
// synthetic market); a master wins wherever there is one. Errors name the underlying, the date and the file.
class ContractRules {
  public:
    static Result<ContractRules> load(const std::filesystem::path& file);
    bool knows(std::string_view underlying) const;
    std::vector<std::string> underlyings() const;  // sorted
    // The exchange whose calendar holds: "NSE" for NIFTY, "BSE" for SENSEX.
    Result<std::string> exchange(std::string_view underlying) const;
    // The first `count` expiries on or after `from` that trade on `from`, ascending; a holiday moves one to the trading
    // day before. Monthly-only underlyings give monthly expiries only. Fewer when fewer are listed (the next weeklies,
    // monthlies and quarterlies; long-dated half-yearlies are left out). A date in a year without a calendar is an
    // error.
    Result<std::vector<Expiry>> expiries(std::string_view underlying, Date from, size_t count,
                                         const TradingCalendar& calendar) const;
    // The contract of the underlying that expires on `date` itself, or nothing.
    Result<std::optional<Expiry>> expiring_on(std::string_view underlying, Date date,
                                              const TradingCalendar& calendar) const;
    // Expiries of the futures that trade on `from` (the next monthlies), ascending, at most `count`; as `expiries`.
    Result<std::vector<Expiry>> future_expiries(std::string_view underlying, Date from, size_t count,
                                                const TradingCalendar& calendar) const;
    // The monthly expiry on or after `on` before any holiday moves it; also for years without a calendar.
    Result<Date> nominal_monthly(std::string_view underlying, Date on) const;
    // Whether a contract that expires on `expiry` is its month's last, holidays allowed for. False where no rule holds.
    bool is_monthly(std::string_view underlying, Date expiry) const;
    // Lot of a contract that expires on `expiry`, as traded on `on`.
    Result<Quantity> lot(std::string_view underlying, Date expiry, Date on) const;
    // Smallest strike distance near the money.
    Result<Price> strike_step(std::string_view underlying, Date on) const;
    // Largest single order in units.
    Result<Quantity> freeze(std::string_view underlying, Date on) const;
    Result<Price> tick(std::string_view underlying, Date on) const;  // of options
    Result<Price> future_tick(std::string_view underlying, Date on) const;

  private:
    friend class ContractRulesLoader;
    struct PriceRow;
    struct Terms;
    using PriceRows = std::vector<PriceRow> Terms::*;
    Result<Price> dated_price(std::string_view underlying, Date on, PriceRows rows, std::string_view what) const;
    Result<const Terms*> terms_of(std::string_view underlying) const;
    std::string file_;
    std::map<std::string, std::shared_ptr<const Terms>, std::less<>> terms_;
};

}  // namespace tide
