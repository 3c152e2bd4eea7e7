#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <lua.hpp>
#include <string>
#include <type_traits>

#include "bindings/lua_functions.hpp"
#include "bindings/lua_runtime.hpp"
#include "core/settings.hpp"
#include "core/time.hpp"

namespace tide {

LuaRuntime& runtime_of(lua_State* state) {
    return *static_cast<LuaRuntime*>(lua_touserdata(state, lua_upvalueindex(1)));
}

void add_functions(lua_State* state, const LuaFunctionEntry* entries, size_t count, void* owner) {
    for (size_t i = 0; i < count; ++i) {
        lua_pushlightuserdata(state, owner);
        lua_pushcclosure(state, entries[i].function, 1);
        lua_setfield(state, -2, entries[i].name);
    }
}

void push_script_position(lua_State* state) {
    lua_Debug frame;
    for (int level = 0; lua_getstack(state, level, &frame) != 0; ++level) {
        if (lua_getinfo(state, "Sl", &frame) == 0 || frame.source[0] != '@') continue;
        if (frame.currentline > 0) {
            lua_pushfstring(state, "%s:%d: ", frame.source + 1, frame.currentline);
        } else {
            lua_pushfstring(state, "%s: ", frame.source + 1);
        }
        return;
    }
    lua_pushliteral(state, "");
}

int raise_at_script(lua_State* state) {
    push_script_position(state);
    lua_insert(state, -2);
    lua_concat(state, 2);
    return lua_error(state);
}

void pay_or_raise(lua_State* state, LuaRuntime& runtime, double units) {
    if (runtime.c_stack_is_deep()) {
        runtime.stop(LuaStop::c_stack);
    } else if (!runtime.stopped() && runtime.pay(units > 0 ? static_cast<int64_t>(std::min(units, 1e15)) : 0)) {
        return;
    }
    lua_pushstring(state, runtime.stop_text());
    raise_at_script(state);
}

bool is_stack_overflow(const char* text, size_t length) {
    return std::string_view(text, length).ends_with("stack overflow");
}

namespace {

// Messages are shown to people and kept in logs: only strings, at most 512 bytes, no control bytes.
constexpr size_t kMessageBytesMax = 512;
constexpr int kTraceFramesMax = 8;

struct TextBuffer {
    char bytes[4096];
    size_t size = 0;
    void add(char c) {
        if (size < sizeof bytes) bytes[size++] = c;
    }
    void add(const char* text) {
        while (*text != '\0') add(*text++);
    }
    void add_number(int value) {
        char digits[16];
        int count = 0;
        do {
            digits[count++] = static_cast<char>('0' + value % 10);
            value /= 10;
        } while (value > 0);
        while (count > 0) add(digits[--count]);
    }
    void add_escaped(const char* text, size_t length) {
        static constexpr char kHex[] = "0123456789abcdef";
        for (size_t i = 0; i < length; ++i) {
            const auto byte = static_cast<unsigned char>(text[i]);
            if (byte >= 0x20 && byte != 0x7f) {
                add(text[i]);
            } else if (text[i] == '\n') {
                add("\\n");
            } else {
                add("\\x");
                add(kHex[byte >> 4]);
                add(kHex[byte & 15]);
            }
        }
    }
};

// An error inside the prelude ("tide:12: …") is the script's: its own position is put in place of ours.
const char* without_prelude_position(const char* text) {
    if (std::strncmp(text, "tide:", 5) != 0) return nullptr;
    const char* rest = text + 5;
    while (*rest >= '0' && *rest <= '9') ++rest;
    return rest > text + 5 && rest[0] == ':' && rest[1] == ' ' ? rest + 2 : nullptr;
}

bool holds(const char* text, size_t length, const char* part) {
    const size_t size = std::strlen(part);
    return std::search(text, text + length, part, part + size) != text + length;
}

constexpr const char* kMissingIsNil =
    " (what is missing is nil: not ready yet, out of range, no such field; ask before using it)";

// Most errors of a first strategy are a value that was not there yet.
bool is_use_of_nil(const char* text, size_t length) {
    const bool uses = holds(text, length, "attempt to perform arithmetic on") ||
                      holds(text, length, "attempt to index") || holds(text, length, "attempt to compare") ||
                      holds(text, length, "attempt to concatenate");
    return uses && (holds(text, length, "nil value") || holds(text, length, "with nil") ||
                    holds(text, length, "compare nil") || holds(text, length, "two nil"));
}

void add_frames(lua_State* state, TextBuffer& buffer) {
    lua_Debug frame;
    int shown = 0;
    for (int level = 1; shown < kTraceFramesMax && lua_getstack(state, level, &frame) != 0; ++level) {
        if (lua_getinfo(state, "Snl", &frame) == 0 || frame.source[0] != '@' || frame.currentline <= 0) continue;
        buffer.add("\n    ");
        buffer.add(frame.source + 1);
        buffer.add(':');
        buffer.add_number(frame.currentline);
        if (*frame.what == 'm') {
            buffer.add(" in main chunk");
        } else if (frame.name != nullptr) {
            buffer.add(" in ");
            buffer.add_escaped(frame.name, std::min<size_t>(std::strlen(frame.name), 60));
        }
        ++shown;
    }
}

}  // namespace

int add_traceback(lua_State* state) {
    TextBuffer buffer;
    if (lua_type(state, 1) == LUA_TSTRING) {
        size_t length = 0;
        const char* text = lua_tolstring(state, 1, &length);
        const char* rest = without_prelude_position(text);
        // How deep a script gets before its stack is full, and how it is told, differs between compiled and interpreted
        // code. So a full stack is a limit, which the script cannot catch and go on.
        if (is_stack_overflow(text, length)) runtime_of(state).stop(LuaStop::stack);
        if (rest != nullptr) {
            push_script_position(state);
            buffer.add(lua_tostring(state, -1));
            length -= static_cast<size_t>(rest - text);
            text = rest;
        }
        buffer.add_escaped(text, std::min(length, kMessageBytesMax));
        if (length > kMessageBytesMax) buffer.add("…");
        // Once: the message may have come through another script's error.
        if (is_use_of_nil(text, length) && !holds(text, length, kMissingIsNil)) buffer.add(kMissingIsNil);
    } else {
        push_script_position(state);
        buffer.add(lua_tostring(state, -1));
        buffer.add("the error value is a ");
        buffer.add(luaL_typename(state, 1));
        buffer.add(", not a text");
    }
    add_frames(state, buffer);
    lua_pushlstring(state, buffer.bytes, buffer.size);
    return 1;
}

namespace {

// What a script's fuel counter calls when its slice is used up.
int refill(lua_State* state) {
    LuaRuntime& runtime = runtime_of(state);
    if (runtime.stopped()) pay_or_raise(state, runtime, 0);
    if (runtime.arena().over_soft()) {
        // A full collection looks at all that is live; at 256 bytes a unit a script cannot afford many.
        pay_or_raise(state, runtime, static_cast<double>(runtime.arena().used_bytes()) / 256);
        lua_gc(state, LUA_GCCOLLECT, 0);
        if (runtime.arena().over_soft()) runtime.stop(LuaStop::memory);
    }
    pay_or_raise(state, runtime, static_cast<double>(LuaRuntime::kSlice));
    lua_pushnumber(state, static_cast<double>(LuaRuntime::kSlice - 1));
    return 1;
}

int guard(lua_State* state) {
    pay_or_raise(state, runtime_of(state), luaL_optnumber(state, 1, 0));
    return 0;
}

// The error value that pcall gave back. Raising and catching takes the time of some fifty function calls.
int caught(lua_State* state) {
    LuaRuntime& runtime = runtime_of(state);
    size_t length = 0;
    const char* text = lua_type(state, 1) == LUA_TSTRING ? lua_tolstring(state, 1, &length) : nullptr;
    if (text != nullptr && is_stack_overflow(text, length)) runtime.stop(LuaStop::stack);
    pay_or_raise(state, runtime, 50);
    return 0;
}

int fail(lua_State* state) {
    lua_settop(state, 1);
    if (lua_type(state, 1) != LUA_TSTRING) {
        lua_settop(state, 0);
        lua_pushliteral(state, "error");
    }
    return raise_at_script(state);
}

// tostring without addresses: they differ from run to run.
int object_text(lua_State* state) {
    pay_or_raise(state, runtime_of(state), 1);
    lua_settop(state, 1);
    if (luaL_callmeta(state, 1, "__tostring") != 0) {
        if (lua_type(state, -1) != LUA_TSTRING) return luaL_error(state, "'__tostring' must return a string");
        return 1;
    }
    lua_pushstring(state, luaL_typename(state, 1));
    return 1;
}

// Order of iteration: numbers ascending, then strings by their bytes, then false, true. LuaJIT's own order depends on a
// random seed per state and on addresses (docs/decisions/lua-iteration-order.md).
struct Key {
    int rank;
    double number;
    const char* text;
    size_t length;
    friend bool operator<(const Key& x, const Key& y) {
        if (x.rank != y.rank) return x.rank < y.rank;
        if (x.rank == 0) return x.number < y.number;
        if (x.rank != 1) return false;
        const int order = std::memcmp(x.text, y.text, std::min(x.length, y.length));
        return order != 0 ? order < 0 : x.length < y.length;
    }
};
static_assert(std::is_trivially_destructible_v<Key>);

bool read_key(lua_State* state, int index, Key& key) {
    switch (lua_type(state, index)) {
        case LUA_TNUMBER:
            key = {0, lua_tonumber(state, index), nullptr, 0};
            return true;
        case LUA_TSTRING:
            key = {1, 0, nullptr, 0};
            key.text = lua_tolstring(state, index, &key.length);
            return true;
        case LUA_TBOOLEAN:
            key = {lua_toboolean(state, index) != 0 ? 3 : 2, 0, nullptr, 0};
            return true;
        default:
            return false;
    }
}

void push_key(lua_State* state, const Key& key) {
    if (key.rank == 0) {
        lua_pushnumber(state, key.number);
    } else if (key.rank == 1) {
        lua_pushlstring(state, key.text, key.length);
    } else {
        lua_pushboolean(state, key.rank == 3);
    }
}

int raise_unordered(lua_State* state, int key_index) {
    lua_pushfstring(
        state, "a table with a %s as key has no defined order to iterate in; use a number or a string (an id) as key",
        luaL_typename(state, key_index));
    return raise_at_script(state);
}

void need_table(lua_State* state, const char* who) {
    if (lua_type(state, 1) == LUA_TTABLE) return;
    lua_pushfstring(state, "%s: a table is needed, got %s", who,
                    lua_gettop(state) == 0 ? "nothing" : luaL_typename(state, 1));
    raise_at_script(state);
}

size_t count_keys(lua_State* state) {
    size_t count = 0;
    lua_pushnil(state);
    while (lua_next(state, 1) != 0) {
        lua_pop(state, 1);
        ++count;
    }
    return count;
}

// ordered_keys(t): an array of the table's keys in order.
int ordered_keys(lua_State* state) {
    lua_settop(state, 1);
    need_table(state, "pairs");
    constexpr size_t kNear = 32;
    Key near[kNear];
    Key* keys = near;
    size_t capacity = kNear;
    size_t count = 0;
    lua_pushnil(state);
    while (lua_next(state, 1) != 0) {
        lua_pop(state, 1);
        if (count == capacity) {  // more than fit here: count, then take memory for all
            lua_settop(state, 1);
            capacity = count_keys(state);
            pay_or_raise(state, runtime_of(state), static_cast<double>(capacity));
            keys = static_cast<Key*>(lua_newuserdata(state, capacity * sizeof(Key)));
            count = 0;
            lua_pushnil(state);
            continue;
        }
        if (!read_key(state, -1, keys[count])) return raise_unordered(state, -1);
        ++count;
    }
    pay_or_raise(state, runtime_of(state), static_cast<double>(count) / 4);
    std::sort(keys, keys + count);
    lua_createtable(state, static_cast<int>(count), 0);
    for (size_t i = 0; i < count; ++i) {
        push_key(state, keys[i]);
        lua_rawseti(state, -2, static_cast<int>(i + 1));
    }
    return 1;
}

// next_key(t, key): the key that follows in order and its value; nil at the end.
int next_key(lua_State* state) {
    lua_settop(state, 2);
    need_table(state, "next");
    Key after{-1, 0, nullptr, 0};
    if (!lua_isnil(state, 2) && !read_key(state, 2, after)) return raise_unordered(state, 2);
    Key best{4, 0, nullptr, 0};
    size_t looked_at = 0;
    lua_pushnil(state);
    while (lua_next(state, 1) != 0) {
        lua_pop(state, 1);
        Key key;
        if (!read_key(state, -1, key)) return raise_unordered(state, -1);
        if (after < key && key < best) best = key;
        ++looked_at;
    }
    pay_or_raise(state, runtime_of(state), static_cast<double>(looked_at) / 4);
    if (best.rank == 4) {
        lua_pushnil(state);
        return 1;
    }
    push_key(state, best);
    lua_pushvalue(state, -1);
    lua_rawget(state, 1);
    return 2;
}

int random_number(lua_State* state) {
    lua_pushnumber(state, static_cast<double>(runtime_of(state).next_random() >> 11) * 0x1.0p-53);
    return 1;
}

// Seconds since 1970 to the calendar in India (or, as asked, UTC).
bool calendar_of(double seconds, bool utc, std::tm& out) {
    constexpr double kRangeMax = 4e11;  // year 14000
    if (!(seconds > -kRangeMax && seconds < kRangeMax)) return false;
    const auto offset = std::chrono::duration_cast<std::chrono::seconds>(kIstOffset).count();
    const std::time_t shifted = static_cast<std::time_t>(seconds) + (utc ? 0 : offset);
    return gmtime_r(&shifted, &out) != nullptr;
}

// date_text(format, seconds, utc)
int date_text(lua_State* state) {
    const char* format = luaL_checkstring(state, 1);
    std::tm calendar{};
    if (std::strlen(format) > 100 || !calendar_of(luaL_checknumber(state, 2), lua_toboolean(state, 3) != 0, calendar)) {
        lua_pushliteral(state, "os.date: format longer than 100 bytes or time out of range");
        return raise_at_script(state);
    }
    char text[1024];
    lua_pushlstring(state, text, std::strftime(text, sizeof text, format, &calendar));
    return 1;
}

// date_fields(seconds, utc): year, month, day, hour, minute, second, weekday (1 = Sunday), day of the year
int date_fields(lua_State* state) {
    std::tm calendar{};
    if (!calendar_of(luaL_checknumber(state, 1), lua_toboolean(state, 2) != 0, calendar)) {
        lua_pushliteral(state, "os.date: time out of range");
        return raise_at_script(state);
    }
    const int fields[] = {calendar.tm_year + 1900, calendar.tm_mon + 1, calendar.tm_mday,     calendar.tm_hour,
                          calendar.tm_min,         calendar.tm_sec,     calendar.tm_wday + 1, calendar.tm_yday + 1};
    for (const int field : fields) lua_pushinteger(state, field);
    return static_cast<int>(std::size(fields));
}

// time_of(year, month, day, hour, minute, second), in India
int time_of(lua_State* state) {
    double field[6];
    for (int i = 0; i < 6; ++i) {
        field[i] = luaL_checknumber(state, i + 1);
        if (!(field[i] > -1e6 && field[i] < 1e6)) return luaL_error(state, "os.time: field out of range");
    }
    std::tm calendar{};
    calendar.tm_year = static_cast<int>(field[0]) - 1900;
    calendar.tm_mon = static_cast<int>(field[1]) - 1;
    calendar.tm_mday = static_cast<int>(field[2]);
    calendar.tm_hour = static_cast<int>(field[3]);
    calendar.tm_min = static_cast<int>(field[4]);
    calendar.tm_sec = static_cast<int>(field[5]);
    const auto offset = std::chrono::duration_cast<std::chrono::seconds>(kIstOffset).count();
    lua_pushnumber(state, static_cast<double>(timegm(&calendar) - offset));
    return 1;
}

// The word of the list that is near to the given one; "" when none is.
size_t copy_nearest(const char* word, lua_State* state, char* out, size_t size) noexcept {
    std::vector<std::string> candidates;
    for (int i = 1; i <= 500; ++i) {
        lua_rawgeti(state, 2, i);
        if (lua_type(state, -1) == LUA_TSTRING) candidates.emplace_back(lua_tostring(state, -1));
        const bool end = lua_isnil(state, -1);
        lua_pop(state, 1);
        if (end) break;
    }
    return nearest_word(word, candidates).copy(out, size);
}

// nearest(word, list)
int nearest(lua_State* state) {
    const char* word = luaL_checkstring(state, 1);
    luaL_checktype(state, 2, LUA_TTABLE);
    char out[100];
    const bool short_enough = std::strlen(word) < sizeof out;
    lua_pushlstring(state, out, short_enough ? copy_nearest(word, state, out, sizeof out) : 0);
    return 1;
}

constexpr LuaFunctionEntry kBaseFunctions[] = {
    {"refill", &refill},           {"guard", &guard},
    {"caught", &caught},           {"fail", &fail},
    {"object_text", &object_text}, {"ordered_keys", &ordered_keys},
    {"next_key", &next_key},       {"random", &random_number},
    {"date_text", &date_text},     {"date_fields", &date_fields},
    {"time_of", &time_of},         {"nearest", &nearest},
};

}  // namespace

void add_base_functions(lua_State* state, LuaRuntime& runtime) {
    add_functions(state, kBaseFunctions, std::size(kBaseFunctions), &runtime);
}

}  // namespace tide
