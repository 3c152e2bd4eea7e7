-- expect: budget
ctx:enter(setmetatable({}, { __index = function() while true do end end }))
