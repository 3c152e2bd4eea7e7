-- Tests of ema_cross.lua: engine test ema_cross_test.lua

describe("ema_cross", function()
  local market

  -- Short averages, so that a cross takes a few bars. The price stands at 1000 until the test moves it.
  before_each(function()
    market = scripted_market {
      script = "ema_cross.lua",
      params = { symbol = "RELIANCE", fast = 3, slow = 6, adx = 3, min_adx = 20 },
      prices = { RELIANCE = 1000 },
      history = { RELIANCE = { ["1m"] = trend(1000, 1000, 20) } },
    }
  end)

  it("buys when the fast EMA crosses above the slow one", function()
    market:bars { 1002 }
    expect_orders { { side = "buy", symbol = "RELIANCE", lots = 1, tag = "ema_cross", why = "crossed above" } }
    market:bars { 1004, 1006 }
    expect_no_orders()  -- it holds one position, and buys no second
  end)

  it("stays out while the price stands still", function()
    market:bars(trend(1000, 1000, 10))
    expect_no_orders()
  end)

  it("closes when the fast EMA falls below the slow one", function()
    market:bars { 1002, 1004, 1003, 1000, 998 }
    market:wait(5)
    expect(market:positions()):equals({})
    expect(market:trades()[1].rule):equals("ema_cross")
  end)

  it("is closed by the engine at its stop", function()
    market:bars { 1002 }
    market:wait(5)
    local position = market:positions()[1]
    expect(position.stop):near(position.underlying_entry * 0.99, 0.05)
    market:tick(985)
    market:wait(5)
    expect(market:trades()[1].rule):equals("stop")
  end)

  it("tries again after a rejected order", function()
    market:reject("no funds")
    market:bars { 1002, 1002, 990, 990, 990, 990, 1006 }
    expect_orders { { side = "buy", state = "rejected" }, { side = "buy" } }
  end)
end)
