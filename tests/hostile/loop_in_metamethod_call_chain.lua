-- expect: budget
local t = setmetatable({}, { __index = function(t, k) return t[k] end }) local ok = t.x
