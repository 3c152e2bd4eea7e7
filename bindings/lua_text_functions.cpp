#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <lua.hpp>

#include "bindings/lua_functions.hpp"
#include "bindings/lua_pattern.hpp"
#include "bindings/lua_runtime.hpp"

// The string functions whose cost is not bounded by their arguments' lengths, rewritten so that every step is paid for.
namespace tide {
namespace {

constexpr int64_t kStepsPerUnit = 16;
constexpr int64_t kBytesPerUnit = 64;

struct Subject {
    const char* text;
    size_t length;
    const char* pattern;
    size_t pattern_length;
};

Subject read_subject(lua_State* state) {
    Subject subject{};
    subject.text = luaL_checklstring(state, 1, &subject.length);
    subject.pattern = luaL_checklstring(state, 2, &subject.pattern_length);
    return subject;
}

void check_length(lua_State* state, const LuaRuntime& runtime, const char* who, double bytes) {
    if (bytes <= static_cast<double>(runtime.limits().text_bytes_max)) return;
    lua_pushfstring(state, "%s: the result would be longer than %d bytes", who,
                    static_cast<int>(runtime.limits().text_bytes_max));
    raise_at_script(state);
}

// One matcher's steps, bought from the script's fuel: at most what is left.
struct Steps {
    int64_t given;
    int64_t left;
    explicit Steps(const LuaRuntime& runtime) {
        given = left = std::max<int64_t>(runtime.remaining(), 0) * kStepsPerUnit;
    }
};

void settle(lua_State* state, LuaRuntime& runtime, const Steps& steps, LuaPatternMatch::Problem problem) {
    const int64_t used = steps.given - std::max<int64_t>(steps.left, -1);
    pay_or_raise(state, runtime, static_cast<double>(used / kStepsPerUnit + 1));
    if (problem != LuaPatternMatch::Problem::none) luaL_error(state, "%s", text_of(problem));
}

// Capture `i`, or the whole match when there are none and i is 0.
void push_capture(lua_State* state, const LuaPatternMatch& match, int i, const Subject& subject, const char* begin,
                  const char* end) {
    if (i >= match.captures()) {
        if (i != 0) luaL_error(state, "invalid capture index");
        lua_pushlstring(state, begin, static_cast<size_t>(end - begin));
        return;
    }
    const auto& capture = match.capture(i);
    if (capture.length == LuaPatternMatch::kOpen) luaL_error(state, "unfinished capture");
    if (capture.length == LuaPatternMatch::kPosition) {
        lua_pushinteger(state, capture.begin - subject.text + 1);
    } else {
        lua_pushlstring(state, capture.begin, static_cast<size_t>(capture.length));
    }
}

int push_captures(lua_State* state, const LuaPatternMatch& match, const Subject& subject, const char* begin,
                  const char* end, bool whole_if_none) {
    const int count = match.captures() == 0 && whole_if_none ? 1 : match.captures();
    luaL_checkstack(state, count, "too many captures");
    for (int i = 0; i < count; ++i) push_capture(state, match, i, subject, begin, end);
    return count;
}

// Argument `index` as a position, from 1; negative counts from the end. As an offset from 0, at least 0.
size_t start_offset(lua_State* state, int index, size_t length) {
    double position = luaL_optnumber(state, index, 1);
    if (position < 0) position += static_cast<double>(length) + 1;
    if (!(position >= 1)) return 0;
    return position > static_cast<double>(length) + 1 ? length + 1 : static_cast<size_t>(position) - 1;
}

bool has_specials(const Subject& subject) {
    for (size_t i = 0; i < subject.pattern_length; ++i) {
        if (std::strchr("^$*+?.([%-", subject.pattern[i]) != nullptr) return true;
    }
    return false;
}

int find_plain(lua_State* state, LuaRuntime& runtime, const Subject& subject, size_t offset) {
    pay_or_raise(state, runtime, static_cast<double>((subject.length + subject.pattern_length) / kBytesPerUnit));
    // memmem is linear (two-way) in glibc.
    const void* found = memmem(subject.text + offset, subject.length - offset, subject.pattern, subject.pattern_length);
    if (found == nullptr) {
        lua_pushnil(state);
        return 1;
    }
    const ptrdiff_t at = static_cast<const char*>(found) - subject.text;
    lua_pushinteger(state, at + 1);
    lua_pushinteger(state, at + static_cast<ptrdiff_t>(subject.pattern_length));
    return 2;
}

int find_or_match(lua_State* state, bool find) {
    LuaRuntime& runtime = runtime_of(state);
    const Subject subject = read_subject(state);
    const size_t offset = start_offset(state, 3, subject.length);
    if (offset > subject.length) {
        lua_pushnil(state);
        return 1;
    }
    if (find && (lua_toboolean(state, 4) != 0 || !has_specials(subject)))
        return find_plain(state, runtime, subject, offset);
    const bool anchored = subject.pattern_length > 0 && subject.pattern[0] == '^';
    const size_t skip = anchored ? 1 : 0;
    Steps steps(runtime);
    LuaPatternMatch match({subject.text, subject.length}, {subject.pattern + skip, subject.pattern_length - skip},
                          steps.left);
    const char* begin = nullptr;
    const char* end = match.search(subject.text + offset, anchored, begin);
    settle(state, runtime, steps, match.problem());
    if (end == nullptr) {
        lua_pushnil(state);
        return 1;
    }
    if (!find) return push_captures(state, match, subject, begin, end, true);
    lua_pushinteger(state, begin - subject.text + 1);
    lua_pushinteger(state, end - subject.text);
    return 2 + push_captures(state, match, subject, begin, end, false);
}

int find(lua_State* state) { return find_or_match(state, true); }
int match(lua_State* state) { return find_or_match(state, false); }

// Upvalues: runtime, subject, pattern, offset of the next try.
int gmatch_next(lua_State* state) {
    LuaRuntime& runtime = runtime_of(state);
    Subject subject{};
    subject.text = lua_tolstring(state, lua_upvalueindex(2), &subject.length);
    subject.pattern = lua_tolstring(state, lua_upvalueindex(3), &subject.pattern_length);
    const auto offset = static_cast<size_t>(lua_tonumber(state, lua_upvalueindex(4)));
    if (offset > subject.length) return 0;
    Steps steps(runtime);
    LuaPatternMatch match({subject.text, subject.length}, {subject.pattern, subject.pattern_length}, steps.left);
    const char* begin = nullptr;
    const char* end = match.search(subject.text + offset, false, begin);
    settle(state, runtime, steps, match.problem());
    if (end == nullptr) {
        lua_pushnumber(state, static_cast<double>(subject.length) + 1);
        lua_replace(state, lua_upvalueindex(4));
        return 0;
    }
    lua_pushnumber(state, static_cast<double>(end - subject.text + (end == begin ? 1 : 0)));
    lua_replace(state, lua_upvalueindex(4));
    return push_captures(state, match, subject, begin, end, true);
}

int gmatch(lua_State* state) {
    read_subject(state);
    lua_pushvalue(state, lua_upvalueindex(1));
    lua_pushvalue(state, 1);
    lua_pushvalue(state, 2);
    lua_pushnumber(state, 0);
    lua_pushcclosure(state, &gmatch_next, 4);
    return 1;
}

// Adds what a "%1" text stands for; how many bytes that were, at most.
size_t add_replacement_text(lua_State* state, luaL_Buffer& buffer, const LuaPatternMatch& match, const Subject& subject,
                            const char* begin, const char* end) {
    size_t length = 0;
    const char* text = lua_tolstring(state, 3, &length);
    for (size_t i = 0; i < length; ++i) {
        if (text[i] != '%') {
            luaL_addchar(&buffer, text[i]);
        } else if (++i < length && text[i] >= '1' && text[i] <= '9') {
            push_capture(state, match, text[i] - '1', subject, begin, end);
            luaL_addvalue(&buffer);
        } else if (i < length && text[i] == '0') {
            luaL_addlstring(&buffer, begin, static_cast<size_t>(end - begin));
        } else if (i < length) {
            luaL_addchar(&buffer, text[i]);
        }
    }
    return length + static_cast<size_t>(end - begin) * length / 2;
}

size_t add_replacement(lua_State* state, luaL_Buffer& buffer, const LuaPatternMatch& match, const Subject& subject,
                       const char* begin, const char* end) {
    const int kind = lua_type(state, 3);
    if (kind == LUA_TNUMBER || kind == LUA_TSTRING)
        return add_replacement_text(state, buffer, match, subject, begin, end);
    if (kind == LUA_TTABLE) {
        push_capture(state, match, 0, subject, begin, end);
        lua_gettable(state, 3);
    } else {
        lua_pushvalue(state, 3);
        lua_call(state, push_captures(state, match, subject, begin, end, true), 1);
    }
    if (lua_toboolean(state, -1) == 0) {
        lua_pop(state, 1);
        lua_pushlstring(state, begin, static_cast<size_t>(end - begin));
    } else if (lua_isstring(state, -1) == 0) {
        luaL_error(state, "invalid replacement value (a %s)", luaL_typename(state, -1));
    }
    const size_t added = lua_objlen(state, -1);
    luaL_addvalue(&buffer);
    return added;
}

int gsub(lua_State* state) {
    LuaRuntime& runtime = runtime_of(state);
    const Subject subject = read_subject(state);
    const int kind = lua_type(state, 3);
    luaL_argcheck(state, kind == LUA_TNUMBER || kind == LUA_TSTRING || kind == LUA_TTABLE || kind == LUA_TFUNCTION, 3,
                  "string/function/table expected");
    const double count_max = luaL_optnumber(state, 4, std::numeric_limits<double>::infinity());
    if (kind == LUA_TNUMBER) lua_tolstring(state, 3, nullptr);
    lua_settop(state, 3);
    const bool anchored = subject.pattern_length > 0 && subject.pattern[0] == '^';
    const size_t skip = anchored ? 1 : 0;
    const char* source = subject.text;
    const char* const source_end = subject.text + subject.length;
    double count = 0;
    size_t bytes = 0;
    luaL_Buffer buffer;
    luaL_buffinit(state, &buffer);
    while (count < count_max) {
        Steps steps(runtime);
        LuaPatternMatch match({subject.text, subject.length}, {subject.pattern + skip, subject.pattern_length - skip},
                              steps.left);
        const char* end = match.at(source);
        settle(state, runtime, steps, match.problem());
        if (end != nullptr) {
            ++count;
            const size_t added = add_replacement(state, buffer, match, subject, source, end);
            pay_or_raise(state, runtime, 1 + static_cast<double>(added) / kBytesPerUnit);
            check_length(state, runtime, "string.gsub", static_cast<double>(bytes += added));
        }
        if (end != nullptr && end > source) {
            source = end;
        } else if (source < source_end) {
            luaL_addchar(&buffer, *source++);
        } else {
            break;
        }
        if (anchored) break;
    }
    luaL_addlstring(&buffer, source, static_cast<size_t>(source_end - source));
    luaL_pushresult(&buffer);
    lua_pushnumber(state, count);
    return 2;
}

int repeat(lua_State* state) {
    size_t length = 0;
    size_t separator_length = 0;
    const char* text = luaL_checklstring(state, 1, &length);
    const double count = luaL_checknumber(state, 2);
    const char* separator = luaL_optlstring(state, 3, "", &separator_length);
    if (!(count >= 1)) {
        lua_pushliteral(state, "");
        return 1;
    }
    const double bytes = std::floor(count) * static_cast<double>(length + separator_length);
    LuaRuntime& runtime = runtime_of(state);
    check_length(state, runtime, "string.rep", std::max(bytes, count));
    pay_or_raise(state, runtime, bytes / kBytesPerUnit + count / 8);
    const auto turns = static_cast<size_t>(count);
    luaL_Buffer buffer;
    luaL_buffinit(state, &buffer);
    for (size_t i = 0; i < turns; ++i) {
        luaL_addlstring(&buffer, text, length);
        if (i + 1 < turns) luaL_addlstring(&buffer, separator, separator_length);
    }
    luaL_pushresult(&buffer);
    return 1;
}

// "%p" would print an address.
bool asks_for_address(const char* format, size_t length) {
    for (size_t i = 0; i + 1 < length; ++i) {
        if (format[i] != '%') continue;
        ++i;
        while (i < length && std::strchr("-+ #0123456789.", format[i]) != nullptr && format[i] != '\0') ++i;
        if (i < length && format[i] == 'p') return true;
    }
    return false;
}

// Upvalues: runtime, the library's own string.format.
int format(lua_State* state) {
    size_t length = 0;
    const char* text = luaL_checklstring(state, 1, &length);
    if (asks_for_address(text, length)) return luaL_error(state, "string.format: %%p is not available");
    const int arguments = lua_gettop(state);
    size_t bytes = length;
    for (int i = 2; i <= arguments; ++i) {
        size_t part = 16;
        if (lua_type(state, i) == LUA_TSTRING) lua_tolstring(state, i, &part);
        bytes += part;
    }
    LuaRuntime& runtime = runtime_of(state);
    check_length(state, runtime, "string.format", static_cast<double>(bytes));
    pay_or_raise(state, runtime, static_cast<double>(bytes) / kBytesPerUnit);
    for (int i = 2; i <= arguments; ++i) {
        const int kind = lua_type(state, i);
        if (kind != LUA_TTABLE && kind != LUA_TFUNCTION && kind != LUA_TUSERDATA && kind != LUA_TTHREAD) continue;
        if (luaL_callmeta(state, i, "__tostring") == 0) lua_pushstring(state, luaL_typename(state, i));
        if (lua_type(state, -1) != LUA_TSTRING) return luaL_error(state, "'__tostring' must return a string");
        lua_replace(state, i);
    }
    lua_pushvalue(state, lua_upvalueindex(2));
    lua_insert(state, 1);
    lua_call(state, arguments, 1);
    return 1;
}

constexpr LuaFunctionEntry kTextFunctions[] = {
    {"find", &find}, {"match", &match}, {"gmatch", &gmatch}, {"gsub", &gsub}, {"rep", &repeat},
};

}  // namespace

// The table of host functions is on top of the stack.
void add_text_functions(lua_State* state, LuaRuntime& runtime) {
    add_functions(state, kTextFunctions, std::size(kTextFunctions), &runtime);
    lua_pushlightuserdata(state, &runtime);
    lua_getglobal(state, "string");
    lua_getfield(state, -1, "format");
    lua_remove(state, -2);
    lua_pushcclosure(state, &format, 2);
    lua_setfield(state, -2, "format");
    lua_pushnumber(state, static_cast<double>(runtime.limits().text_bytes_max));
    lua_setfield(state, -2, "text_bytes_max");
}

}  // namespace tide
