-- expect: error
-- run: load
local kept, mine
mine = indicator { name = "mine", params = { { "n", 1 } }, update = function(self, bar)
  return kept:indicator("NIFTY", "1m", mine, self.n + 1):value()
end }
local S = strategy { name = "probe", version = "1.0.0", api = 1, needs = { symbols = { "NIFTY" }, bars = { "1m" } } }
function S.on_start(ctx) kept = ctx ctx:indicator("NIFTY", "1m", mine) end
return S
