-- expect: error
ctx.params.x = 1
