-- Tests of opening_range_breakout.lua: engine test opening_range_breakout_test.lua

describe("opening_range_breakout", function()
  local market

  -- NIFTY between 25 950 and 26 050 from 09:15 to 09:45, then quiet in the middle until 10:05.
  before_each(function()
    market = scripted_market {
      script = "opening_range_breakout.lua", start = "2026-01-14T09:15", vix = 14, prices = { NIFTY = 26000 },
    }
    market:chain { underlying = "NIFTY", strikes = 5 }
    market:bars { tf = "5m", 26050, 25950, 26000, 26000, 26000, 26000 }
    market:at("10:05")
  end)

  it("stays out inside the range", function()
    market:bars { tf = "5m", 26020, 26045, 25960 }
    expect_no_orders()
    expect_skip("inside the opening range")
  end)

  it("buys the call at the money when a bar closes above the range", function()
    market:bar { tf = "5m", close = 26060 }
    expect_orders { { side = "buy", underlying = "NIFTY", symbol = "NIFTY 2026-01-20 26050 CE", tag = "breakout" } }
  end)

  it("buys the put when a bar closes below it", function()
    market:bar { tf = "5m", close = 25940 }
    expect_orders { { side = "buy", symbol = "NIFTY 2026-01-20 25950 PE" } }
  end)

  it("puts the stop into the middle of the range and the target twice as far", function()
    market:bar { tf = "5m", close = 26060 }
    market:wait(5)
    local position = market:positions()[1]
    expect(position.stop):near(26000, 0.05)
    expect(position.target):near(26060 + 2 * 60, 0.05)
  end)

  it("trades once a day", function()
    market:bar { tf = "5m", close = 26060 }
    market:bars { tf = "5m", 25995, 26070 }  -- stopped out, then above again
    market:wait(5)
    expect_orders { { side = "buy" }, { side = "sell", purpose = "exit" } }
    expect_skip("traded today")
  end)

  it("comes too late after noon", function()
    market:at("12:00")
    market:bar { tf = "5m", close = 26060 }
    expect_no_orders()
    expect_skip("too late")
  end)

  it("starts a new range the next day", function()
    market:bar { tf = "5m", close = 26060 }
    market:next_day()
    market:bars { tf = "5m", 26100, 26000, 26050, 26050, 26050, 26050 }
    market:at("10:05")
    market:bar { tf = "5m", close = 26110 }
    local orders = market:orders()
    expect(orders[#orders].why):contains("close 26110.00 outside 26000.00 to 26100.00")
  end)
end)
