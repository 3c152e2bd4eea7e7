-- Tests of call_spread.lua: engine test call_spread_test.lua

describe("call_spread", function()
  local market

  -- NIFTY in the middle of its strikes and below its average until 10:05.
  before_each(function()
    market = scripted_market {
      script = "call_spread.lua", start = "2026-01-14T10:00", vix = 14, prices = { NIFTY = 26000 },
      history = { NIFTY = { ["5m"] = trend(26000, 26000, 40) } },
    }
    market:chain { underlying = "NIFTY", strikes = 6 }
    market:bar { tf = "5m", close = 25990 }
    expect_no_orders()
  end)

  it("buys the call at the money first, and sells the one above it when that is filled", function()
    market:bar { tf = "5m", close = 26010 }
    market:wait(10)
    expect_orders {
      { side = "buy", symbol = "NIFTY 2026-01-20 26000 CE", lots = 1, state = "filled" },
      { side = "sell", symbol = "NIFTY 2026-01-20 26100 CE", lots = 1, state = "filled" },
    }
    expect(market:positions()):has_length(2)
  end)

  it("buys the sold call back first on its way out", function()
    market:bar { tf = "5m", close = 26010 }
    market:wait(10)
    expect_orders { { side = "buy" }, { side = "sell" } }
    market:bar { tf = "5m", close = 25980 }
    market:wait(10)
    expect_orders {
      { side = "buy", purpose = "exit", symbol = "NIFTY 2026-01-20 26100 CE" },
      { side = "sell", purpose = "exit", symbol = "NIFTY 2026-01-20 26000 CE" },
    }
    expect(market:positions()):has_length(0)
    expect(market:trades()[1].rule):equals("below_average")
  end)

  it("sells the bought call again when the other one is rejected", function()
    market:bar { tf = "5m", close = 26010 }
    market:reject("no margin")
    market:wait(10)
    expect(market:positions()):has_length(0)
  end)

  it("sells nothing when the bought call is rejected", function()
    market:reject("not now")
    market:bar { tf = "5m", close = 26010 }
    market:wait(10)
    expect_orders { { side = "buy", state = "rejected" } }
    expect(market:positions()):has_length(0)
  end)
end)
