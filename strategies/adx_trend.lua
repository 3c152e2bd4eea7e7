-- Buys at-the-money index options in the direction of a strong daily trend.
--
-- The daily ADX says which side may be traded (scripts/adx_category.lua), the 1-hour, 15-minute and 5-minute bars say when
-- (scripts/entry_rules.lua), equity, VIX, expiry and liquidity say how much (scripts/position_size.lua), and a ladder of
-- stops and exits says when it is over (scripts/exit_ladder.lua). This file only puts them together.

local category = require "adx_category"
local entries  = require "entry_rules"
local ladder   = require "exit_ladder"
local size     = require "position_size"

local S = strategy {
  name = "adx_trend", version = "1.0.0", api = 1,
  params = param.merge(category.params, entries.params, ladder.params, size.params, {
    expiry      = param.choice("weekly", { "weekly", "monthly" }, { help = "which expiry to trade" }),
    expiry_days = param.integer(4, 0, 30, { help = "at least this many days to expiry at entry; the engine closes 3 days before" }),
  }),
  needs = {
    symbols = { "NIFTY", "BANKNIFTY" }, bars = { "5m", "15m", "1h", "1d" },
    history = { ["5m"] = 100, ["15m"] = 100, ["1h"] = 20, ["1d"] = 250 }, vix = true, chain = { strikes = 10 },
  },
}

local SYMBOLS = {}  -- those of NIFTY and BANKNIFTY that there is data for
local open = {}     -- by underlying: the position we hold
local working = {}  -- by underlying: the id of an entry intent without its fill

function S.on_start(ctx)
  for _, symbol in ipairs { "NIFTY", "BANKNIFTY" } do
    if ctx:has(symbol) then SYMBOLS[#SYMBOLS + 1] = symbol end
  end
  for _, symbol in ipairs(SYMBOLS) do
    category.prepare(ctx, symbol)
    entries.prepare(ctx, symbol)
    ladder.prepare(ctx, symbol)
  end
  for _, position in ipairs(ctx:positions()) do open[position.underlying] = position end
end

local function enter(ctx, bar, side, why, stop_pct, is_reentry)
  local p = ctx.params
  local chain = ctx:chain(bar.symbol, { expiry = p.expiry, min_days = p.expiry_days })
  local leg = chain and chain:atm(side)
  if not leg then return ctx:skip("no option at the money") end
  local liquid, oi = entries.leg_is_liquid(leg, p)
  if not liquid then return ctx:skip(oi) end
  local lots, how = size.lots(ctx, leg)
  if lots == 0 then return ctx:skip(how) end
  local order = {
    leg = leg, lots = lots, stop_pct = stop_pct, target_pct = p.at_target == "close" and p.target_pct or nil,
    tag = is_reentry and "reentry" or "entry", why = why .. ", " .. oi .. "; " .. how,
  }
  local id, code, _, most = ctx:enter(order)
  while not id and most and most > 0 and most < order.lots do  -- the engine allows fewer lots than the rule proposes
    order.lots, order.why = most, string.format("%s; %d lots by the engine's %s", order.why, most, code)
    id, code, _, most = ctx:enter(order)
  end
  if not id then return ctx:skip("refused: " .. code) end
  working[bar.symbol] = id
end

function S.on_bar(ctx, bar)
  if bar.tf == "1d" then
    category.of(ctx, bar.symbol)
    return
  end
  if bar.tf ~= "5m" then return end
  if open[bar.symbol] then return ctx:skip("position open") end
  if working[bar.symbol] then return ctx:skip("entry order working") end
  local account = ctx:account()
  if not account.entries_allowed then return ctx:skip("entries not allowed: " .. account.reason) end
  if account.open_positions >= account.max_positions then return ctx:skip("as many positions as allowed") end

  local today = category.of(ctx, bar.symbol)
  local side, why = entries.evaluate(entries.look(ctx, bar, category.is_index(bar.symbol)), today, ctx.params)
  if not side then return ctx:skip(why) end
  local stop_pct, reentry = entries.reentry(entries.memory(ctx, bar.symbol), ctx.now, bar.close, ctx.params)
  if not stop_pct then return ctx:skip(reentry) end
  local day = today.day
  why = string.format("%s, ADX %.1f, +DI %.1f %s -DI %.1f", why, day.adx, day.plus_di, side == "CE" and ">" or "<", day.minus_di)
  enter(ctx, bar, side, why, stop_pct, reentry)
end

function S.on_exit_check(ctx, position)
  return ladder.decide(ctx, position, category.of(ctx, position.underlying))
end

function S.on_order(ctx, order)
  local ended = order.state == "rejected" or order.state == "cancelled" or order.state == "expired" or order.state == "refused"
  if not ended then return end
  for _, symbol in ipairs(SYMBOLS) do
    if working[symbol] == order.intent then working[symbol] = nil end
  end
end

-- Positions appear and disappear with fills: remember entries and stop-outs for the re-entry rules.
function S.on_fill(ctx, fill)
  local now_open = {}
  for _, position in ipairs(ctx:positions()) do now_open[position.underlying] = position end
  for _, symbol in ipairs(SYMBOLS) do
    local before, after = open[symbol], now_open[symbol]
    if after and not before then
      entries.note_entry(ctx, symbol, after.underlying_entry)
      working[symbol] = nil
    elseif before and not after then
      entries.note_exit(ctx, symbol, fill.price < before.entry_price)
    end
    open[symbol] = after
  end
end

return S
