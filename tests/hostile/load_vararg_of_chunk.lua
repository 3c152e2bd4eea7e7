-- expect: budget
-- run: load
local refill = ... while true do refill() end
