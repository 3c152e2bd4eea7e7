-- expect: memory|budget|error
local t = {} local function f(...) t[#t + 1] = { ... } return f(1, ...) end f()
