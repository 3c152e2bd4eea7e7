#pragma once
#include <bit>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/money.hpp"
#include "core/result.hpp"
#include "core/strong_id.hpp"

// Values to bytes and back, between two processes of one build: numbers in the machine's own order, a count before what
// has a length. A struct says its parts once, in `fields(wire, value)`, for both directions.
namespace tide {

// The last enumerator of an enum that may cross: what lies beyond is refused.
template <class Enum>
struct WireLast;

class WireOut {
  public:
    explicit WireOut(std::string& out) : out_(out) {}
    template <class... Values>
    void operator()(const Values&... values) {
        (put(values), ...);
    }

  private:
    template <class T>
    void put(const T& value) {
        if constexpr (std::is_enum_v<T>) {
            raw(static_cast<uint8_t>(value));
        } else if constexpr (std::is_arithmetic_v<T>) {
            raw(value);
        } else {
            fields(*this, const_cast<T&>(value));  // only read: `fields` serves both directions
        }
    }
    void put(const std::string& text) { put(std::string_view(text)); }
    void put(std::string_view text) {
        raw(static_cast<uint32_t>(text.size()));
        out_.append(text);
    }
    void put(Price price) { raw(price.units()); }
    void put(Money amount) { raw(amount.units()); }
    template <class Tag, class Rep>
    void put(StrongId<Tag, Rep> id) {
        raw(id.value());
    }
    template <class Clock, class Unit>
    void put(std::chrono::time_point<Clock, Unit> time) {
        raw(time.time_since_epoch().count());
    }
    template <class T>
    void put(const std::optional<T>& value) {
        raw(static_cast<uint8_t>(value.has_value()));
        if (value) put(*value);
    }
    template <class T>
    void put(std::span<const T> values) {
        raw(static_cast<uint32_t>(values.size()));
        for (const T& value : values) put(value);
    }
    template <class T>
    void put(const std::vector<T>& values) {
        put(std::span<const T>(values));
    }
    template <class First, class Second>
    void put(const std::pair<First, Second>& both) {
        put(both.first);
        put(both.second);
    }
    template <class Key, class T>
    void put(const std::map<Key, T>& entries) {
        raw(static_cast<uint32_t>(entries.size()));
        for (const auto& entry : entries) put(entry);
    }
    template <class... Kinds>
    void put(const std::variant<Kinds...>& value) {
        raw(static_cast<uint8_t>(value.index()));
        std::visit([this](const auto& held) { put(held); }, value);
    }
    template <class T>
    void put(const Result<T>& result) {
        raw(static_cast<uint8_t>(result.has_value()));
        if (result) {
            put(*result);
        } else {
            put(result.error());
        }
    }
    template <class Number>
    void raw(Number value) {
        char bytes[sizeof value];
        std::memcpy(bytes, &value, sizeof value);
        out_.append(bytes, sizeof value);
    }

    std::string& out_;
};

// Keeps texts that views point at.
class TextKeeper {
  public:
    std::string_view keep(std::string_view text) { return *texts_.emplace(text).first; }
    size_t size() const { return texts_.size(); }
    void clear() { texts_.clear(); }

  private:
    std::set<std::string, std::less<>> texts_;
};

// Reads what is there and no more. After the first thing that cannot be right ok() is false and all values are zero or
// empty. Views point into the bytes, or into `keeper` where one is given.
class WireIn {
  public:
    explicit WireIn(std::string_view bytes, TextKeeper* keeper = nullptr) : rest_(bytes), keeper_(keeper) {}
    bool ok() const { return ok_; }
    // Everything was right, and nothing is left.
    bool done() const { return ok_ && rest_.empty(); }
    template <class... Values>
    void operator()(Values&... values) {
        (get(values), ...);
    }

  private:
    template <class T>
    void get(T& value) {
        if constexpr (std::is_same_v<T, bool>) {
            value = get_below(2) == 1;
        } else if constexpr (std::is_enum_v<T>) {
            value = static_cast<T>(get_below(static_cast<size_t>(WireLast<T>::value) + 1));
        } else if constexpr (std::is_arithmetic_v<T>) {
            value = raw<T>();
        } else {
            fields(*this, value);
        }
    }
    void get(std::string& text) { text = take(); }
    void get(std::string_view& text) { text = keeper_ != nullptr ? keeper_->keep(take()) : take(); }
    void get(Price& price) { price = Price::from_units(raw<int64_t>()); }
    void get(Money& amount) { amount = Money::from_units(raw<int64_t>()); }
    template <class Tag, class Rep>
    void get(StrongId<Tag, Rep>& id) {
        id = StrongId<Tag, Rep>(raw<Rep>());
    }
    template <class Clock, class Unit>
    void get(std::chrono::time_point<Clock, Unit>& time) {
        time = std::chrono::time_point<Clock, Unit>(Unit(raw<typename Unit::rep>()));
    }
    template <class T>
    void get(std::optional<T>& value) {
        value.reset();
        if (get_below(2) == 1) get(value.emplace());
    }
    template <class T>
    void get(std::vector<T>& values) {
        values.clear();
        // An element takes a byte at least, so a false count ends with the bytes and not with the memory.
        for (uint32_t count = raw<uint32_t>(); count > 0 && ok_; --count) get(values.emplace_back());
    }
    template <class First, class Second>
    void get(std::pair<First, Second>& both) {
        get(both.first);
        get(both.second);
    }
    template <class Key, class T>
    void get(std::map<Key, T>& entries) {
        entries.clear();
        for (uint32_t count = raw<uint32_t>(); count > 0 && ok_; --count) {
            std::pair<Key, T> entry;
            get(entry);
            entries.insert(std::move(entry));
        }
    }
    template <class... Kinds>
    void get(std::variant<Kinds...>& value) {
        get_kind(value, get_below(sizeof...(Kinds)), std::index_sequence_for<Kinds...>());
    }
    template <class Variant, size_t... Index>
    void get_kind(Variant& value, size_t index, std::index_sequence<Index...>) {
        ((Index == index ? get(value.template emplace<Index>()) : void()), ...);
    }
    template <class T>
    void get(Result<T>& result) {
        if (get_below(2) == 1) {
            T value{};
            get(value);
            result = std::move(value);
        } else {
            Error error;
            get(error);
            result = std::move(error);
        }
    }
    // 0 for what is not below `end`.
    size_t get_below(size_t end) {
        const size_t value = raw<uint8_t>();
        if (value >= end) fail();
        return ok_ ? value : 0;
    }
    std::string_view take() {
        const size_t size = raw<uint32_t>();
        if (size > rest_.size()) fail();
        if (!ok_) return {};
        const std::string_view text = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return text;
    }
    template <class Number>
    Number raw() {
        Number value{};
        if (rest_.size() < sizeof value) {
            fail();
            return value;
        }
        std::memcpy(&value, rest_.data(), sizeof value);
        rest_.remove_prefix(sizeof value);
        return value;
    }
    void fail() {
        ok_ = false;
        rest_ = {};
    }

    std::string_view rest_;
    TextKeeper* keeper_;
    bool ok_ = true;
};

}  // namespace tide
