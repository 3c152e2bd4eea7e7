#include "bindings/lua_prelude.hpp"

namespace tide {

// What a script can reach while it loads: require, print, param and strategy { … }.
const char* const kDeclarationPrelude = R"lua(
local host, sandbox = ...
local raw, fail, show, read_only, suggestion = sandbox.raw, host.fail, sandbox.show, sandbox.read_only, sandbox.suggestion
local refuse_unknown, is_number, safe_tostring = sandbox.refuse_unknown, sandbox.is_number, sandbox.tostring
local type, setmetatable, tostring, ipairs, select = raw.type, raw.setmetatable, raw.tostring, raw.ipairs, raw.select
local find, concat = raw.string.find, raw.table.concat
local fields = sandbox.api.fields

---------------------------------------------------------------------------------------------------- require

local loaded, loading = {}, {}
function sandbox.globals.require(name)
  if type(name) ~= "string" then fail("require: the module's name must be a text, got " .. type(name)) end
  local value = loaded[name]
  if value ~= nil then return value end
  for i, open in ipairs(loading) do
    if open == name then fail("require: modules need each other in a circle: " .. concat(loading, " -> ", i) .. " -> " .. name) end
  end
  loading[#loading + 1] = name
  local chunk = host.load_module(name)
  value = chunk(host.refill, select)
  loading[#loading] = nil
  if value == nil then value = true end
  loaded[name] = value
  return value
end

function sandbox.globals.print(...)
  local parts = { ... }
  for i = 1, select("#", ...) do parts[i] = safe_tostring((select(i, ...))) end
  host.log("info", concat(parts, "\t"))
end

---------------------------------------------------------------------------------------------------- parameters

local definition_of = {}
local function define(kind, default, options, made)
  local what = "param." .. kind
  if options ~= nil and type(options) ~= "table" then
    fail(what .. ": the last argument must be a table such as { help = \"…\" }, got " .. show(options))
  end
  options = options or {}
  refuse_unknown(options, fields.parameter_options, what)
  if options.help ~= nil and type(options.help) ~= "string" then fail(what .. ": help must be a text") end
  made.kind, made.default, made.help = kind, default, options.help or ""
  local proxy = read_only(made, "a parameter's definition")
  definition_of[proxy] = made
  return proxy
end
local function ranged(kind, default, low, high, options)
  local what = "param." .. kind .. ": "
  if not is_number(default) then fail(what .. "the default must be a number, got " .. show(default)) end
  if not (is_number(low) and is_number(high)) then fail(what .. "needs a default, a smallest and a largest value") end
  if low > high then fail(what .. "the smallest value " .. tostring(low) .. " is above the largest " .. tostring(high)) end
  if default < low or default > high then
    fail(what .. "the default " .. tostring(default) .. " is outside " .. tostring(low) .. " to " .. tostring(high))
  end
  if kind == "integer" and (default % 1 ~= 0 or low % 1 ~= 0 or high % 1 ~= 0) then fail(what .. "needs whole numbers") end
  return define(kind, default, options, { min = low, max = high })
end
local function is_time(text)
  return type(text) == "string" and find(text, "^[0-2]%d:[0-5]%d$") ~= nil and text < "24:00"
end

local param = {}
function param.number(default, low, high, options) return ranged("number", default, low, high, options) end
function param.integer(default, low, high, options) return ranged("integer", default, low, high, options) end
function param.percent(default, low, high, options) return ranged("percent", default, low, high, options) end
function param.bool(default, options)
  if type(default) ~= "boolean" then fail("param.bool: the default must be true or false, got " .. show(default)) end
  return define("bool", default, options, {})
end
function param.time(default, options)
  if not is_time(default) then fail("param.time: the default must be a time such as \"10:00\", got " .. show(default)) end
  return define("time", default, options, {})
end
function param.text(default, options)
  if type(default) ~= "string" then fail("param.text: the default must be a text, got " .. show(default)) end
  return define("text", default, options, {})
end
function param.choice(default, choices, options)
  if type(choices) ~= "table" or #choices == 0 then fail("param.choice: needs a default and a list of choices") end
  local copy, found = {}, false
  for i, choice in ipairs(choices) do
    if type(choice) ~= "string" then fail("param.choice: choices must be texts, got " .. show(choice)) end
    copy[i] = choice
    found = found or choice == default
  end
  if not found then fail("param.choice: the default " .. show(default) .. " is not one of " .. concat(copy, ", ")) end
  return define("choice", default, options, { choices = copy })
end
-- Joins several tables of definitions into one; a name may come only once.
function param.merge(...)
  local all = {}
  for i = 1, select("#", ...) do
    local group = select(i, ...)
    if type(group) ~= "table" then fail("param.merge: argument " .. i .. " must be a table of parameters, got " .. type(group)) end
    for name, value in sandbox.pairs(group) do
      if all[name] ~= nil then fail("param.merge: parameter " .. show(name) .. " is defined twice") end
      all[name] = value
    end
  end
  return all
end
sandbox.globals.param = read_only(param, "param")

local function value_of(name, made, given)
  local function bad(wanted) fail("parameter " .. name .. " = " .. given .. ": must be " .. wanted) end
  if given == nil then return made.default end
  if made.kind == "bool" then
    if given ~= "true" and given ~= "false" then bad("true or false") end
    return given == "true"
  elseif made.kind == "time" then
    if not is_time(given) then bad("a time such as 10:00") end
    return given
  elseif made.kind == "text" then
    return given
  elseif made.kind == "choice" then
    for _, choice in ipairs(made.choices) do
      if choice == given then return given end
    end
    bad("one of " .. concat(made.choices, ", "))
  end
  local number = raw.tonumber(given)
  local wanted = (made.kind == "integer" and "a whole number" or "a number") .. " from " .. tostring(made.min) .. " to " .. tostring(made.max)
  if not is_number(number) or number < made.min or number > made.max or (made.kind == "integer" and number % 1 ~= 0) then bad(wanted) end
  return number
end

local function read_parameters(definitions, given)
  local values, list, made_of = {}, {}, {}
  for name, made in sandbox.pairs(definitions) do
    if type(name) ~= "string" or not find(name, "^[%a_][%w_]*$") then fail("strategy: params: " .. show(name) .. " is not a name") end
    made = definition_of[made]
    if made == nil then fail("strategy: params." .. name .. " must be made by param.number, param.integer, param.percent, param.choice, param.bool, param.time or param.text") end
    values[name] = value_of(name, made, given[name])
    made_of[name] = made
  end
  for name in sandbox.pairs(given) do
    if values[name] == nil then fail("unknown parameter " .. show(name) .. suggestion(name, definitions)) end
  end
  for name, value in sandbox.pairs(values) do
    local made = made_of[name]
    list[#list + 1] = { name, tostring(value), made.kind, made.min or 0, made.max or 0, made.choices and concat(made.choices, "\n") or "", made.help }
  end
  setmetatable(values, { __index = function(_, name) fail("no parameter " .. show(name) .. suggestion(name, values)) end })
  return values, list, made_of
end

---------------------------------------------------------------------------------------------------- strategy { … }

-- What strategy { … } made of its argument: declaration, strategy_table, params.
local declared = {}
local function need_text(spec, key, pattern, wanted)
  local value = spec[key]
  if type(value) ~= "string" or not find(value, pattern) then fail("strategy: " .. key .. " must be " .. wanted .. ", got " .. show(value)) end
  return value
end
local function need_table(value, what)
  if value == nil then return {} end
  if type(value) ~= "table" then fail("strategy: " .. what .. " must be a table, got " .. show(value)) end
  return value
end
local function need_bool(value, what)
  if value ~= nil and type(value) ~= "boolean" then fail("strategy: " .. what .. " must be true or false, got " .. show(value)) end
  return value == true
end
local function need_count(value, what, most)
  if not is_number(value) or value % 1 ~= 0 or value < 1 or value > most then
    fail("strategy: " .. what .. " must be a whole number from 1 to " .. most .. ", got " .. show(value))
  end
  return value
end

local function read_symbols(list)
  if type(list) ~= "table" or #list == 0 then fail("strategy: needs.symbols must list at least one symbol") end
  local symbols, seen = {}, {}
  for i = 1, #list do
    local symbol = list[i]
    if type(symbol) ~= "string" or symbol == "" or #symbol > 64 then fail("strategy: needs.symbols[" .. i .. "] must be a symbol, got " .. show(symbol)) end
    symbol = host.canonical_symbol(symbol)
    if seen[symbol] then fail("strategy: needs.symbols names " .. symbol .. " twice") end
    seen[symbol] = i
    symbols[i] = symbol
  end
  return symbols, seen
end
local function read_bars(list)
  list = need_table(list, "needs.bars")
  local timeframes, seen = {}, {}
  for i = 1, #list do
    local index, name = host.timeframe(list[i], true)
    if index == nil then
      fail("strategy: needs.bars[" .. i .. "] must be one of 1s 1m 3m 5m 15m 30m 1h 1d 1w, or ticks, volume or range as in 500t 10000v 20r (at most 8 of these a session), got " .. show(list[i]))
    end
    if seen[name] == nil then timeframes[#timeframes + 1] = { index = index, name = name } end
    seen[name] = index
  end
  raw.table.sort(timeframes, function(x, y) return x.index < y.index end)
  return timeframes, seen
end
local function read_needs(needs)
  if type(needs) == "function" then needs = needs(declared.params) end
  needs = need_table(needs, "needs")
  refuse_unknown(needs, fields.needs, "strategy: needs")
  local d = { vix = need_bool(needs.vix, "needs.vix"), ticks = need_bool(needs.ticks, "needs.ticks"), chain = 0, history = {} }
  d.symbols, d.symbol_index = read_symbols(needs.symbols)
  d.timeframes, d.timeframe_index = read_bars(needs.bars)
  for name, bars in sandbox.pairs(need_table(needs.history, "needs.history")) do
    local index, tf = host.timeframe(name)
    if index == nil or d.timeframe_index[tf] == nil then fail("strategy: needs.history: " .. show(name) .. " is not in needs.bars") end
    if find(tf, "^%d+[tvr]$") then fail("strategy: needs.history: " .. tf .. " bars are made of the session's own ticks and have no history") end
    d.history[#d.history + 1] = { index, need_count(bars, "needs.history[\"" .. tf .. "\"]", 100000) }
    d.history[tf] = bars
  end
  if needs.chain ~= nil then
    local chain = need_table(needs.chain, "needs.chain")
    refuse_unknown(chain, fields.chain_need, "strategy: needs.chain")
    d.chain = need_count(chain.strikes, "needs.chain.strikes", 100)
  end
  return d
end

function sandbox.globals.strategy(spec)
  if type(spec) ~= "table" then fail("strategy: needs a table, as in strategy { name = \"…\", … }") end
  if declared.declaration then fail("strategy: called twice in one file") end
  refuse_unknown(spec, fields.strategy_spec, "strategy")
  local name = need_text(spec, "name", "^[%w_]+$", "letters, digits and underscores")
  local version = need_text(spec, "version", "^[%w%.%-_]+$", "a text such as \"1.0.0\"")
  if spec.api ~= 1 then
    local newer = is_number(spec.api) and spec.api > 1 and "; this engine offers api 1: write api = 1, or use a newer engine" or ""
    fail("strategy: api must be 1, got " .. show(spec.api) .. newer)
  end
  local values, list, made_of = read_parameters(need_table(spec.params, "params"), host.parameters())
  -- All parameters anew, from their texts; gives what they were.
  function declared.change_parameters(text)
    local old, new = {}, host.parameters(text)
    for name, made in sandbox.pairs(made_of) do
      old[name] = values[name]
      values[name] = value_of(name, made, new[name])
    end
    return old
  end
  declared.params = read_only(values, "ctx.params")
  local declaration = read_needs(spec.needs)
  declaration.name, declaration.version, declaration.parameters = name, version, list
  declared.declaration, declared.strategy_table = declaration, {}
  return declared.strategy_table
end

return declared
)lua";

}  // namespace tide
