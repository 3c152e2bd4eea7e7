-- expect: budget
for i = 1, 1e6 do ctx:log("x") end
