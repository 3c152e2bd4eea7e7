-- expect: error
error(("x"):rep(100000))
