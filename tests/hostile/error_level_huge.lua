-- expect: error
error("far", 1e9)
