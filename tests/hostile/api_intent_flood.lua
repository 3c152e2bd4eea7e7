-- expect: budget
for i = 1, 100 do ctx:enter { symbol = "NIFTY", lots = 1 } end
