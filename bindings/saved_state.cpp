#include "bindings/saved_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <lua.hpp>
#include <utility>
#include <vector>

#include "bindings/intent_arguments.hpp"
#include "bindings/lua_runtime.hpp"
#include "core/assert.hpp"

namespace tide {
namespace {

constexpr std::string_view kHead = "tide1";
constexpr size_t kShownKeyMax = 40;

void append_number(std::string& bytes, double value) {
    char digits[32];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
    TIDE_ASSERT(error == std::errc());
    bytes += 'N';
    bytes.append(digits, end);
    bytes += ';';
}

void append_text(std::string& bytes, std::string_view text) {
    bytes += fmt::format("S{}:", text.size());
    bytes += text;
}

// A key of a table: a number when `text` has no data.
struct SavedKey {
    double number = 0;
    std::string_view text;
    bool is_text = false;
    bool operator<(const SavedKey& other) const {
        if (is_text != other.is_text) return !is_text;
        return is_text ? text < other.text : number < other.number;
    }
};

class Writer {
  public:
    Writer(lua_State* state, LuaRuntime& runtime, std::string& bytes)
        : state_(state), runtime_(runtime), bytes_(bytes) {}

    // The table on top of the stack; leaves it there.
    bool table() {
        if (!enter()) return false;
        std::vector<SavedKey> keys;
        if (!read_keys(keys)) return false;
        std::sort(keys.begin(), keys.end());
        bytes_ += '{';
        for (const SavedKey& key : keys) {
            const size_t path = path_.size();
            add_to_path(key);
            if (!entry(key)) return false;
            path_.resize(path);
        }
        bytes_ += '}';
        open_.pop_back();
        return true;
    }
    std::string take_why() { return std::move(why_); }

  private:
    bool refuse(std::string_view what) {
        why_ = fmt::format("{} {}", path_, what);
        return false;
    }
    bool enter() {
        if (lua_getmetatable(state_, -1) != 0) {
            lua_pop(state_, 1);
            return refuse("has a metatable; only plain tables can be saved");
        }
        const void* self = lua_topointer(state_, -1);
        if (std::find(open_.begin(), open_.end(), self) != open_.end()) return refuse("holds itself");
        if (open_.size() == static_cast<size_t>(kSavedDepthMax))
            return refuse(fmt::format("is nested more than {} deep", kSavedDepthMax));
        open_.push_back(self);
        return true;
    }
    bool read_keys(std::vector<SavedKey>& keys) {
        lua_pushnil(state_);
        while (lua_next(state_, -2) != 0) {
            lua_pop(state_, 1);
            if (!pay(1)) {
                lua_pop(state_, 1);
                return false;
            }
            SavedKey key;
            if (lua_type(state_, -1) == LUA_TNUMBER) {
                key.number = lua_tonumber(state_, -1);
            } else if (lua_type(state_, -1) == LUA_TSTRING) {
                size_t length = 0;
                const char* text = lua_tolstring(state_, -1, &length);
                key.text = {text, length};  // lives as long as the table
                key.is_text = true;
            }
            if (!key.is_text && (lua_type(state_, -1) != LUA_TNUMBER || !std::isfinite(key.number))) {
                const std::string type = lua_typename(state_, lua_type(state_, -1));
                lua_pop(state_, 1);
                return refuse(fmt::format("has a {} as a key; keys must be texts or finite numbers", type));
            }
            keys.push_back(key);
        }
        return true;
    }
    bool entry(const SavedKey& key) {
        if (key.is_text) {
            append_text(bytes_, key.text);
            lua_pushlstring(state_, key.text.data(), key.text.size());
        } else {
            append_number(bytes_, key.number);
            lua_pushnumber(state_, key.number);
        }
        lua_rawget(state_, -2);
        const bool done = value();
        lua_pop(state_, 1);
        return done;
    }
    // The value on top of the stack; leaves it there.
    bool value() {
        size_t length = 0;
        switch (lua_type(state_, -1)) {
            case LUA_TBOOLEAN:
                bytes_ += lua_toboolean(state_, -1) != 0 ? 'T' : 'F';
                break;
            case LUA_TNUMBER:
                if (!std::isfinite(lua_tonumber(state_, -1))) return refuse("is not a finite number");
                append_number(bytes_, lua_tonumber(state_, -1));
                break;
            case LUA_TSTRING: {
                const char* text = lua_tolstring(state_, -1, &length);
                append_text(bytes_, {text, length});
                break;
            }
            case LUA_TTABLE:
                if (!table()) return false;
                break;
            default:
                return refuse(fmt::format("is a {}; only numbers, texts, true, false and tables can be saved",
                                          lua_typename(state_, lua_type(state_, -1))));
        }
        if (bytes_.size() > kSavedBytesMax)
            return refuse(fmt::format("makes the saved state larger than {} KB", kSavedBytesMax >> 10));
        return pay(static_cast<int64_t>(length / 16));
    }
    bool pay(int64_t units) { return runtime_.pay(units); }
    void add_to_path(const SavedKey& key) {
        if (key.is_text) {
            path_ += '.';
            path_ += clean_text(key.text, kShownKeyMax);
        } else {
            path_ += fmt::format("[{}]", key.number);
        }
    }

