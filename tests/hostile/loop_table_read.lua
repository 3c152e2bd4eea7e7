-- expect: budget
local t = {1,2,3} local i = 1 while true do i = t[i] or 1 end
