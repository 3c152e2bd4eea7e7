local helper = require "helper"
local S = strategy { name = "probe", version = "1.0.0", api = 1,
  needs = { symbols = { "NIFTY" }, bars = { "1m", "5m" }, vix = true },
  params = { period = { default = 14, min = 2, max = 50 } } }
function S.on_bar(ctx, bar)
  for i = 1, 3 do if i == 2 then break end end
  repeat local done = true until done
  ctx:log("info", ("%d"):format(bar.close))
end
return S
