-- expect: budget|error
local function f(c) pcall(string.gsub, c, ".", f) return "a" end f("a")
