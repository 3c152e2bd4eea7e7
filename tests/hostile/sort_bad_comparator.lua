-- expect: error|ok
table.sort({ 3, 1, 2, 5, 4, 9, 8, 7, 6 }, function() return true end)
