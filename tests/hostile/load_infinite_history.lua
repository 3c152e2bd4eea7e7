-- expect: refused
-- run: load
return strategy { name = "x", version = "1", api = 1, needs = { symbols = { "NIFTY" }, bars = { "1m" }, history = { ["1m"] = math.huge } } }
