-- expect: error|budget
-- run: load
local mine = indicator { name = "mine", params = { { "n", 1 } }, update = function(self, bar) return self.n end }
local S = strategy { name = "probe", version = "1.0.0", api = 1, needs = { symbols = { "NIFTY" }, bars = { "1m" } } }
function S.on_bar(ctx, bar) for i = 1, 1000 do ctx:indicator("NIFTY", "1m", mine, i) end end
return S
