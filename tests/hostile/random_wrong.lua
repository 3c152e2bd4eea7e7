-- expect: error
return math.random(2, 1)
