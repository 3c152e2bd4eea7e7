#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "app/engine_settings.hpp"
#include "barstore/data_check.hpp"
#include "barstore/data_set.hpp"
#include "core/events.hpp"
#include "session/market_state.hpp"

namespace tide {

// The bars that a session made of its events, as its strategies saw them: 1m, 5m, 15m, 1h and 1d of every instrument.
// Bars that were made up (filled over gaps, priced by model) are left out.
class SessionBars {
  public:
    SessionBars();
    void on_event(const Event& event);
    // By symbol, then timeframe. Nothing is left here.
    std::vector<BarSeriesData> take(bool synthetic);

  private:
    void keep(const Bar& bar);
    EngineSettings settings_;  // a journal's own; the defaults for files of ticks
    MarketState market_;
    std::map<std::pair<std::string, Timeframe>, BarSeriesData> series_;
};

// What a journal says of itself besides its market.
struct JournalMarket {
    bool synthetic = false;
    bool complete = false;  // the session ended in order
    int64_t ticks = 0;
    std::optional<Date> first_day, last_day;
};
bool is_journal(const std::filesystem::path& file);
// Hands every market event of a journal to `handle` (ticks, bars, instruments, days). A torn tail ends the journal
// there. Errors: those of JournalReader.
Result<JournalMarket> read_journal_market(const std::filesystem::path& journal,
                                          const std::function<void(const Event&)>& handle,
                                          const ProgressReport& progress = {});

// Ticks of files through the same bars: rows of all files in the order of their receive time. Bad rows are counted in
// `rejected` and left out. Errors: not_found, io, corrupt.
struct TickFilesRead {
    std::vector<RejectedRow> rejected;  // the first ten
    int64_t rejected_count = 0;
    int64_t accepted_count = 0;
};
Result<TickFilesRead> read_tick_files(const std::vector<std::filesystem::path>& files, const CalendarLookup& calendar,
                                      SessionBars& bars);

}  // namespace tide
