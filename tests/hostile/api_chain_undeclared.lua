-- expect: error
ctx:chain("NIFTY")
