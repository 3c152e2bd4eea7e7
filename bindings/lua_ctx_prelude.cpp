#include "bindings/lua_prelude.hpp"

namespace tide {

// What a script sees while it runs: ctx, bars, indicators, positions; and the functions that the host calls.
const char* const kCtxPrelude = R"lua(
local host, sandbox, declared, own_indicators = ...
local raw, clock, fail, show = sandbox.raw, sandbox.clock, host.fail, sandbox.show
local read_only, suggestion, safe_tostring = sandbox.read_only, sandbox.suggestion, sandbox.tostring
local first_unknown, refuse_unknown, is_number, or_nil = sandbox.first_unknown, sandbox.refuse_unknown, sandbox.is_number, sandbox.or_nil
local type, rawget, rawset, setmetatable, tostring = raw.type, raw.rawget, raw.rawset, raw.setmetatable, raw.tostring
local ipairs, select, floor, band, format, concat = raw.ipairs, raw.select, raw.math.floor, raw.bit.band, raw.string.format, raw.table.concat
local find, huge = raw.string.find, raw.math.huge
local fields, checks = sandbox.api.fields, sandbox.api.checks
local declaration, params  -- known once the chunk has run

---------------------------------------------------------------------------------------------------- mirror: bars

local function need_declared(symbol, timeframe, who)
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

-- Of BarFlag (core/bar.hpp).
local flag_bits = { filled = 8, gap = 16, model = 32, partial = 64 }
local future_volume = 128

local bars_by_key, columns_by_key = {}, {}
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
  reader("flags", columns[8])
  local flags_at = methods.flags
  methods.flags = nil
  for name, bit in sandbox.pairs(flag_bits) do
    methods[name] = function(self, back)
      local flags = flags_at(self, back)
      return flags and band(flags, bit) ~= 0
    end
  end
  function methods.volume_source(self, back)
    local flags = methods.volume(self, back) and flags_at(self, back)
    return flags and (band(flags, future_volume) ~= 0 and "future" or "own") or nil
  end
  function methods.count()
    local count = counter[0]
    return count < capacity and count or capacity
  end
  local function over(name, start, step)
    local check = checks["bars:" .. name]
    return function(_, length, back)
      check(length, back)
      back = back or 0
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
local function wrong_self(name) fail("ctx." .. name .. ": call it with a colon, ctx:" .. name .. "(…)") end
local function method(name, body)
  local check = checks["ctx:" .. name]
  methods[name] = check and function(self, ...)
    if self ~= ctx then wrong_self(name) end
    check(...)
    return body(...)
  end or function(self, ...)
    if self ~= ctx then wrong_self(name) end
    return body(...)
  end
end
-- A refusal is an answer, not an error: nil, code, text. A wrong argument is also logged, so that it cannot pass unseen.
local function wrong_argument(who, text)
  host.log("warning", host.position() .. who .. ": " .. text)
  return nil, "bad_argument", text
end

local function columns_of(index, timeframe_index, name)
  local key = index * 100 + timeframe_index
  local known = columns_by_key[key]
  if known == nil then
    local columns, capacity = host.bars(index - 1, timeframe_index, declaration.history[name] or 0)
    known = { columns = columns, capacity = capacity }
    columns_by_key[key] = known
  end
  return known
end
method("bars", function(symbol, timeframe)
  local index, timeframe_index, name = need_declared(symbol, timeframe, "ctx:bars")
  local key = index * 100 + timeframe_index
  local bars = bars_by_key[key]
  if bars == nil then
    local known = columns_of(index, timeframe_index, name)
    bars = make_bars(declaration.symbols[index], name, known.columns, known.capacity)
    bars_by_key[key] = bars
  end
  return bars
end)

method("indicator", function(symbol, timeframe, name, ...)
  local index, timeframe_index, timeframe_name = need_declared(symbol, timeframe, "ctx:indicator")
  if type(name) == "table" then
    local known = columns_of(index, timeframe_index, timeframe_name)
    return own_indicators.follow(name, index .. " " .. timeframe_index, declaration.symbols[index], timeframe_name, known.columns,
                                 known.capacity, make_indicator, ...)
  end
  if type(name) ~= "string" then fail("ctx:indicator: the indicator must be a name or what indicator { … } gave, got " .. show(name)) end
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
local function leg_of(self, strike, side)
  for _, row in ipairs(self.rows) do
    if row.strike == strike and row.right == side then return row end
  end
  return nil
end
local check_strike, check_atm = checks["chain:strike"], checks["chain:atm"]
function chain_methods.strike(self, strike, side)
  check_strike(strike, side)
  return leg_of(self, strike, side)
end
function chain_methods.atm(self, side)
  check_atm(side)
  return leg_of(self, self.atm_strike, side)
end
-- The leg `n` strikes from the money, upwards (`direction` 1) or downwards.
local function leg_away(self, side, n, direction, check)
  check(side, n)
  local legs, at = {}, nil
  for _, row in ipairs(self.rows) do
    if row.right == side then
      legs[#legs + 1] = row
      if row.strike == self.atm_strike then at = #legs end
    end
  end
  return at and legs[at + n * direction]
end
function chain_methods.otm(self, side, n) return leg_away(self, side, n, side == "CE" and 1 or -1, checks["chain:otm"]) end
function chain_methods.itm(self, side, n) return leg_away(self, side, n, side == "CE" and -1 or 1, checks["chain:itm"]) end
local chain_metatable = { __index = chain_methods, __metatable = false }

method("chain", function(symbol, options)
  if declaration.chain == 0 then fail("ctx:chain: declare it first: needs = { chain = { strikes = 10 } }") end
  options = options or {}
  refuse_unknown(options, fields.chain_options, "ctx:chain")
  local expiry, min_days = options.expiry or "weekly", options.min_days or 0
  local is_date = type(expiry) == "string" and find(expiry, "^%d%d%d%d%-%d%d%-%d%d$")
  if expiry ~= "weekly" and expiry ~= "next" and expiry ~= "monthly" and not is_date then fail("ctx:chain: expiry must be \"weekly\", \"next\", \"monthly\" or a date YYYY-MM-DD, got " .. show(expiry)) end
  if not is_number(min_days) or min_days < 0 or min_days % 1 ~= 0 then fail("ctx:chain: min_days must be a whole number, at least 0, got " .. show(min_days)) end
  local chain, text = host.chain(host.canonical_symbol(symbol), expiry, min_days, declaration.chain)
  if chain == nil then return nil, text end
  return setmetatable(chain, chain_metatable)
end)

method("vix", function() return host.vix() end)
method("volatility", function() return host.volatility() end)
method("regime", function(symbol)
  return host.regime(symbol)
end)
method("quality", function(symbol)
  return host.quality(symbol)
end)
method("gap", function(symbol)
  return host.gap(symbol)
end)
method("account", function() return host.account() end)
method("phase", function() return host.phase() end)
method("has", function(symbol)
  return host.has_symbol(symbol)
end)
method("price", function(symbol)
  if type(symbol) == "table" then symbol = symbol.symbol end
  if type(symbol) ~= "string" then fail("ctx:price: needs a symbol, got " .. show(symbol)) end
  return host.price(symbol)
end)

---------------------------------------------------------------------------------------------------- positions

local positions = {}
local function add_position(id, symbol, underlying, right, strike, direction, opened, tag, group)
  positions[id] = { id = id, symbol = symbol, underlying = underlying, right = right, strike = or_nil(strike),
                    direction = direction, opened = opened, tag = tag,
                    group = group > 0 and group or nil }
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

local enter_fields = fields.enter
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
  return host.enter(symbol, order.lots, order.side, order.limit, order.stop_pct, order.target_pct, order.stop, order.target, order.tag, order.why,
    order.premium_stop, order.premium_target, order.premium_stop_pct, order.premium_target_pct, order.trail_stop_pct, order.cover,
    order.trigger, order.trail, order.trail_pct, order.trigger_on, order.good_till, order.after_market, order.display_lots,
    order.algo, order.over_min, order.slices, order.oco)
end)

local group_fields, group_leg_fields = fields.enter_group, fields.group_leg
local group_legs_max = 8
-- symbol, side, lots, limit of each leg from `i` on, one after the other.
local function flat_legs(legs, i, count)
  if i > count then return end
  local leg = legs[i]
  local symbol = leg.symbol
  if leg.leg ~= nil then symbol = leg.leg.symbol end
  if i == count then return symbol, leg.side, leg.lots, leg.limit end
  return symbol, leg.side, leg.lots, leg.limit, flat_legs(legs, i + 1, count)
end
local function wrong_leg(i, leg)
  local who = "legs[" .. i .. "] "
  if type(leg) ~= "table" then return who .. "must be a table such as { leg = leg, side = \"buy\", lots = 1 }, got " .. show(leg) end
  local unknown = first_unknown(leg, group_leg_fields)
  if unknown ~= nil then return who .. "has an unknown field " .. show(unknown) .. suggestion(unknown, group_leg_fields) end
  if leg.leg ~= nil and leg.symbol ~= nil then return who .. "has leg and symbol: give one of the two" end
  if leg.leg ~= nil and type(leg.leg) ~= "table" then return who .. "needs a leg of ctx:chain, got " .. show(leg.leg) end
end
method("enter_group", function(group)
  if type(group) ~= "table" then return wrong_argument("ctx:enter_group", "needs a table such as { legs = { … }, why = \"…\" }, got " .. show(group)) end
  local unknown = first_unknown(group, group_fields)
  if unknown ~= nil then return wrong_argument("ctx:enter_group", "unknown field " .. show(unknown) .. suggestion(unknown, group_fields)) end
  local legs = group.legs
  if type(legs) ~= "table" then return wrong_argument("ctx:enter_group", "legs must be a list of legs, got " .. show(legs)) end
  local count = 0
  while count <= group_legs_max and legs[count + 1] ~= nil do
    count = count + 1
    local wrong = wrong_leg(count, legs[count])
    if wrong then return wrong_argument("ctx:enter_group", wrong) end
  end
  if count < 2 or count > group_legs_max then return wrong_argument("ctx:enter_group", "a group has 2 to 8 legs") end
  return host.enter_group(group.timeout_s, group.max_loss, group.tag, group.why, count, flat_legs(legs, 1, count))
end)

local function values_text(values)
  if type(values) ~= "table" then return values end
  local parts = {}
  for name, value in sandbox.pairs(values) do parts[#parts + 1] = safe_tostring(name) .. "=" .. safe_tostring(value) end
  return concat(parts, " ")
end
local exit_fields = fields.exit
method("exit", function(position, options)
  if options == nil then options = {} end
  if type(options) ~= "table" then return wrong_argument("ctx:exit", "options must be a table such as { fraction = 0.5, reason = \"…\" }, got " .. show(options)) end
  local unknown = first_unknown(options, exit_fields)
  if unknown ~= nil then return wrong_argument("ctx:exit", "unknown field " .. show(unknown) .. suggestion(unknown, exit_fields)) end
  return host.exit(position_id(position), options.fraction, options.rule, options.reason or options.why, options.priority, values_text(options.values))
end)
local exit_group_fields = fields.exit_group
method("exit_group", function(group, options)
  if options == nil then options = {} end
  if type(options) ~= "table" then return wrong_argument("ctx:exit_group", "options must be a table such as { reason = \"…\" }, got " .. show(options)) end
  local unknown = first_unknown(options, exit_group_fields)
  if unknown ~= nil then return wrong_argument("ctx:exit_group", "unknown field " .. show(unknown) .. suggestion(unknown, exit_group_fields)) end
  return host.exit_group(group, options.rule, options.reason or options.why, options.priority, values_text(options.values))
end)
local level_fields = fields.level
local function set_level(kind)
  local who = kind == "trail" and "ctx:trail_stop" or "ctx:set_" .. kind
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
method("trail_stop", set_level("trail"))
method("cancel", function(order)
  if type(order) ~= "table" then return host.cancel(order) end
  if order.id == 0 and order.parent ~= nil then return host.cancel(nil, order.parent) end
  return host.cancel(order.id)
end)
method("cancel_entry", function(entry)
  if entry == nil then return wrong_argument("ctx:cancel_entry", "entry must be what ctx:enter gave, got nil") end
  return host.cancel(nil, entry)
end)

---------------------------------------------------------------------------------------------------- notes

method("skip", function(why, symbol)
  host.skip(why, symbol or current_symbol)
end)
method("log", function(...)
  local parts = { ... }
  for i = 1, select("#", ...) do parts[i] = safe_tostring((select(i, ...))) end
  host.log("info", concat(parts, " "))
end)
method("notify", function(text)
  host.log("warning", text)
end)
method("state", function(symbol, name, value, values)
  if value == nil then fail("ctx:state: value must not be nil") end
  host.state(symbol, name, safe_tostring(value), safe_tostring(values_text(values) or ""))
end)
method("after", function(seconds, name) host.after(seconds, name) end)
method("plot", function(name, value, symbol) host.plot(name, value, symbol or current_symbol) end)
method("mark", function(name, price, symbol) host.mark(name, price, symbol or current_symbol) end)

---------------------------------------------------------------------------------------------------- what the host calls

local callback_names = sandbox.api.callbacks

-- What the chunk returned, checked: the callbacks it defines and the declaration.
local function finish(returned)
  declaration, params = declared.declaration, declared.params
  declared.finished = true
  if declaration == nil then fail("the file must call strategy { … } and return what it gives") end
  if returned ~= declared.strategy_table then fail("the file must end with 'return' of what strategy { … } gave, got " .. show(returned)) end
  local known, callbacks = {}, {}
  for _, name in ipairs(callback_names) do known[name] = true end
  for key, value in sandbox.pairs(returned) do
    local looks_like_one = type(key) == "string" and
      (find(key, "^[oO][nN]_") ~= nil or (find(key, "^[oO][nN]") ~= nil and host.nearest(key, sandbox.names_of(known)) ~= ""))
    if looks_like_one and not known[key] then fail("unknown callback " .. show(key) .. suggestion(key, known)) end
    if known[key] and type(value) ~= "function" then fail("callback " .. key .. " must be a function, got " .. show(value)) end
  end
  for _, name in ipairs(callback_names) do callbacks[name] = rawget(returned, name) end
  if callbacks.on_tick and not declaration.ticks then fail("on_tick is defined; declare needs = { ticks = true } as well") end
  if callbacks.on_chain and declaration.chain == 0 then fail("on_chain is defined; declare needs = { chain = { strikes = 10 } } as well") end
  current_symbol = declaration.symbols[1]
  return callbacks, declaration
end

local decision_fields = fields.decision
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
  local on_timer, on_session, on_risk, on_chain = callbacks.on_timer, callbacks.on_session, callbacks.on_risk, callbacks.on_chain
  local on_link, on_position, on_params = callbacks.on_link, callbacks.on_position, callbacks.on_params
  local on_save, on_load = callbacks.on_save, callbacks.on_load
  local entries = {}
  -- The script's own indicators see new bars before any callback does.
  local reset, catch_up, own = own_indicators.reset, own_indicators.catch_up, declared.has_indicators
  local function begin(now)
    clock[1] = now
    if own then
      reset()
      catch_up()
    end
  end
  entries.on_start = on_start and function(now)
    begin(now)
    on_start(ctx)
  end
  entries.on_stop = on_stop and function(now, reason)
    begin(now)
    on_stop(ctx, reason)
  end
  entries.on_bar = (on_bar or own) and function(now, symbol, timeframe, start, open, high, low, close, volume, oi, flags)
    begin(now)
    if not on_bar then return end
    local name = symbols[symbol + 1]
    current_symbol = name
    local bar = { symbol = name, tf = timeframe_names[timeframe], time = start, open = open, high = high, low = low,
                  close = close, volume = or_nil(volume), oi = or_nil(oi), volume_source = volume == volume and "own" or nil,
                  filled = false, gap = false, partial = false, model = false }
    if flags ~= 0 then
      bar.filled, bar.gap = band(flags, flag_bits.filled) ~= 0, band(flags, flag_bits.gap) ~= 0
      bar.partial, bar.model = band(flags, flag_bits.partial) ~= 0, band(flags, flag_bits.model) ~= 0
      if band(flags, future_volume) ~= 0 then bar.volume_source = "future" end
    end
    on_bar(ctx, bar)
  end
  entries.on_tick = on_tick and function(now, symbol, time, last, bid, ask, volume, oi)
    begin(now)
    local name = symbols[symbol + 1]
    current_symbol = name
    on_tick(ctx, { symbol = name, time = time, last = last, bid = or_nil(bid), ask = or_nil(ask), volume = or_nil(volume), oi = or_nil(oi) })
  end
  entries.on_exit_check = on_exit_check and function(now, last, bid, ask, underlying, age, model, id, lots, quantity, entry_price, last_price,
                                                     underlying_entry, underlying_last, underlying_best, stop, target, unrealised, net,
                                                     minutes_held, half_taken, days_to_expiry)
    begin(now)
    local position = refresh_position(id, lots, quantity, entry_price, last_price, underlying_entry, underlying_last, underlying_best,
                                      stop, target, unrealised, net, minutes_held, half_taken, days_to_expiry)
    current_symbol = position.underlying
    local decision = on_exit_check(ctx, position, { last = or_nil(last), bid = or_nil(bid), ask = or_nil(ask),
                                                    underlying = or_nil(underlying), age = or_nil(age), model = model })
    if decision ~= nil then apply_decision(position, decision) end
  end
  entries.on_order = on_order and function(now, id, intent, parent, symbol, side, state, code, text, tag, quantity, filled, limit, average, group)
    begin(now)
    on_order(ctx, { id = id, intent = intent, parent = or_nil(parent), symbol = symbol, side = side, state = state, code = code, text = text, tag = tag,
                    quantity = quantity, filled = filled, limit = limit, average = or_nil(average), group = group > 0 and group or nil })
  end
  entries.on_fill = on_fill and function(now, order, position, symbol, side, quantity, price, charges)
    begin(now)
    on_fill(ctx, { order = order, position = position, symbol = symbol, side = side, quantity = quantity, price = price, charges = charges })
  end
  entries.on_position = on_position and function(now, change, id, lots, quantity, entry_price, last_price, underlying_entry,
                                                 underlying_last, underlying_best, stop, target, unrealised, net, minutes_held,
                                                 half_taken, days_to_expiry)
    begin(now)
    local position = refresh_position(id, lots, quantity, entry_price, last_price, underlying_entry, underlying_last, underlying_best,
                                      stop, target, unrealised, net, minutes_held, half_taken, days_to_expiry)
    current_symbol = position.underlying
    on_position(ctx, position, change)
  end
  -- Parameters change whether or not the script wants to be told.
  entries.on_params = function(now, text)
    begin(now)
    local old = declared.change_parameters(text)
    if on_params then on_params(ctx, old) end
  end
  entries.on_timer = on_timer and function(now, name)
    begin(now)
    on_timer(ctx, name)
  end
  entries.on_link = on_link and function(now, kind, what, state, symbol, values, text)
    clock[1] = now
    if symbol == "" then symbol = nil end
    on_link(ctx, { kind = kind, what = what, state = state, symbol = symbol, values = values, text = text })
  end
  entries.on_session = on_session and function(now, phase)
    begin(now)
    on_session(ctx, phase)
  end
  entries.on_save = on_save and function(now)
    begin(now)
    local saved = on_save(ctx)
    if saved == nil then return end
    if type(saved) ~= "table" then fail("on_save must return a table or nothing, got " .. show(saved)) end
    host.keep_saved(saved)
  end
  entries.on_load = on_load and function(now, from_version)
    begin(now)
    on_load(ctx, host.load_saved(), from_version)
  end
  local function or_nothing(text) return text ~= "" and text or nil end
  entries.on_risk = on_risk and function(now, kind, symbol, from, to, values, text, active)
    begin(now)
    on_risk(ctx, { kind = kind, symbol = or_nothing(symbol), from = or_nothing(from), to = or_nothing(to), values = values,
                   text = text, active = active })
  end
  entries.on_chain = on_chain and function(now, symbol)
    begin(now)
    local name = symbols[symbol + 1]
    current_symbol = name
    local chain = methods.chain(ctx, name)
    if chain ~= nil then on_chain(ctx, chain) end
  end
  return entries
end

return { finish = finish, make_entries = make_entries, add_position = add_position, forget_position = forget_position,
         refresh_position = refresh_position, list_position = list_position }
)lua";

}  // namespace tide
