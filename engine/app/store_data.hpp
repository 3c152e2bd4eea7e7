#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/paths.hpp"
#include "app/store_data_commands.hpp"
#include "barstore/bar_store.hpp"
#include "barstore/data_check.hpp"
#include "market/calendar.hpp"
#include "market/contract_rules.hpp"
#include "ops/progress.hpp"

// What the commands over the bar store share.
namespace tide {

// The calendar of each symbol: that of its exchange, NSE where contracts.toml does not know it.
class Calendars {
  public:
    static Result<Calendars> load(const Paths& paths);
    CalendarLookup of(std::string_view symbol) const;
    const TradingCalendar& calendar() const { return *calendar_; }
    const ContractRules& rules() const { return *rules_; }

  private:
    std::shared_ptr<TradingCalendar> calendar_;
    std::shared_ptr<ContractRules> rules_;
};

// A progress bar on stderr, and what reports to it.
class WorkProgress {
  public:
    explicit WorkProgress(std::string title);
    ProgressReport report();

  private:
    std::unique_ptr<Progress> bar_;
};

// Whether the options (symbols, timeframe) ask for this series. Symbols are compared in their one spelling.
Result<std::vector<StoredFile>> chosen_files(const BarStore& store, const StoreDataOptions& options);

// "2026-11-18 09:15" of a bar of the day, "2026-11-18" of longer ones.
std::string bar_time_text(const Bar& bar);

}  // namespace tide
