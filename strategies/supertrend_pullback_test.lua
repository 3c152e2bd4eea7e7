-- Tests of supertrend_pullback.lua: engine test supertrend_pullback_test.lua

-- Bars of a steady trend, each half a point beyond its open and close.
local function steady(from, to, step)
  local bars = {}
  for close = from, to, step do
    local open = close - step
    bars[#bars + 1] = { open = open, close = close, high = math.max(open, close) + 0.5, low = math.min(open, close) - 0.5 }
  end
  return bars
end

describe("supertrend_pullback", function()
  local market

  -- The day opens at 1000; by ten it is at 1018 or 982, with nine bars of two points.
  local function open_market(direction, multiplier)
    market = scripted_market {
      script = "supertrend_pullback.lua", start = "2026-01-14T09:15",
      params = { symbol = "RELIANCE", ema = 5, period = 3, multiplier = multiplier, stop_pct = 1.5 },
      prices = { RELIANCE = 1000 },
      history = { RELIANCE = { ["5m"] = steady(1000 - 20 * direction, 1000, direction),
                               ["15m"] = steady(1000 - 60 * direction, 1000, 3 * direction) } },
    }
    market:bars { tf = "5m", unpack(trend(1000 + 2 * direction, 1000 + 18 * direction, 9)) }
  end
  local function pull_back() market:bar { tf = "5m", open = 1017, low = 1009, high = 1019, close = 1018 } end

  it("waits for a pullback", function()
    open_market(1, 3)
    expect_no_orders()
    expect_skip("no pullback")
  end)

  it("buys a bar that dips to the EMA and closes above it", function()
    open_market(1, 3)
    pull_back()
    expect_orders { { side = "buy", symbol = "RELIANCE", lots = 1, tag = "pullback", why = "trend up" } }
  end)

  it("does not buy a bar that closes below the EMA", function()
    open_market(1, 3)
    market:bar { tf = "5m", open = 1017, low = 1008, close = 1010 }
    expect_no_orders()
    expect_skip("pullback not over")
  end)

  it("buys nothing in a downtrend", function()
    open_market(-1, 3)
    market:bar { tf = "5m", open = 982, low = 980, high = 992, close = 991 }
    expect_no_orders()
    expect_skip("trend not up")
  end)

  it("takes its profit at the target, which the engine holds", function()
    open_market(1, 3)
    pull_back()
    market:wait(5)
    expect(market:positions()):has_length(1)
    market:close(1032)  -- 1.2 % above 1018 is 1030.2
    market:wait(5)
    expect(market:trades()[1].rule):equals("target")
  end)

  it("leaves when the trend turns down", function()
    open_market(1, 1)  -- one ATR away, which is nearer than the stop
    pull_back()
    market:bars { tf = "5m", 1011, 1006, 1004 }
    market:wait(5)
    expect(market:trades()[1].rule):equals("trend_turned")
  end)

  it("keeps its position over a restart", function()
    open_market(1, 3)
    pull_back()
    market:wait(5)
    market:restart()
    expect(market:positions()):has_length(1)
    market:close(1032)
    market:wait(5)
    expect(market:positions()):equals({})
  end)
end)
