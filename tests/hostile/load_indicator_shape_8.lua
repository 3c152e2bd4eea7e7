-- expect: refused
-- run: load
indicator { name = "x", update = print, params = { { "n", 0 / 0 } } }
