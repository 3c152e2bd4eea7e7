#pragma once
#include <optional>
#include <string>
#include <vector>

#include "app/paths.hpp"
#include "core/result.hpp"
#include "feeds/feed.hpp"
#include "session/strategy_host.hpp"

namespace tide {

// A session of this home whose journal has no end: the engine was killed, or the machine stopped.
struct InterruptedSession {
    std::string name;
    std::string journal;  // path
    std::string config_text;
    std::vector<ScriptBundle> scripts;  // as they ran last
    uint64_t events = 0;
};

// The newest paper session, when it was interrupted while its day was under way. Nothing is changed. One that stopped
// before its first day traded nothing, and one whose journal is damaged in the middle is 'engine recover's matter.
Result<std::optional<InterruptedSession>> find_interrupted(const Paths& paths);

// Why a start with this configuration and these strategies is not the interrupted session again; empty: it is. Whether
// a session starts in limited mode, and what is in a script, may have changed.
std::string other_session(const InterruptedSession& session, const std::string& config_text,
                          const std::vector<ScriptBundle>& scripts);
// The feed begins as that of the session did. Takes events out of the feed.
Result<bool> begins_alike(const InterruptedSession& session, Feed& feed);

// Cuts an unfinished last write off; what was cut is kept beside the journal (<journal>.cut-N). Gives a line for a
// person, or empty. Errors: io, corrupt.
Result<std::string> cut_and_keep_tail(const std::string& journal);

}  // namespace tide
