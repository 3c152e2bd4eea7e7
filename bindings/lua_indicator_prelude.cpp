#include "bindings/lua_prelude.hpp"

namespace tide {

// Indicators that a script defines: indicator { … }, and how they are fed from the mirror's bars. An update runs inside
// a callback, with its fuel and memory, and its error is that callback's.
const char* const kIndicatorPrelude = R"lua(
local host, sandbox, declared = ...
local raw, fail, show, read_only, suggestion = sandbox.raw, host.fail, sandbox.show, sandbox.read_only, sandbox.suggestion
local refuse_unknown, is_number, or_nil = sandbox.refuse_unknown, sandbox.is_number, sandbox.or_nil
local type, tostring, select, ipairs = raw.type, raw.tostring, raw.select, raw.ipairs
local find, band, concat = raw.string.find, raw.bit.band, raw.table.concat
local missing = 0 / 0
local history, outputs_max, parameters_max, followed_max = 512, 8, 8, 64

---------------------------------------------------------------------------------------------------- indicator { … }

local definition_of = {}
local taken = { value = true, get = true, ready = true }

local function is_name(text) return type(text) == "string" and #text <= 40 and find(text, "^%a[%w_]*$") ~= nil end
local function read_list(who, spec, key, most)
  local list = spec[key]
  if list == nil then return {} end
  if type(list) ~= "table" or #list > most then fail(who .. ": " .. key .. " must be a list of at most " .. most .. ", got " .. show(list)) end
  return list
end

local function read_parameters(who, spec)
  local parameters, seen = {}, {}
  for i, given in ipairs(read_list(who, spec, "params", parameters_max)) do
    local wanted = "such as { \"period\", 14 } or { \"period\", 14, 1, 500 }"
    if type(given) ~= "table" then fail(who .. ": params[" .. i .. "] must be a name with a default, " .. wanted) end
    local name, default, low, high = given[1], given[2], given[3] or -1e15, given[4] or 1e15
    if not is_name(name) or seen[name] then fail(who .. ": params[" .. i .. "]: " .. show(name) .. " is not a name of its own, " .. wanted) end
    if not (is_number(default) and is_number(low) and is_number(high)) or default < low or default > high then
      fail(who .. ": params[" .. i .. "]: " .. name .. " needs a default inside its range, " .. wanted)
    end
    seen[name] = true
    parameters[i] = { name = name, default = default, low = low, high = high }
  end
  return parameters
end

local function read_outputs(who, spec, name)
  local outputs, seen = {}, {}
  for i, output in ipairs(read_list(who, spec, "outputs", outputs_max)) do
    if not is_name(output) or seen[output] or taken[output] then fail(who .. ": outputs[" .. i .. "]: " .. show(output) .. " cannot be an output's name") end
    seen[output] = true
    outputs[i] = output
  end
  if #outputs == 0 then outputs[1] = taken[name] and "result" or name end
  return outputs
end

function sandbox.globals.indicator(spec)
  if declared.finished then fail("indicator: define it while the file is loaded, not in a callback") end
  if type(spec) ~= "table" then fail("indicator: needs a table, as in indicator { name = \"…\", update = function(self, bar) … end }") end
  refuse_unknown(spec, sandbox.api.fields.indicator_spec, "indicator")
  if not is_name(spec.name) then fail("indicator: name must be letters, digits and underscores (at most 40), got " .. show(spec.name)) end
  local who = "indicator " .. spec.name
  if type(spec.update) ~= "function" then fail(who .. ": update must be a function of (self, bar), got " .. show(spec.update)) end
  if spec.init ~= nil and type(spec.init) ~= "function" then fail(who .. ": init must be a function of (self), got " .. show(spec.init)) end
  local made = { name = spec.name, parameters = read_parameters(who, spec), outputs = read_outputs(who, spec, spec.name),
                 init = spec.init, update = spec.update, followed = {} }
  local proxy = read_only({ name = made.name }, "an indicator's definition")
  definition_of[proxy] = made
  declared.has_indicators = true
  return proxy
end

---------------------------------------------------------------------------------------------------- feeding

local followed, followed_count, updating = {}, 0, false

local function store(own, slot, ...)
  local outputs, columns = own.made.outputs, own.columns
  if select("#", ...) > #outputs then
    fail("indicator " .. own.made.name .. ": update gave " .. select("#", ...) .. " values; it has " .. #outputs .. " (" .. concat(outputs, ", ") .. ")")
  end
  for i = 1, #outputs do
    local value = select(i, ...)
    if value ~= nil and not is_number(value) then
      fail("indicator " .. own.made.name .. ": " .. outputs[i] .. " must be a number or nil (missing), got " .. show(value))
    end
  end
  for i = 1, #outputs do
    local value = select(i, ...)
    if value ~= nil then columns[i][slot] = value end
  end
end

-- The next bar. It counts as seen, and its values as missing, before the update runs: what an error leaves behind.
local function feed(own)
  host.guard(4)
  local bars, columns = own.bars, own.columns
  local at, slot = band(own.seen, own.bar_capacity - 1) + 1, band(own.written, history - 1) + 1
  own.seen, own.written = own.seen + 1, own.written + 1
  for i = 1, #columns do columns[i][slot] = missing end
  columns[1][0] = own.written
  store(own, slot, own.made.update(own.self, { symbol = own.symbol, tf = own.timeframe, open = bars[1][at], high = bars[2][at],
    low = bars[3][at], close = bars[4][at], volume = or_nil(bars[5][at]), oi = or_nil(bars[6][at]), time = bars[7][at] }))
end

local function feed_all(own)
  local count = own.bars[1][0]
  if count - own.seen > own.bar_capacity then own.seen = count - own.bar_capacity end
  while own.seen < count do feed(own) end
end

-- Before each callback: every bar that came in since the last one.
local function catch_up()
  if followed_count == 0 then return end
  updating = true
  for i = 1, followed_count do
    local own = followed[i]
    if own.seen < own.bars[1][0] then feed_all(own) end
  end
  updating = false
end

local function parameters_of(made, who, ...)
  local self, key, count = {}, "", select("#", ...)
  if count > #made.parameters then fail(who .. ": takes at most " .. #made.parameters .. " parameters, got " .. count) end
  for i, parameter in ipairs(made.parameters) do
    local value = parameter.default
    if i <= count then value = select(i, ...) end
    if not is_number(value) or value < parameter.low or value > parameter.high then
      fail(who .. ": " .. parameter.name .. " must be a number from " .. tostring(parameter.low) .. " to " .. tostring(parameter.high) .. ", got " .. show(value))
    end
    self[parameter.name] = value
    key = key .. " " .. tostring(value)
  end
  return self, key
end

-- The values of a definition over the bars of a series (columns and capacity of the mirror): output names, columns, capacity.
-- `wrap` makes the script's handle of them, once for each series and parameters.
local function follow(proxy, series, symbol, timeframe, bars, bar_capacity, wrap, ...)
  local made = definition_of[proxy]
  if made == nil then fail("ctx:indicator: the indicator must be a name or what indicator { … } gave, got " .. show(proxy)) end
  if updating then fail("ctx:indicator: not inside an indicator's update") end
  local self, key = parameters_of(made, "indicator " .. made.name, ...)
  key = series .. key
  local own = made.followed[key]
  if own == nil then
    if followed_count >= followed_max then fail("ctx:indicator: at most " .. followed_max .. " indicators of a script's own") end
    local columns = {}
    for i = 1, #made.outputs do
      local column = { [0] = 0 }
      for slot = 1, history do column[slot] = missing end
      columns[i] = column
    end
    own = { made = made, self = self, symbol = symbol, timeframe = timeframe, bars = bars, bar_capacity = bar_capacity,
            columns = columns, seen = 0, written = 0 }
    own.handle = wrap("indicator " .. made.name .. " of " .. symbol .. " " .. timeframe, made.outputs, columns, history)
    if made.init ~= nil then made.init(self) end
    made.followed[key] = own
    followed_count = followed_count + 1
    followed[followed_count] = own
  end
  updating = true
  feed_all(own)
  updating = false
  return own.handle
end

-- An error has left an update: the next callback starts anew.
local function reset() updating = false end

return { follow = follow, catch_up = catch_up, reset = reset }
)lua";

}  // namespace tide
