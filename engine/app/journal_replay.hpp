#pragma once
#include <cstdint>
#include <functional>
#include <memory>

#include "bindings/counted_host.hpp"
#include "core/result.hpp"
#include "journal/journal_reader.hpp"
#include "ops/session_summary.hpp"
#include "session/session.hpp"

namespace tide {

// The stops of scripts' processes that a journal tells of.
Result<void> for_each_stop(const std::string& journal, const std::function<void(const ScriptStopNote&)>& told);

// Runs a journal again through the Session. With `verify`, what the Session does is compared with what was recorded;
// the first difference is an error (mismatch) that names it. `also` (may be null) hears every record: a ledger to
// complete.
class JournalReplay {
  public:
    JournalReplay(JournalReader& reader, bool verify, Recorder* also = nullptr);
    ~JournalReplay();
    JournalReplay(const JournalReplay&) = delete;
    JournalReplay& operator=(const JournalReplay&) = delete;

    // `progress`, where given, hears now and then what share of the journal is done. Stops before the first event that
    // was received after `until`.
    Result<void> run(const std::function<void(double share)>& progress = {}, ReceiveTime until = ReceiveTime::max());
    // After run() without an error:
    const Session& session() const;
    const SessionSummary& summary() const;
    bool complete() const;  // the journal ends with the session's end
    uint64_t events() const;
    uint64_t order_messages() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tide
