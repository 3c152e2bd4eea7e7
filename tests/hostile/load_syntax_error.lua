-- expect: refused
-- run: load
local = 1
