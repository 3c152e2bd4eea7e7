-- expect: budget|error
for i = 1, 1e6 do ctx:indicator("NIFTY", "1m", "ema", i) end
