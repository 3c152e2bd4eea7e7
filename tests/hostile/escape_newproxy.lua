-- expect: error
newproxy(true)
