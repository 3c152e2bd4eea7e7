-- expect: refused
-- run: load
local x = 0x10ULL
