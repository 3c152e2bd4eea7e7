-- expect: refused
-- run: load
local s = [==[ abc ]=]
