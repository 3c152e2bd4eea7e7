-- expect: error
return string.format("%9999999f", 1)
