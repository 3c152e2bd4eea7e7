-- expect: memory|budget
local t = {} while true do pcall(function() for i = 1, 1000 do t[#t + 1] = { i, i, i, i, i, i, i, i } end end) end
