-- expect: ok
assert(("x"):rep(0 / 0) == "")
