-- expect: budget
return unpack({}, -2147483648, 2147483647)
