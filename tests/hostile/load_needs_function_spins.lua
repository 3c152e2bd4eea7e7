-- expect: budget
-- run: load
return strategy { name = "x", version = "1", api = 1, needs = function() while true do end end }
