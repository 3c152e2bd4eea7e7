-- expect: budget
for i = 1, 1e6 do ctx:skip("x") end
