-- expect: error
ctx:indicator("NIFTY", "1m", "ema", 0 / 0)
