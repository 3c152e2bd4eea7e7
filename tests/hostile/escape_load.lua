-- expect: error
load("return 1")
