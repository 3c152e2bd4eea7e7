-- expect: error
ctx:skip({})
