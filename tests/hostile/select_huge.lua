-- expect: ok|error
return select(1e15, 1, 2, 3)
