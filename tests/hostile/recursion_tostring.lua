-- expect: budget|error
local m = {} m.__tostring = function(t) return tostring(setmetatable({}, m)) end tostring(setmetatable({}, m))
