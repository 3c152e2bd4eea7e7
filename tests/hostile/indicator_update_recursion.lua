-- expect: budget
-- run: load
local mine = indicator { name = "mine", update = function(self, bar) local function again(n) return 1 + again(n + 1) end return again(1) end }
local S = strategy { name = "probe", version = "1.0.0", api = 1, needs = { symbols = { "NIFTY" }, bars = { "1m" } } }
function S.on_start(ctx) ctx:indicator("NIFTY", "1m", mine) end
function S.on_bar(ctx, bar)  end
return S
