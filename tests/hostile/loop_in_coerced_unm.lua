-- expect: budget
local t = setmetatable({}, { __unm = function() while true do end end }) return -t
