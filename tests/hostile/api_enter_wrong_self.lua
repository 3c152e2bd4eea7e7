-- expect: error
ctx.enter({ symbol = "NIFTY", lots = 1 })
