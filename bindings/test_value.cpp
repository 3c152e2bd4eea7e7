#include "bindings/test_value.hpp"

#include <lua.hpp>

namespace tide {
namespace {

constexpr int kDepthMax = 12;

bool read_at_depth(lua_State* state, int index, TestValue& value, std::string& problem, int depth);

bool read_table(lua_State* state, int index, TestValue& value, std::string& problem, int depth) {
    value.kind = TestValue::Kind::table;
    const auto size = static_cast<int>(lua_objlen(state, index));
    for (int i = 1; i <= size; ++i) {
        lua_rawgeti(state, index, i);
        const bool read = read_at_depth(state, lua_gettop(state), value.list.emplace_back(), problem, depth + 1);
        lua_pop(state, 1);
        if (!read) return false;
    }
    lua_pushnil(state);
    while (lua_next(state, index) != 0) {
        const int key = lua_gettop(state) - 1;
        bool read = true;
        if (lua_type(state, key) == LUA_TSTRING) {
            read = read_at_depth(state, key + 1, value.fields[lua_tostring(state, key)], problem, depth + 1);
        } else if (lua_type(state, key) != LUA_TNUMBER) {
            problem = "a table may have names and 1, 2, 3, … as keys only";
            read = false;
        }
        lua_pop(state, 1);
        if (!read) {
            lua_pop(state, 1);
            return false;
        }
    }
    return true;
}

bool read_at_depth(lua_State* state, int index, TestValue& value, std::string& problem, int depth) {
    switch (lua_type(state, index)) {
        case LUA_TNIL:
        case LUA_TNONE:
            return true;
        case LUA_TBOOLEAN:
            value = TestValue::boolean(lua_toboolean(state, index) != 0);
            return true;
        case LUA_TNUMBER:
            value = lua_tonumber(state, index);
            return true;
        case LUA_TSTRING: {
            size_t length = 0;
            const char* text = lua_tolstring(state, index, &length);
            value = std::string_view(text, length);
            return true;
        }
        case LUA_TTABLE:
            if (depth < kDepthMax) return read_table(state, index, value, problem, depth);
            problem = "tables are nested too deeply (one that holds itself?)";
            return false;
        default:
            problem = std::string("a ") + luaL_typename(state, index) + " cannot be given to the market";
            return false;
    }
}

}  // namespace

TestValue TestValue::boolean(bool value) {
    TestValue made;
    made.kind = Kind::boolean;
    made.flag = value;
    return made;
}

TestValue TestValue::table() {
    TestValue made;
    made.kind = Kind::table;
    return made;
}

const TestValue* TestValue::find(const std::string& name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? nullptr : &found->second;
}

const char* TestValue::kind_name() const {
    static constexpr const char* kNames[] = {"nothing", "true or false", "a number", "a text", "a table"};
    return kNames[static_cast<size_t>(kind)];
}

bool read_test_value(lua_State* state, int index, TestValue& value, std::string& problem) {
    value = {};
    luaL_checkstack(state, 3 * kDepthMax + 4, "values nested too deeply");
    return read_at_depth(state, index < 0 ? lua_gettop(state) + index + 1 : index, value, problem, 0);
}

void push_test_value(lua_State* state, const TestValue& value) {
    luaL_checkstack(state, 4, "values nested too deeply");
    switch (value.kind) {
        case TestValue::Kind::nil:
            lua_pushnil(state);
            return;
        case TestValue::Kind::boolean:
            lua_pushboolean(state, value.flag);
            return;
        case TestValue::Kind::number:
            lua_pushnumber(state, value.number);
            return;
        case TestValue::Kind::text:
            lua_pushlstring(state, value.text.data(), value.text.size());
            return;
        case TestValue::Kind::table:
            break;
    }
    lua_createtable(state, static_cast<int>(value.list.size()), static_cast<int>(value.fields.size()));
    for (size_t i = 0; i < value.list.size(); ++i) {
        push_test_value(state, value.list[i]);
        lua_rawseti(state, -2, static_cast<int>(i + 1));
    }
    for (const auto& field : value.fields) {
        lua_pushlstring(state, field.first.data(), field.first.size());
        push_test_value(state, field.second);
        lua_rawset(state, -3);
    }
}

}  // namespace tide
