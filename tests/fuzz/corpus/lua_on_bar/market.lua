local adx = ctx:indicator("NIFTY", "1m", "adx", 14)
ctx:log("info", tostring(ctx:bars("NIFTY", "1m").close[0]) .. tostring(adx))
ctx:state("NIFTY", "phase", "wait", { a = 1 })
ctx:timer(5, "later")
ctx:enter { symbol = "NIFTY", direction = "long", lots = 1, stop = 90, tag = "t" }
