#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "core/result.hpp"
#include "trading/recorder.hpp"

namespace tide {

struct LedgerOptions {
    std::string session_id;                // of the records that will come
    std::string mode;                      // backtest, paper, live, replay
    bool own_thread = true;                // false: rows are written inside record()
    size_t commit_rows = 1000;             // a transaction at most, unless more are already waiting
    int commit_interval_ms = 100;          // own thread only: nothing waits longer
    size_t queue_rows = 65'536;            // when full, record() waits; nothing is ever dropped
    bool write_ahead = false;              // own thread only: nothing is committed before release() lets it
    // Called before each commit, on the thread that commits: what the rows follow from is made durable first. An error
    // stops the writing.
    std::function<Result<void>()> before_commit = nullptr;
    int busy_timeout_ms = 5'000;           // how long another writer may hold the database
    std::string anchors_path;              // where heads of the chain are anchored (audit_anchors.hpp); empty: nowhere
    uint64_t anchor_rows = 10'000;         // an anchor at the latest after so many rows,
    int64_t anchor_interval_ms = 300'000;  // and (own thread only) after this long with new rows; always at flush
};

// The trade and audit store: SQLite in WAL mode, many sessions in one file. Each record becomes an audit row and, where
// it has one, a row of its own table, in one transaction. Opening a session that is already there goes on after its
// last row: earlier rows that come again (a replay for recovery) are skipped, and must have the hash that is stored.
//
// The first error stops the writing: what was committed stays, later records are not stored (the journal has them), and
// status() says so. The owner looks at status() and stops the session.
class Ledger final : public Recorder {
  public:
    static Result<std::unique_ptr<Ledger>> open(const std::string& path, LedgerOptions options);
    ~Ledger() override;  // writes what is waiting

    void record(const Record& record) override;
    // With write_ahead: the journal has all events up to this one, so their records may be committed. From the thread
    // that records.
    void release(uint64_t event_sequence);
    // Everything recorded (and released) so far is committed when this returns without an error.
    Result<void> flush();
    Result<void> status() const;
    uint64_t committed_rows() const;  // of the audit chain of this session

  private:
    struct Impl;
    explicit Ledger(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace tide
