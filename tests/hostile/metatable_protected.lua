-- expect: ok
local t = setmetatable({}, { __metatable = "no" }) assert(getmetatable(t) == "no") assert(not pcall(setmetatable, t, {}))
