-- expect: error
table.insert({ 1, 2, 3 }, -1e15, 1)
