#pragma once
#include "ledger/ledger_reader.hpp"
#include "ledger/sqlite.hpp"

// What the files of the reader share.
namespace tide {

struct SessionKey {
    int64_t number = 0;
    std::string session_id;
};

struct LedgerReader::Impl {
    sqlite::Database database;

    // As in RowFilter::session, oldest first.
    Result<std::vector<SessionKey>> sessions_matching(const std::string& wanted) const;
};

// Reads the columns of a row in order.
class ColumnReader {
  public:
    explicit ColumnReader(const sqlite::Statement& statement) : s_(statement) {}
    std::string text() { return s_.text(next_++); }
    int64_t integer() { return s_.integer(next_++); }
    uint64_t whole() { return s_.whole(next_++); }
    bool flag() { return s_.integer(next_++) != 0; }
    Price price() { return s_.price(next_++); }
    Money money() { return s_.money(next_++); }
    ReceiveTime time() { return s_.time(next_++); }
    std::string hex();
    std::optional<Price> maybe_price() { return present() ? std::optional(price()) : skip<Price>(); }
    std::optional<ReceiveTime> maybe_time() { return present() ? std::optional(time()) : skip<ReceiveTime>(); }

  private:
    bool present() const { return !s_.is_null(next_); }
    template <class Value>
    std::optional<Value> skip() {
        ++next_;
        return std::nullopt;
    }
    const sqlite::Statement& s_;
    int next_ = 0;
};

}  // namespace tide