    lua_State* state_;
    LuaRuntime& runtime_;
    std::string& bytes_;
    std::string path_ = "saved";
    std::string why_;
    std::vector<const void*> open_;  // the tables around the present value
};

// Reads saved bytes. Plain data only, so that push_saved may leave it by a jump.
struct Cursor {
    const char* at;
    const char* end;

    bool take(char c) {
        if (at == end || *at != c) return false;
        ++at;
        return true;
    }
    bool number(double& value) {
        const char* const begin = at;
        const auto [stop, error] = std::from_chars(at, end, value);
        if (error != std::errc() || !std::isfinite(value)) return false;
        at = stop;
        if (at == end || *at != ';') return false;
        char digits[32];
        const auto written = std::to_chars(digits, digits + sizeof digits, value);
        const std::string_view canonical(digits, static_cast<size_t>(written.ptr - digits));
        if (canonical != std::string_view(begin, static_cast<size_t>(at - begin))) return false;
        ++at;
        return true;
    }
    bool text(std::string_view& value) {
        const char* const begin = at;
        size_t length = 0;
        const auto [stop, error] = std::from_chars(at, end, length);
        const bool zeros = stop - begin > 1 && *begin == '0';
        if (error != std::errc() || zeros || stop == end || *stop != ':') return false;
        at = stop + 1;
        if (length > static_cast<size_t>(end - at)) return false;
        value = {at, length};
        at += length;
        return true;
    }
    bool key(SavedKey& key) {
        if (take('S')) {
            key.is_text = true;
            return text(key.text);
        }
        return take('N') && number(key.number) && !(key.number == 0 && std::signbit(key.number));
    }
};

bool check_table(Cursor& cursor, int depth);

bool check_value(Cursor& cursor, int depth) {
    double number = 0;
    std::string_view text;
    if (cursor.take('T') || cursor.take('F')) return true;
    if (cursor.take('N')) return cursor.number(number);
    if (cursor.take('S')) return cursor.text(text);
    return check_table(cursor, depth + 1);
}

bool check_table(Cursor& cursor, int depth) {
    if (depth > kSavedDepthMax || !cursor.take('{')) return false;
    SavedKey before;
    for (bool first = true; !cursor.take('}'); first = false) {
        SavedKey key;
        if (!cursor.key(key)) return false;
        if (!first && !(before < key)) return false;
        before = key;
        if (!check_value(cursor, depth)) return false;
    }
    return true;
}

void push_table(lua_State* state, Cursor& cursor);

void push_value(lua_State* state, Cursor& cursor) {
    double number = 0;
    std::string_view text;
    if (cursor.take('T')) {
        lua_pushboolean(state, 1);
    } else if (cursor.take('F')) {
        lua_pushboolean(state, 0);
    } else if (cursor.take('N') && cursor.number(number)) {
        lua_pushnumber(state, number);
    } else if (cursor.take('S') && cursor.text(text)) {
        lua_pushlstring(state, text.data(), text.size());
    } else {
        push_table(state, cursor);
    }
}

void push_table(lua_State* state, Cursor& cursor) {
    const bool opened = cursor.take('{');
    TIDE_ASSERT(opened);
    lua_newtable(state);
    while (!cursor.take('}')) {
        SavedKey key;
        const bool sound = cursor.key(key);
        TIDE_ASSERT(sound);
        if (key.is_text) {
            lua_pushlstring(state, key.text.data(), key.text.size());
        } else {
            lua_pushnumber(state, key.number);
        }
        push_value(state, cursor);
        lua_rawset(state, -3);
    }
}

}  // namespace

bool write_saved(lua_State* state, int index, LuaRuntime& runtime, std::string& bytes, std::string& why) noexcept {
    // Nothing may jump out of here past our strings; what is read is there already.
    const bool was_armed = std::exchange(runtime.arena().armed, false);
    const int top = lua_gettop(state);
    bytes = kHead;
    Writer writer(state, runtime, bytes);
    lua_pushvalue(state, index);
    const bool done = writer.table();
    lua_settop(state, top);
    if (!done) why = writer.take_why();
    runtime.arena().armed = was_armed;
    return done;
}

Result<void> check_saved(std::string_view bytes) {
    const auto broken = [](std::string_view what) {
        return make_error(ErrorCode::script, fmt::format("saved state is not readable: {}", what));
    };
    if (bytes.size() > kSavedBytesMax + kSavedDepthMax) return broken("too large");
    if (!bytes.starts_with(kHead)) return broken("it does not begin as one");
    Cursor cursor{bytes.data() + kHead.size(), bytes.data() + bytes.size()};
    if (!check_table(cursor, 1)) return broken(fmt::format("near byte {}", cursor.at - bytes.data()));
    if (cursor.at != cursor.end) return broken("more follows its end");
    return {};
}

void push_saved(lua_State* state, std::string_view bytes) {
    Cursor cursor{bytes.data() + kHead.size(), bytes.data() + bytes.size()};
    push_table(state, cursor);
}

}  // namespace tide
