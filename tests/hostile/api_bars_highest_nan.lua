-- expect: error
ctx:bars("NIFTY", "1m"):highest(0 / 0)
