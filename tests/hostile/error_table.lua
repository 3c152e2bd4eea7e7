-- expect: error
error({ secret = 1 })
