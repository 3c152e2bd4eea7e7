#include "bindings/lua_prelude.hpp"

namespace tide {

const char* const kApiPrelude = R"lua(
local host, sandbox = ...
local raw, clock, fail, show = sandbox.raw, sandbox.clock, host.fail, sandbox.show
local read_only, suggestion, safe_tostring = sandbox.read_only, sandbox.suggestion, sandbox.tostring
local type, rawget, rawset, setmetatable, next, tostring = raw.type, raw.rawget, raw.rawset, raw.setmetatable, raw.next, raw.tostring
local ipairs, select, floor, band, format, concat = raw.ipairs, raw.select, raw.math.floor, raw.bit.band, raw.string.format, raw.table.concat
local find, huge = raw.string.find, raw.math.huge

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
  refuse_unknown(options, { help = true }, what)
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
  local values, list = {}, {}
  for name, made in sandbox.pairs(definitions) do
    if type(name) ~= "string" or not find(name, "^[%a_][%w_]*$") then fail("strategy: params: " .. show(name) .. " is not a name") end
    made = definition_of[made]
    if made == nil then fail("strategy: params." .. name .. " must be made by param.number, param.integer, param.percent, param.choice, param.bool, param.time or param.text") end
    values[name] = value_of(name, made, given[name])
  end
  for name in sandbox.pairs(given) do
    if values[name] == nil then fail("unknown parameter " .. show(name) .. suggestion(name, definitions)) end
  end
  for name, value in sandbox.pairs(values) do list[#list + 1] = { name, tostring(value) } end
  setmetatable(values, { __index = function(_, name) fail("no parameter " .. show(name) .. suggestion(name, values)) end })
  return values, list
end

---------------------------------------------------------------------------------------------------- strategy { … }

local declaration, strategy_table, params
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
    local index, name = host.timeframe(list[i])
    if index == nil then fail("strategy: needs.bars[" .. i .. "] must be one of 1s 1m 3m 5m 15m 30m 1h 1d 1w, got " .. show(list[i])) end
    if seen[name] == nil then timeframes[#timeframes + 1] = { index = index, name = name } end
    seen[name] = index
  end
  raw.table.sort(timeframes, function(x, y) return x.index < y.index end)
  return timeframes, seen
end
local needs_fields = { symbols = 1, bars = 1, history = 1, vix = 1, chain = 1, ticks = 1 }
local function read_needs(needs)
  if type(needs) == "function" then needs = needs(params) end
  needs = need_table(needs, "needs")
  refuse_unknown(needs, needs_fields, "strategy: needs")
  local d = { vix = need_bool(needs.vix, "needs.vix"), ticks = need_bool(needs.ticks, "needs.ticks"), chain = 0, history = {} }
  d.symbols, d.symbol_index = read_symbols(needs.symbols)
  d.timeframes, d.timeframe_index = read_bars(needs.bars)
  for name, bars in sandbox.pairs(need_table(needs.history, "needs.history")) do
    local index, tf = host.timeframe(name)
    if index == nil or d.timeframe_index[tf] == nil then fail("strategy: needs.history: " .. show(name) .. " is not in needs.bars") end
    d.history[#d.history + 1] = { index, need_count(bars, "needs.history[\"" .. tf .. "\"]", 100000) }
    d.history[tf] = bars
  end
  if needs.chain ~= nil then
    local chain = need_table(needs.chain, "needs.chain")
    refuse_unknown(chain, { strikes = 1 }, "strategy: needs.chain")
    d.chain = need_count(chain.strikes, "needs.chain.strikes", 100)
  end
  return d
end

function sandbox.globals.strategy(spec)
  if type(spec) ~= "table" then fail("strategy: needs a table, as in strategy { name = \"…\", … }") end
  if declaration then fail("strategy: called twice in one file") end
  refuse_unknown(spec, { name = 1, version = 1, api = 1, params = 1, needs = 1 }, "strategy")
  local name = need_text(spec, "name", "^[%w_]+$", "letters, digits and underscores")
  local version = need_text(spec, "version", "^[%w%.%-_]+$", "a text such as \"1.0.0\"")
  if spec.api ~= 1 then fail("strategy: api must be 1, got " .. show(spec.api)) end
  local values, list = read_parameters(need_table(spec.params, "params"), host.parameters())
  params = read_only(values, "ctx.params")
  declaration = read_needs(spec.needs)
  declaration.name, declaration.version, declaration.parameters = name, version, list
  strategy_table = {}
  return strategy_table
end

---------------------------------------------------------------------------------------------------- mirror: bars

local function need_declared(symbol, timeframe, who)
  if declaration == nil then fail(who .. ": not before the strategy has started") end
  local index = type(symbol) == "string" and declaration.symbol_index[host.canonical_symbol(symbol)]
  if not index then fail(who .. ": symbol " .. show(symbol) .. " is not in needs.symbols" .. suggestion(symbol, declaration.symbol_index)) end
  local timeframe_index, name = host.timeframe(timeframe)
  if timeframe_index == nil or declaration.timeframe_index[name] == nil then
    fail(who .. ": timeframe " .. show(timeframe) .. " is not in needs.bars" .. suggestion(timeframe, declaration.timeframe_index))
  end
  return index, timeframe_index, name
end
local function wrong_back(back, who) fail(who .. ": how many bars back must be a number, got " .. show(back)) end
-- A column is a ring: values in [1, capacity], the number ever written in [0] of the first column of its object.
local function read_back(column, counter, capacity, back)
  local count = counter[0]
  if back < 0 or back >= count or back >= capacity or back % 1 ~= 0 then return nil end
  local value = column[band(count - 1 - back, capacity - 1) + 1]
  if value ~= value then return nil end
  return value
end

local bars_by_key = {}
local function make_bars(symbol, timeframe, columns, capacity)
  local counter = columns[1]
  local methods = { symbol = symbol, tf = timeframe }
  local function reader(name, column)
    methods[name] = function(_, back)
      if back == nil then
        back = 0
      elseif type(back) ~= "number" then
        wrong_back(back, "bars:" .. name)
      end
      return read_back(column, counter, capacity, back)
    end
  end
  for i, name in ipairs { "open", "high", "low", "close", "volume", "oi", "time" } do reader(name, columns[i]) end
  function methods.count()
    local count = counter[0]
    return count < capacity and count or capacity
  end
  local function over(name, start, step)
    return function(_, length, back)
      back = back or 0
      if type(length) ~= "number" or type(back) ~= "number" or length % 1 ~= 0 or length < 1 then
        fail("bars:" .. name .. ": needs a whole number of bars, at least 1, and how many bars back to start")
      end
      if back + length > capacity then return nil end
      host.guard(length / 8)
      local total = start
      for i = back, back + length - 1 do
        local value = step(total, i)
        if value == nil then return nil end
        total = value
      end
      return total
    end
  end
  local high, low, volume = columns[2], columns[3], columns[5]
  methods.highest = over("highest", -huge, function(best, i)
    local value = read_back(high, counter, capacity, i)
    return value and (value > best and value or best)
  end)
  methods.lowest = over("lowest", huge, function(best, i)
    local value = read_back(low, counter, capacity, i)
    return value and (value < best and value or best)
  end)
  local volume_sum = over("mean_volume", 0, function(sum, i)
    local value = read_back(volume, counter, capacity, i)
    return value and sum + value
  end)
  function methods.mean_volume(self, length, back)
    local sum = volume_sum(self, length, back)
    return sum and sum / length
  end
  setmetatable(methods, { __index = function(_, key) fail("bars has no method " .. show(key) .. suggestion(key, methods)) end })
  return read_only(methods, "bars")
end

---------------------------------------------------------------------------------------------------- mirror: indicators

local indicator_by_key = {}
local function make_indicator(label, outputs, columns, capacity)
  local counter = columns[1]
  local column_of = {}
  for i, name in ipairs(outputs) do column_of[name] = columns[i] end
  local methods = {}
  local function checked(back)
    if back == nil then return 0 end
    if type(back) ~= "number" then wrong_back(back, label) end
    return back
  end
  function methods.value(_, back) return read_back(counter, counter, capacity, checked(back)) end
  function methods.get(_, output, back)
    local column = column_of[output]
    if column == nil then fail(label .. " has no output " .. show(output) .. "; it has " .. concat(outputs, ", ") .. suggestion(output, column_of)) end
    return read_back(column, counter, capacity, checked(back))
  end
  function methods.ready()
    for i = 1, #outputs do
      if read_back(columns[i], counter, capacity, 0) == nil then return false end
    end
    return true
  end
  -- A table behind a table: compiled code folds a method call to nothing.
  setmetatable(methods, { __index = function(_, key)
    local column = column_of[key]
    if column ~= nil then return read_back(column, counter, capacity, 0) end
    fail(label .. " has no output or method " .. show(key) .. "; it has value, get, ready and " .. concat(outputs, ", ") .. suggestion(key, column_of))
  end })
  return read_only(methods, "an indicator")
end

---------------------------------------------------------------------------------------------------- ctx

local methods, ctx = {}, {}
local current_symbol = ""

local minute_texts = {}
local function time_text()
  local minute = floor((clock[1] + 19800) / 60) % 1440
  local text = minute_texts[minute]
  if text == nil then
    text = format("%02d:%02d", floor(minute / 60), minute % 60)
    minute_texts[minute] = text
  end
  return text
end
local last_day, last_date
local function date_text()
  local day = floor((clock[1] + 19800) / 86400)
  if day ~= last_day then last_day, last_date = day, host.date_text("%Y-%m-%d", clock[1], false) end
  return last_date
end

setmetatable(ctx, {
  __index = function(_, key)
    local method = methods[key]
    if method ~= nil then return method end
    if key == "now" then return clock[1] end
    if key == "time" then return time_text() end
    if key == "date" then return date_text() end
    if key == "params" then return params end
    return nil
  end,
  __newindex = function(self, key, value)
    if methods[key] ~= nil or key == "now" or key == "time" or key == "date" or key == "params" then
      fail("ctx." .. key .. " belongs to the engine and cannot be set; choose another name")
    end
    rawset(self, key, value)
  end,
  __metatable = false,
})

-- ctx.skip(…) instead of ctx:skip(…) is the usual slip.
local function method(name, body)
  methods[name] = function(self, ...)
    if self ~= ctx then fail("ctx." .. name .. ": call it with a colon, ctx:" .. name .. "(…)") end
    return body(...)
  end
end
-- A refusal is an answer, not an error: nil, code, text. A wrong argument is also logged, so that it cannot pass unseen.
local function wrong_argument(who, text)
  host.log("warning", host.position() .. who .. ": " .. text)
  return nil, "bad_argument", text
end

method("bars", function(symbol, timeframe)
  local index, timeframe_index, name = need_declared(symbol, timeframe, "ctx:bars")
  local key = index * 100 + timeframe_index
  local bars = bars_by_key[key]
  if bars == nil then
    local columns, capacity = host.bars(index - 1, timeframe_index, declaration.history[name] or 0)
    bars = make_bars(declaration.symbols[index], name, columns, capacity)
    bars_by_key[key] = bars
  end
  return bars
end)

method("indicator", function(symbol, timeframe, name, ...)
  local index, timeframe_index, timeframe_name = need_declared(symbol, timeframe, "ctx:indicator")
  if type(name) ~= "string" then fail("ctx:indicator: the indicator's name must be a text, got " .. show(name)) end
  local key = index .. " " .. timeframe_index .. " " .. name
  local count = select("#", ...)
  if count > 8 then fail("ctx:indicator: too many parameters for " .. name) end
  for i = 1, count do
    local value = select(i, ...)
    if not is_number(value) then fail("ctx:indicator: parameter " .. i .. " of " .. name .. " must be a number, got " .. show(value)) end
    key = key .. " " .. tostring(value)
  end
  local indicator = indicator_by_key[key]
  if indicator == nil then
    local symbol_name = declaration.symbols[index]
    local outputs, columns, capacity = host.indicator(symbol_name, timeframe_index, name, ...)
    indicator = make_indicator("indicator " .. name .. " of " .. symbol_name .. " " .. timeframe_name, outputs, columns, capacity)
    indicator_by_key[key] = indicator
  end
  return indicator
end)

local chain_methods = {}
function chain_methods.strike(self, strike, side)
  if side ~= "CE" and side ~= "PE" then fail("chain: side must be \"CE\" or \"PE\", got " .. show(side)) end
  for _, row in ipairs(self.rows) do
    if row.strike == strike and row.right == side then return row end
  end
  return nil
end
function chain_methods.atm(self, side)
  if self.atm_strike == nil then
    chain_methods.strike(self, nil, side)
    return nil
  end
  return chain_methods.strike(self, self.atm_strike, side)
end
local chain_metatable = { __index = chain_methods, __metatable = false }

method("chain", function(symbol, options)
  if type(symbol) ~= "string" then fail("ctx:chain: the underlying must be a symbol, got " .. show(symbol)) end
  if declaration.chain == 0 then fail("ctx:chain: declare it first: needs = { chain = { strikes = 10 } }") end
  options = options or {}
  if type(options) ~= "table" then fail("ctx:chain: options must be a table such as { expiry = \"weekly\" }, got " .. show(options)) end
  refuse_unknown(options, { expiry = 1, min_days = 1 }, "ctx:chain")
  local expiry, min_days = options.expiry or "weekly", options.min_days or 0
  if expiry ~= "weekly" and expiry ~= "monthly" then fail("ctx:chain: expiry must be \"weekly\" or \"monthly\", got " .. show(expiry)) end
  if not is_number(min_days) or min_days < 0 or min_days % 1 ~= 0 then fail("ctx:chain: min_days must be a whole number, at least 0, got " .. show(min_days)) end
  local chain, text = host.chain(host.canonical_symbol(symbol), expiry, min_days, declaration.chain)
  if chain == nil then return nil, text end
  return setmetatable(chain, chain_metatable)
end)

method("vix", function() return host.vix() end)
method("account", function() return host.account() end)
method("phase", function() return host.phase() end)
method("has", function(symbol)
  if type(symbol) ~= "string" then fail("ctx:has: needs a symbol, got " .. show(symbol)) end
  return host.has_symbol(symbol)
end)
method("price", function(symbol)
  if type(symbol) == "table" then symbol = symbol.symbol end
  if type(symbol) ~= "string" then fail("ctx:price: needs a symbol, got " .. show(symbol)) end
  return host.price(symbol)
end)

---------------------------------------------------------------------------------------------------- positions

local positions = {}
local function add_position(id, symbol, underlying, right, strike, direction, opened, tag)
  positions[id] = { id = id, symbol = symbol, underlying = underlying, right = right, strike = or_nil(strike),
                    direction = direction, opened = opened, tag = tag }
end
local function forget_position(id) positions[id] = nil end
local function refresh_position(id, lots, quantity, entry_price, last_price, underlying_entry, underlying_last, underlying_best,
                                stop, target, unrealised, net, minutes_held, half_taken, days_to_expiry)
  local p = positions[id]
  p.lots, p.quantity, p.entry_price, p.last_price = lots, quantity, entry_price, last_price
  p.underlying_entry, p.underlying_last, p.underlying_best = underlying_entry, underlying_last, underlying_best
  p.stop, p.target, p.unrealised, p.net = or_nil(stop), or_nil(target), unrealised, net
  p.minutes_held, p.half_taken = minutes_held, half_taken
  p.days_to_expiry = days_to_expiry >= 0 and days_to_expiry or nil
  return p
end
-- Called by host.positions for each open position, in order.
local position_list
local function list_position(...) position_list[#position_list + 1] = refresh_position(...) end
method("positions", function()
  position_list = {}
  host.positions()
  return position_list
end)
local function position_id(position)
  if type(position) == "table" then return position.id end
  return position
end

---------------------------------------------------------------------------------------------------- intents

local enter_fields = { leg = 1, symbol = 1, lots = 1, side = 1, limit = 1, stop_pct = 1, target_pct = 1, stop = 1, target = 1, tag = 1, why = 1 }
method("enter", function(order)
  if type(order) ~= "table" then return wrong_argument("ctx:enter", "needs a table such as { leg = leg, lots = 1, why = \"…\" }, got " .. show(order)) end
  local unknown = first_unknown(order, enter_fields)
  if unknown ~= nil then return wrong_argument("ctx:enter", "unknown field " .. show(unknown) .. suggestion(unknown, enter_fields)) end
  local symbol = order.symbol
  if order.leg ~= nil then
    if symbol ~= nil then return wrong_argument("ctx:enter", "leg and symbol: give one of the two") end
    if type(order.leg) ~= "table" then return wrong_argument("ctx:enter", "leg must be a leg of ctx:chain, got " .. show(order.leg)) end
    symbol = order.leg.symbol
  end
  return host.enter(symbol, order.lots, order.side, order.limit, order.stop_pct, order.target_pct, order.stop, order.target, order.tag, order.why)
end)

local function values_text(values)
  if type(values) ~= "table" then return values end
  local parts = {}
  for name, value in sandbox.pairs(values) do parts[#parts + 1] = safe_tostring(name) .. "=" .. safe_tostring(value) end
  return concat(parts, " ")
end
local exit_fields = { fraction = 1, reason = 1, rule = 1, priority = 1, values = 1, why = 1 }
method("exit", function(position, options)
  if options == nil then options = {} end
  if type(options) ~= "table" then return wrong_argument("ctx:exit", "options must be a table such as { fraction = 0.5, reason = \"…\" }, got " .. show(options)) end
  local unknown = first_unknown(options, exit_fields)
  if unknown ~= nil then return wrong_argument("ctx:exit", "unknown field " .. show(unknown) .. suggestion(unknown, exit_fields)) end
  return host.exit(position_id(position), options.fraction, options.rule, options.reason or options.why, options.priority, values_text(options.values))
end)
local level_fields = { rule = 1, why = 1, reason = 1, values = 1 }
local function set_level(kind)
  local who = "ctx:set_" .. kind
  return function(position, price, options)
    if options == nil then options = {} end
    if type(options) ~= "table" then return wrong_argument(who, "options must be a table such as { rule = \"…\", why = \"…\" }, got " .. show(options)) end
    local unknown = first_unknown(options, level_fields)
    if unknown ~= nil then return wrong_argument(who, "unknown field " .. show(unknown) .. suggestion(unknown, level_fields)) end
    return host.set_level(kind, position_id(position), price, options.rule, options.why or options.reason, values_text(options.values))
  end
end
method("set_stop", set_level("stop"))
method("set_target", set_level("target"))
method("cancel", function(order)
  if type(order) == "table" then order = order.id end
  return host.cancel(order)
end)

---------------------------------------------------------------------------------------------------- notes

method("skip", function(why, symbol)
  if type(why) ~= "string" or why == "" then fail("ctx:skip: say why, as a text; got " .. show(why)) end
  if symbol == nil then symbol = current_symbol end
  if type(symbol) ~= "string" then fail("ctx:skip: the symbol must be a text, got " .. show(symbol)) end
  host.skip(why, symbol)
end)
method("log", function(...)
  local parts = { ... }
  for i = 1, select("#", ...) do parts[i] = safe_tostring((select(i, ...))) end
  host.log("info", concat(parts, " "))
end)
method("notify", function(text)
  if type(text) ~= "string" then fail("ctx:notify: needs a text, got " .. show(text)) end
  host.log("warning", text)
end)
method("state", function(symbol, name, value, values)
  if type(symbol) ~= "string" or type(name) ~= "string" or value == nil then fail("ctx:state: needs a symbol, a name and a value") end
  host.state(symbol, name, safe_tostring(value), safe_tostring(values_text(values) or ""))
end)
method("after", function(seconds, name)
  if not is_number(seconds) or seconds <= 0 or seconds > 604800 then fail("ctx:after: seconds must be above 0 and at most 604800 (a week), got " .. show(seconds)) end
  if type(name) ~= "string" or name == "" or #name > 64 then fail("ctx:after: name must be a text of 1 to 64 bytes, got " .. show(name)) end
  host.after(seconds, name)
end)

---------------------------------------------------------------------------------------------------- what the host calls

local callback_names = { "on_start", "on_stop", "on_bar", "on_tick", "on_exit_check", "on_order", "on_fill", "on_timer", "on_session" }
local later_names = { "on_chain", "on_position", "on_risk", "on_link", "on_params", "on_save", "on_load" }

-- What the chunk returned, checked: the callbacks it defines and the declaration.
local function finish(returned)
  if declaration == nil then fail("the file must call strategy { … } and return what it gives") end
  if returned ~= strategy_table then fail("the file must end with 'return' of what strategy { … } gave, got " .. show(returned)) end
  local known, callbacks, ignored = {}, {}, {}
  for _, name in ipairs(callback_names) do known[name] = true end
  for _, name in ipairs(later_names) do known[name] = true end
  for key, value in sandbox.pairs(returned) do
    local looks_like_one = type(key) == "string" and
      (find(key, "^[oO][nN]_") ~= nil or (find(key, "^[oO][nN]") ~= nil and host.nearest(key, sandbox.names_of(known)) ~= ""))
    if looks_like_one and not known[key] then fail("unknown callback " .. show(key) .. suggestion(key, known)) end
    if known[key] and type(value) ~= "function" then fail("callback " .. key .. " must be a function, got " .. show(value)) end
  end
  for _, name in ipairs(callback_names) do callbacks[name] = rawget(returned, name) end
  for _, name in ipairs(later_names) do
    if rawget(returned, name) ~= nil then ignored[#ignored + 1] = name end
  end
  if callbacks.on_tick and not declaration.ticks then fail("on_tick is defined; declare needs = { ticks = true } as well") end
  current_symbol = declaration.symbols[1]
  return callbacks, declaration, concat(ignored, ", ")
end

local decision_fields = { exit = 1, stop = 1, rule = 1, why = 1, priority = 1, values = 1, stop_rule = 1 }
local function apply_decision(position, decision)
  if type(decision) ~= "table" then fail("on_exit_check must return nil or a table such as { exit = 1, rule = \"…\", why = \"…\" }, got " .. show(decision)) end
  local unknown = first_unknown(decision, decision_fields)
  if unknown ~= nil then fail("on_exit_check: unknown field " .. show(unknown) .. " in the decision" .. suggestion(unknown, decision_fields)) end
  if decision.exit == nil and decision.stop == nil then fail("on_exit_check: a decision needs exit or stop") end
  local values = values_text(decision.values)
  if decision.stop ~= nil then host.set_level("stop", position.id, decision.stop, decision.stop_rule or decision.rule, decision.why, values) end
  if decision.exit ~= nil then host.exit(position.id, decision.exit, decision.rule, decision.why, decision.priority, values) end
end

-- Functions that the host calls, one for each callback. Built once the callbacks are known, so that compiled code sees them
-- as constants. Each takes the time first.
local function make_entries(callbacks)
  local symbols, timeframe_names = declaration.symbols, {}
  for _, timeframe in ipairs(declaration.timeframes) do timeframe_names[timeframe.index] = timeframe.name end
  local on_start, on_stop, on_bar, on_tick = callbacks.on_start, callbacks.on_stop, callbacks.on_bar, callbacks.on_tick
  local on_exit_check, on_order, on_fill = callbacks.on_exit_check, callbacks.on_order, callbacks.on_fill
  local on_timer, on_session = callbacks.on_timer, callbacks.on_session
  local entries = {}
  entries.on_start = on_start and function(now)
    clock[1] = now
    on_start(ctx)
  end
  entries.on_stop = on_stop and function(now, reason)
    clock[1] = now
    on_stop(ctx, reason)
  end
  entries.on_bar = on_bar and function(now, symbol, timeframe, start, open, high, low, close, volume, oi)
    clock[1] = now
    local name = symbols[symbol + 1]
    current_symbol = name
    on_bar(ctx, { symbol = name, tf = timeframe_names[timeframe], time = start, open = open, high = high, low = low,
                  close = close, volume = or_nil(volume), oi = or_nil(oi) })
  end
  entries.on_tick = on_tick and function(now, symbol, time, last, bid, ask, volume, oi)
    clock[1] = now
    local name = symbols[symbol + 1]
    current_symbol = name
    on_tick(ctx, { symbol = name, time = time, last = last, bid = or_nil(bid), ask = or_nil(ask), volume = or_nil(volume), oi = or_nil(oi) })
  end
  entries.on_exit_check = on_exit_check and function(now, last, bid, ask, underlying, age, model, id, lots, quantity, entry_price, last_price,
                                                     underlying_entry, underlying_last, underlying_best, stop, target, unrealised, net,
                                                     minutes_held, half_taken, days_to_expiry)
    clock[1] = now
    local position = refresh_position(id, lots, quantity, entry_price, last_price, underlying_entry, underlying_last, underlying_best,
                                      stop, target, unrealised, net, minutes_held, half_taken, days_to_expiry)
    current_symbol = position.underlying
    local decision = on_exit_check(ctx, position, { last = or_nil(last), bid = or_nil(bid), ask = or_nil(ask),
                                                    underlying = or_nil(underlying), age = or_nil(age), model = model })
    if decision ~= nil then apply_decision(position, decision) end
  end
  entries.on_order = on_order and function(now, id, intent, symbol, side, state, code, text, tag, quantity, filled, limit, average)
    clock[1] = now
    on_order(ctx, { id = id, intent = intent, symbol = symbol, side = side, state = state, code = code, text = text, tag = tag,
                    quantity = quantity, filled = filled, limit = limit, average = or_nil(average) })
  end
  entries.on_fill = on_fill and function(now, order, position, symbol, side, quantity, price, charges)
    clock[1] = now
    on_fill(ctx, { order = order, position = position, symbol = symbol, side = side, quantity = quantity, price = price, charges = charges })
  end
  entries.on_timer = on_timer and function(now, name)
    clock[1] = now
    on_timer(ctx, name)
  end
  entries.on_session = on_session and function(now, phase)
    clock[1] = now
    on_session(ctx, phase)
  end
  return entries
end

return { finish = finish, make_entries = make_entries, add_position = add_position, forget_position = forget_position,
         refresh_position = refresh_position, list_position = list_position }
)lua";

}  // namespace tide
