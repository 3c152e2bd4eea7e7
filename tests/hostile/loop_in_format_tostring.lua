-- expect: budget
local t = setmetatable({}, { __tostring = function() while true do end end }) return string.format("%s", t)
