-- expect: budget
while true do local s = "a" .. "b" end
