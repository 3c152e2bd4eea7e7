-- expect: budget|error
for w in ("a"):rep(2000):gmatch(("a*"):rep(10) .. "b") do end
