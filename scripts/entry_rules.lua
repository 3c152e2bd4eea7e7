-- When to open a position. Calls are described; puts are the mirror image.
--
--   time          10:00 to 14:30
--   VIX           12 to 30, and known
--   day           category (adx_category) says calls and opens positions
--   1 hour        the last two completed bars make a higher high and a higher low
--   15 minutes    the last completed bar's low is above its EMA-20 (support holds)
--   5 minutes     trigger: pullback  RSI below 40 and the bar came down to its EMA-9 and closed above it, or
--                          breakout  the close is above the high of the last completed 1-hour bar
--   volume        above 120 % of the average of the 20 five-minute bars before; unavailable for an index: recorded, skipped
--   leg           open interest above 1000; unavailable where the price is a model's: recorded, skipped
--
-- After a stop-out: 30 minutes of waiting, more than 1 % away from the previous entry, at most 2 re-entries a day and symbol,
-- with a stop of 1.5 % instead of 1 %.
--
-- Reasons for not trading are short and always the same words, so that equal ones can be counted.

local M = {}

M.params = {
  entry_from       = param.time("10:00", { help = "no entry before" }),
  entry_to         = param.time("14:30", { help = "no entry after" }),
  min_vix          = param.number(12, 0, 100, { help = "no entry below this VIX" }),
  max_vix          = param.number(30, 0, 100, { help = "no entry above this VIX" }),
  rsi_period       = param.integer(14, 2, 50, { help = "bars of the 5-minute RSI" }),
  rsi_pullback     = param.number(40, 5, 50, { help = "pullback for calls: RSI below this; for puts above 100 minus this" }),
  fast_ema         = param.integer(9, 2, 50, { help = "bars of the 5-minute EMA that a pullback bounces off" }),
  slow_ema         = param.integer(20, 5, 100, { help = "bars of the 15-minute EMA that must hold" }),
  volume_pct       = param.number(120, 0, 500, { help = "volume must be above this percentage of its average" }),
  volume_bars      = param.integer(20, 5, 100, { help = "bars of that average" }),
  min_oi           = param.number(1000, 0, 1e6, { help = "open interest of the option must be above this" }),
  stop_pct         = param.percent(1.0, 0.2, 5, { help = "stop, in percent of the underlying" }),
  reentry_stop_pct = param.percent(1.5, 0.2, 5, { help = "stop of an entry after a stop-out" }),
  reentry_wait     = param.integer(30, 0, 300, { help = "minutes to wait after a stop-out" }),
  reentry_move_pct = param.percent(1.0, 0, 10, { help = "the underlying must have moved more than this from the previous entry" }),
  reentries_max    = param.integer(2, 0, 10, { help = "re-entries after stop-outs, a day and symbol" }),
}

local function trend_of(hour, side)
  if side == "CE" then return hour.high > hour.high_before and hour.low > hour.low_before end
  return hour.high < hour.high_before and hour.low < hour.low_before
end

local function support_holds(v, side)
  if side == "CE" then return v.m15_low > v.m15_ema end
  return v.m15_high < v.m15_ema
end

-- What triggers an entry now: a text, or nil.
local function trigger_of(v, side, p)
  if side == "CE" then
    if v.close > v.hour.high then return string.format("breakout above %.2f", v.hour.high) end
    if v.rsi < p.rsi_pullback and v.low <= v.ema and v.close > v.ema then
      return string.format("pullback to EMA %.2f, RSI %.1f", v.ema, v.rsi)
    end
  else
    if v.close < v.hour.low then return string.format("breakdown below %.2f", v.hour.low) end
    if v.rsi > 100 - p.rsi_pullback and v.high >= v.ema and v.close < v.ema then
      return string.format("pullback to EMA %.2f, RSI %.1f", v.ema, v.rsi)
    end
  end
  return nil
end

local function complete(v)
  local h = v.hour
  return h.high and h.low and h.high_before and h.low_before and v.m15_low and v.m15_high and v.m15_ema and v.rsi and v.ema
end

