-- expect: budget|memory
-- run: load
local function f() pcall(f) pcall(f) end f()
