-- expect: error
getfenv(0)
