-- expect: error
ctx:after(-1, "x")
