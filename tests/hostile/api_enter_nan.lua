-- expect: ok
local id, code = ctx:enter { symbol = "NIFTY", lots = 1, stop_pct = 0 / 0 } assert(id == nil and code == "bad_argument")
