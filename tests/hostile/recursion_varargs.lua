-- expect: error|budget
local function f(...) return f(1, ...) end f()
