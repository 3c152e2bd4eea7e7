-- expect: budget
for i = 1, 1e6 do ctx:state("NIFTY", "n", i) end
