-- expect: ok
S_copy = S
