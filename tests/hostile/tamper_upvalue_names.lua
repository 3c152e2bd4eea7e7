-- expect: budget
local _f0, _x0, _s0, _f1 = 1e18, print, print, 1e18 while true do _f0 = 1e18 end
