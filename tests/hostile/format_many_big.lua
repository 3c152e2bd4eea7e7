-- expect: error
local s = ("x"):rep(50000) return string.format("%s%s%s", s, s, s)
