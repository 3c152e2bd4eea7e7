-- expect: error|budget
local function f(...) local x = f(1, ...) return x end f()
