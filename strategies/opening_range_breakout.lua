-- Buys an index option when the index leaves the range of the day's first minutes: a call above it, a put below it.
--
-- The range is the highest high and the lowest low of the 5-minute bars of the first `minutes` of the session. A close
-- outside it, not later than `last_entry`, is the breakout. Once a day. The stop is the middle of the range, the target so
-- many times as far; both are held by the engine, on the index's price.

local S = strategy {
  name = "opening_range_breakout", version = "1.0.0", api = 1,
  params = {
    symbol     = param.text("NIFTY", { help = "index to watch; its options are bought" }),
    minutes    = param.integer(30, 5, 120, { help = "length of the opening range" }),
    last_entry = param.time("12:00", { help = "no entry after this" }),
    max_width  = param.percent(1.0, 0.1, 5, { help = "no trade when the range is wider than this" }),
    reward     = param.number(2, 0.5, 10, { help = "target, as a multiple of the way to the stop" }),
    lots       = param.integer(1, 1, 20, { help = "lots an entry" }),
    min_days   = param.integer(4, 0, 30, { help = "days to expiry, at least; the engine closes 3 days before" }),
  },
  needs = function(p) return { symbols = { p.symbol }, bars = { "5m" }, vix = true, chain = { strikes = 5 } } end,
}

local day                  -- date the range is of
local high, low, ends      -- the range, and when it is complete
local traded               -- today's breakout has been taken

local function begin_day(ctx, bar)
  day, traded = ctx.date, false
  high, low, ends = bar.high, bar.low, bar.time + ctx.params.minutes * 60
end

local function enter(ctx, bar, side)
  local p, middle = ctx.params, (high + low) / 2
  local chain, why = ctx:chain(bar.symbol, { expiry = "weekly", min_days = p.min_days })
  local leg = chain and chain:atm(side)
  if not leg then return ctx:skip("no option at the money: " .. (why or "none listed")) end
  local id, code = ctx:enter {
    leg = leg, lots = p.lots, stop = middle, target = bar.close + p.reward * (bar.close - middle), tag = "breakout",
    why = string.format("close %.2f outside %.2f to %.2f", bar.close, low, high),
  }
  if not id then return ctx:skip("refused: " .. code) end
  traded = true
end

function S.on_bar(ctx, bar)
  if ctx.date ~= day then begin_day(ctx, bar) end
  if bar.time < ends then
    high, low = math.max(high, bar.high), math.min(low, bar.low)
    return
  end
  if traded then return ctx:skip("traded today") end
  if ctx.time > ctx.params.last_entry then return ctx:skip("too late for a breakout") end
  if (high - low) / low * 100 > ctx.params.max_width then return ctx:skip("opening range too wide") end
  if bar.close > high then return enter(ctx, bar, "CE") end
  if bar.close < low then return enter(ctx, bar, "PE") end
  ctx:skip("inside the opening range")
end

return S
