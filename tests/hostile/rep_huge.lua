-- expect: error
return ("x"):rep(1e15)
