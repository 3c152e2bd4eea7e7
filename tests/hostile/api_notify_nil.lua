-- expect: error
ctx:notify(nil)
