-- expect: refused
-- run: load
local x = 1LL
