#pragma once
#include <sqlite3.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/assert.hpp"
#include "core/digest.hpp"
#include "core/money.hpp"
#include "core/result.hpp"
#include "core/strong_id.hpp"
#include "core/time.hpp"

// The few things of SQLite that the ledger uses, with Results and the house's own types.
namespace tide::sqlite {

class Statement {
  public:
    Statement() = default;
    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

    // Binds the values to ?1, ?2, …; texts and digests are not copied and must live until the statement is reset.
    template <class... Values>
    void bind_all(const Values&... values) {
        int index = 0;
        (bind(++index, values), ...);
    }
    // SQLITE_ROW, SQLITE_DONE or an error code.
    int step() { return sqlite3_step(statement_.get()); }
    void reset() { sqlite3_reset(statement_.get()); }
    int parameter_count() const { return sqlite3_bind_parameter_count(statement_.get()); }

    void bind(int index, std::nullptr_t) { sqlite3_bind_null(statement_.get(), index); }
    void bind(int index, int64_t value) { sqlite3_bind_int64(statement_.get(), index, value); }
    void bind(int index, uint64_t value) { bind(index, static_cast<int64_t>(value)); }
    void bind(int index, int value) { bind(index, static_cast<int64_t>(value)); }
    void bind(int index, bool value) { bind(index, static_cast<int64_t>(value)); }
    void bind(int index, double value) { sqlite3_bind_double(statement_.get(), index, value); }
    void bind(int index, std::string_view text) {
        sqlite3_bind_text(statement_.get(), index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
    }
    void bind(int index, const std::string& text) { bind(index, std::string_view(text)); }
    void bind(int index, const char* text) { bind(index, std::string_view(text)); }
    void bind(int index, const Sha256Digest& digest) {
        sqlite3_bind_blob(statement_.get(), index, digest.data(), static_cast<int>(digest.size()), SQLITE_STATIC);
    }
    void bind(int index, Price value) { bind(index, value.units()); }
    void bind(int index, Money value) { bind(index, value.units()); }
    void bind(int index, Quantity value) { bind(index, value.units()); }
    void bind(int index, ReceiveTime value) { bind(index, int64_t{value.time_since_epoch().count()}); }
    template <class Tag, class Rep>
    void bind(int index, StrongId<Tag, Rep> id) {
        bind(index, static_cast<uint64_t>(id.value()));
    }
    template <class Value>
    void bind(int index, const std::optional<Value>& value) {
        value ? bind(index, *value) : bind(index, nullptr);
    }

    bool is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }
    int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
    uint64_t whole(int column) const { return static_cast<uint64_t>(integer(column)); }
    Price price(int column) const { return Price::from_units(integer(column)); }
    Money money(int column) const { return Money::from_units(integer(column)); }
    ReceiveTime time(int column) const { return ReceiveTime(Duration(integer(column))); }
    // Valid until the next step or reset.
    std::string_view bytes(int column) const {
        const void* data = sqlite3_column_blob(statement_.get(), column);
        const int size = sqlite3_column_bytes(statement_.get(), column);
        return data == nullptr ? std::string_view() : std::string_view(static_cast<const char*>(data), size);
    }
    std::string text(int column) const { return std::string(bytes(column)); }
    // None unless the column holds exactly a digest.
    std::optional<Sha256Digest> digest(int column) const;

  private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
  public:
    // `flags` as of sqlite3_open_v2; `name` is a path or, with SQLITE_OPEN_URI, a URI; `path` is for messages.
    static Result<Database> open(const std::string& name, const std::string& path, int flags, int busy_timeout_ms);

    Result<Statement> prepare(std::string_view sql) const;
    // Runs statements that give no rows.
    Result<void> run(const std::string& sql) const;
    // The first column of the first row of a query, 0 where there is none.
    Result<int64_t> number(std::string_view sql) const;
    // Runs a statement that gives no rows, with one value for each of its parameters. Values are not copied: they live
    // until this returns.
    template <class... Values>
    Result<void> put(Statement& statement, const Values&... values) const {
        TIDE_ASSERT(statement.parameter_count() == static_cast<int>(sizeof...(values)));
        statement.bind_all(values...);
        return finish(statement);
    }
    // Makes `target` a copy of this database as of one moment; writers of this one are not held up (WAL).
    Result<void> copy_to(Database& target) const;
    // What the last call on this connection ran into, as one line for a person.
    Error last_error(std::string_view doing) const;
    const std::string& path() const { return path_; }
    bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

  private:
    Result<void> finish(Statement& statement) const;
    struct Close {
        void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    };
    std::string path_;
    std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace tide::sqlite
