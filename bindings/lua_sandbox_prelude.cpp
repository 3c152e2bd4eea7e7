#include "bindings/lua_prelude.hpp"

namespace tide {

// Everything here captures what it uses in locals first; nothing the script does can change it.
const char* const kSandboxPrelude = R"lua(
local raw, host = ...
local type, select, next, tostring = raw.type, raw.select, raw.next, raw.tostring
local rawget, rawset, setmetatable = raw.rawget, raw.rawset, raw.setmetatable
local floor, huge = raw.math.floor, raw.math.huge
local guard, fail = host.guard, host.fail

-- Plain text of a value, for messages.
local function show(value)
  if type(value) == "string" then return "'" .. value .. "'" end
  if type(value) == "number" or type(value) == "boolean" or value == nil then return tostring(value) end
  return type(value)
end

-- Read-only views: an empty table that reads through to the real one. Kept by proxy so that pairs can see through.
local real_of = {}
local function read_only(real, what)
  local proxy = {}
  real_of[proxy] = real
  return setmetatable(proxy, {
    __index = real,
    __newindex = function(_, key) fail(what .. " is read-only: cannot set " .. show(key)) end,
    __metatable = false,
  })
end

local function names_of(map)
  local names = {}
  for name in next, map do
    if type(name) == "string" then names[#names + 1] = name end
  end
  raw.table.sort(names)
  return names
end

-- ", did you mean 'x'?" or "".
local function suggestion(word, map)
  local near = type(word) == "string" and host.nearest(word, names_of(map)) or ""
  if near == "" then return "" end
  return "; did you mean '" .. near .. "'?"
end

-- The smallest key of `given` that `known` does not have (so that the message does not depend on the table's layout).
local function first_unknown(given, known)
  local found
  for key in next, given do
    if type(key) ~= "string" then return key end
    if known[key] == nil and (found == nil or key < found) then found = key end
  end
  return found
end
local function refuse_unknown(given, known, what)
  local key = first_unknown(given, known)
  if key ~= nil then fail(what .. ": unknown field " .. show(key) .. suggestion(key, known)) end
end
local function is_number(value) return type(value) == "number" and value == value and value ~= huge and value ~= -huge end
local function or_nil(value)
  if value ~= value then return nil end
  return value
end

-- Iteration in a defined order: numbers ascending, then strings by their bytes, then false, true.
local ordered_keys, next_key = host.ordered_keys, host.next_key
local function iterate(state)
  local keys, table_, i = state[1], state[2], state[3]
  while true do
    i = i + 1
    local key = keys[i]
    if key == nil then return nil end
    local value = rawget(table_, key)
    if value ~= nil then
      state[3] = i
      return key, value
    end
  end
end
local function ordered_pairs(table_)
  if table_ ~= nil then table_ = real_of[table_] or table_ end
  return iterate, { ordered_keys(table_), table_, 0 }, nil
end
local function ordered_next(table_, key)
  if table_ ~= nil then table_ = real_of[table_] or table_ end
  return next_key(table_, key)
end

local function safe_rawset(table_, key, value)
  if table_ ~= nil and real_of[table_] then fail("rawset: the table is read-only") end
  return rawset(table_, key, value)
end
local function safe_setmetatable(table_, metatable)
  if type(metatable) == "table" then
    for _, name in raw.ipairs { "__gc", "__mode" } do
      if rawget(metatable, name) ~= nil then fail("setmetatable: " .. name .. " is not available to strategies") end
    end
  end
  return setmetatable(table_, metatable)
end

local object_text = host.object_text
local function safe_tostring(...)
  local value = ...
  local kind = type(value)
  if kind == "string" then return value end
  if kind == "number" or kind == "boolean" or kind == "nil" then
    if select("#", ...) == 0 then fail("tostring: a value is needed") end
    return tostring(value)
  end
  return object_text(value)
end

local caught = host.caught
local function after_call(ok, ...)
  if not ok then caught((...)) end
  return ok, ...
end
local raw_xpcall = raw.xpcall
local raw_pcall = raw.pcall
local function safe_pcall(...) return after_call(raw_pcall(...)) end
local function safe_xpcall(called, handler, ...)
  return after_call(raw_xpcall(called, function(value)
    caught(value)
    return handler(value)
  end, ...))
end

local function safe_unpack(list, first, last)
  first = first or 1
  last = last or #list
  if last - first > 16 then guard((last - first) / 8) end
  return raw.unpack(list, first, last)
end

-- Text functions whose cost grows with the text pay for long ones.
local function guard_text(text)
  if type(text) == "string" and #text > 512 then guard(#text / 64) end
end
local text_library = { char = raw.string.char, len = raw.string.len, find = host.find, match = host.match,
                       gmatch = host.gmatch, gsub = host.gsub, rep = host.rep, format = host.format }
for _, name in raw.ipairs { "sub", "upper", "lower", "reverse" } do
  local original = raw.string[name]
  text_library[name] = function(text, first, last)
    guard_text(text)
    return original(text, first, last)
  end
end
function text_library.byte(text, first, last)
  if last ~= nil then guard_text(text) end
  return raw.string.byte(text, first, last)
end

local function need_table(value, who)
  if type(value) ~= "table" then fail(who .. ": a table is needed, got " .. type(value)) end
  if real_of[value] then fail(who .. ": the table is read-only") end
end
local function need_whole(value, who, what)
  if type(value) ~= "number" or value ~= floor(value) then
    fail(who .. ": " .. what .. " must be a whole number, got " .. show(value))
  end
end
local table_library = {}
function table_library.insert(list, ...)
  need_table(list, "table.insert")
  local count = select("#", ...)
  local size = #list
  if count == 1 then
    rawset(list, size + 1, (...))
    return
  end
  if count ~= 2 then fail("table.insert: wrong number of arguments") end
  local position, value = ...
  need_whole(position, "table.insert", "the position")
  if position > size then size = position - 1 end
  if position < 1 then fail("table.insert: the position must be at least 1") end
  if size - position > 16 then guard((size - position) / 8) end
  for i = size, position, -1 do rawset(list, i + 1, rawget(list, i)) end
  rawset(list, position, value)
end
function table_library.remove(list, position)
  need_table(list, "table.remove")
  local size = #list
  if position == nil then
    if size == 0 then return nil end
    local value = rawget(list, size)
    rawset(list, size, nil)
    return value
  end
  need_whole(position, "table.remove", "the position")
  if position < 1 or position > size then return nil end
  if size - position > 16 then guard((size - position) / 8) end
  local value = rawget(list, position)
  for i = position, size - 1 do rawset(list, i, rawget(list, i + 1)) end
  rawset(list, size, nil)
  return value
end
local text_bytes_max = host.text_bytes_max
function table_library.concat(list, separator, first, last)
  if type(list) ~= "table" then fail("table.concat: a table is needed, got " .. type(list)) end
  list = real_of[list] or list
  first, last = first or 1, last or #list
  need_whole(first, "table.concat", "the first index")
  need_whole(last, "table.concat", "the last index")
  local bytes, each = 0, separator ~= nil and #tostring(separator) or 0
  for i = first, last do
    local value = rawget(list, i)
    local kind = type(value)
    if kind == "string" then
      bytes = bytes + #value + each
    elseif kind == "number" then
      bytes = bytes + 24 + each
    else
      fail("table.concat: element " .. tostring(i) .. " is a " .. kind .. "; only texts and numbers can be joined")
    end
    if bytes > text_bytes_max then fail("table.concat: the result would be longer than " .. text_bytes_max .. " bytes") end
    if i % 64 == 0 then guard(8) end
  end
  guard(bytes / 64)
  return raw.table.concat(list, separator, first, last)
end
function table_library.sort(list, before)
  need_table(list, "table.sort")
  local size = #list
  local turns, depth = size, 0
  while turns > 1 do turns, depth = turns / 2, depth + 1 end
  guard(1 + size * depth / 4)
  raw.table.sort(list, before)
end

local math_library = {}
for name, value in next, raw.math do math_library[name] = value end
math_library.randomseed = nil
math_library.mod = nil
-- The interpreter and compiled code disagree on the sign of math.ceil(-0.5); this gives -0 in both.
local function ceil(x) return -floor(-x) end
math_library.ceil = ceil
local random = host.random
function math_library.random(low, high)
  local draw = random()
  if low == nil then return draw end
  if high == nil then low, high = 1, low end
  if type(low) ~= "number" or type(high) ~= "number" then fail("math.random: bounds must be numbers") end
  low, high = floor(low), floor(high)
  if not (low <= high) then fail("math.random: the interval is empty") end
  return low + floor(draw * (high - low + 1))
end

-- Time is the engine's: the time of the event being handled.
local clock = { 0 }
local os_library = {}
function os_library.time(fields)
  if fields == nil then return floor(clock[1]) end
  if type(fields) ~= "table" then fail("os.time: a table is needed, got " .. type(fields)) end
  if not (fields.year and fields.month and fields.day) then fail("os.time: year, month and day are needed") end
  return host.time_of(fields.year, fields.month, fields.day, fields.hour or 12, fields.min or 0, fields.sec or 0)
end
function os_library.clock() return clock[1] end
function os_library.difftime(later, earlier) return later - earlier end
function os_library.date(format, seconds)
  if format == nil then format = "%c" end
  if type(format) ~= "string" then fail("os.date: the format must be a text, got " .. type(format)) end
  if seconds == nil then seconds = clock[1] end
  if type(seconds) ~= "number" then fail("os.date: the time must be a number, got " .. type(seconds)) end
  local utc = raw.string.sub(format, 1, 1) == "!"
  if utc then format = raw.string.sub(format, 2) end
  if raw.string.sub(format, 1, 2) ~= "*t" then return host.date_text(format, seconds, utc) end
  local year, month, day, hour, min, sec, wday, yday = host.date_fields(seconds, utc)
  return { year = year, month = month, day = day, hour = hour, min = min, sec = sec, wday = wday, yday = yday, isdst = false }
end

local bit_library = {}
for name, value in next, raw.bit do bit_library[name] = value end

local globals = {
  assert = raw.assert, error = raw.error, ipairs = raw.ipairs, next = ordered_next, pairs = ordered_pairs,
  pcall = safe_pcall, rawequal = raw.rawequal, rawget = rawget, rawset = safe_rawset, select = select,
  setmetatable = safe_setmetatable, getmetatable = raw.getmetatable, tonumber = raw.tonumber, tostring = safe_tostring,
  type = type, unpack = safe_unpack, xpcall = safe_xpcall, _VERSION = raw._VERSION,
  string = read_only(text_library, "string"), table = read_only(table_library, "table"),
  math = read_only(math_library, "math"), bit = read_only(bit_library, "bit"), os = read_only(os_library, "os"),
}
local shared  -- what this chunk returns
setmetatable(globals, {
  __index = function(_, name)
    if shared.api.removed[name] then fail("'" .. name .. "' is not available to strategies") end
    fail("unknown name " .. show(name) .. suggestion(name, globals))
  end,
})
local environment = setmetatable({}, {
  __index = globals,
  __newindex = function(env, name, value)
    if rawget(globals, name) ~= nil then fail(show(name) .. " is part of the language and cannot be replaced") end
    rawset(env, name, value)
  end,
  __metatable = false,
})

-- Methods of texts, ("x"):rep(3), go to the same read-only library.
local text_metatable = raw.getmetatable("")
text_metatable.__index = globals.string
text_metatable.__metatable = false

shared = { globals = globals, environment = environment, read_only = read_only, suggestion = suggestion, show = show,
         first_unknown = first_unknown, refuse_unknown = refuse_unknown, is_number = is_number, or_nil = or_nil,
         names_of = names_of, clock = clock, real_of = real_of, tostring = safe_tostring, pairs = ordered_pairs, raw = raw }
return shared
)lua";

}  // namespace tide
