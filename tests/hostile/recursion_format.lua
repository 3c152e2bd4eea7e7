-- expect: budget|error
local m = {} m.__tostring = function(t) return string.format("%s", setmetatable({}, m)) end tostring(setmetatable({}, m))
