-- expect: budget
-- run: load
local a, b = ... while true do pcall(a) end
