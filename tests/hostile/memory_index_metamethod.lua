-- expect: memory|budget
local t = setmetatable({}, { __index = function(t, k) local v = { k, k, k, k, k, k, k } rawset(t, k, v) return v end }) for i = 1, 1e9 do local x = t[i] end
