-- expect: budget
for i = 1, 1e6 do ctx:after(1, "x") end
