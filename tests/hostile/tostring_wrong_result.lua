-- expect: error
return tostring(setmetatable({}, { __tostring = function() return 1 end }))
