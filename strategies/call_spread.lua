-- A debit spread entered as one: buys the call at the money and sells the one above it, when a bar closes above its
-- average; leaves when one closes below it, or when half of the most it can bring is reached.

local S = strategy {
  name = "call_spread", version = "1.0.0", api = 1,
  params = {
    symbol     = param.text("NIFTY", { help = "index whose options are traded" }),
    tf         = param.choice("5m", { "1m", "5m", "15m" }, { help = "timeframe of the bars" }),
    period     = param.integer(20, 2, 200, { help = "bars of the average" }),
    width      = param.integer(2, 1, 10, { help = "strikes between the two legs" }),
    lots       = param.integer(1, 1, 20, { help = "lots of each leg" }),
    timeout_s  = param.integer(20, 1, 600, { help = "seconds in which both legs must be filled" }),
    take_pct   = param.percent(50, 1, 100, { help = "part of the largest gain at which it leaves" }),
  },
  needs = function(p)
    return { symbols = { p.symbol }, bars = { p.tf }, history = { [p.tf] = 2 * p.period }, chain = { strikes = p.width + 3 } }
  end,
}

local average
local group       -- id of the group, nil when flat
local take        -- rupees at which it leaves

function S.on_start(ctx)
  average = ctx:indicator(ctx.params.symbol, ctx.params.tf, "sma", ctx.params.period)
end

local function enter(ctx, bar)
  local p = ctx.params
  local chain, why = ctx:chain(p.symbol, { expiry = "weekly", min_days = 4 })
  if not chain then return ctx:skip(why) end
  local near, far = chain:atm("CE"), chain:otm("CE", p.width)
  if not (near and far and near.last and far.last) then return ctx:skip("a leg has no price") end
  local debit = near.last - far.last
  take = (far.strike - near.strike - debit) * near.lot * p.lots * p.take_pct / 100
  group = ctx:enter_group {
    legs = { { leg = near, side = "buy", lots = p.lots }, { leg = far, side = "sell", lots = p.lots } },
    timeout_s = p.timeout_s, tag = "call_spread", why = string.format("close above the average, debit %.2f", debit),
  }
end

function S.on_bar(ctx, bar)
  local level = average:value()
  if not level then return ctx:skip("average not ready") end
  if not group then
    if bar.close > level then enter(ctx, bar) end
    return
  end
  local net, open = 0, 0
  for _, leg in ipairs(ctx:positions()) do
    if leg.group == group then net, open = net + leg.net, open + 1 end
  end
  if open < 2 then return end  -- on its way in or out
  if bar.close < level then
    ctx:exit_group(group, { rule = "below_average", reason = "closed below the average" })
  elseif net >= take then
    ctx:exit_group(group, { rule = "target", reason = "half of the largest gain", priority = 3 })
  end
end

-- Whatever ended it: with nothing open and nothing on its way there is room for the next one.
local ended = { rejected = true, cancelled = true, expired = true, refused = true, filled = true }
function S.on_order(ctx, order)
  if order.group ~= group or not ended[order.state] then return end
  ctx:after(1, "look")
end
function S.on_timer(ctx)
  for _, leg in ipairs(ctx:positions()) do
    if leg.group == group then return end
  end
  group = nil
end

return S
