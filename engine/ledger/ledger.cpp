#include "ledger/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/assert.hpp"
#include "ledger/audit_anchors.hpp"
#include "ledger/ledger_rows.hpp"
#include "ledger/ledger_schema.hpp"
#include "ledger/sqlite.hpp"

namespace tide {
namespace {

using sqlite::Database;
using sqlite::Statement;

// Writes records of one session, in transactions. Used by one thread at a time.
class SessionWriter {
  public:
    static Result<SessionWriter> open(const std::string& path, const LedgerOptions& options);

    // Begins a transaction where there is none.
    Result<void> write(const Record& record);
    Result<void> commit();
    void roll_back();
    size_t uncommitted() const { return uncommitted_; }
    uint64_t committed_rows() const { return committed_rows_; }
    uint64_t rows_since_anchor() const { return committed_rows_ - anchored_rows_; }
    // Writes the head of what is committed to the anchors' file, where there is one and it has changed.
    Result<void> anchor();

  private:
    SessionWriter(Database database, LedgerRows rows) : database_(std::move(database)), rows_(std::move(rows)) {}
    Result<void> check_again(const Record& record) const;

    Database database_;
    LedgerRows rows_;
    Statement begin_, commit_, remember_head_;
    int64_t session_ = 0;
    std::string session_id_, anchors_path_;
    std::function<Result<void>()> before_commit_;
    uint64_t last_row_ = 0;  // written or skipped
    Sha256Digest last_hash_{};
    ReceiveTime last_time_;
    uint64_t anchored_rows_ = 0;
    uint64_t stored_rows_ = 0;  // there before this writer
    Sha256Digest stored_head_{};
    uint64_t committed_rows_ = 0;
    size_t uncommitted_ = 0;
};

// The session's number; a new session gets the next one.
Result<int64_t> find_or_add_session(const Database& database, const LedgerOptions& options) {
    auto add = database.prepare("INSERT OR IGNORE INTO sessions (session_id, mode, audit_head) VALUES (?, ?, ?)");
    if (!add) return add.error();
    if (auto added = database.put(*add, options.session_id, options.mode, Sha256Digest{}); !added) return added.error();
    auto find = database.prepare("SELECT number FROM sessions WHERE session_id = ?");
    if (!find) return find.error();
    find->bind_all(options.session_id);
    if (find->step() != SQLITE_ROW) return database.last_error("find the session");
    return find->integer(0);
}

Result<SessionWriter> SessionWriter::open(const std::string& path, const LedgerOptions& options) {
    auto opened = Database::open(path, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                                 options.busy_timeout_ms);
    if (!opened) return opened.error();
    // FULL: a commit is on the disk when it returns. The checkpoint limit keeps the log near 16 MB.
    auto ready = opened->run(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;"
        "PRAGMA journal_size_limit = 16777216; PRAGMA cache_size = -16384;");
    if (!ready) return ready.error();
    if (auto migrated = migrate(*opened, ledger_migrations()); !migrated) return migrated.error();
    const auto session = find_or_add_session(*opened, options);
    if (!session) return session.error();
    auto rows = LedgerRows::prepare(*opened, *session);
    if (!rows) return rows.error();

    SessionWriter writer(std::move(*opened), std::move(*rows));
    writer.session_ = *session;
    auto begin = writer.database_.prepare("BEGIN IMMEDIATE");
    auto commit = writer.database_.prepare("COMMIT");
    auto remember = writer.database_.prepare("UPDATE sessions SET audit_rows = ?2, audit_head = ?3 WHERE number = ?1");
    auto known = writer.database_.prepare("SELECT audit_rows, audit_head FROM sessions WHERE number = ?");
    if (!begin || !commit || !remember || !known) return writer.database_.last_error("prepare it");
    writer.begin_ = std::move(*begin);
    writer.commit_ = std::move(*commit);
    writer.remember_head_ = std::move(*remember);
    known->bind_all(*session);
    if (known->step() != SQLITE_ROW) return writer.database_.last_error("read the session");
    writer.stored_rows_ = writer.committed_rows_ = writer.anchored_rows_ = known->whole(0);
    writer.session_id_ = options.session_id;
    writer.anchors_path_ = options.anchors_path;
    writer.before_commit_ = options.before_commit;
    writer.stored_head_ = known->digest(1).value_or(Sha256Digest{});
    return writer;
}

Result<void> SessionWriter::check_again(const Record& record) const {
    // The chain covers every earlier row, so the last one speaks for all.
    if (record.row < stored_rows_ || record.hash == stored_head_) return {};
    return make_error(ErrorCode::mismatch,
                      fmt::format("ledger {}: audit row {} comes out different from the stored one; this session was "
                                  "recorded by another build or its rows were changed: run 'audit verify'",
                                  database_.path(), record.row));
}

Result<void> SessionWriter::write(const Record& record) {
    if (record.row != last_row_ + 1) {
        return make_error(ErrorCode::internal, fmt::format("ledger {}: audit row {} comes after row {}",
                                                           database_.path(), record.row, last_row_));
    }
    if (record.row <= stored_rows_) {
        last_row_ = record.row;
        return check_again(record);
    }
    if (uncommitted_ == 0) {
        if (auto begun = database_.put(begin_); !begun) return begun;
    }
    ++uncommitted_;
    if (auto written = rows_.write(database_, record); !written) return written;
    last_row_ = record.row;
    last_hash_ = record.hash;
    last_time_ = record.time;
    return {};
}

// After the commit: an anchor never knows of more than the disk has.
Result<void> SessionWriter::anchor() {
    if (anchors_path_.empty() || rows_since_anchor() == 0) return {};
    const AuditAnchor anchor{last_time_, "anchor", session_id_, last_row_, to_hex(last_hash_), ""};
    if (auto written = append_anchor(anchors_path_, anchor); !written) return written;
    anchored_rows_ = committed_rows_;
    return {};
}

Result<void> SessionWriter::commit() {
    if (uncommitted_ == 0) return {};
    if (before_commit_) {
        if (auto ready = before_commit_(); !ready) return ready;
    }
    if (auto remembered = database_.put(remember_head_, session_, last_row_, last_hash_); !remembered)
        return remembered;
    if (auto committed = database_.put(commit_); !committed) return committed;
    committed_rows_ = last_row_;
    uncommitted_ = 0;
    return {};
}

void SessionWriter::roll_back() {
    uncommitted_ = 0;
    if (!database_.in_transaction()) return;
    const auto undone = database_.run("ROLLBACK");
    (void)undone;  // the error that led here is the one to report
}

}  // namespace

struct Ledger::Impl {
    Impl(SessionWriter a_writer, LedgerOptions some_options)
        : writer(std::move(a_writer)), options(std::move(some_options)), committed(writer.committed_rows()) {
        if (options.write_ahead) released = 0;
    }

