-- expect: error
strategy { name = "x", version = "1", api = 1, needs = { symbols = { "NIFTY" } } }
