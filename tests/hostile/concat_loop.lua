-- expect: budget|memory
local t = {} for i = 1, 10000 do t[i] = "x" end while true do local s = table.concat(t) end
