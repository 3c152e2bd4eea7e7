-- expect: budget
for i = 1, 100 do pcall(ctx.enter, ctx, { symbol = "NIFTY", lots = 1 }) end
