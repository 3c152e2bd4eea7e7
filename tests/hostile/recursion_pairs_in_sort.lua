-- expect: ok
table.sort({ 3, 1, 2 }, function(a, b) for k in pairs({ 1, 2 }) do end return a < b end)
