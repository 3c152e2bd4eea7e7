#pragma once
#include <string>

#include "app/paths.hpp"

namespace tide {

struct KillBackup {
    bool done = true;
    std::string text;  // what was made, and where; or what could not be
};
// Copies of all data of this home after a kill switch, in <home>/backups: the store (checked), the session's journal as
// it is by now, and the bars. A part that fails does not keep the others from being made.
KillBackup back_up_after_kill(const Paths& paths, const std::string& journal);

}  // namespace tide
