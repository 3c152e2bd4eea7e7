-- expect: error
table.sort({ 1, "a", {} })
