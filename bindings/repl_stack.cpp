#include "bindings/repl_stack.hpp"

#include <algorithm>
#include <lua.hpp>
#include <map>

namespace tide {
namespace {

constexpr int kDepthMax = 8;
constexpr int kPushDepthMax = 16;
constexpr int kIndexChainMax = 4;
constexpr size_t kNamesMax = 500;

// The metatable for records with these names; `shapes` is the stack slot of a table of those made so far.
void push_shape(lua_State* state, const ReplValue& record, const char* view, int shapes) {
    const void* key = record.names.get();
    lua_pushlightuserdata(state, const_cast<void*>(key));
    lua_rawget(state, shapes);
    if (lua_istable(state, -1)) return;
    lua_pop(state, 1);
    lua_createtable(state, 0, 3);
    lua_createtable(state, static_cast<int>(record.names->size()), 0);
    int i = 0;
    for (const std::string& name : *record.names) {
        lua_pushlstring(state, name.data(), name.size());
        lua_rawseti(state, -2, ++i);
    }
    lua_setfield(state, -2, "__order");
    lua_pushstring(state, view);
    lua_setfield(state, -2, "__view");
    lua_pushboolean(state, 0);
    lua_setfield(state, -2, "__metatable");
    lua_pushlightuserdata(state, const_cast<void*>(key));
    lua_pushvalue(state, -2);
    lua_rawset(state, shapes);
}

void push(lua_State* state, const ReplValue& value, const char* view, int shapes, int depth) {
    luaL_checkstack(state, 8, "nested too deeply");
    switch (value.kind) {
        case ReplValue::Kind::boolean:
            return lua_pushboolean(state, value.flag);
        case ReplValue::Kind::number:
            return lua_pushnumber(state, value.number);
        case ReplValue::Kind::text:
            return lua_pushlstring(state, value.text.data(), value.text.size());
        case ReplValue::Kind::nil:
        case ReplValue::Kind::opaque:
            return lua_pushnil(state);
        case ReplValue::Kind::list:
        case ReplValue::Kind::record:
            break;
    }
    if (depth > kPushDepthMax) return lua_pushnil(state);
    if (value.is(ReplValue::Kind::list)) {
        lua_createtable(state, static_cast<int>(value.items.size()), 0);
        int i = 0;
        for (const ReplValue& item : value.items) {
            push(state, item, view, shapes, depth + 1);
            lua_rawseti(state, -2, ++i);
        }
        return;
    }
    lua_createtable(state, 0, static_cast<int>(value.items.size()));
    for (size_t i = 0; i < value.items.size(); ++i) {
        if (value.items[i].is(ReplValue::Kind::nil)) continue;
        lua_pushlstring(state, (*value.names)[i].data(), (*value.names)[i].size());
        push(state, value.items[i], view, shapes, depth + 1);
        lua_rawset(state, -3);
    }
    push_shape(state, value, view, shapes);
    lua_setmetatable(state, -2);
}

// Pushes the metatable's field; false, and nothing pushed, where there is none.
bool push_raw_meta(lua_State* state, int index, const char* field) {
    if (lua_getmetatable(state, index) == 0) return false;
    lua_pushstring(state, field);
    lua_rawget(state, -2);
    lua_remove(state, -2);
    if (!lua_isnil(state, -1)) return true;
    lua_pop(state, 1);
    return false;
}

// The order in which the fields of the record at `index` are shown: that of its view, then the others'.
std::vector<std::string> shown_order(lua_State* state, int index) {
    std::vector<std::string> order;
    if (!push_raw_meta(state, index, "__order")) return order;
    for (int i = 1; lua_istable(state, -1) && i <= static_cast<int>(kNamesMax); ++i) {
        lua_rawgeti(state, -1, i);
        const bool is_text = lua_type(state, -1) == LUA_TSTRING;
        if (is_text) order.emplace_back(lua_tostring(state, -1));
        lua_pop(state, 1);
        if (!is_text) break;
    }
    lua_pop(state, 1);
    return order;
}

// The key at `index` as a name.
std::string name_of_key(lua_State* state, int index) {
    size_t length = 0;
    if (lua_type(state, index) == LUA_TSTRING) {
        const char* text = lua_tolstring(state, index, &length);
        return {text, length};
    }
    lua_pushvalue(state, index);  // converting a number in its place would confuse lua_next
    const char* text = lua_isnumber(state, -1) != 0 ? lua_tolstring(state, -1, &length) : nullptr;
    std::string name = text != nullptr ? std::string(text, length) : std::string(luaL_typename(state, -1));
    if (lua_type(state, -1) == LUA_TBOOLEAN) name = lua_toboolean(state, -1) != 0 ? "true" : "false";
    lua_pop(state, 1);
    return "[" + name + "]";
}

ReplValue read(lua_State* state, int index, size_t& left, int depth);

ReplValue read_table(lua_State* state, int index, size_t& left, int depth) {
    ReplValue table;
    table.kind = ReplValue::Kind::list;
    if (depth > kDepthMax || lua_checkstack(state, 8) == 0) {
        table.cut = true;
        return table;
    }
    const auto size = static_cast<int>(lua_objlen(state, index));
    for (int i = 1; i <= size && left > 0; ++i) {
        lua_rawgeti(state, index, i);
        table.items.push_back(read(state, lua_gettop(state), left, depth + 1));
        lua_pop(state, 1);
    }
    if (left == 0) {
        table.cut = true;
        return table;
    }
    std::map<std::string, ReplValue> named;
    lua_pushnil(state);
    while (left > 0 && lua_next(state, index) != 0) {
        const bool is_number = lua_type(state, -2) == LUA_TNUMBER;
        const double number = is_number ? lua_tonumber(state, -2) : 0;
        if (!(is_number && number >= 1 && number <= size && number == static_cast<double>(static_cast<int>(number)))) {
            named[name_of_key(state, lua_gettop(state) - 1)] = read(state, lua_gettop(state), left, depth + 1);
        }
        lua_pop(state, 1);
        if (left == 0) {
            table.cut = true;
            lua_pop(state, 1);
        }
    }
    if (named.empty()) return table;
    ReplValue record;
    record.kind = ReplValue::Kind::record;
    record.cut = table.cut;
    auto names = std::make_shared<std::vector<std::string>>();
    const auto add = [&](const std::string& name, ReplValue value) {
        names->push_back(name);
        record.items.push_back(std::move(value));
    };
    for (const std::string& name : shown_order(state, index)) {
        if (auto node = named.extract(name)) add(name, std::move(node.mapped()));
    }
    for (size_t i = 0; i < table.items.size(); ++i) add("[" + std::to_string(i + 1) + "]", std::move(table.items[i]));
    for (auto& [name, value] : named) add(name, std::move(value));
    record.names = std::move(names);
    return record;
}

ReplValue read(lua_State* state, int index, size_t& left, int depth) {
    if (left > 0) --left;
    switch (lua_type(state, index)) {
        case LUA_TNIL:
            return {};
        case LUA_TBOOLEAN:
            return ReplValue::of(lua_toboolean(state, index) != 0);
        case LUA_TNUMBER:
            return ReplValue::of(lua_tonumber(state, index));
        case LUA_TSTRING: {
            size_t length = 0;
            const char* text = lua_tolstring(state, index, &length);
            return ReplValue::of(std::string(text, length));
        }
        case LUA_TTABLE:
            return read_table(state, index, left, depth);
        default: {
            ReplValue value;
            value.kind = ReplValue::Kind::opaque;
            value.text = luaL_typename(state, index);
            return value;
        }
    }
}

}  // namespace

void push_repl_value(lua_State* state, const ReplValue& value, const char* view) {
    lua_newtable(state);
    const int shapes = lua_gettop(state);
    push(state, value, view, shapes, 0);
    lua_remove(state, shapes);
}

int push_view_of(lua_State* state) {
    if (!lua_istable(state, 1) || !push_raw_meta(state, 1, "__view")) lua_pushnil(state);
    return 1;
}

ReplValue read_repl_value(lua_State* state, int index, size_t& left) { return read(state, index, left, 0); }

void push_member(lua_State* state, std::string_view name) {
    for (int i = 0; i < kIndexChainMax && lua_istable(state, -1); ++i) {
        lua_pushlstring(state, name.data(), name.size());
        lua_rawget(state, -2);
        if (!lua_isnil(state, -1)) {
            lua_remove(state, -2);
            return;
        }
        lua_pop(state, 1);
        if (!push_raw_meta(state, lua_gettop(state), "__index")) break;
        lua_remove(state, -2);
    }
    lua_pop(state, 1);
    lua_pushnil(state);
}

void add_member_names(lua_State* state, std::string_view prefix, std::set<std::string>& names) {
    lua_pushvalue(state, -1);
    for (int i = 0; i < kIndexChainMax && lua_istable(state, -1); ++i) {
        lua_pushnil(state);
        while (lua_next(state, -2) != 0) {
            lua_pop(state, 1);
            size_t length = 0;
            const char* name = lua_type(state, -1) == LUA_TSTRING ? lua_tolstring(state, -1, &length) : nullptr;
            const std::string_view found(name != nullptr ? name : "", length);
            if (name != nullptr && found.starts_with(prefix) && names.size() < kNamesMax) names.emplace(found);
        }
        if (!push_raw_meta(state, lua_gettop(state), "__index")) break;
        lua_remove(state, -2);
    }
    lua_pop(state, 1);
}

}  // namespace tide
