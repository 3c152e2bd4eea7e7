-- expect: budget
for i = 1, 1e6 do print("x") end
