#include <fmt/format.h>

#include <map>

#include "ledger/ledger_reader_impl.hpp"

// Profit and loss from the store: what fills realised and cost, what is still open, what the days were marked at.
namespace tide {
namespace {

using sqlite::Database;
using sqlite::Statement;

// Days since 1970 in India of a column of nanoseconds.
std::string day_of(std::string_view column) { return fmt::format("(({}) / 1000000000 + 19800) / 86400", column); }

std::string key_of(PnlBy by, int64_t day) {
    const std::string date = format_date(Date(std::chrono::days(day)));
    return by == PnlBy::month ? date.substr(0, 7) : date;
}

class PnlReader {
  public:
    PnlReader(const Database& database, PnlBy by, const RowFilter& filter, const std::vector<SessionKey>& sessions)
        : database_(database), by_(by), filter_(filter) {
        for (const SessionKey& session : sessions)
            numbers_ += fmt::format("{}{}", numbers_.empty() ? "" : ", ", session.number);
    }

    Result<std::vector<PnlRow>> read() {
        if (auto done = add_fills(); !done) return done.error();
        if (auto done = add_trades(); !done) return done.error();
        const bool by_time = by_ == PnlBy::day || by_ == PnlBy::month;
        if (auto done = by_time ? add_marks() : add_open(); !done) return done.error();
        std::vector<PnlRow> rows;
        for (auto& [key, row] : rows_) {
            row.key = key;
            rows.push_back(std::move(row));
        }
        return rows;
    }

  private:
    std::string condition(std::string_view table, std::string_view time) const {
        std::string sql = fmt::format("{}.session IN ({})", table, numbers_);
        if (filter_.from) sql += fmt::format(" AND {}.{} >= {}", table, time, filter_.from->time_since_epoch().count());
        if (filter_.to) sql += fmt::format(" AND {}.{} < {}", table, time, filter_.to->time_since_epoch().count());
        return sql;
    }
    // Runs a query whose first column is the group.
    template <class Take>
    Result<void> each(const std::string& sql, const Take& take) {
        auto statement = database_.prepare(sql);
        if (!statement) return statement.error();
        int code = statement->step();
        for (; code == SQLITE_ROW; code = statement->step()) {
            const bool by_time = by_ == PnlBy::day || by_ == PnlBy::month;
            take(rows_[by_time ? key_of(by_, statement->integer(0)) : statement->text(0)], *statement);
        }
        if (code != SQLITE_DONE) return database_.last_error("read its profits");
        return {};
    }

    Result<void> add_fills() {
        std::string group = day_of("f.time_ns");
        std::string join;
        if (by_ == PnlBy::symbol) group = "f.instrument";
        if (by_ == PnlBy::strategy) {
            group = "coalesce(p.strategy, '')";
            join = " LEFT JOIN positions p ON p.session = f.session AND p.position_id = f.position_id";
        }
        const std::string sql =
            fmt::format("SELECT {} AS k, sum(f.realised), sum(f.charges) FROM fills f{} WHERE {} GROUP BY k", group,
                        join, condition("f", "time_ns"));
        return each(sql, [](PnlRow& row, const Statement& s) {
            row.realised += s.money(1);
            row.charges += s.money(2);
        });
    }
    Result<void> add_trades() {
        const std::string group = by_ == PnlBy::symbol     ? "t.instrument"
                                  : by_ == PnlBy::strategy ? "t.strategy"
                                                           : day_of("t.closed_ns");
        const std::string sql =
            fmt::format("SELECT {} AS k, count(*), sum(t.net > 0) FROM trades t WHERE {} GROUP BY k", group,
                        condition("t", "closed_ns"));
        return each(sql, [](PnlRow& row, const Statement& s) {
            row.trades += s.integer(1);
            row.wins += s.integer(2);
        });
    }
    // What is open: the position's whole gross profit less what its fills realised already.
    Result<void> add_open() {
        const std::string sql = fmt::format(
            "SELECT {}, p.gross - coalesce((SELECT sum(realised) FROM fills f WHERE f.session = p.session AND "
            "f.position_id = p.position_id), 0) FROM positions p WHERE {} AND p.quantity > 0",
            by_ == PnlBy::symbol ? "p.instrument" : "p.strategy", condition("p", "opened_ns"));
        return each(sql, [](PnlRow& row, const Statement& s) { row.unrealised += s.money(1); });
    }
    // The equity row of a day's end carries its date; the session's last row says "session".
    Result<void> add_marks() {
        const std::string sql =
            fmt::format("SELECT {} AS k, sum(e.net) FROM equity e WHERE {} AND e.detail <> 'session' GROUP BY k",
                        day_of("e.time_ns"), condition("e", "time_ns"));
        return each(sql, [](PnlRow& row, const Statement& s) { row.mark = row.mark.value_or(Money()) + s.money(1); });
    }

    const Database& database_;
    PnlBy by_;
    const RowFilter& filter_;
    std::string numbers_;
    std::map<std::string, PnlRow> rows_;
};

}  // namespace

Result<std::vector<PnlRow>> LedgerReader::pnl(const RowFilter& filter, PnlBy by) const {
    const auto sessions = impl_->sessions_matching(filter.session.empty() ? "all" : filter.session);
    if (!sessions) return sessions.error();
    return PnlReader(impl_->database, by, filter, *sessions).read();
}

Result<std::vector<FillRow>> LedgerReader::fills(const RowFilter& filter) const {
    const auto sessions = impl_->sessions_matching(filter.session);
    if (!sessions) return sessions.error();
    std::string sql =
        "SELECT s.session_id, s.mode, f.row, f.order_id, f.position_id, f.time_ns, f.instrument, f.side, f.quantity, "
        "f.price, f.realised, f.charges, f.brokerage, f.stt, f.exchange, f.ipft, f.sebi, f.stamp, f.gst FROM fills f "
        "JOIN sessions s ON s.number = f.session WHERE f.session = ?1";
    if (filter.from) sql += fmt::format(" AND f.time_ns >= {}", filter.from->time_since_epoch().count());
    if (filter.to) sql += fmt::format(" AND f.time_ns < {}", filter.to->time_since_epoch().count());
    auto statement = impl_->database.prepare(sql + " ORDER BY f.row");
    if (!statement) return statement.error();
    std::vector<FillRow> rows;
    for (const SessionKey& session : *sessions) {
        statement->reset();
        statement->bind_all(session.number);
        int code = statement->step();
        for (; code == SQLITE_ROW; code = statement->step()) {
            ColumnReader in(*statement);
            FillRow& row = rows.emplace_back();
            row.session_id = in.text();
            row.mode = in.text();
            row.row = in.whole();
            row.order = in.whole();
            row.position = in.whole();
            row.time = in.time();
            row.instrument = in.text();
            row.side = in.text();
            row.quantity = in.integer();
            row.price = in.price();
            for (Money* amount : {&row.realised, &row.charges, &row.brokerage, &row.stt, &row.exchange, &row.ipft,
                                  &row.sebi, &row.stamp, &row.gst}) {
                *amount = in.money();
            }
        }
        if (code != SQLITE_DONE) return impl_->database.last_error("read its fills");
    }
    return rows;
}

}  // namespace tide
