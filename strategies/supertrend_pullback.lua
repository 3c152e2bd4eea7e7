-- Buys a pullback in an uptrend, on one instrument that can be traded directly (a stock or a future).
--
-- The trend is up while the 15-minute Supertrend points up. A pullback is a 5-minute bar that dips to its EMA or below
-- and closes above it again: the trend has taken a breath and goes on. The engine holds a stop below the entry and a target;
-- the position is closed as well when the trend turns. One position at a time.

local S = strategy {
  name = "supertrend_pullback", version = "1.0.0", api = 1,
  params = {
    symbol     = param.text("RELIANCE", { help = "what to watch and trade" }),
    period     = param.integer(10, 2, 100, { help = "15-minute bars of the Supertrend's ATR" }),
    multiplier = param.number(3, 0.5, 10, { help = "how many ATR the Supertrend is away" }),
    ema        = param.integer(20, 2, 200, { help = "5-minute bars of the EMA that a pullback touches" }),
    lots       = param.integer(1, 1, 100, { help = "lots an entry" }),
    stop_pct   = param.percent(0.6, 0.1, 10, { help = "stop below the entry" }),
    target_pct = param.percent(1.2, 0.1, 20, { help = "target above the entry" }),
  },
  needs = function(p)
    return { symbols = { p.symbol }, bars = { "5m", "15m" }, history = { ["5m"] = 3 * p.ema, ["15m"] = 5 * p.period } }
  end,
}

local trend, ema         -- indicators
local position, pending  -- id of the open position; id of an entry on its way

function S.on_start(ctx)
  local p = ctx.params
  trend = ctx:indicator(p.symbol, "15m", "supertrend", p.period, p.multiplier)
  ema   = ctx:indicator(p.symbol, "5m", "ema", p.ema)
end

local function enter(ctx, bar, level)
  if bar.low > level then return ctx:skip("no pullback") end
  if bar.close <= level then return ctx:skip("pullback not over") end
  local p = ctx.params
  local id, code = ctx:enter {
    symbol = bar.symbol, lots = p.lots, stop_pct = p.stop_pct, target_pct = p.target_pct, tag = "pullback",
    why = string.format("low %.2f touched EMA %.2f, close %.2f above it, trend up", bar.low, level, bar.close),
  }
  if not id then return ctx:skip("refused: " .. code) end
  pending = id
end

function S.on_bar(ctx, bar)
  local direction = trend:get("supertrend_direction")  -- 1 up, -1 down
  if position and direction == -1 then
    ctx:exit(position, { rule = "trend_turned", reason = "Supertrend turned down", priority = 4 })
  end
  if bar.tf ~= "5m" or position or pending then return end
  local level = ema:value()
  if not (direction and level) then return ctx:skip("indicators not ready") end
  if direction ~= 1 then return ctx:skip("trend not up") end
  enter(ctx, bar, level)
end

local OVER = { rejected = true, cancelled = true, expired = true, refused = true }
function S.on_order(ctx, order)
  if order.intent == pending and OVER[order.state] then pending = nil end
end

function S.on_fill(ctx, fill)
  local open = ctx:positions()[1]
  position, pending = open and open.id, nil
end

return S
