#pragma once
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "brokers/exchange_link.hpp"

// The language between a paper exchange and its clients, on one machine and in one build: frames of a 4-byte size, a
// kind and a body, numbers in the machine's own order.
namespace tide {

enum class WireKind : uint8_t {
    hello,      // role, settings text, session; the first frame
    event,      // a journal record of a market event
    now,        // time
    submit,     // order
    cancel,     // order id
    replace,    // order id, limit
    poll,       // until; answered by polled
    books,      // answered by books_are
    take_over,  // the client becomes the only one that may trade; answered by polled
    goodbye,    // the session ended in order
    ask,        // order id; answered by its trades and how it stands
    ask_books,  // answered by a BrokerBooksEvent out of poll
    polled,     // maybe an answer, then next_due and idle
    books_are,
    refused,  // text: the line is closed
};
enum class WireRole : uint8_t { engine, watchdog, reader };

inline constexpr size_t kWireFrameMax = 1 << 20;
inline constexpr size_t kWireHeadBytes = 5;

class WireWriter {
  public:
    explicit WireWriter(std::string& out, WireKind kind) : out_(out), start_(out.size()) {
        out_.append(4, '\0');
        put(kind);
    }
    ~WireWriter() {
        const auto size = static_cast<uint32_t>(out_.size() - start_ - 4);
        std::memcpy(out_.data() + start_, &size, sizeof size);
    }
    WireWriter(const WireWriter&) = delete;
    WireWriter& operator=(const WireWriter&) = delete;

    template <class T>
    WireWriter& put(T value) {
        static_assert(std::is_trivially_copyable_v<T>);
        out_.append(reinterpret_cast<const char*>(&value), sizeof value);
        return *this;
    }
    WireWriter& text(std::string_view value) {
        put(static_cast<uint32_t>(value.size()));
        out_.append(value);
        return *this;
    }
    WireWriter& rest(std::string_view bytes) {
        out_.append(bytes);
        return *this;
    }

  private:
    std::string& out_;
    size_t start_;
};

// Reads what it is given and no more; after a read too far `good` is false and all values are zero.
class WireReader {
  public:
    explicit WireReader(std::string_view bytes) : bytes_(bytes) {}
    template <class T>
    T get() {
        T value{};
        if (bytes_.size() < sizeof value) {
            good_ = false;
            bytes_ = {};
            return value;
        }
        std::memcpy(&value, bytes_.data(), sizeof value);
        bytes_.remove_prefix(sizeof value);
        return value;
    }
    std::string_view text() {
        const auto size = get<uint32_t>();
        if (size > bytes_.size()) good_ = false;
        const std::string_view value = good_ ? bytes_.substr(0, size) : std::string_view();
        bytes_.remove_prefix(value.size());
        return value;
    }
    std::string_view rest() const { return bytes_; }
    bool good() const { return good_; }
    bool done() const { return good_ && bytes_.empty(); }

  private:
    std::string_view bytes_;
    bool good_ = true;
};

struct WireFrame {
    WireKind kind = WireKind::hello;
    std::string_view body;
    size_t size = 0;  // of the whole frame
};
// The frame that `bytes` begins with, when it is whole. Errors: corrupt (no such kind, too long).
Result<std::optional<WireFrame>> read_wire_frame(std::string_view bytes);

void write_books(std::string& out, const ExchangeBooks& books);
Result<ExchangeBooks> read_books(std::string_view body);

}  // namespace tide
