-- Which side of the market a symbol may be traded on, from its daily bars.
--
--   buy_ce     ADX above 25, +DI above -DI, volume above its average      -> calls
--   buy_pe     ADX above 25, -DI above +DI, volume above its average      -> puts
--   no_trade   ADX below 20, or +DI and -DI about equal, or volume at or below its average, or too little history
--   ADX from 20 to 25 keeps yesterday's category for a position that runs, but opens nothing new.
--
-- An index has no volume: its volume test is recorded as 'unavailable' and skipped. Anything else without volume is no_trade.

local M = {}

M.params = {
  adx_period   = param.integer(14, 5, 50, { help = "days of the ADX" }),
  min_adx      = param.number(25, 10, 60, { help = "daily ADX must be above this to open a position" }),
  no_trade_adx = param.number(20, 5, 60, { help = "daily ADX below this means no trade; up to min_adx a running position is kept" }),
  di_gap       = param.number(2, 0, 20, { help = "+DI and -DI nearer than this many points are about equal" }),
  volume_days  = param.integer(20, 5, 100, { help = "days of the average that a day's volume is held against" }),
}

local INDICES = { NIFTY = true, BANKNIFTY = true, FINNIFTY = true, MIDCPNIFTY = true, NIFTYNXT50 = true, SENSEX = true, BANKEX = true }
function M.is_index(symbol) return INDICES[symbol] == true end

local function category(side, opens, why, volume)
  local name = side == "CE" and "buy_ce" or side == "PE" and "buy_pe" or "no_trade"
  return { name = name, side = side, opens = opens, why = why, volume = volume }
end

-- The rule itself. `day`: adx, plus_di, minus_di, volume, mean_volume (of the days before), bars (of history), is_index.
-- `previous`: yesterday's category or nil. Gives { name, side, opens, why, volume }.
function M.decide(day, previous, p)
  if day.bars < 2 * p.adx_period or not day.adx then return category(nil, false, "not enough daily history") end
  if day.adx < p.no_trade_adx then return category(nil, false, "daily ADX too low") end
  if math.abs(day.plus_di - day.minus_di) < p.di_gap then return category(nil, false, "+DI and -DI about equal") end
  local volume = "volume unavailable (index)"
  if day.volume and day.mean_volume then
    if day.volume <= day.mean_volume then return category(nil, false, "daily volume not above average") end
    volume = "volume above average"
  elseif not day.is_index then
    return category(nil, false, "daily volume missing")
  end
  if day.adx <= p.min_adx then
    return category(previous and previous.side, false, "daily ADX between no trade and trade", volume)
  end
  local side = day.plus_di > day.minus_di and "CE" or "PE"
  return category(side, true, side == "CE" and "daily trend up" or "daily trend down", volume)
end

local function values_of(day)
  local function text(value) return value and string.format("%.2f", value) or "missing" end
  return string.format("adx=%s plus_di=%s minus_di=%s volume=%s mean_volume=%s", text(day.adx), text(day.plus_di),
    text(day.minus_di), day.volume and string.format("%.0f", day.volume) or "unavailable",
    day.mean_volume and string.format("%.0f", day.mean_volume) or "unavailable")
end

local watched = {}  -- by symbol: daily bars, ADX, the category in force and the start of the day it is from

function M.prepare(ctx, symbol)
  watched[symbol] = {
    daily = ctx:bars(symbol, "1d"), adx = ctx:indicator(symbol, "1d", "adx", ctx.params.adx_period),
  }
end

local function day_at(w, symbol, back, p)
  return {
    adx = w.adx:get("adx", back), plus_di = w.adx:get("plus_di", back), minus_di = w.adx:get("minus_di", back),
    volume = w.daily:volume(back), mean_volume = w.daily:mean_volume(p.volume_days, back + 1),
    bars = w.daily:count() - back, is_index = M.is_index(symbol),
  }
end

-- The category in force now: that of the last completed day. Days not looked at yet are gone through in order, so that
-- "keeps yesterday's category" is right after a start as well.
function M.of(ctx, symbol)
  local w, p = watched[symbol], ctx.params
  local newest = w.daily:time(0)
  if newest == nil then return M.decide({ bars = 0 }, nil, p) end
  if newest == w.day then return w.category end
  local unseen = 1
  while unseen < math.min(w.daily:count(), 100) and w.daily:time(unseen) ~= w.day do unseen = unseen + 1 end
  local before, day = w.category, nil
  for back = unseen - 1, 0, -1 do
    day = day_at(w, symbol, back, p)
    w.category = M.decide(day, w.category, p)
  end
  w.day, w.category.day = newest, day  -- the numbers it was decided on
  if before == nil or before.name ~= w.category.name then
    ctx:state(symbol, "adx_category", w.category.name, values_of(day))
  end
  return w.category
end

return M
