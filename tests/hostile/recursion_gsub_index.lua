-- expect: budget|error
local t t = setmetatable({}, { __index = function(_, k) return (k:gsub(".", t)) end }) return ("a"):gsub(".", t)
