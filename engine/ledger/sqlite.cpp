#include "ledger/sqlite.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tide::sqlite {

std::optional<Sha256Digest> Statement::digest(int column) const {
    const std::string_view raw = bytes(column);
    Sha256Digest value{};
    if (raw.size() != value.size()) return std::nullopt;
    std::copy(raw.begin(), raw.end(), value.begin());
    return value;
}

Result<Database> Database::open(const std::string& name, const std::string& path, int flags, int busy_timeout_ms) {
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
    Database database;
    database.path_ = path;
    database.handle_.reset(handle);
    if (handle == nullptr) return make_error(ErrorCode::internal, fmt::format("ledger {}: out of memory", path));
    if (code != SQLITE_OK) return database.last_error("open it");
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, busy_timeout_ms);
    return database;
}

Result<Statement> Database::prepare(std::string_view sql) const {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return last_error("read its tables");
    return Statement(statement);
}

Result<void> Database::run(const std::string& sql) const {
    if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return last_error("use it");
    return {};
}

Result<int64_t> Database::number(std::string_view sql) const {
    auto statement = prepare(sql);
    if (!statement) return statement.error();
    const int code = statement->step();
    if (code != SQLITE_ROW && code != SQLITE_DONE) return last_error("read it");
    return code == SQLITE_ROW ? statement->integer(0) : 0;
}

Result<void> Database::finish(Statement& statement) const {
    const int code = statement.step();
    if (code != SQLITE_DONE) {
        Error error = last_error("write to it");
        statement.reset();
        return error;
    }
    statement.reset();
    return {};
}

Result<void> Database::copy_to(Database& target) const {
    sqlite3_backup* backup = sqlite3_backup_init(target.handle_.get(), "main", handle_.get(), "main");
    if (backup == nullptr) return target.last_error("copy into it");
    // In one step: a writer between two steps would make the copy begin anew.
    const int stepped = sqlite3_backup_step(backup, -1);
    const int finished = sqlite3_backup_finish(backup);
    if (stepped != SQLITE_DONE || finished != SQLITE_OK) return target.last_error("copy into it");
    return {};
}

Error Database::last_error(std::string_view doing) const {
    struct Kind {
        ErrorCode code;
        const char* advice;
        bool retryable = false;
    };
    const auto kind_of = [](int code) -> Kind {
        switch (code) {
            case SQLITE_FULL:
                return {ErrorCode::io, "the disk is full: free some space; the journal has what is missing"};
            case SQLITE_READONLY:
            case SQLITE_PERM:
            case SQLITE_AUTH:
            case SQLITE_CANTOPEN:
                return {ErrorCode::io, "choose a folder that exists and that this user can write to (--home)"};
            case SQLITE_BUSY:
            case SQLITE_LOCKED:
                return {ErrorCode::io, "another program is writing to it: stop it, or use another --home", true};
            case SQLITE_CORRUPT:
            case SQLITE_NOTADB:
                return {ErrorCode::corrupt,
                        "it is damaged or not a ledger: move it away and restore a backup, or "
                        "rebuild it from the journals"};
            case SQLITE_IOERR:
                return {ErrorCode::io, "check the disk and its free space; the journal has what is missing"};
            default:
                return {ErrorCode::internal, "this should not happen: keep the file and report it"};
        }
    };
    const Kind kind = kind_of(sqlite3_errcode(handle_.get()) & 0xff);
    Error error = make_error(kind.code, fmt::format("ledger {}: cannot {}: {}; {}", path_, doing,
                                                    sqlite3_errmsg(handle_.get()), kind.advice));
    error.retryable = kind.retryable;
    return error;
}

}  // namespace tide::sqlite
