-- expect: budget|memory
local t = {} for i = 1, 5000 do t[i] = i end while true do select("#", unpack(t)) end
