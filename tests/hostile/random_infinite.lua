-- expect: ok|error
return math.random(1, math.huge)
