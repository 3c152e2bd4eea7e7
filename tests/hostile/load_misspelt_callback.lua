-- expect: refused
-- run: load
local S = strategy { name = "x", version = "1", api = 1, needs = { symbols = { "NIFTY" } } } function S.on_bra() end return S
