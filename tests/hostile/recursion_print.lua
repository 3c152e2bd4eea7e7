-- expect: budget|error
local m = {} m.__tostring = function(t) print(setmetatable({}, m)) return "x" end print(setmetatable({}, m))
