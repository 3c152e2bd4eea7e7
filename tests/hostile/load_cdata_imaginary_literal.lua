-- expect: refused
-- run: load
local x = 3i
