-- expect: budget
local s = 0 for i = 1, 1e9 do for j = 1, 1e9 do s = s + i * j end end
