-- expect: error
error("no position", 0)
