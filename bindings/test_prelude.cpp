#include "bindings/test_prelude.hpp"

namespace tide {

const char* const kTestPrelude = R"lua(
local host, sandbox = ...
local raw, fail, show, suggestion = sandbox.raw, host.fail, sandbox.show, sandbox.suggestion
local globals, pairs, names_of, read_only = sandbox.globals, sandbox.pairs, sandbox.names_of, sandbox.read_only
local type, ipairs, setmetatable, rawget, pcall, error = raw.type, raw.ipairs, raw.setmetatable, raw.rawget, raw.pcall, raw.error
local format, find, concat, abs = raw.string.format, raw.string.find, raw.table.concat, raw.math.abs
local tostring = sandbox.tostring

---------------------------------------------------------------------------------------------------- values as text

local function number_text(value) return format("%.14g", value) end
local function text_of(value, depth)
  if type(value) == "number" then return number_text(value) end
  if type(value) ~= "table" then return show(value) end
  if (depth or 0) >= 3 then return "{ … }" end
  local parts, seen = {}, 0
  for i, element in ipairs(value) do
    parts[#parts + 1], seen = text_of(element, (depth or 0) + 1), i
  end
  for key, element in pairs(value) do
    if not (type(key) == "number" and key >= 1 and key <= seen) then
      parts[#parts + 1] = tostring(key) .. " = " .. text_of(element, (depth or 0) + 1)
    end
    if #parts > 20 then
      parts[#parts + 1] = "…"
      break
    end
  end
  if #parts == 0 then return "{}" end
  return "{ " .. concat(parts, ", ") .. " }"
end

local function same(x, y, depth)
  if x == y then return true end
  if type(x) ~= "table" or type(y) ~= "table" or depth > 12 then return false end
  for key, value in pairs(x) do
    if not same(value, y[key], depth + 1) then return false end
  end
  for key in pairs(y) do
    if x[key] == nil then return false end
  end
  return true
end

---------------------------------------------------------------------------------------------------- describe and it

local function new_group(name, parent) return { name = name, parent = parent, before = {}, after = {} } end
local open_group = new_group("", nil)
local tests, running = {}, nil

local function need_body(who, name, body)
  if type(name) ~= "string" or name == "" then fail(who .. ": the name must be a text, got " .. show(name)) end
  if type(body) ~= "function" then fail(who .. " \"" .. name .. "\": needs a function, got " .. show(body)) end
  if running then fail(who .. " \"" .. name .. "\": cannot be inside a test") end
end
function globals.describe(name, body)
  need_body("describe", name, body)
  open_group = new_group(name, open_group)
  body()
  open_group = open_group.parent
end
function globals.it(name, body)
  need_body("it", name, body)
  tests[#tests + 1] = { name = name, body = body, group = open_group }
end
for _, when in ipairs { "before", "after" } do
  local who = when .. "_each"
  globals[who] = function(body)
    need_body(who, "of the group", body)
    local list = open_group[when]
    list[#list + 1] = body
  end
end

---------------------------------------------------------------------------------------------------- expect

local checks = {}
local function not_so(self, wanted) host.fail_test("expected " .. wanted .. ", got " .. text_of(self.value)) end
function checks.equals(self, wanted)
  if not same(self.value, wanted, 0) then not_so(self, text_of(wanted)) end
end
function checks.near(self, wanted, tolerance)
  tolerance = tolerance or 1e-9
  if type(wanted) ~= "number" or type(tolerance) ~= "number" then fail("near: needs numbers: expect(x):near(21700, 0.05)") end
  local value = self.value
  if type(value) ~= "number" or not (abs(value - wanted) <= tolerance) then
    not_so(self, number_text(wanted) .. " within " .. number_text(tolerance))
  end
end
function checks.is_nil(self) if self.value ~= nil then not_so(self, "nil") end end
function checks.is_not_nil(self) if self.value == nil then not_so(self, "a value") end end
function checks.is_true(self) if self.value ~= true then not_so(self, "true") end end
function checks.is_false(self) if self.value ~= false then not_so(self, "false") end end
function checks.at_least(self, limit)
  if type(self.value) ~= "number" or not (self.value >= limit) then not_so(self, "at least " .. text_of(limit)) end
end
function checks.at_most(self, limit)
  if type(self.value) ~= "number" or not (self.value <= limit) then not_so(self, "at most " .. text_of(limit)) end
end
function checks.contains(self, wanted)
  if type(self.value) == "string" then
    if type(wanted) ~= "string" then fail("contains: a text contains texts, got " .. show(wanted)) end
    if not find(self.value, wanted, 1, true) then not_so(self, "a text with " .. show(wanted)) end
    return
  end
  if type(self.value) ~= "table" then not_so(self, "a text or a list") end
  for _, value in pairs(self.value) do
    if same(value, wanted, 0) then return end
  end
  not_so(self, "a list with " .. text_of(wanted))
end
function checks.has_length(self, length)
  local kind = type(self.value)
  if kind ~= "table" and kind ~= "string" then not_so(self, "a list or a text of length " .. text_of(length)) end
  if #self.value ~= length then
    host.fail_test("expected length " .. text_of(length) .. ", got " .. #self.value .. ": " .. text_of(self.value))
  end
end
function checks.raises(self, wanted)
  if type(self.value) ~= "function" then fail("raises: expect(function() … end):raises(\"text\")") end
  local ok, message = pcall(self.value)
  if ok then host.fail_test("expected an error" .. (wanted and " with " .. show(wanted) or "") .. ", got none") end
  if wanted and not (type(message) == "string" and find(message, wanted, 1, true)) then
    host.fail_test("expected an error with " .. show(wanted) .. ", got " .. show(message))
  end
end
local expectation_metatable = {
  __index = function(_, name)
    if name == "value" then return nil end  -- what is expected something of may be nil
    if checks[name] == nil then fail("expect(…) has no check " .. show(name) .. suggestion(name, checks)) end
    return checks[name]
  end,
  __metatable = false,
}
function globals.expect(...)
  if raw.select("#", ...) == 0 then fail("expect: a value is needed: expect(x):equals(1)") end
  return setmetatable({ value = (...) }, expectation_metatable)
end

---------------------------------------------------------------------------------------------------- the scripted market

local number_of, orders_seen = {}, {}
local current  -- the market that was made last in this test

local function ask(market, operation, argument)
  return host.market(number_of[market], operation, argument)
end

local market_functions = {}
-- Without arguments.
for _, name in ipairs { "next_day", "drop_ack", "feed_down", "feed_up", "restart", "orders", "positions", "trades", "skips",
                        "refusals", "exits", "logs", "account", "time" } do
  market_functions[name] = function(self) return ask(self, name, nil) end
end
-- With one.
for _, name in ipairs { "bar", "bars", "chain", "vix", "at", "wait", "reject", "partial_fill", "delay", "reload", "price" } do
  market_functions[name] = function(self, argument) return ask(self, name, argument) end
end
function market_functions.tick(self, tick)
  if type(tick) == "number" then tick = { last = tick } end
  return ask(self, "tick", tick)
end
function market_functions.close(self, price, symbol) return ask(self, "bar", { close = price, symbol = symbol }) end

local function market_of(value, who)
  if number_of[value] == nil then fail(who .. ": call it with a colon: market:" .. who .. "(…)") end
  return value
end
local market_metatable = {
  __index = function(_, name)
    local wanted = market_functions[name]
    if wanted == nil then fail("market has no " .. show(name) .. suggestion(name, market_functions)) end
    return function(self, ...) return wanted(market_of(self, name), ...) end
  end,
  __newindex = function(_, name) fail("market: cannot set " .. show(name)) end,
  __metatable = false,
}
function globals.scripted_market(spec)
  if not running then fail("scripted_market: make it inside a test (it) or in before_each: each test has a fresh one") end
  local market = setmetatable({}, market_metatable)
  number_of[market] = host.market(0, "open", spec)
  orders_seen[market] = 0
  current = market
  return market
end

-- A straight line of closes, for bars and history.
function globals.trend(from, to, count)
  if type(from) ~= "number" or type(to) ~= "number" or type(count) ~= "number" or count < 1 then
    fail("trend: needs two prices and how many bars: trend(100, 110, 50)")
  end
  local closes = {}
  for i = 1, count do closes[i] = from + (to - from) * (count == 1 and 1 or (i - 1) / (count - 1)) end
  return closes
end

---------------------------------------------------------------------------------------------------- orders and refusals

local function market_or_current(who)
  if current == nil then fail(who .. ": there is no scripted_market in this test yet") end
  return current
end
local order_fields = { side = 1, symbol = 1, underlying = 1, lots = 1, quantity = 1, limit = 1, state = 1, filled = 1,
                       average = 1, purpose = 1, tag = 1, why = 1, id = 1 }
local function order_text(order)
  return format("%s %s %s at %s (%s, %s) %s", order.side, number_text(order.lots), order.symbol, number_text(order.limit),
    order.purpose, order.state, show(order.why))
end
local function list_text(orders)
  local lines = {}
  for i, order in ipairs(orders) do lines[i] = "    " .. i .. ". " .. order_text(order) end
  return concat(lines, "\n")
end
local function last_words(market)
  local lines = {}
  local skips, refusals, logs = ask(market, "skips"), ask(market, "refusals"), ask(market, "logs")
  local skip, refusal, line = skips[#skips], refusals[#refusals], logs[#logs]
  if skip then lines[#lines + 1] = "    last skip: " .. skip.why end
  if refusal then lines[#lines + 1] = "    last refusal: " .. refusal.code .. ": " .. refusal.text end
  if line then lines[#lines + 1] = "    last log line: " .. line.text end
  return #lines > 0 and "\n" .. concat(lines, "\n") or ""
end
-- Those made since the last time that this test asked.
local function new_orders(market)
  local all, new = ask(market, "orders"), {}
  for i = orders_seen[market] + 1, #all do new[#new + 1] = all[i] end
  orders_seen[market] = #all
  return new
end
local function compare(i, wanted, order)
  if type(wanted) ~= "table" then fail("expect_orders: order " .. i .. " must be a table such as { side = \"buy\", lots = 1 }") end
  for name, value in pairs(wanted) do
    if order_fields[name] == nil then fail("expect_orders: an order has no field " .. show(name) .. suggestion(name, order_fields)) end
    local got = order[name]
    local equal = got == value or (type(got) == "number" and type(value) == "number" and abs(got - value) < 1e-9)
    if name == "why" and type(got) == "string" and type(value) == "string" then equal = find(got, value, 1, true) ~= nil end
    if not equal then
      host.fail_test(format("order %d: expected %s = %s, got %s\n    %s", i, name, text_of(value), text_of(got), order_text(order)))
    end
  end
end
function globals.expect_orders(wanted)
  local market = market_or_current("expect_orders")
  if type(wanted) ~= "table" then fail("expect_orders: needs a list of orders: expect_orders { { side = \"buy\" } }") end
  if #wanted == 0 then fail("expect_orders: the list is empty; for no orders there is expect_no_orders()") end
  local orders = new_orders(market)
  if #orders ~= #wanted then
    local what = format("expected %d new order%s, got %d", #wanted, #wanted == 1 and "" or "s", #orders)
    host.fail_test(what .. (#orders > 0 and ":\n" .. list_text(orders) or last_words(market)))
  end
  for i, order in ipairs(orders) do compare(i, wanted[i], order) end
end
function globals.expect_no_orders()
  local orders = new_orders(market_or_current("expect_no_orders"))
  if #orders > 0 then host.fail_test("expected no new orders, got " .. #orders .. ":\n" .. list_text(orders)) end
end

local function last_of(list, text)
  local lines = {}
  for i = raw.math.max(1, #list - 4), #list do lines[#lines + 1] = "    " .. text(list[i]) end
  return #lines > 0 and "; the last were:\n" .. concat(lines, "\n") or "; there were none"
end
function globals.expect_skip(wanted)
  local market = market_or_current("expect_skip")
  if type(wanted) ~= "string" then fail("expect_skip: needs the text, or a part of it, got " .. show(wanted)) end
  local skips = ask(market, "skips")
  for _, skip in ipairs(skips) do
    if find(skip.why, wanted, 1, true) then return end
  end
  host.fail_test("expected a skip with " .. show(wanted) .. last_of(skips, function(skip)
    return format("%s %s (%s times)", skip.symbol, skip.why, number_text(skip.count))
  end))
end
function globals.expect_refusal(wanted)
  local market = market_or_current("expect_refusal")
  if type(wanted) ~= "string" then fail("expect_refusal: needs a code such as \"stale_quote\", got " .. show(wanted)) end
  local refusals = ask(market, "refusals")
  for _, refusal in ipairs(refusals) do
    if refusal.code == wanted then return end
  end
  host.fail_test("expected a refusal with the code " .. show(wanted) .. last_of(refusals, function(refusal)
    return refusal.code .. ": " .. refusal.text
  end))
end

---------------------------------------------------------------------------------------------------- modules under test

-- The default values of a module's parameters, with some of them changed.
function globals.defaults(params, changed)
  if type(params) ~= "table" then fail("defaults: needs a module's params, got " .. show(params)) end
  local values = {}
  for name, made in pairs(params) do values[name] = made.default end
  for name, value in pairs(changed or {}) do
    if values[name] == nil then fail("defaults: there is no parameter " .. show(name) .. suggestion(name, params)) end
    values[name] = value
  end
  return values
end
-- A module that defines an indicator can be required; the test gets its definition.
function globals.indicator(definition) return definition end
globals.strategy = function() fail("strategy: this is a test file; the strategy is a file of its own, named in scripted_market { script = … }") end

---------------------------------------------------------------------------------------------------- for the host

local api = { refill = host.refill, select = raw.select }
function api.tests()
  local list = {}
  for i, test in ipairs(tests) do
    local path, group = { test.name }, test.group
    while group.parent do
      raw.table.insert(path, 1, group.name)
      group = group.parent
    end
    list[i] = path
  end
  return list
end
local function groups_of(test)
  local chain, group = {}, test.group
  while group do
    raw.table.insert(chain, 1, group)
    group = group.parent
  end
  return chain
end
function api.run(i)
  running, current, number_of, orders_seen = tests[i], nil, {}, {}
  host.reset()
  local chain = groups_of(running)
  for _, group in ipairs(chain) do
    for _, body in ipairs(group.before) do body() end
  end
  local has_after = false
  for _, group in ipairs(chain) do has_after = has_after or #group.after > 0 end
  if not has_after then
    running.body()
    return
  end
  local ok, message = pcall(running.body)
  for k = #chain, 1, -1 do
    for _, body in ipairs(chain[k].after) do body() end
  end
  if not ok then error(message, 0) end
end
return api
)lua";

}  // namespace tide
