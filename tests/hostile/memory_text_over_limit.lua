-- expect: memory
local s = ("x"):rep(60000) local t = s .. s
