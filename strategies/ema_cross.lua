-- EMA cross with an ADX filter, on one instrument that can be traded directly (a stock or a future).
--
-- Long when the fast EMA is above the slow one and the trend is strong; flat when the fast EMA falls below the slow one.
-- Decided at the close of each bar, filled at what comes next.

local S = strategy {
  name = "ema_cross", version = "1.0.0", api = 1,
  params = {
    symbol   = param.text("RELIANCE", { help = "what to watch and trade" }),
    tf       = param.choice("1m", { "1m", "5m", "15m", "1h", "1d" }, { help = "timeframe of the bars" }),
    fast     = param.integer(9, 2, 200, { help = "bars of the fast EMA" }),
    slow     = param.integer(20, 3, 400, { help = "bars of the slow EMA" }),
    adx      = param.integer(14, 2, 100, { help = "period of the ADX" }),
    min_adx  = param.number(25, 0, 100, { help = "no entry at or below this ADX" }),
    lots     = param.integer(1, 1, 100, { help = "lots an entry" }),
    stop_pct = param.percent(1.0, 0.1, 10, { help = "stop below the entry, in percent of the price" }),
  },
  needs = function(p)
    return { symbols = { p.symbol }, bars = { p.tf }, history = { [p.tf] = 3 * p.slow } }
  end,
}

local fast, slow, adx  -- indicators
local position         -- id of the open position, nil when flat
local pending          -- id of the entry intent on its way

function S.on_start(ctx)
  local p = ctx.params
  fast = ctx:indicator(p.symbol, p.tf, "ema", p.fast)
  slow = ctx:indicator(p.symbol, p.tf, "ema", p.slow)
  adx  = ctx:indicator(p.symbol, p.tf, "adx", p.adx)
end

function S.on_bar(ctx, bar)
  local f, s, strength = fast:value(), slow:value(), adx:value()
  if not (f and s and strength) then return end
  local above = f > s
  if position then
    if not above then ctx:exit(position, { rule = "ema_cross", reason = "fast EMA below slow EMA", priority = 4 }) end
    return
  end
  local before_f, before_s = fast:value(1), slow:value(1)
  local crossed = above and before_f and before_s and before_f <= before_s
  if not crossed or strength <= ctx.params.min_adx or pending then return end
  pending = ctx:enter {
    symbol = bar.symbol, lots = ctx.params.lots, stop_pct = ctx.params.stop_pct, tag = "ema_cross",
    why = string.format("EMA %.2f crossed above %.2f, ADX %.1f", f, s, strength),
  }
end

-- An entry that ends without a fill makes room for the next one.
function S.on_order(ctx, order)
  if order.intent ~= pending or position then return end
  if order.state == "rejected" or order.state == "cancelled" or order.state == "expired" or order.state == "refused" then
    pending = nil
  end
end

function S.on_fill(ctx, fill)
  position, pending = nil, nil
  for _, open in ipairs(ctx:positions()) do
    if open.symbol == ctx.params.symbol then position = open.id end
  end
end

return S
