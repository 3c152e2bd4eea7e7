-- How a position is protected and closed. All moves are of the underlying, in percent of its price at entry, counted in the
-- position's direction (a put gains when the underlying falls).
--
--   stop ladder   best move 1 %: stop to entry + 0.5 %; 2 %: 1.5 % behind the best price; 3 %: 2 % behind the best price.
--                 A stop only ever moves in the position's favour.
--   priority 3    half is taken when the move reaches the initial risk (1:1); the rest at the target (the engine holds it)
--   priority 4    5-minute close across the EMA-9 against the position with the RSI on the same side; the daily category no
--                 longer on the position's side; volume under half of its average for 15 minutes (where there is volume)
--   priority 5    60 minutes and losing; 120 minutes and no move to speak of
--
-- Mandatory exits (close, expiry, losses, VIX) are the engine's and need nothing from here.

local M = {}

M.params = {
  target_pct       = param.percent(3.0, 0.5, 20, { help = "target, in percent of the underlying" }),
  at_target        = param.choice("close", { "close", "trail" }, { help = "close all at the target, or let the rest trail" }),
  partial_fraction = param.number(0.5, 0, 0.9, { help = "part taken at 1:1; 0 takes none" }),
  breakeven_at_pct = param.percent(1.0, 0.1, 10, { help = "best move at which the stop goes to entry + breakeven_stop_pct" }),
  breakeven_stop_pct = param.percent(0.5, 0, 5, { help = "where the stop goes then" }),
  trail_at_pct     = param.percent(2.0, 0.1, 20, { help = "best move at which the stop starts to trail" }),
  trail_pct        = param.percent(1.5, 0.1, 10, { help = "how far behind the best price" }),
  lock_at_pct      = param.percent(3.0, 0.1, 30, { help = "best move at which the wider trail takes over" }),
  lock_trail_pct   = param.percent(2.0, 0.1, 10, { help = "how far behind the best price then" }),
  trail_step_pct   = param.percent(0.02, 0, 1, { help = "a stop moves by at least this much" }),
  exit_rsi         = param.number(50, 20, 80, { help = "calls: RSI must be below this to confirm an EMA cross; puts: above 100 minus this" }),
  dry_volume_pct   = param.number(50, 0, 100, { help = "volume below this percentage of its average is dried up" }),
  dry_bars         = param.integer(3, 1, 12, { help = "5-minute bars in a row that must be dry" }),
  losing_minutes   = param.integer(60, 5, 375, { help = "close after this long when the position loses" }),
  flat_minutes     = param.integer(120, 5, 375, { help = "close after this long when there was no move" }),
  flat_move_pct    = param.percent(0.5, 0, 5, { help = "a move below this is no move" }),
}

-- In this order a move of exactly 1 % is exactly 1.
local function gain_pct(v, price) return v.direction * (price - v.entry) * 100 / v.entry end
local function behind(v, price, pct) return price * (1 - v.direction * pct / 100) end

-- The stop that the best price so far earns, and its name; nil below the first rung.
local function earned_stop(v, p)
  local best = gain_pct(v, v.best)
  if best >= p.lock_at_pct then return behind(v, v.best, p.lock_trail_pct), "lock_trail" end
  if best >= p.trail_at_pct then return behind(v, v.best, p.trail_pct), "trail" end
  if best >= p.breakeven_at_pct then return behind(v, v.entry, -p.breakeven_stop_pct), "breakeven" end
  return nil
end

-- Only a stop that is better than the present one by at least a step.
local function better_stop(v, p)
  local stop, rule = earned_stop(v, p)
  if not stop then return nil end
  if v.stop and v.direction * (stop - v.stop) < v.entry * p.trail_step_pct / 100 then return nil end
  return stop, rule
end

local function crossed_against(v, p)
  local t = v.technical
  if not (t and t.close and t.close_before and t.ema and t.ema_before and t.rsi) then return false end
  if v.direction > 0 then return t.close < t.ema and t.close_before >= t.ema_before and t.rsi < p.exit_rsi end
  return t.close > t.ema and t.close_before <= t.ema_before and t.rsi > 100 - p.exit_rsi
