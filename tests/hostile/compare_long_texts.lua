-- expect: budget
local a, b = ("x"):rep(60000) .. "a", ("x"):rep(60000) .. "b" local n = 0 while true do if a < b then n = n + 1 end end
