-- expect: ok
local k = next({ a = 1, c = 2 }, "b") assert(k == "c")
