-- expect: budget|ok
local t = { 1 } for k in pairs(t) do t[#t + 1] = 1 end
