-- expect: budget|memory
while true do local s = ("x"):rep(60000) end
