-- expect: error|budget
return ("x"):rep(60000):byte(1, -1)
