#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/events.hpp"
#include "core/result.hpp"

namespace tide {

struct TradingDay {
    Date date;
    std::vector<SessionHours> sessions;  // in order, one to three
    std::string note;                    // "Muhurat", "disaster-recovery drill", …
    bool holiday = false;                // a holiday with a special session: contracts do not expire on it
};

// What surrounds the continuous session: a pre-open, the cash market's closing auction. Nothing is matched
// continuously.
struct MarketPhase {
    std::string name;  // "futures pre-open", "closing auction"
    SessionHours hours;
    std::string detail;
};

// Which days an exchange's derivatives trade, and when. Dated data with sources (config/calendars/*.toml). A weekend
// can have a session and a holiday can have one hour. A year without a table is an error, never "no holidays".
class TradingCalendar {
  public:
    // Reads every *.toml of the folder. Errors name file, line and key.
    static Result<TradingCalendar> load(const std::filesystem::path& folder);
    // The day's sessions, or nothing when closed. `exchange`: "NSE", "BSE", "always" (every day 00:00-24:00). A session
    // that is announced without its hours counts as closed until the file has them; `note` says so.
    Result<std::optional<TradingDay>> day(std::string_view exchange, Date date) const;
    // Why a day is special or closed: the holiday's or session's name, "weekend", or empty.
    std::string note(std::string_view exchange, Date date) const;
    // The phases around the day's sessions, as far as they are known, by opening time; none on a closed day. The usual
    // ones hold on days with the usual hours; a special session has those that its row states.
    Result<std::vector<MarketPhase>> phases(std::string_view exchange, Date date) const;
    std::vector<std::string> exchanges() const;  // those with a file, sorted
    Result<Date> next_trading_day(std::string_view exchange, Date after) const;
    Result<Date> previous_trading_day(std::string_view exchange, Date before) const;
    bool covers(std::string_view exchange, Date date) const;
    // The usual hours on `date` ignoring holidays; also for years without a table (a replay takes days from the data).
    SessionHours usual_hours(std::string_view exchange, Date date) const;

  private:
    friend class CalendarLoader;
    struct HoursFrom {
        Date from;
        SessionHours hours;
    };
    struct Special {
        std::string name;
        std::vector<SessionHours> sessions;  // empty: announced, hours not known
        std::vector<MarketPhase> phases;
    };
    struct PhaseFrom {
        Date from;
        std::optional<Date> to;
        MarketPhase phase;
    };
    struct Exchange {
        std::string file;
        std::vector<HoursFrom> hours;  // ascending
        std::vector<PhaseFrom> phases;
        std::vector<int> years;  // with a complete table
        std::map<Date, std::string> holidays;
        std::map<Date, Special> special;  // replaces the usual rule for the date
    };
    Result<const Exchange*> table_for(std::string_view exchange, Date date) const;
    std::map<std::string, Exchange, std::less<>> exchanges_;
};

}  // namespace tide
