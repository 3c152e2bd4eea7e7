-- How many lots of an option to buy: 2 % of equity, scaled by what makes a position riskier, rounded down to lots.
--
--   VIX             below 15: 1.25   below 20: 1.0   below 25: 0.75   up to 30: 0.5   above: 0.25
--   days to expiry  above 14: 1.0    7 to 14: 0.75   below 7: 0.5
--   open interest   above 5000: 1.0  1000 to 5000: 0.75   500 to 1000: 0.5   below 500: no trade; unavailable (model): 1.0
--   positions       first: 1.0       second: 0.8     third: 0.6
--   engine          its own factor (below 1 in limited mode)

local M = {}

M.params = {
  risk_pct        = param.percent(2.0, 0.1, 10, { help = "equity put into one position, before the factors" }),
  vix_low         = param.number(15, 0, 100, { help = "below this VIX positions are larger" }),
  vix_elevated    = param.number(20, 0, 100, { help = "from this VIX positions are smaller" }),
  vix_high        = param.number(25, 0, 100, { help = "from this VIX they are halved" }),
  vix_extreme     = param.number(30, 0, 100, { help = "above this VIX they are a quarter" }),
  low_vix_factor  = param.number(1.25, 0, 2, { help = "factor at a low VIX" }),
  elevated_factor = param.number(0.75, 0, 1, { help = "factor at an elevated VIX" }),
  high_factor     = param.number(0.5, 0, 1, { help = "factor at a high VIX" }),
  extreme_factor  = param.number(0.25, 0, 1, { help = "factor at an extreme VIX" }),
  far_days        = param.integer(14, 0, 100, { help = "more days to expiry than this: full size" }),
  near_days       = param.integer(7, 0, 100, { help = "fewer days to expiry than this: near_factor" }),
  mid_factor      = param.number(0.75, 0, 1, { help = "factor between near_days and far_days" }),
  near_factor     = param.number(0.5, 0, 1, { help = "factor below near_days" }),
  oi_full         = param.number(5000, 0, 1e7, { help = "open interest above this: full size" }),
  oi_reduced      = param.number(1000, 0, 1e7, { help = "from here to oi_full: factor 0.75; below: 0.5" }),
  oi_none         = param.number(500, 0, 1e7, { help = "open interest below this: no trade" }),
  more_positions_cut = param.number(0.2, 0, 0.5, { help = "each further open position takes this much off" }),
  lots_max        = param.integer(20, 1, 100, { help = "never more lots than this" }),
}

function M.vix_factor(vix, p)
  if vix < p.vix_low then return p.low_vix_factor end
  if vix < p.vix_elevated then return 1.0 end
  if vix < p.vix_high then return p.elevated_factor end
  if vix <= p.vix_extreme then return p.high_factor end
  return p.extreme_factor
end

function M.expiry_factor(days, p)
  if days > p.far_days then return 1.0 end
  if days >= p.near_days then return p.mid_factor end
  return p.near_factor
end

-- nil: open interest is unavailable (a model's price).
function M.oi_factor(oi, p)
  if oi == nil or oi > p.oi_full then return 1.0 end
  if oi >= p.oi_reduced then return 0.75 end
  if oi >= p.oi_none then return 0.5 end
  return 0
end

function M.count_factor(open_positions, p) return math.max(0, 1 - p.more_positions_cut * open_positions) end

-- The rule itself. `v`: equity, vix, days, oi (nil for a model's price), open_positions, size_factor, price, lot.
-- Gives lots and how they came about; 0 lots comes with the reason.
function M.evaluate(v, p)
  if not v.vix then return 0, "size: VIX unknown" end
  if not v.price or v.price <= 0 then return 0, "size: no price" end
  local by_oi = M.oi_factor(v.oi, p)
  if by_oi == 0 then return 0, "size: open interest too low" end
  local factors = { M.vix_factor(v.vix, p), M.expiry_factor(v.days, p), by_oi, M.count_factor(v.open_positions, p), v.size_factor }
  local money = v.equity * p.risk_pct / 100
  for _, factor in ipairs(factors) do money = money * factor end
  local lots = math.min(math.floor(money / (v.price * v.lot)), p.lots_max)
  if lots < 1 then return 0, "size: one lot costs more than allowed" end
  return lots, string.format("%d lots for %.2f: %.2f %% of %.2f x VIX %.2f x expiry %.2f x OI %.2f x positions %.2f x engine %.2f",
    lots, money, p.risk_pct, v.equity, unpack(factors))
end

-- Lots for a leg of ctx:chain, priced at the ask where there is one.
function M.lots(ctx, leg)
  local account = ctx:account()
  return M.evaluate({
    equity = account.equity, open_positions = account.open_positions, size_factor = account.size_factor,
    vix = ctx:vix(), days = leg.days_to_expiry, oi = not leg.model and (leg.oi or 0) or nil,
    price = leg.ask or leg.last, lot = leg.lot,
  }, ctx.params)
end

return M
