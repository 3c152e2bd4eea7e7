-- expect: refused
-- run: load
local s = "" return 1
