-- expect: error
math.floor = function() return 1 end
