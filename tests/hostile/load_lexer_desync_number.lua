-- expect: refused|budget
-- run: load
local x = 3 ..2 while true do end
