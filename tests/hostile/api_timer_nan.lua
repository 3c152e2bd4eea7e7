-- expect: error
ctx:after(0 / 0, "x")
