#include "bindings/repl_prelude.hpp"

namespace tide {

const char* const kReplPrelude = R"lua(
local host, sandbox = ...
local raw, fail, show, globals = sandbox.raw, host.fail, sandbox.show, sandbox.globals
local type, tonumber, tostring, floor = raw.type, raw.tonumber, raw.tostring, raw.math.floor
local select, rawget = raw.select, raw.rawget
local ask, view_of, real_of = host.ask, host.view_of, sandbox.real_of

-- The argument of a view: key=value pairs. What is nil is left out.
local function argument(who, ...)
  local text = ""
  for i = 1, select("#", ...), 2 do
    local key, value = select(i, ...)
    if value ~= nil then
      if type(value) ~= "string" and type(value) ~= "number" then
        fail(who .. ": " .. key .. " must be a text, got " .. type(value))
      end
      value = tostring(value)
      if value == "" or #value > 200 or raw.string.find(value, "[;=%c]") then
        fail(who .. ": " .. key .. " " .. show(value) .. " is empty, too long or holds ';', '=' or a control character")
      end
      text = text .. (text == "" and "" or ";") .. key .. "=" .. value
    end
  end
  return text
end

local function need_text(value, who, what, example)
  if type(value) ~= "string" then fail(who .. ": " .. what .. " is needed, as in " .. example) end
  return value
end
local function count_of(value, who, most)
  if value == nil then return nil end
  if type(value) ~= "number" or value ~= floor(value) or value < 1 or value > most then
    fail(who .. ": the count must be a whole number from 1 to " .. most .. ", got " .. show(value))
  end
  return value
end

for _, name in raw.ipairs { "status", "balance", "risk", "vix" } do
  globals[name] = function() return ask(name, "") end
end
function globals.positions() return ask("positions", "").positions end
-- What the engine holds follows the orders. It is known by its intent; `entry` is the price of a position.
function globals.orders()
  local document = ask("orders", "")
  local rows = document.orders
  for _, held in raw.ipairs(document.held or {}) do
    held.entry = nil
    rows[#rows + 1] = held
  end
  return rows
end
function globals.trades(count) return ask("trades", argument("trades", "n", count_of(count, "trades", 500))).trades end
function globals.indicators(symbol) return ask("indicators", argument("indicators", "symbol", symbol)).indicators end
function globals.bars(symbol, timeframe, count)
  need_text(symbol, "bars", "a symbol", 'bars("NIFTY", "5m", 20)')
  count = count_of(count, "bars", 500)
  return ask("bars", argument("bars", "symbol", symbol, "tf", timeframe, "n", count)).bars
end
function globals.quote(symbol)
  return ask("quote", argument("quote", "symbol", need_text(symbol, "quote", "a symbol", 'quote("NIFTY")')))
end
function globals.chain(symbol, expiry)
  need_text(symbol, "chain", "a symbol", 'chain("NIFTY")')
  return ask("chain", argument("chain", "symbol", symbol, "expiry", expiry))
end
function globals.scripts() return ask("scripts", "").scripts end
function globals.script(name)
  need_text(name, "script", "a name", 'script("adx_trend")')
  local script = ask("script", argument("script", "name", name)).script
  local saved = script.saved
  if saved and saved.hex then
    script.state.on_save = host.saved_table(saved.hex)
    saved.hex = nil
  end
  return script
end
function globals.skips(symbol, from, to)
  return ask("skips", argument("skips", "symbol", symbol, "from", from, "to", to)).skips
end
function globals.why_not(symbol, when)
  need_text(symbol, "why_not", "a symbol", 'why_not("NIFTY", "11:05")')
  local reasons = ask("why_not", argument("why_not", "symbol", symbol, "at", when)).reasons
  if #reasons == 0 then
    host.print("nothing is recorded against a trade in " .. symbol .. " then: no skip, no refusal, no halt. ctx:skip(why) in " ..
               "a script keeps its reasons")
  end
  return reasons
end

-- A number is an order's; a row of orders(), positions() or trades() is itself.
local kinds = { orders = "order", positions = "position", trades = "trade" }
function globals.why(subject)
  if type(subject) == "table" then
    local kind = kinds[view_of(subject)]
    local number = rawget(subject, kind == "trade" and "number" or "id")
    if kind == "order" and number == nil then kind, number = "intent", rawget(subject, "intent") end
    if not kind or type(number) ~= "number" then fail("why: the table is no row of orders(), positions() or trades()") end
    subject = kind .. ":" .. number
  elseif type(subject) == "number" then
    subject = "order:" .. subject
  end
  need_text(subject, "why", "an order's number, a row, or a text", 'why(11), why(trades()[1]), why("intent:7")')
  return ask("why", argument("why", "subject", subject)).steps
end

-- The name under which a value is reached: bars, string.format.
local function name_of(value)
  for known, global in raw.next, globals do
    if global == value and type(known) == "string" then return known end
    for member, inner in raw.next, real_of[global] or {} do
      if inner == value and type(member) == "string" then return known .. "." .. member end
    end
  end
  return value
end
function globals.help(name)
  if type(name) ~= "string" and name ~= nil then name = name_of(name) end
  if name ~= nil and type(name) ~= "string" then fail('help: a name is needed, as in help("bars")') end
  return host.help(name)
end
globals.print = host.print

local function pack(...) return { n = select("#", ...), ... } end
-- A view without its () is asked about; libraries are looked into.
local function shown(value)
  if type(value) ~= "function" then return real_of[value] or value end
  for name, known in raw.next, globals do
    if known == value and host.is_view(name) then return host.help(name) end
  end
  return value
end
local function seen_through(list)
  for i = 1, list.n do
    if list[i] ~= nil then list[i] = shown(list[i]) end
  end
  return list
end
return function(chunk, refill, count) return seen_through(pack(chunk(refill, count))) end
)lua";

}  // namespace tide
