-- expect: error|budget
local s = ("x"):rep(500000) return string.format("%s%s%s", s, s, s)
