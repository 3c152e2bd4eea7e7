-- expect: refused
-- run: load
local goto = 1 while true do goto = goto + 1 end
