-- expect: budget
while true do pcall(string.match, ("a"):rep(3000), (".-"):rep(12) .. "b") end
