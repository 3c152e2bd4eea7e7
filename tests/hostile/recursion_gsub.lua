-- expect: budget|error
local function f(c) return (c:gsub(".", f)) end f("a")
