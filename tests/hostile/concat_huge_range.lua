-- expect: error
return table.concat({}, "x", 1, 1e15)
