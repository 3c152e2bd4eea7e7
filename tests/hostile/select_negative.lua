-- expect: error
return select(-5, 1)
