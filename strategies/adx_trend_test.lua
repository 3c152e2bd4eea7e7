-- Tests of adx_trend.lua and of the rules in scripts/ that it puts together: engine test adx_trend_test.lua

local category = require "adx_category"
local ladder = require "exit_ladder"

describe("adx_trend", function()
  local market

  -- A year that rises a little every day, then NIFTY at 26 000 with its chain.
  local function open_market(from)
    market = scripted_market {
      script = "adx_trend.lua", vix = 14, prices = { NIFTY = 26000 },
      history = { NIFTY = { ["1d"] = trend(from, 26000, 250), ["1h"] = trend(25900, 26000, 20),
                            ["15m"] = trend(25900, 26000, 100), ["5m"] = trend(25950, 26000, 100) } },
    }
    market:chain { underlying = "NIFTY", strikes = 10 }
  end

  -- An hour up to 26 100, a rest, and a new high above the hour's: what entry_rules waits for.
  local function break_out()
    market:bars { tf = "15m", 26030, 26060, 26090, { open = 26090, high = 26100, close = 26080 } }
    market:bars { tf = "5m", 26085, 26095, 26125, 26150 }
  end

  it("does not trade against a daily trend that is not there", function()
    open_market(26000)
    break_out()
    expect_no_orders()
    expect_skip("daily ADX too low")
  end)

  it("buys the call at the money in a daily uptrend", function()
    open_market(22000)
    break_out()
    local order = market:orders()[1]
    expect(order):is_not_nil()
    expect(order.side):equals("buy")
    expect(order.symbol):contains("CE")
    expect(order.why):contains("ADX")
  end)

  it("closes before the day ends", function()
    open_market(22000)
    break_out()
    market:at("15:25")
    expect(market:positions()):equals({})
  end)
end)

describe("adx_category", function()
  local p = defaults(category.params)
  local function day(changes)
    local made = { bars = 250, adx = 30, plus_di = 30, minus_di = 15, is_index = true }
    for name, value in pairs(changes) do made[name] = value end
    return made
  end

  it("says calls when +DI is above -DI", function() expect(category.decide(day {}, nil, p).name):equals("buy_ce") end)
  it("says puts when -DI is above +DI", function()
    expect(category.decide(day { plus_di = 12, minus_di = 28 }, nil, p).name):equals("buy_pe")
  end)
  it("says no trade below an ADX of 20", function()
    expect(category.decide(day { adx = 19.9 }, nil, p).name):equals("no_trade")
  end)
  it("says no trade when the DIs are about equal", function()
    expect(category.decide(day { plus_di = 20, minus_di = 21.9 }, nil, p).name):equals("no_trade")
  end)
end)

describe("exit_ladder", function()
  local p = defaults(ladder.params, { partial_fraction = 0 })
  local function position(last, best)
    return { direction = 1, entry = 100, last = last, best = best, lots = 2, net = 1, minutes = 5, right = "CE",
             risk_pct = 1, category_side = "CE", category_name = "buy_ce" }
  end

  it("leaves the stop alone below 1 %", function() expect(ladder.evaluate(position(100.9, 100.9), p)):is_nil() end)
  it("moves it to entry + 0.5 % at 1 %", function()
    expect(ladder.evaluate(position(101, 101), p).stop):near(100.5)
  end)
  it("trails it 1.5 % behind the best price from 2 % on", function()
    expect(ladder.evaluate(position(102.5, 102.5), p).stop):near(102.5 * 0.985)
  end)
end)
