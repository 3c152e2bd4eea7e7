#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "ops/control_protocol.hpp"
#include "session/session.hpp"

// Views that only the Session can answer. Each looks at a bounded part of it, copies that, and changes nothing; the
// text is made from the copy later, on the asker's time.
namespace tide {

inline constexpr int64_t kViewBarsMax = 500;
inline constexpr int64_t kViewIndicatorsMax = 500;
inline constexpr int64_t kViewStrikes = 10;                     // each side of the money; more in gap mode
inline constexpr size_t kViewScriptTextsMax = 500;              // states and skips of one script
inline constexpr size_t kViewSavedBytesMax = size_t(32) << 10;  // of what a script's on_save gave

struct SessionQuery {
    ControlView view = ControlView::vix;
    std::string symbol;     // bars, chain, quote; indicators: one symbol only, or empty
    std::string timeframe;  // bars: "5m", "500t"
    int64_t count = 20;     // bars
    std::string expiry;     // chain: "weekly", "next", "monthly" or a date
    std::string name;       // script
};
// From "symbol=NIFTY;tf=5m;n=20". `view` must be one that is asked of the session. Errors (usage) in one line: a key
// that the view does not have, a value that it cannot be, a symbol or name that is missing.
Result<SessionQuery> parse_session_query(ControlView view, std::string_view argument);

// Makes a JSON document with schema_version from what was copied; called once, on any thread.
using ViewDocument = std::function<std::string()>;
// Between two events. Errors: not_found (an unknown symbol, no bars, no chain, no such script), with what there is.
Result<ViewDocument> session_view(const Session& session, const SessionQuery& query);

}  // namespace tide