-- The rules themselves, on plain numbers (M.look fills them in). Gives side, why; or nil and the reason.
function M.evaluate(v, category, p)
  if v.time < p.entry_from or v.time > p.entry_to then return nil, "outside entry hours" end
  if not v.vix then return nil, "VIX unknown" end
  if v.vix < p.min_vix then return nil, "VIX too low" end
  if v.vix > p.max_vix then return nil, "VIX too high" end
  if not (category.side and category.opens) then return nil, category.why end
  if not complete(v) then return nil, "not enough intraday bars" end
  local side = category.side
  if not trend_of(v.hour, side) then return nil, side == "CE" and "no higher high and low on 1h" or "no lower high and low on 1h" end
  if not support_holds(v, side) then return nil, side == "CE" and "15m low not above EMA" or "15m high not below EMA" end
  local trigger = trigger_of(v, side, p)
  if not trigger then return nil, "no trigger on 5m" end
  local volume = "volume unavailable (index)"
  if v.volume and v.mean_volume then
    if v.volume <= v.mean_volume * p.volume_pct / 100 then return nil, "5m volume too low" end
    volume = string.format("volume %.0f %% of average", v.volume / v.mean_volume * 100)
  elseif not v.is_index then
    return nil, "5m volume missing"
  end
  return side, trigger .. ", " .. volume
end

-- Is the chosen option liquid enough? true and what was seen, or false and the reason.
function M.leg_is_liquid(leg, p)
  if leg.model then return true, "OI unavailable (model price)" end
  if not leg.oi then return false, "open interest unknown" end
  if leg.oi <= p.min_oi then return false, "open interest too low" end
  return true, string.format("OI %.0f", leg.oi)
end

-- May a symbol be entered again today? `m`: what happened before (M.memory). Gives the stop in percent and whether it is a
-- re-entry; or nil and the reason.
function M.reentry(m, now, price, p)
  if not m or not m.stopped_at then return p.stop_pct, false end
  if m.reentries >= p.reentries_max then return nil, "re-entries used up for today" end
  if now - m.stopped_at < p.reentry_wait * 60 then return nil, "cooling after a stop-out" end
  if math.abs(price - m.entry_price) * 100 / m.entry_price <= p.reentry_move_pct then return nil, "too near to the previous entry" end
  return p.reentry_stop_pct, true
end

local memory = {}   -- by symbol, of one day: entry_price (underlying), stopped_at, reentries
function M.memory(ctx, symbol)
  local m = memory[symbol]
  if not m or m.date ~= ctx.date then
    m = { date = ctx.date, reentries = 0 }
    memory[symbol] = m
  end
  return m
end
function M.note_entry(ctx, symbol, underlying_price)
  local m = M.memory(ctx, symbol)
  if m.stopped_at then m.reentries = m.reentries + 1 end
  m.entry_price, m.stopped_at = underlying_price, nil
end
-- A position that was closed at a loss counts as stopped out, whoever closed it.
function M.note_exit(ctx, symbol, at_a_loss)
  local m = M.memory(ctx, symbol)
  if at_a_loss and m.entry_price then m.stopped_at = ctx.now end
end

local watched = {}
function M.prepare(ctx, symbol)
  local p = ctx.params
  watched[symbol] = {
    m5 = ctx:bars(symbol, "5m"), m15 = ctx:bars(symbol, "15m"), hour = ctx:bars(symbol, "1h"),
    rsi = ctx:indicator(symbol, "5m", "rsi", p.rsi_period), ema = ctx:indicator(symbol, "5m", "ema", p.fast_ema),
    m15_ema = ctx:indicator(symbol, "15m", "ema", p.slow_ema),
  }
end

-- What the rules look at, now, after the close of a 5-minute bar.
function M.look(ctx, bar, is_index)
  local w, p = watched[bar.symbol], ctx.params
  return {
    time = ctx.time, vix = ctx:vix(), is_index = is_index,
    hour = { high = w.hour:high(0), low = w.hour:low(0), high_before = w.hour:high(1), low_before = w.hour:low(1) },
    m15_low = w.m15:low(0), m15_high = w.m15:high(0), m15_ema = w.m15_ema:value(),
    rsi = w.rsi:value(), ema = w.ema:value(), high = bar.high, low = bar.low, close = bar.close,
    volume = bar.volume, mean_volume = w.m5:mean_volume(p.volume_bars, 1),
  }
end

return M
