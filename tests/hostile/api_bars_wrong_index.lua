-- expect: ok
local b = ctx:bars("NIFTY", "1m") assert(b:close(-1) == nil and b:close(1e15) == nil and b:close(0.5) == nil and b:close(0 / 0) == nil and b:close(math.huge) == nil)
