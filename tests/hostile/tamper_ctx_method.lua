-- expect: error
ctx.enter = function() end
