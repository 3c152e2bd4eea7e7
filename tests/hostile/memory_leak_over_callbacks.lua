-- expect: memory|budget
ctx.leak = ctx.leak or {} for i = 1, 20000 do ctx.leak[#ctx.leak + 1] = { i, i, i, i, i } end
