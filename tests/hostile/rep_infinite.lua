-- expect: error
return ("x"):rep(math.huge)
