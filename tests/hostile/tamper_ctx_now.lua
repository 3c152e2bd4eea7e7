-- expect: error
ctx.now = 0
