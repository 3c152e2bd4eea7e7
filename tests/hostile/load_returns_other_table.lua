-- expect: refused
-- run: load
strategy { name = "x", version = "1", api = 1, needs = { symbols = { "NIFTY" } } } return {}
