-- expect: budget|memory
local s, i = ("x"):rep(60000), 0 while true do i = i + 1 local t = s .. i end
