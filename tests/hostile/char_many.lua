-- expect: ok
return string.char(("x"):rep(200):byte(1, -1))
