-- expect: budget
-- run: load
return strategy(setmetatable({}, { __index = function() while true do end end }))
