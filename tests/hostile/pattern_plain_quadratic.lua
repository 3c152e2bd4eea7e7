-- expect: budget|ok
for i = 1, 1e6 do local x = ("a"):rep(60000):find(("a"):rep(1000) .. "b", 1, true) end
