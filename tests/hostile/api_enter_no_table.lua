-- expect: ok
assert(select("#", ctx:enter(5)) == 3)
