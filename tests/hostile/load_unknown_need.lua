-- expect: refused
-- run: load
return strategy { name = "x", version = "1", api = 1, needs = { symbol = { "NIFTY" } } }