    void record_here(const Record& record);
    void record_for_thread(const Record& record);
    Result<void> flush_here();
    Result<void> flush_thread();
    void work();
    Result<void> write_batch(const std::vector<Record>& batch, bool anchor);
    // Records of events that the journal may not have yet: the last ones.
    uint64_t unreleased() const {
        const auto first =
            std::find_if(waiting.begin(), waiting.end(), [&](const Record& r) { return r.event_sequence > released; });
        return static_cast<uint64_t>(waiting.end() - first);
    }
    void take_released(std::vector<Record>& batch) {
        const size_t kept = unreleased();
        if (kept == 0) return batch.swap(waiting);
        const auto end = waiting.end() - static_cast<std::ptrdiff_t>(kept);
        batch.assign(std::make_move_iterator(waiting.begin()), std::make_move_iterator(end));
        waiting.erase(waiting.begin(), end);
    }
    bool work_is_due() const {
        return stopping || flushes_asked > flushes_done || waiting.size() >= options.commit_rows;
    }

    SessionWriter writer;
    LedgerOptions options;
    std::atomic<uint64_t> committed;
    mutable std::mutex mutex;
    std::optional<Error> error;  // the first; under `mutex`, like all below
    std::condition_variable work_due, room_made, batch_done;
    std::vector<Record> waiting;
    uint64_t released = UINT64_MAX;  // events that the journal has
    uint64_t accepted = 0;           // records ever put into `waiting`
    uint64_t finished = 0;           // records committed, or given up after the error
    uint64_t flushes_asked = 0, flushes_done = 0;
    bool stopping = false;
    std::thread thread;
};

void Ledger::Impl::record_here(const Record& record) {
    if (error) return;
    auto written = writer.write(record);
    if (written && writer.uncommitted() >= options.commit_rows) written = writer.commit();
    if (written && writer.rows_since_anchor() >= options.anchor_rows) written = writer.anchor();
    if (!written) {
        error = written.error();
        writer.roll_back();
    }
    committed = writer.committed_rows();
}

Result<void> Ledger::Impl::flush_here() {
    if (error) return *error;
    auto done = writer.commit();
    if (done) done = writer.anchor();
    if (!done) {
        error = done.error();
        writer.roll_back();
    }
    committed = writer.committed_rows();
    return done;
}

void Ledger::Impl::record_for_thread(const Record& record) {
    std::unique_lock lock(mutex);
    // What is not released cannot be written by waiting for it: it only can be kept.
    room_made.wait(lock, [&] {
        return error || waiting.size() < options.queue_rows || waiting.front().event_sequence > released;
    });
    if (error) return;
    waiting.push_back(record);
    ++accepted;
    if (waiting.size() == options.commit_rows) work_due.notify_one();
}

Result<void> Ledger::Impl::flush_thread() {
    std::unique_lock lock(mutex);
    const uint64_t wanted = accepted - unreleased();
    const uint64_t flush = ++flushes_asked;  // it also anchors: the round that saw it must be over
    work_due.notify_one();
    batch_done.wait(lock, [&] { return finished >= wanted && flushes_done >= flush; });
    if (error) return *error;
    return {};
}

Result<void> Ledger::Impl::write_batch(const std::vector<Record>& batch, bool anchor) {
    for (const Record& record : batch) {
        if (auto written = writer.write(record); !written) return written;
    }
    if (auto committed_now = writer.commit(); !committed_now) return committed_now;
    const bool many = writer.rows_since_anchor() >= options.anchor_rows;
    return anchor || many ? writer.anchor() : Result<void>();
}

// Takes all that waits as one transaction: when rows come faster than the disk, transactions grow and catch up.
void Ledger::Impl::work() {
    std::vector<Record> batch;
    int64_t waited_ms = 0;  // since the last anchor, without a look at a clock
    std::unique_lock lock(mutex);
    while (!stopping || waiting.size() > unreleased()) {
        const bool was_due = work_due.wait_for(lock, std::chrono::milliseconds(options.commit_interval_ms),
                                               [&] { return work_is_due(); });
        if (!was_due) waited_ms += options.commit_interval_ms;
        const uint64_t flushes = flushes_asked;
        const bool anchor_due = flushes > flushes_done || waited_ms >= options.anchor_interval_ms;
        if (anchor_due) waited_ms = 0;
        take_released(batch);
        const bool failed_before = error.has_value();
        room_made.notify_all();
        lock.unlock();
        Result<void> written;
        if (!failed_before) written = write_batch(batch, anchor_due);
        if (!written) writer.roll_back();
        const size_t count = batch.size();
        batch.clear();
        lock.lock();
        if (!written && !error) error = written.error();
        committed = writer.committed_rows();
        finished += count;
        flushes_done = flushes;
        batch_done.notify_all();
        room_made.notify_all();
    }
    lock.unlock();
    const Result<void> anchored = !error ? writer.anchor() : Result<void>();
    (void)anchored;  // who wants to know calls flush()
}

Ledger::Ledger(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Ledger>> Ledger::open(const std::string& path, LedgerOptions options) {
    TIDE_ASSERT(!options.session_id.empty() && options.commit_rows > 0 && options.queue_rows >= options.commit_rows);
    auto writer = SessionWriter::open(path, options);
    if (!writer) return writer.error();
    auto impl = std::make_unique<Impl>(std::move(*writer), std::move(options));
    if (impl->options.own_thread) impl->thread = std::thread([raw = impl.get()] { raw->work(); });
    return std::unique_ptr<Ledger>(new Ledger(std::move(impl)));
}

Ledger::~Ledger() {
    if (impl_->thread.joinable()) {
        {
            const std::lock_guard lock(impl_->mutex);
            impl_->stopping = true;
        }
        impl_->work_due.notify_one();
        impl_->thread.join();
    } else {
        const auto flushed = impl_->flush_here();
        (void)flushed;  // who wants to know calls flush()
    }
}

void Ledger::record(const Record& record) {
    impl_->options.own_thread ? impl_->record_for_thread(record) : impl_->record_here(record);
}
void Ledger::release(uint64_t event_sequence) {
    const std::lock_guard lock(impl_->mutex);
    impl_->released = event_sequence;
}
Result<void> Ledger::flush() { return impl_->options.own_thread ? impl_->flush_thread() : impl_->flush_here(); }

Result<void> Ledger::status() const {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->error) return *impl_->error;
    return {};
}
uint64_t Ledger::committed_rows() const { return impl_->committed; }

}  // namespace tide
