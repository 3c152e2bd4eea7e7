-- expect: ok
assert(getmetatable(ctx) == false) assert(not pcall(setmetatable, ctx, {}))