end

local function dried_up(v, p)
  if not v.volumes or not v.mean_volume then return false end
  for i = 1, p.dry_bars do
    if not v.volumes[i] or v.volumes[i] >= v.mean_volume * p.dry_volume_pct / 100 then return false end
  end
  return true
end

-- The first exit that applies, by priority: part, rule, priority, why.
local function exit_now(v, p)
  local move = gain_pct(v, v.last)
  if not v.half_taken and p.partial_fraction > 0 and v.lots > 1 and move >= v.risk_pct then
    return p.partial_fraction, "half_at_1r", 3, string.format("move %.2f %% reached the risk of %.2f %%", move, v.risk_pct)
  end
  if crossed_against(v, p) then
    return 1, "ema_cross", 4, string.format("5m close %.2f across EMA %.2f against the position, RSI %.1f",
      v.technical.close, v.technical.ema, v.technical.rsi)
  end
  if v.category_side ~= v.right then
    return 1, "category_change", 4, "daily category is no longer on the position's side (" .. v.category_name .. ")"
  end
  if dried_up(v, p) then
    return 1, "volume_dry", 4, string.format("volume under %.0f %% of average for %d bars", p.dry_volume_pct, p.dry_bars)
  end
  if v.minutes >= p.flat_minutes and move < p.flat_move_pct then
    return 1, "time_flat", 5, string.format("held %d minutes, move %.2f %%", v.minutes, move)
  end
  if v.minutes >= p.losing_minutes and v.net < 0 then
    return 1, "time_losing", 5, string.format("held %d minutes and losing", v.minutes)
  end
  return nil
end

-- The rules themselves, on plain numbers (M.decide fills them in): nil, or the decision for on_exit_check.
function M.evaluate(v, p)
  local stop, stop_rule = better_stop(v, p)
  local part, rule, priority, why = exit_now(v, p)
  if not stop and not part then return nil end
  return {
    exit = part, rule = rule, priority = priority, why = why, stop = stop, stop_rule = stop_rule,
    values = string.format("underlying=%.2f entry=%.2f best=%.2f move_pct=%.2f", v.last, v.entry, v.best, gain_pct(v, v.last)),
  }
end

local watched = {}
function M.prepare(ctx, symbol)
  local p = ctx.params
  watched[symbol] = {
    bars = ctx:bars(symbol, "5m"), ema = ctx:indicator(symbol, "5m", "ema", p.fast_ema),
    rsi = ctx:indicator(symbol, "5m", "rsi", p.rsi_period),
  }
end

-- Only bars that closed after the position was opened can speak against it.
local function technical_of(w, position)
  local started = w.bars:time(0)
  if not started or started + 300 <= position.opened then return nil end
  return { close = w.bars:close(0), close_before = w.bars:close(1), ema = w.ema:value(), ema_before = w.ema:value(1), rsi = w.rsi:value() }
end

local function volumes_of(w, position, p)
  local oldest = w.bars:time(p.dry_bars - 1)
  if not oldest or oldest < position.opened then return nil end
  local volumes = {}
  for i = 1, p.dry_bars do volumes[i] = w.bars:volume(i - 1) end
  return volumes, w.bars:mean_volume(p.volume_bars, p.dry_bars)
end

-- For on_exit_check. `category`: of adx_category, for the position's underlying.
function M.decide(ctx, position, category)
  local w, p = watched[position.underlying], ctx.params
  local volumes, mean_volume = volumes_of(w, position, p)
  return M.evaluate({
    direction = position.direction, entry = position.underlying_entry, last = position.underlying_last,
    best = position.underlying_best, stop = position.stop, half_taken = position.half_taken, lots = position.lots,
    net = position.net, minutes = position.minutes_held, right = position.right,
    risk_pct = position.tag == "reentry" and p.reentry_stop_pct or p.stop_pct,
    category_side = category.side, category_name = category.name,
    technical = technical_of(w, position), volumes = volumes, mean_volume = mean_volume,
  }, p)
end

return M
