-- expect: error
table.insert(math, 1)
