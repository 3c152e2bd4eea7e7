-- expect: refused
-- run: load
local t = {} t.goto = 1
