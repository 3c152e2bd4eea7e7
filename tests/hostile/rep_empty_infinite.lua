-- expect: error
return (""):rep(math.huge)
