-- expect: error
ctx:bars("NIFTY", "1m").close = 1
